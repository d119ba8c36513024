/** Tests every function on the system database that a release creates. */
import pg from "pg";
import { createClient } from "../../mod.ts";
import { createTestDatabase } from "../support/database.ts";
import { verifyCalls } from "../support/verify_calls.ts";
import type { Language } from "./languages.ts";
import { startApplication } from "./start_application.ts";

/** Tests every function without a worker: each must work, or say what the schema lacks. */
export async function verifyEveryCall(language: Language): Promise<void> {
  await using database = await createTestDatabase();
  {
    await using _application = await startApplication(language.command, database.url);
  }
  const { serializationType = "portable", name } = language;
  const pool = new pg.Pool({ connectionString: database.url });
  await using _pool = { [Symbol.asyncDispose]: () => pool.end() };
  await verifyCalls(createClient(pool, { serializationType }), `the schema of ${name}`);
}

import { assertEquals } from "@std/assert";
import { fileURLToPath } from "node:url";
import { createTestDatabase } from "../support/database.ts";
import { run } from "../support/run_example.ts";
import { startWorker } from "../support/start_worker.ts";
import { typedOrmsCommand } from "../support/typed_orms.ts";

Deno.test("the conformance suite passes with npm:@vercel/postgres", async () => {
  await using database = await createTestDatabase();
  await using _worker = await startWorker({ systemDatabaseUrl: database.url });
  const program = fileURLToPath(new URL("../programs/vercel_postgres.ts", import.meta.url));
  const output = await run([...typedOrmsCommand, program, database.url]);
  assertEquals(
    output.trimEnd().split("\n").sort(),
    ["Drizzle", "createClient()", "neon() before 1.0", "sql"].map((name) => `${name} passed`),
  );
});

import pg from "pg";
import { createTestDatabase } from "./database.ts";
import { migrate } from "./migrate.ts";

/** Opens a pool on a database of its own that has the tables of DBOS, and no worker. */
export async function openMigratedPool(): Promise<{ pool: pg.Pool } & AsyncDisposable> {
  const database = await createTestDatabase();
  const pool = new pg.Pool({ connectionString: database.url });
  await migrate(pool);
  return {
    pool,
    async [Symbol.asyncDispose]() {
      await pool.end();
      await database[Symbol.asyncDispose]();
    },
  };
}

/** The database of `deno task demo` and `deno task worker`. */
import { parseArgs } from "node:util";
import { sqlStateOf } from "../../src/drivers/error_codes.ts";
import { execute } from "./database.ts";
import { startPostgresServer } from "./postgres_server.ts";

export interface DemoDatabase extends AsyncDisposable {
  readonly url: string;
  readonly schema: string;
  /** What it is, in a few words. */
  readonly description: string;
}

const duplicateSchema = "42P06";

/**
 * Opens the database that `--database-url` names, with DBOS's tables in a new schema, or otherwise a
 * server of its own. The end drops the schema or stops the server.
 */
export async function openDemoDatabase(schema: string): Promise<DemoDatabase> {
  const { values } = parseArgs({ options: { "database-url": { type: "string" } } });
  const givenUrl = values["database-url"];
  if (!givenUrl) {
    const { url, stop } = await startPostgresServer();
    const description = "a temporary Postgres server, stopped and removed at the end";
    return { url, schema, description, [Symbol.asyncDispose]: stop };
  }
  try {
    await execute(givenUrl, `create schema ${schema}`);
  } catch (error) {
    if (sqlStateOf(error) !== duplicateSchema) throw error;
    throw new Error(
      `Cannot use this database: it has a schema ${schema} already. Name one that DBOS does not use`,
    );
  }
  return {
    url: givenUrl,
    schema,
    description: `yours; DBOS's tables are in the new schema ${schema}, dropped at the end`,
    [Symbol.asyncDispose]: () => execute(givenUrl, `drop schema ${schema} cascade`),
  };
}

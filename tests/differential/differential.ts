/** Makes the same call with the official client and with ours, and compares outcomes and rows. */
import { DBOSClient } from "@dbos-inc/dbos-sdk";
import { assertEquals } from "@std/assert";
import pg from "pg";
import { type Client, createClient, type SerializationType } from "../../mod.ts";
import { type CallState, compare, type Difference, findIDs, outcomeOf } from "./compare.ts";
import { createPreparedDatabases, type PreparedDatabase, type Query } from "./databases.ts";

/** Options that both clients take. The official client writes fewer formats. */
export type OfficialOptions<Options extends { serializationType?: SerializationType }> =
  & Partial<Omit<Options, "serializationType">>
  & { serializationType?: "portable" | "native" };

export interface DifferentialCase {
  /** The title of the step. */
  name: string;
  /** The `applicationName` of both clients. */
  applicationName?: string;
  /** Changes the prepared database before the call, in the same way for both clients. */
  prepare?(query: Query): Promise<unknown>;
  official(client: DBOSClient): Promise<unknown>;
  ours(client: Client): Promise<unknown>;
  /**
   * The intended differences with their reasons, by `table.column`, `table` for rows that only one
   * has, `value.field` or `error.field`. The test fails as well if one of them does not occur.
   */
  differences?: Record<string, string>;
}

/** Adds a test with a step for each case, which compares values, errors and every column. */
export function testDifferential(name: string, cases: readonly DifferentialCase[]): void {
  Deno.test(`the official client and ours agree on ${name}`, async (test) => {
    await using databases = await createPreparedDatabases();
    const knownIDs = findIDs(await databases.official.readTables());
    for (const differentialCase of cases) {
      await test.step(differentialCase.name, async () => {
        const since = Date.now();
        const official = await runOfficial(databases.official, differentialCase);
        const ours = await runOurs(databases.ours, differentialCase);
        checkDifferences(compare(official, ours, { knownIDs, since }), differentialCase);
      });
    }
  });
}

async function runOfficial(
  database: PreparedDatabase,
  { prepare, official, applicationName }: DifferentialCase,
): Promise<CallState> {
  await database.restore();
  await prepare?.(database.query);
  const client = await DBOSClient.create({
    systemDatabaseUrl: database.url,
    logger: { debug() {}, info() {}, warn() {}, error() {} },
    ...(applicationName && { applicationName }),
  });
  const outcome = await outcomeOf(() => official(client));
  await client.destroy();
  return { outcome, tables: await database.readTables() };
}

async function runOurs(
  database: PreparedDatabase,
  { prepare, ours, applicationName }: DifferentialCase,
): Promise<CallState> {
  await database.restore();
  await prepare?.(database.query);
  const pool = new pg.Pool({ connectionString: database.url });
  const client = createClient(pool, applicationName ? { applicationName } : {});
  const outcome = await outcomeOf(() => ours(client));
  await client.close();
  await pool.end();
  return { outcome, tables: await database.readTables() };
}

function checkDifferences(found: Difference[], { differences = {} }: DifferentialCase): void {
  const unintended = found.filter(({ path }) => !(path in differences));
  assertEquals(unintended, [], `Unintended differences: ${Deno.inspect(unintended, { depth: 9 })}`);
  const paths = new Set(found.map(({ path }) => path));
  const absent = Object.keys(differences).filter((path) => !paths.has(path));
  assertEquals(absent, [], `These differences do not occur: ${absent.join(", ")}`);
}

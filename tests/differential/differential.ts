/** Runs the same call through the official client and through ours, and compares all of it. */
import { DBOSClient } from "@dbos-inc/dbos-sdk";
import { assertEquals } from "@std/assert";
import pg from "pg";
import { type Client, createClient, type SerializationType } from "../../mod.ts";
import { type Aftermath, compare, type Difference, findIDs, outcomeOf } from "./compare.ts";
import { createPreparedDatabases, type PreparedDatabase, type Query } from "./databases.ts";

/** Options of ours that the official client takes as well: it writes fewer formats. */
export type OfficialOptions<Options extends { serializationType?: SerializationType }> =
  & Partial<Omit<Options, "serializationType">>
  & { serializationType?: "portable" | "native" };

export interface DifferentialCase {
  /** The call in words. */
  name: string;
  /** The application of both clients. */
  applicationName?: string;
  /** Changes the prepared database, in the same way for both. */
  prepare?(query: Query): Promise<unknown>;
  official(client: DBOSClient): Promise<unknown>;
  ours(client: Client): Promise<unknown>;
  /**
   * Where we differ on purpose, with the reason: by `table.column`, `table` for rows that only one
   * has, `value.field` or `error.field`. One that does not show is a failure too.
   */
  differences?: Record<string, string>;
}

/** A test with a step for each case; compares every column of every table, values and errors. */
export function testDifferential(name: string, cases: readonly DifferentialCase[]): void {
  Deno.test(`${name} as the official client does`, async (test) => {
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
): Promise<Aftermath> {
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
): Promise<Aftermath> {
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
  assertEquals(absent, [], `These differences do not show: ${absent.join(", ")}`);
}

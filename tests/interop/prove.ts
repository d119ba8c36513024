/** Proves the features of suite.ts against the live worker of a language, or of one of its releases. */
import { assertEquals, assertRejects } from "@std/assert";
import pg from "pg";
import {
  type Client,
  connect,
  createClient,
  describeSystemDatabase,
  enqueue,
  type SystemDatabaseDescription,
  UnsupportedFeatureError,
} from "../../mod.ts";
import { createTestDatabase } from "../support/database.ts";
import type { Language } from "./languages.ts";
import type { Column } from "./matrix.ts";
import { startApplication } from "./start_application.ts";
import { type Feature, features, type LiveWorker } from "./suite.ts";

/** Proves that what the schema lacks is refused before anything is written; gives why, in words. */
async function proveRefusal(
  { prove, refuse = prove }: Feature,
  createWorker: (driver: pg.PoolClient) => LiveWorker,
  pool: pg.Pool,
): Promise<string> {
  const connection = await pool.connect();
  try {
    await connection.query("begin");
    const worker = createWorker(connection);
    const { needs, firstReleases } = await assertRejects(
      async () => await refuse(worker),
      UnsupportedFeatureError,
    );
    // A transaction that writes is given an ID.
    const { rows: [row] } = await connection.query("select txid_current_if_assigned() as id");
    assertEquals(row.id, null);
    return `the schema has no \`${needs}\`${firstReleases && `, which came with ${firstReleases}`}`;
  } finally {
    await connection.query("rollback");
    connection.release();
  }
}

/** What is told of a system database; nothing of one that is too old. */
async function describe(client: Client): Promise<Partial<SystemDatabaseDescription>> {
  try {
    return await describeSystemDatabase(client);
  } catch (error) {
    if (error instanceof UnsupportedFeatureError) return {};
    throw error;
  }
}

/** Proves all features as steps of a test; gives what came of it, unless one failed. */
export async function proveAll(
  language: Language,
  test: Deno.TestContext,
): Promise<Column | undefined> {
  const { name, nativeFormat, impossible, serializationType, enqueueOptions } = language;
  const toArguments = language.toArguments ?? ((args) => args);
  await using database = await createTestDatabase();
  await using application = await startApplication(language.command, database.url);
  const version = application.sdk.split(" ").at(-1)!;
  if (name.includes(" ")) assertEquals(name.split(" ").at(-1), version);
  const pool = new pg.Pool({ connectionString: database.url });
  await using _pool = { [Symbol.asyncDispose]: () => pool.end() };
  const options = serializationType && { serializationType };
  const connecting = connect(database.url, options);
  // What is too old to connect to is refused by each call too.
  await using client = await connecting.catch((error) => {
    if (error instanceof UnsupportedFeatureError) return createClient(pool, options);
    throw error;
  });
  const { schemaVersion = "none", features: schemaFeatures } = await describe(client);

  const optionsFor = (...args: unknown[]) => ({ queueName: "tasks", ...enqueueOptions?.(args) });
  const createWorker = (client: Client): LiveWorker => ({
    client,
    language: name.split(" ")[0]!,
    version,
    nativeFormat,
    childFormat: language.childFormat ?? nativeFormat,
    serializationType,
    hasFeature: (feature) => schemaFeatures?.includes(feature) ?? false,
    optionsFor,
    start: (options, ...args) =>
      enqueue(
        client,
        { ...optionsFor(...args), ...options },
        ...toArguments(args, options.workflowName),
      ),
    async readFormat(workflowID) {
      const { rows: [row] } = await pool.query(
        "select serialization from dbos.workflow_status where workflow_uuid = $1",
        [workflowID],
      );
      return row.serialization;
    },
  });
  const worker = createWorker(client);

  async function prove(feature: Feature): Promise<string> {
    try {
      await feature.prove(worker);
      return "passed";
    } catch (error) {
      if (!(error instanceof UnsupportedFeatureError)) throw error;
      const createRefused = (driver: pg.PoolClient) => createWorker(createClient(driver, options));
      return await proveRefusal(feature, createRefused, pool);
    }
  }

  const cells = new Map<string, string>();
  // Together, as a busy application has it; each has workflows of its own.
  await Promise.all(features.map(async (feature) => {
    const reason = impossible[feature.name];
    if (reason) cells.set(feature.name, reason);
    await test.step({
      name: feature.name,
      ignore: reason !== undefined,
      fn: async () => void cells.set(feature.name, await prove(feature)),
      sanitizeOps: false,
      sanitizeResources: false,
      sanitizeExit: false,
    });
  }));
  if (cells.size < features.length) return undefined;
  return {
    release: `${worker.language} ${version}`,
    schemaVersion: String(schemaVersion),
    cells,
  };
}

/** Tests the features of suite.ts with the live worker of a language or release. */
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
  type WorkflowArg,
} from "../../mod.ts";
import { createTestDatabase } from "../support/database.ts";
import type { Language } from "./languages.ts";
import type { Column } from "./matrix.ts";
import { startApplication } from "./start_application.ts";
import { type Feature, features, type LiveWorker } from "./suite.ts";

/** Verifies that a feature that the schema lacks is rejected before a write. Returns the reason. */
async function verifyRejection(
  { verify, unsupportedCall = verify }: Feature,
  createWorker: (driver: pg.PoolClient) => LiveWorker,
  pool: pg.Pool,
): Promise<string> {
  const connection = await pool.connect();
  try {
    await connection.query("begin");
    const worker = createWorker(connection);
    const { needs, firstReleases } = await assertRejects(
      async () => await unsupportedCall(worker),
      UnsupportedFeatureError,
    );
    // Postgres assigns an ID to a transaction when it first writes.
    const { rows: [row] } = await connection.query("select txid_current_if_assigned() as id");
    assertEquals(row.id, null);
    return `the schema has no \`${needs}\`${firstReleases && `, which came with ${firstReleases}`}`;
  } finally {
    await connection.query("rollback");
    connection.release();
  }
}

/** The description of a system database, which is empty if its schema is too old. */
async function describe(client: Client): Promise<Partial<SystemDatabaseDescription>> {
  try {
    return await describeSystemDatabase(client);
  } catch (error) {
    if (error instanceof UnsupportedFeatureError) return {};
    throw error;
  }
}

/** Tests all features as steps of a test. Returns the results, unless a feature failed. */
export async function verifyFeatures(
  language: Language,
  test: Deno.TestContext,
): Promise<Column | undefined> {
  const { name, nativeFormat, unsupported, serializationType, enqueueOptions } = language;
  const toArguments = language.toArguments ?? ((args) => args);
  await using database = await createTestDatabase();
  await using application = await startApplication(language.command, database.url);
  const version = application.sdk.split(" ").at(-1)!;
  if (name.includes(" ")) assertEquals(name.split(" ").at(-1), version);
  const pool = new pg.Pool({ connectionString: database.url });
  await using _pool = { [Symbol.asyncDispose]: () => pool.end() };
  const options = serializationType && { serializationType };
  const connecting = connect(database.url, options);
  // connect() rejects a schema that is too old. Then each call has to reject it too.
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
        ...toArguments(args, options.workflowName) as WorkflowArg[],
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

  async function verify(feature: Feature): Promise<string> {
    try {
      await feature.verify(worker);
      return "passed";
    } catch (error) {
      if (!(error instanceof UnsupportedFeatureError)) throw error;
      const createForDriver = (driver: pg.PoolClient) =>
        createWorker(createClient(driver, options));
      return await verifyRejection(feature, createForDriver, pool);
    }
  }

  const cells = new Map<string, string>();
  // All at once, as in a busy application. Each feature has workflows of its own.
  await Promise.all(features.map(async (feature) => {
    const reason = unsupported[feature.name];
    if (reason) cells.set(feature.name, reason);
    await test.step({
      name: feature.name,
      ignore: reason !== undefined,
      fn: async () => void cells.set(feature.name, await verify(feature)),
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

import { assertEquals, assertRejects } from "@std/assert";
import pg from "pg";
import { createClient, enqueue, ShardedDatabaseError } from "../mod.ts";
import { schemaReleases } from "../src/database/schema_history.ts";
import { calls } from "./support/calls.ts";
import { createTestDatabase } from "./support/database.ts";
import { migrate } from "./support/migrate.ts";
import { verifyCalls } from "./support/verify_calls.ts";

// Those of other languages are tested by interop/, with the releases that create them.
const versions = schemaReleases.TypeScript!.map(([version]) => version);

/** The tables that the oldest releases of one language or another lack. */
const newerTables = [
  "application_versions",
  "queues",
  "streams",
  "workflow_events_history",
  "workflow_schedules",
];

for (const table of newerTables) {
  Deno.test(`every function works without the table ${table}, or says so`, async () => {
    await using resources = new AsyncDisposableStack();
    const { url } = resources.use(await createTestDatabase());
    const connection = new pg.Client({ connectionString: url });
    await connection.connect();
    resources.defer(() => connection.end());
    await migrate(connection);
    await connection.query(`drop table dbos.${table} cascade`);
    await verifyCalls(createClient(connection), `no table ${table}`);
  });
}

Deno.test("every function works with the schema of each release, or says what it lacks", async () => {
  await using resources = new AsyncDisposableStack();
  const { url } = resources.use(await createTestDatabase());
  const connection = new pg.Client({ connectionString: url });
  await connection.connect();
  resources.defer(() => connection.end());
  for (const version of versions) {
    await migrate(connection, version);
    // A new client, because a client caches the schema.
    const serializationType = version < 32 ? "native" : "portable";
    await verifyCalls(createClient(connection, { serializationType }), `version ${version}`);
  }
});

Deno.test("every function refuses a sharded system database before it writes anything", async () => {
  await using resources = new AsyncDisposableStack();
  const { url } = resources.use(await createTestDatabase());
  const connection = new pg.Client({ connectionString: url });
  await connection.connect();
  resources.defer(() => connection.end());
  await migrate(connection);
  const client = createClient(connection);
  // A table of the user's own may have such a column.
  await connection.query("create table dbos.orders (shard_key text)");
  await enqueue(createClient(connection), { workflowName: "echo", queueName: "idle" });
  await connection.query("truncate dbos.workflow_status cascade");
  await connection.query("alter table dbos.workflow_status add column shard_key text");
  for (const [name, call] of Object.entries(calls)) {
    await assertRejects(() => call(client, {}), ShardedDatabaseError, "have shard keys", name);
  }
  const { rows } = await connection.query("select from dbos.workflow_status");
  assertEquals(rows, []);
});

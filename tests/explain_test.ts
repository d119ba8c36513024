/** Tests explanations of what the database contains, on the schema of each release. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import pg from "pg";
import {
  cancelWorkflow,
  createClient,
  enqueue,
  explainWorkflow,
  type ExplanationReason,
  registerQueue,
  retrieveWorkflow,
} from "../mod.ts";
import { schemaReleases } from "../src/database/schema_history.ts";
import { createTestDatabase } from "./support/database.ts";
import { migrate } from "./support/migrate.ts";

const task = { workflowName: "echo", queueName: "tasks" };
// The first versions of the schema with these tables and columns.
const queues = 43;
const partitionLimits = 108;
const inputs = 109;

async function openFixture(version?: number) {
  const resources = new AsyncDisposableStack();
  const { url } = resources.use(await createTestDatabase());
  const connection = new pg.Client({ connectionString: url });
  await connection.connect();
  resources.defer(() => connection.end());
  await migrate(connection, version);
  const execute = (statement: string) => connection.query(statement);
  return { connection, execute, [Symbol.asyncDispose]: () => resources.disposeAsync() };
}

Deno.test("an explanation tells that there is no such workflow, and where it has looked", async () => {
  await using fixture = await openFixture();
  const { rows: [row] } = await fixture.execute("select current_database() as name");
  const found = await explainWorkflow(fixture.connection, "nobody's");
  assertEquals(found, { workflowID: "nobody's", reason: "not_found", message: found.message });
  const start = `There is no workflow nobody's in schema dbos of database ${row.name}`;
  assert(found.message.startsWith(start), found.message);
});

Deno.test("an explanation tells how a workflow has ended", async () => {
  await using fixture = await openFixture();
  const { connection, execute } = fixture;
  const handle = await enqueue(connection, task);
  const outcomes: [string, ExplanationReason][] = [
    ["SUCCESS", "succeeded"],
    ["ERROR", "failed"],
    ["CANCELLED", "cancelled"],
    ["MAX_RECOVERY_ATTEMPTS_EXCEEDED", "max_recovery_attempts_exceeded"],
    ["PAUSED", "unknown_status"],
    ["constructor", "unknown_status"],
  ];
  for (const [status, reason] of outcomes) {
    await execute(`update dbos.workflow_status set status = '${status}', completed_at = 1000`);
    const found = await handle.explain();
    assertEquals([found.status, found.reason, found.since], [status, reason, 1000]);
    assertEquals(found.message.includes("1970-01-01T00:00:01.000Z"), reason !== "unknown_status");
  }
  const cancelled = await enqueue(connection, task);
  await cancelWorkflow(connection, cancelled.workflowID);
  assertEquals((await cancelled.explain()).reason, "cancelled");
});

Deno.test("an explanation is one statement, in a transaction as well", async () => {
  await using fixture = await openFixture();
  const { connection } = fixture;
  let statements = 0;
  const driver = {
    connection,
    connect() {},
    getTransactionStatus: () => "I",
    query(query: pg.QueryConfig) {
      statements++;
      return connection.query(query);
    },
  } as pg.Client;
  const client = createClient(driver);
  const handle = await enqueue(client, task);
  statements = 0;
  assertEquals((await handle.explain()).reason, "queue_not_registered");
  assertEquals(statements, 1);

  await connection.query("begin");
  const { workflowID } = await enqueue(connection, task);
  await registerQueue(connection, "tasks");
  const inTransaction = await explainWorkflow(connection, workflowID);
  assertEquals(inTransaction.reason, "waiting_for_worker");
  await connection.query("rollback");
  assertEquals((await explainWorkflow(connection, workflowID)).reason, "not_found");
});

Deno.test("an explanation works with the schema of each release, as far as that tells", async (test) => {
  for (const [version] of schemaReleases.TypeScript!) {
    await test.step(`version ${version}`, async () => {
      await using fixture = await openFixture(version);
      const { connection, execute } = fixture;
      const serializationType = version < 32 ? "native" : "portable";
      const client = createClient(connection, { serializationType });
      const handle = await enqueue(client, { ...task, queueName: "task" });
      const missing = await handle.explain();
      if (version < queues) {
        assertEquals(missing.reason, "waiting_for_worker");
        assertMatch(missing.message, /This schema does not tell which queues there are/);
        return;
      }
      assertEquals(missing.reason, "queue_not_registered");
      assertEquals(missing.nearestQueueName, undefined);

      // The limits of a queue with partitions were those of each partition at first.
      await execute(
        "insert into dbos.queues (name, concurrency, partition_queue) values ('task', 1, true)",
      );
      const isPartitioned = version < inputs;
      const found = await handle.explain();
      assertEquals(found.reason, isPartitioned ? "partition_key_missing" : "waiting_for_worker");
      const enqueueIn = (queuePartitionKey: string) =>
        enqueue(client, { ...task, queueName: "task", queuePartitionKey });
      const north = await enqueueIn("north");
      const south = await enqueueIn("south");
      await execute(
        `update dbos.workflow_status set status = 'PENDING', executor_id = 'local'
        where workflow_uuid = '${north.workflowID}'`,
      );
      const name = isPartitioned ? "partitionConcurrency" : "globalConcurrency";
      const other = await south.explain();
      assertEquals(other.reason, isPartitioned ? "waiting_for_worker" : "concurrency_limit");
      const next = await (await enqueueIn("north")).explain();
      assertEquals(next.reason, "concurrency_limit");
      assertEquals(next.limits, [{ name, max: 1, used: 1 }]);
      assertEquals(next.workflowsAhead, isPartitioned ? 0 : 2);

      if (version < partitionLimits) return;
      await execute("update dbos.queues set partition_concurrency = 1, concurrency = 3");
      assertEquals((await south.explain()).reason, "waiting_for_worker");
      assertEquals((await south.explain()).limits, [
        { name: "globalConcurrency", max: 3, used: 1 },
        { name: "partitionConcurrency", max: 1, used: 0 },
      ]);
      assertEquals((await handle.explain()).reason, "partition_key_missing");
    });
  }
});

Deno.test("a queue of which only a worker knows counts as one as soon as it is used", async () => {
  await using fixture = await openFixture();
  const { connection, execute } = fixture;
  const first = await enqueue(connection, task);
  const second = await enqueue(connection, task);
  assertEquals((await second.explain()).reason, "queue_not_registered");
  await execute(
    `update dbos.workflow_status set status = 'PENDING'
    where workflow_uuid = '${first.workflowID}'`,
  );
  assertEquals((await second.explain()).reason, "waiting_for_worker");
  await execute("update dbos.workflow_status set queue_name = null");
  assertEquals((await second.explain()).reason, "queue_not_registered");
});

Deno.test("limits count the workflows that a worker counts: of its application, and of none", async () => {
  await using fixture = await openFixture();
  const { connection, execute } = fixture;
  await registerQueue(connection, "tasks", {
    globalConcurrency: 3,
    workerConcurrency: 2,
    rateLimit: { limitPerPeriod: 1, periodSec: 60 },
  });
  await execute(`
    insert into dbos.application_versions (version_id, version_name, application_name)
    values ('1', 'shop-1', 'shop');
    insert into dbos.workflow_status
      (workflow_uuid, status, queue_name, executor_id, application_name, rate_limited, started_at_epoch_ms)
    values
      ('1', 'PENDING', 'tasks', 'a', 'shop', false, 1), ('2', 'PENDING', 'tasks', 'a', null, true, 1),
      ('3', 'PENDING', 'tasks', 'a', 'bank', true, extract(epoch from now()) * 1000),
      ('4', 'PENDING', 'tasks', 'b', 'bank', false, 1), ('5', 'PENDING', 'others', 'c', 'shop', false, 1)`);
  const handle = await enqueue(connection, { ...task, applicationName: "shop" });
  const found = await handle.explain();
  assertEquals(found.limits, [
    { name: "workerConcurrency", max: 2, used: 2 },
    { name: "rateLimit", max: 1, used: 0 },
    { name: "globalConcurrency", max: 3, used: 2 },
  ]);
  assertEquals(found.reason, "concurrency_limit");
  // A worker that runs fewer has room.
  await execute(
    "update dbos.workflow_status set executor_id = workflow_uuid where status = 'PENDING'",
  );
  assertEquals((await handle.explain()).reason, "waiting_for_worker");
});

Deno.test("a version is the latest of its own application", async () => {
  await using fixture = await openFixture();
  const { connection, execute } = fixture;
  await registerQueue(connection, "tasks");
  await execute(`
    insert into dbos.application_versions
      (version_id, version_name, application_name, version_timestamp)
    values ('1', 'shop-1', 'shop', 1), ('2', 'shop-2', 'shop', 2), ('3', 'bank-1', 'bank', 3)`);
  const explainVersion = async (appVersion: string, applicationName?: string) => {
    const options = { ...task, appVersion, ...(applicationName && { applicationName }) };
    const { reason, latestApplicationVersion } = await (await enqueue(connection, options))
      .explain();
    return [reason, latestApplicationVersion];
  };
  assertEquals(await explainVersion("shop-2"), ["waiting_for_worker", "shop-2"]);
  assertEquals(await explainVersion("shop-1"), ["version_not_latest", "shop-2"]);
  assertEquals(await explainVersion("shop-2", "shop"), ["waiting_for_worker", "shop-2"]);
  assertEquals(await explainVersion("shop-2", "bank"), ["version_not_registered", "bank-1"]);
  assertEquals(await explainVersion("", "bank").catch((error) => error.name), "RangeError");
});

Deno.test("an explanation reads whatever the tables contain, in a bounded time", async () => {
  await using fixture = await openFixture();
  const { connection, execute } = fixture;
  await registerQueue(connection, "tasks");
  await execute(`
    insert into dbos.queues (name)
    select repeat('é', 1100) || number from generate_series(1, 2000) as number;
    insert into dbos.workflow_status (workflow_uuid, status, queue_name, created_at)
    select number, 'ENQUEUED', 'tasks', number from generate_series(1, 2000) as number`);
  const last = await retrieveWorkflow(connection, "2000").explain();
  assertEquals(last.workflowsAhead, 1000);
  assertMatch(last.message, /behind at least 1000 others/);
  assertEquals((await retrieveWorkflow(connection, "3").explain()).workflowsAhead, 2);

  const handle = await enqueue(connection, { ...task, queueName: "é".repeat(1100) });
  assertMatch((await handle.explain()).nearestQueueName!, /^é+\d+$/);
  await execute(
    `update dbos.workflow_status set workflow_deadline_epoch_ms = 9223372036854775807,
      updated_at = -9223372036854775807, name = null, executor_id = null, recovery_attempts = null
    where workflow_uuid in ('1', '2', '3')`,
  );
  await execute("update dbos.workflow_status set status = 'DELAYED' where workflow_uuid = '2'");
  await execute("update dbos.workflow_status set status = 'PENDING' where workflow_uuid = '3'");
  const reasons = [];
  for (const id of ["1", "2", "3"]) {
    const { reason, message } = await retrieveWorkflow(connection, id).explain();
    assertMatch(message, /DBOS cancels it at 9223372036854776000 ms after 1970$/);
    reasons.push(reason);
  }
  assertEquals(reasons, ["waiting_for_worker", "delayed", "pending"]);
});

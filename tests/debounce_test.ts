import { DBOSClient, DebouncerClient } from "@dbos-inc/dbos-sdk";
import { assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import pg from "pg";
import {
  type Client,
  connect,
  debounce,
  type DebounceOptions,
  enqueue,
  getResult,
  getStatus,
  QueueDuplicatedError,
  UnsupportedFeatureError,
  type WorkflowArg,
  type WorkflowHandle,
} from "../mod.ts";
import { createTestDatabase, type TestDatabase } from "./support/database.ts";
import { startWorker } from "./support/start_worker.ts";

const timeoutSeconds = 600;
const echo = { workflowName: "echo", queueName: "tasks" };
const longMs = 1_000_000;

type Debounce = (periodMs: number, ...args: unknown[]) => Promise<{ workflowID: string }>;

interface Fixture extends AsyncDisposable {
  readonly database: TestDatabase;
  readonly client: Client;
  readonly pool: pg.Pool;
  /** Debounces with the official client. */
  debounceOfficially(key: string): Debounce;
  /** Debounces with this client. */
  debounceOurs(key: string): Debounce;
}

async function openFixture({ withWorker }: { withWorker: boolean }): Promise<Fixture> {
  const resources = new AsyncDisposableStack();
  const database = resources.use(await createTestDatabase());
  const worker = await startWorker({ systemDatabaseUrl: database.url });
  if (withWorker) resources.use(worker);
  else await worker[Symbol.asyncDispose]();
  const client = resources.use(await connect(database.url));
  const pool = new pg.Pool({ connectionString: database.url });
  resources.defer(() => pool.end());
  const official = await DBOSClient.create({ systemDatabaseUrl: database.url });
  resources.defer(() => official.destroy());
  const debouncer = new DebouncerClient(official, {
    workflowName: "echo",
    startWorkflowParams: { queueName: "tasks" },
  });
  return {
    database,
    client,
    pool,
    debounceOfficially: (key) => (periodMs, ...args) => debouncer.debounce(key, periodMs, ...args),
    debounceOurs: (key) => (periodMs, ...args) =>
      debounce(client, echo, key, periodMs, ...args as WorkflowArg[]),
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

async function countWorkflows(pool: pg.Pool): Promise<number> {
  return Number((await pool.query("select count(*) from dbos.workflow_status")).rows[0].count);
}

async function resultOf(client: Client, { workflowID }: { workflowID: string }): Promise<unknown> {
  return await getResult(client, workflowID, { timeoutSeconds });
}

Deno.test("both clients debounce the same workflow, which gets the last arguments", async () => {
  await using fixture = await openFixture({ withWorker: true });
  const { client, pool, debounceOfficially, debounceOurs } = fixture;
  const orders = [
    [debounceOfficially("a"), debounceOurs("a")],
    [debounceOurs("b"), debounceOfficially("b")],
    [debounceOurs("c"), debounceOurs("c"), debounceOfficially("c"), debounceOurs("c")],
  ];
  for (const calls of orders) {
    const handles = [];
    // Only the delay of the last call ends during the test.
    for (const [index, call] of calls.entries()) {
      handles.push(await call(index < calls.length - 1 ? longMs : 1, "call", index));
    }
    assertEquals(new Set(handles.map(({ workflowID }) => workflowID)).size, 1);
    assertEquals(await resultOf(client, handles[0]!), ["call", calls.length - 1]);
  }
  assertEquals(await countWorkflows(pool), orders.length);
});

Deno.test("debounce() does not delay a workflow beyond its debounceTimeoutMs", async () => {
  await using fixture = await openFixture({ withWorker: false });
  const { client, database } = fixture;
  const options = { ...echo, debounceTimeoutMs: 1000 };
  const first = await debounce(client, options, "key", longMs, "first");
  const last = await debounce(client, echo, "key", longMs, "last");
  assertEquals(last.workflowID, first.workflowID);
  await using _worker = await startWorker({ systemDatabaseUrl: database.url });
  assertEquals(await first.getResult({ timeoutSeconds }), ["last"]);
});

Deno.test("debounce() creates a new workflow once the previous delay has ended", async () => {
  await using fixture = await openFixture({ withWorker: true });
  const { client } = fixture;
  const first = await debounce(client, echo, "key", 1, "first");
  assertEquals(await first.getResult({ timeoutSeconds }), ["first"]);
  const second = await debounce(client, echo, "key", 1, "second");
  assertNotEquals(second.workflowID, first.workflowID);
  assertEquals(await second.getResult({ timeoutSeconds }), ["second"]);
});

Deno.test("debounce() never loses the last arguments when delays end concurrently", async () => {
  await using fixture = await openFixture({ withWorker: true });
  const { client, debounceOfficially, debounceOurs } = fixture;
  const workflowIDs: string[] = [];
  for (let count = 0; count < 60; count++) {
    const call = count % 3 ? debounceOurs("key") : debounceOfficially("key");
    workflowIDs.push((await call(1 + count % 40, count)).workflowID);
  }
  const distinctIDs = [...new Set(workflowIDs)];
  for (const workflowID of distinctIDs) {
    const lastCall = workflowIDs.lastIndexOf(workflowID);
    assertEquals(await resultOf(client, { workflowID }), [lastCall]);
  }
});

Deno.test("debounce() extends the delay of workflows that Python and Go debounce", async () => {
  await using fixture = await openFixture({ withWorker: false });
  const { client, pool } = fixture;
  const python = { ...echo, keyFormat: "python" } as const;
  const first = await debounce(client, python, "key", longMs, 1);
  const keyOf = async ({ workflowID }: WorkflowHandle) =>
    (await getStatus(client, workflowID))?.deduplicationID;
  assertEquals(await keyOf(first), "echo-key");
  // Workers in these languages may write a class name, but ignore it when they debounce.
  await pool.query("update dbos.workflow_status set class_name = 'Greeter'");
  const second = await debounce(client, python, "key", longMs, 2);
  assertEquals(second.workflowID, first.workflowID);
  assertEquals((await second.getStatus())?.input, [2]);
  const other = await debounce(client, echo, "key", longMs, 3);
  assertEquals(await keyOf(other), ".echo-key");
  await pool.query("update dbos.workflow_status set name = 'sum'");
  await assertRejects(() => debounce(client, python, "key", longMs, 4), QueueDuplicatedError);
});

Deno.test("debounce() uses the internal queue of DBOS by default", async () => {
  await using fixture = await openFixture({ withWorker: true });
  const handle = await debounce(fixture.client, { workflowName: "echo" }, "key", 1, "there");
  assertEquals(await handle.getResult({ timeoutSeconds }), ["there"]);
  assertEquals((await handle.getStatus())?.queueName, "_dbos_internal_queue");
});

Deno.test("concurrent calls of debounce() create one workflow", async () => {
  await using fixture = await openFixture({ withWorker: false });
  const { pool, debounceOfficially, debounceOurs } = fixture;
  const handles = await Promise.all(
    Array.from(
      { length: 20 },
      (_, index) =>
        index % 4 ? debounceOurs("key")(longMs, index) : debounceOfficially("key")(longMs, index),
    ),
  );
  assertEquals(new Set(handles.map(({ workflowID }) => workflowID)).size, 1);
  assertEquals(await countWorkflows(pool), 1);
});

Deno.test("debounce() takes effect when the transaction commits", async () => {
  await using fixture = await openFixture({ withWorker: false });
  const { client, pool } = fixture;
  const inputOf = async (handle: WorkflowHandle) => (await handle.getStatus())?.input;
  const before = await debounce(client, echo, "key", longMs, "before");
  const connection = await pool.connect();
  try {
    await connection.query("begin");
    await debounce(connection, echo, "key", longMs, "in transaction");
    const other = await debounce(connection, echo, "other", longMs);
    await connection.query("rollback");
    assertEquals(await inputOf(before), ["before"]);
    assertEquals(await other.getStatus(), null);

    await connection.query("begin");
    await enqueue(connection, { ...echo, deduplicationID: ".echo-held" });
    await assertRejects(
      () => debounce(connection, echo, "held", longMs),
      QueueDuplicatedError,
    );
    await debounce(connection, echo, "key", longMs, "in transaction");
    const fresh = await debounce(connection, echo, "fresh", longMs, 1);
    const extended = await debounce(connection, echo, "fresh", longMs, 2);
    assertEquals(extended.workflowID, fresh.workflowID);
    await connection.query("commit");
    assertEquals(await inputOf(before), ["in transaction"]);
    assertEquals((await getStatus(client, fresh.workflowID))?.input, [2]);
  } finally {
    connection.release();
  }
});

Deno.test("debounce() throws if the schema lacks a column that it writes", async () => {
  await using fixture = await openFixture({ withWorker: false });
  const { database, pool } = fixture;
  await pool.query("alter table dbos.workflow_status drop column is_debounced cascade");
  await using client = await connect(database.url);
  await assertRejects(
    () => debounce(client, echo, "key", 1),
    UnsupportedFeatureError,
    "is_debounced",
  );
});

Deno.test("debounce() updates the input on an older schema", async () => {
  await using fixture = await openFixture({ withWorker: false });
  const { database, pool } = fixture;
  await pool.query("drop table dbos.workflow_input");
  await using client = await connect(database.url);
  const handle = await debounce(client, echo, "key", longMs, 1);
  await debounce(client, echo, "key", longMs, 2);
  assertEquals((await handle.getStatus())?.input, [2]);
});

Deno.test("debounce() rejects invalid arguments before anything is sent", async () => {
  const fail = () => Promise.reject(new Error("sent"));
  const pool = { totalCount: 0, query: fail, connect: fail };
  const invalidOptions: Record<string, [unknown, typeof TypeError | typeof RangeError]> = {
    workflowName: ["", RangeError],
    queueName: [" ", RangeError],
    debounceTimeoutMs: [0, RangeError],
    keyFormat: ["ruby", RangeError],
    deduplicationID: ["x", TypeError],
    duplicationPolicy: ["return-existing", TypeError],
    workflowIDReusePolicy: ["reject", TypeError],
    workflowConfigName: ["french", TypeError],
    priority: [1, TypeError],
    queuePartitionKey: ["north", TypeError],
    delaySeconds: [1, TypeError],
  };
  for (const [name, [value, error]] of Object.entries(invalidOptions)) {
    const options = { ...echo, [name]: value } as unknown as DebounceOptions;
    await assertRejects(() => debounce(pool, options, "key", 1), error, name);
  }
  await assertRejects(() => debounce(pool, echo, "", 1), RangeError, "debounceKey");
  for (const periodMs of [0, -1, 1.5, NaN, Infinity]) {
    await assertRejects(() => debounce(pool, echo, "key", periodMs), RangeError, "periodMs");
  }
  for (const periodMs of [undefined, "1"]) {
    await assertRejects(
      () => debounce(pool, echo, "key", periodMs as never),
      TypeError,
      "periodMs",
    );
  }
});

Deno.test("debounce() writes arguments as they are when it is called", async () => {
  await using fixture = await openFixture({ withWorker: false });
  const argument = { draft: 1 };
  const debouncing = debounce(fixture.client, echo, "key", longMs, argument);
  argument.draft = 2;
  const { workflowID } = await debouncing;
  assertEquals((await getStatus(fixture.client, workflowID))?.input, [{ draft: 1 }]);
});

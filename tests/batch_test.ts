import { assert, assertEquals, assertGreater, assertRejects } from "@std/assert";
import pg from "pg";
import {
  type Client,
  createClient,
  type Driver,
  enqueue,
  NonExistentWorkflowError,
  send,
  sendMany,
} from "../mod.ts";
import { createTestDatabase } from "./support/database.ts";
import { startWorker } from "./support/start_worker.ts";
import { startTcpProxy } from "./support/tcp_proxy.ts";

/** The number of jobs or messages in each statement that was sent. */
type Batches = number[];

interface Query {
  name: string;
  text: string;
  values: unknown[];
}

interface Queryable {
  query(query: Query): Promise<{ rows: Record<string, unknown>[] }>;
}

/** Records the size of each batch that is sent through a driver of npm:pg. */
function recordBatches(driver: Queryable, batches: Batches): Queryable["query"] {
  return (query) => {
    if (/^dbos_(enqueue|send)_/.test(query.name)) {
      const items = query.values.find((value) => String(value).startsWith("["));
      batches.push(items === undefined ? 1 : JSON.parse(items as string).length);
    }
    return driver.query(query);
  };
}

interface Fixture extends AsyncDisposable {
  url: string;
  client: Client;
  pool: pg.Pool;
  batches: Batches;
}

async function openFixture({ connections = 4 } = {}): Promise<Fixture> {
  const resources = new AsyncDisposableStack();
  const { url } = resources.use(await createTestDatabase());
  {
    // Creates the tables.
    await using _worker = await startWorker({ systemDatabaseUrl: url });
  }
  const pool = new pg.Pool({ connectionString: url, max: connections + 1 });
  pool.on("error", () => {});
  resources.defer(() => pool.end());
  const batches: Batches = [];
  const client = createClient(recordingDriver(pool, connections, batches));
  // The first call reads the schema, and the first statement that writes the clock of the server.
  await sendMany(client, [{ destinationID: "nobody", message: null }]);
  batches.length = 0;
  return { url, client, pool, batches, [Symbol.asyncDispose]: () => resources.disposeAsync() };
}

/** A pool of npm:pg that records the batches sent through it. */
function recordingDriver(pool: pg.Pool, connections: number, batches: Batches): Driver {
  return {
    totalCount: 0,
    options: { max: connections },
    connect: () => pool.connect(),
    query: recordBatches(pool, batches),
  } as Driver;
}

/** A connection of npm:pg that records the batches sent through it. */
function recordingConnection(connection: pg.PoolClient, batches: Batches): Driver {
  return {
    connect() {},
    connection,
    getTransactionStatus: () => connection.getTransactionStatus(),
    query: recordBatches(connection, batches),
  } as Driver;
}

const task = { workflowName: "echo", queueName: "idle" };

/** Lets no time pass for the client until it is disposed of. */
function stopClock(): Disposable {
  const { now } = performance;
  const stoppedAt = now.call(performance);
  performance.now = () => stoppedAt;
  return {
    [Symbol.dispose]() {
      performance.now = now;
    },
  };
}

/**
 * Blocks all writes until it is disposed of. Meanwhile no time passes for the client, which on a slow
 * machine would stop waiting for the answers.
 */
async function lockTables(pool: pg.Pool): Promise<AsyncDisposable> {
  const connection = await pool.connect();
  await connection.query("begin");
  await connection.query("lock table dbos.workflow_status in access exclusive mode");
  const clock = stopClock();
  return {
    async [Symbol.asyncDispose]() {
      clock[Symbol.dispose]();
      await connection.query("commit");
      connection.release();
    },
  };
}

function nextTick(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}

/** Enqueues until the client assumes low latency. */
async function enqueueAtLowLatency(client: Client) {
  // The client ignores the latency of the first call, which may have waited for a connection.
  const first = await enqueue(client, task);
  using _clock = stopClock();
  return [first, await enqueue(client, task)];
}

/** The stored workflows, ordered by `created_at`. */
async function listCreated(pool: pg.Pool): Promise<{ workflowIDs: string[]; times: number[] }> {
  const { rows } = await pool.query(
    `select workflow_uuid, created_at::text from dbos.workflow_status
    order by created_at, workflow_uuid`,
  );
  return {
    workflowIDs: rows.map((row: Record<string, string>) => row.workflow_uuid!),
    times: rows.map((row: Record<string, string>) => Number(row.created_at)),
  };
}

Deno.test("calls that are made in the same tick are sent in one statement", async () => {
  await using fixture = await openFixture();
  const { client, batches } = fixture;
  const handles = await Promise.all(
    Array.from({ length: 20 }, (_, index) => enqueue(client, task, index)),
  );
  assertEquals(batches, [20]);
  assertEquals((await handles[7]!.getStatus())?.input, [7]);

  await Promise.all(handles.map(({ workflowID }) => send(client, workflowID, "message")));
  assertEquals(batches, [20, 20]);
  // Sequential calls are sent immediately, one statement each.
  await enqueue(client, task);
  await enqueue(client, task);
  assertEquals(batches, [20, 20, 1, 1]);
});

Deno.test("calls made while a statement is in flight are sent together afterwards", async () => {
  await using fixture = await openFixture();
  const { client, batches } = fixture;
  const calls: Promise<unknown>[] = [];
  {
    await using _lock = await lockTables(fixture.pool);
    calls.push(enqueue(client, task));
    for (let tick = 0; tick < 5; tick++) {
      await nextTick();
      calls.push(enqueue(client, task), enqueue(client, task));
    }
    await nextTick();
    assertEquals(batches, [1]);
  }
  await Promise.all(calls);
  assertEquals(batches, [1, 10]);
});

Deno.test("many calls are sent in up to two concurrent statements, in order", async () => {
  for (const [connections, expected] of [[1, [40, 16, 24]], [4, [20, 20, 16, 16, 8]]] as const) {
    await using fixture = await openFixture({ connections });
    const { client, batches } = fixture;
    const handles = await enqueueAtLowLatency(client);
    batches.length = 0;
    const enqueueTogether = (count: number) =>
      Promise.all(Array.from({ length: count }, () => enqueue(client, task)));
    handles.push(...await enqueueTogether(40));
    const rest: ReturnType<typeof enqueueTogether>[] = [];
    {
      await using _lock = await lockTables(fixture.pool);
      for (const count of [16, 16, 8]) {
        rest.push(enqueueTogether(count));
        await nextTick();
      }
    }
    handles.push(...(await Promise.all(rest)).flat());
    assertEquals(batches, [...expected]);
    const created = await listCreated(fixture.pool);
    assertEquals(created.workflowIDs, handles.map(({ workflowID }) => workflowID));
  }
});

Deno.test("messages are sent one statement at a time, to be received in order", async () => {
  await using fixture = await openFixture();
  const { client, batches } = fixture;
  const { workflowID } = await enqueue(client, task);
  const messages = Array.from({ length: 40 }, (_, index) => index);
  await Promise.all(messages.map((message) => send(client, workflowID, message)));
  assertEquals(batches, [1, 40]);
});

Deno.test("at high latency calls do not wait for the answers to earlier calls", async () => {
  await using fixture = await openFixture();
  // Twice the threshold of high latency.
  const delay = (act: () => void) => void setTimeout(act, 20);
  await using proxy = await startTcpProxy(fixture.url, { delay });
  const pool = new pg.Pool({ connectionString: proxy.url, max: 4 });
  const batches: Batches = [];
  const client = createClient(recordingDriver(pool, 4, batches));
  try {
    // The client ignores the latency of the first call, which may have waited for a connection.
    await enqueue(client, task);
    await enqueue(client, task);
    batches.length = 0;
    const calls: Promise<unknown>[] = [];
    {
      await using _lock = await lockTables(fixture.pool);
      for (let tick = 0; tick < 6; tick++) {
        calls.push(enqueue(client, task));
        await nextTick();
      }
      // The pool has four connections.
      assertEquals(batches, [1, 1, 1, 1]);
    }
    await Promise.all(calls);
    batches.length = 0;
    await Promise.all(Array.from({ length: 16 }, () => enqueue(client, task)));
    assertEquals(batches, [4, 4, 4, 4]);
  } finally {
    await pool.end();
  }
});

Deno.test("a full batch is sent immediately if another connection is free", async () => {
  const half = "x".repeat(8_000);
  for (const [connections, expected] of [[1, [1]], [2, [1, 2]], [4, [1, 2, 2, 2]]] as const) {
    await using fixture = await openFixture({ connections });
    const { client, batches } = fixture;
    const calls: Promise<unknown>[] = [];
    {
      await using _lock = await lockTables(fixture.pool);
      for (let tick = 0; tick < 8; tick++) {
        calls.push(enqueue(client, task, half));
        await nextTick();
      }
      assertEquals(batches, [...expected]);
    }
    await Promise.all(calls);
    assertEquals(batches.reduce((sum, count) => sum + count), 8);
    assert(batches.every((count) => count <= 2), String(batches));
  }
});

Deno.test("an item that the server rejects fails only its own call", async () => {
  await using fixture = await openFixture();
  const { client, batches } = fixture;
  const workflowID = "refused";
  await fixture.pool.query(
    `alter table dbos.workflow_status add check (workflow_uuid <> '${workflowID}')`,
  );
  const outcomes = await Promise.allSettled([
    enqueue(client, task, "before"),
    enqueue(client, { ...task, workflowID }, "refused"),
    enqueue(client, task, "after"),
  ]);
  assertEquals(outcomes.map(({ status }) => status), ["fulfilled", "rejected", "fulfilled"]);
  assertEquals((outcomes[1] as PromiseRejectedResult).reason.code, "23514");
  assertEquals(batches[0], 3);
  const { workflowIDs, times } = await listCreated(fixture.pool);
  const [before, , after] = outcomes as PromiseFulfilledResult<{ workflowID: string }>[];
  assertEquals(workflowIDs, [before!.value.workflowID, after!.value.workflowID]);
  assertGreater(times[1]!, times[0]!);
  await enqueue(client, task, "the batch goes on");
});

Deno.test("created_at increases in the order of the calls on one connection", async () => {
  await using fixture = await openFixture({ connections: 1 });
  const { client, pool } = fixture;
  const workflowIDs: string[] = [];
  const enqueueNext = () => {
    const workflowID = crypto.randomUUID();
    workflowIDs.push(workflowID);
    return enqueue(client, { ...task, workflowID });
  };
  const enqueueMany = (count: number) => Promise.all(Array.from({ length: count }, enqueueNext));
  await enqueueMany(50);
  for (let index = 0; index < 10; index++) await enqueueNext();
  await enqueueMany(50);
  const rest = [enqueueMany(5)];
  for (let index = 0; index < 10; index++) {
    await nextTick();
    rest.push(enqueueMany(3));
  }
  await Promise.all(rest);
  await enqueueNext();

  const created = await listCreated(pool);
  assertEquals(created.workflowIDs, workflowIDs);
  assertEquals(new Set(created.times).size, workflowIDs.length);
});

Deno.test("created_at increases even if a statement is delayed on its connection", async () => {
  await using fixture = await openFixture({ connections: 1 });
  const { client, pool } = fixture;
  const connection = await pool.connect();
  const delayedClient = createClient(connection);
  try {
    const workflowIDs = Array.from({ length: 103 }, () => crypto.randomUUID());
    const enqueueNext = (workflowID: string) => enqueue(delayedClient, { ...task, workflowID });
    await Promise.all(workflowIDs.slice(0, 101).map(enqueueNext));
    // npm:pg runs the queries of a connection one after another.
    const busy = connection.query("select pg_sleep(0.05)");
    await enqueueNext(workflowIDs[101]!);
    await enqueueNext(workflowIDs[102]!);
    await busy;
    assertEquals((await listCreated(pool)).workflowIDs, workflowIDs);
  } finally {
    connection.release();
  }
  await client.close();
});

Deno.test("in a transaction every call is sent in its own statement", async () => {
  await using fixture = await openFixture();
  const connection = await fixture.pool.connect();
  const batches: Batches = [];
  const client = createClient(recordingConnection(connection, batches));
  try {
    await connection.query("begin");
    const workflowIDs = Array.from({ length: 5 }, () => crypto.randomUUID());
    await Promise.all(workflowIDs.map((workflowID) => enqueue(client, { ...task, workflowID })));
    assertEquals(batches, [1, 1, 1, 1, 1]);
    await Promise.all([
      send(client, workflowIDs[0]!, "message"),
      assertRejects(() => send(client, "nobody", "message"), NonExistentWorkflowError),
    ]);
    assertEquals(batches.length, 7);
    await connection.query("commit");
    const created = await listCreated(fixture.pool);
    assertEquals(created.workflowIDs, workflowIDs);
    assertEquals(new Set(created.times).size, 5);
  } finally {
    connection.release();
  }
});

Deno.test("in a transaction no other call gets between the statements of one call", async () => {
  await using fixture = await openFixture();
  const connection = await fixture.pool.connect();
  const batches: Batches = [];
  const client = createClient(recordingConnection(connection, batches));
  try {
    await connection.query("begin");
    const { workflowID } = await enqueue(client, task);
    const large = "x".repeat(600_000);
    const messages = Array.from({ length: 6 }, () => ({
      destinationID: workflowID,
      message: large,
    }));
    await Promise.all([sendMany(client, messages), send(client, workflowID, "later")]);
    assertEquals(batches, [1, 2, 2, 2, 1]);
    const { rows: [last] } = await connection.query(
      "select message from dbos.notifications order by created_at_epoch_ms desc limit 1",
    );
    assertEquals(last.message, '"later"');
    await connection.query("commit");
  } finally {
    connection.release();
  }
});

import { assert, assertEquals, assertGreater, assertRejects } from "@std/assert";
import pg from "pg";
import {
  type Client,
  createClient,
  type Driver,
  enqueue,
  getStatus,
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

/** Writes down the batches that go through `driver`, which must be of npm:pg. */
function recordBatches(driver: Queryable, batches: Batches): Queryable["query"] {
  return (query) => {
    if (/^dbos_(enqueue|send)_/.test(query.name)) {
      const items = query.values.find((value) => String(value).startsWith("["));
      batches.push(JSON.parse(items as string).length);
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
    // For its tables.
    await using _worker = await startWorker({ systemDatabaseUrl: url });
  }
  const pool = new pg.Pool({ connectionString: url, max: connections + 1 });
  pool.on("error", () => {});
  resources.defer(() => pool.end());
  const batches: Batches = [];
  const client = createClient(recordingDriver(pool, connections, batches));
  // What the first call does more than the others is done.
  await getStatus(client, "nobody");
  return { url, client, pool, batches, [Symbol.asyncDispose]: () => resources.disposeAsync() };
}

/** A pool of npm:pg that writes down what goes through it. */
function recordingDriver(pool: pg.Pool, connections: number, batches: Batches): Driver {
  return {
    totalCount: 0,
    options: { max: connections },
    connect: () => pool.connect(),
    query: recordBatches(pool, batches),
  } as Driver;
}

/** The same of a connection. */
function recordingConnection(connection: pg.PoolClient, batches: Batches): Driver {
  return {
    connect() {},
    connection,
    getTransactionStatus: () => connection.getTransactionStatus(),
    query: recordBatches(connection, batches),
  } as Driver;
}

const task = { workflowName: "echo", queueName: "idle" };

/** Keeps everyone from writing until it is disposed of. */
async function lockTables(pool: pg.Pool): Promise<AsyncDisposable> {
  const connection = await pool.connect();
  await connection.query("begin");
  await connection.query("lock table dbos.workflow_status in access exclusive mode");
  return {
    async [Symbol.asyncDispose]() {
      await connection.query("commit");
      connection.release();
    },
  };
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}

/** Enqueues until an answer has come soon enough that the server must be near. */
async function* enqueueUntilNear(client: Client) {
  let startedAt: number;
  do {
    startedAt = performance.now();
    yield await enqueue(client, task);
  } while (performance.now() - startedAt >= 10);
}

/** What is stored of the workflows, in the order of `created_at`. */
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

Deno.test("the calls of one turn are one statement", async () => {
  await using fixture = await openFixture();
  const { client, batches } = fixture;
  const handles = await Promise.all(
    Array.from({ length: 20 }, (_, index) => enqueue(client, task, index)),
  );
  assertEquals(batches, [20]);
  assertEquals((await handles[7]!.getStatus())?.input, [7]);

  await Promise.all(handles.map(({ workflowID }) => send(client, workflowID, "message")));
  assertEquals(batches, [20, 20]);
  // One at a time they do not wait for each other.
  await enqueue(client, task);
  await enqueue(client, task);
  assertEquals(batches, [20, 20, 1, 1]);
});

Deno.test("calls gather while a statement is under way, and go when it returns", async () => {
  await using fixture = await openFixture();
  const { client, batches } = fixture;
  const calls: Promise<unknown>[] = [];
  {
    await using _lock = await lockTables(fixture.pool);
    calls.push(enqueue(client, task));
    for (let turn = 0; turn < 5; turn++) {
      await nextTurn();
      calls.push(enqueue(client, task), enqueue(client, task));
    }
    await nextTurn();
    assertEquals(batches, [1]);
  }
  await Promise.all(calls);
  assertEquals(batches, [1, 10]);
});

Deno.test("many calls are two statements side by side, stamped in the order of the calls", async () => {
  for (const [connections, expected] of [[1, [40, 16, 24]], [4, [20, 20, 16, 16, 8]]] as const) {
    await using fixture = await openFixture({ connections });
    const { client, batches } = fixture;
    const handles = await Array.fromAsync(enqueueUntilNear(client));
    batches.length = 0;
    const enqueueTogether = (count: number) =>
      Promise.all(Array.from({ length: count }, () => enqueue(client, task)));
    handles.push(...await enqueueTogether(40));
    const rest: ReturnType<typeof enqueueTogether>[] = [];
    {
      await using _lock = await lockTables(fixture.pool);
      for (const count of [16, 16, 8]) {
        rest.push(enqueueTogether(count));
        await nextTurn();
      }
    }
    handles.push(...(await Promise.all(rest)).flat());
    assertEquals(batches, [...expected]);
    const created = await listCreated(fixture.pool);
    assertEquals(created.workflowIDs, handles.map(({ workflowID }) => workflowID));
  }
});

Deno.test("messages go one statement after the other, so that they are seen in their order", async () => {
  await using fixture = await openFixture();
  const { client, batches } = fixture;
  const { workflowID } = await enqueue(client, task);
  const messages = Array.from({ length: 40 }, (_, index) => index);
  await Promise.all(messages.map((message) => send(client, workflowID, message)));
  assertEquals(batches, [1, 40]);
});

Deno.test("calls do not wait for the answer to another one where the server is far", async () => {
  await using fixture = await openFixture();
  // Twice what counts as far.
  const delay = (act: () => void) => void setTimeout(act, 20);
  await using proxy = await startTcpProxy(fixture.url, { delay });
  const pool = new pg.Pool({ connectionString: proxy.url, max: 4 });
  const batches: Batches = [];
  const client = createClient(recordingDriver(pool, 4, batches));
  try {
    // The first answer may have waited for a connection.
    await enqueue(client, task);
    await enqueue(client, task);
    batches.length = 0;
    const calls: Promise<unknown>[] = [];
    {
      await using _lock = await lockTables(fixture.pool);
      for (let turn = 0; turn < 6; turn++) {
        calls.push(enqueue(client, task));
        await nextTurn();
      }
      // There are four connections.
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

Deno.test("a full batch goes at once on another connection, if there is one", async () => {
  const half = "x".repeat(8_000);
  for (const [connections, expected] of [[1, [1]], [2, [1, 2]], [4, [1, 2, 2, 2]]] as const) {
    await using fixture = await openFixture({ connections });
    const { client, batches } = fixture;
    const calls: Promise<unknown>[] = [];
    {
      await using _lock = await lockTables(fixture.pool);
      for (let turn = 0; turn < 8; turn++) {
        calls.push(enqueue(client, task, half));
        await nextTurn();
      }
      assertEquals(batches, [...expected]);
    }
    await Promise.all(calls);
    assertEquals(batches.reduce((sum, count) => sum + count), 8);
    assert(batches.every((count) => count <= 2), String(batches));
  }
});

Deno.test("what the server refuses fails its own caller only", async () => {
  await using fixture = await openFixture();
  const { client, batches } = fixture;
  // More than an index of Postgres can hold, even compressed.
  const bytes = crypto.getRandomValues(new Uint8Array(3_000));
  const workflowID = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  const outcomes = await Promise.allSettled([
    enqueue(client, task, "before"),
    enqueue(client, { ...task, workflowID }, "refused"),
    enqueue(client, task, "after"),
  ]);
  assertEquals(outcomes.map(({ status }) => status), ["fulfilled", "rejected", "fulfilled"]);
  assertEquals((outcomes[1] as PromiseRejectedResult).reason.code, "54000");
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
    await nextTurn();
    rest.push(enqueueMany(3));
  }
  await Promise.all(rest);
  await enqueueNext();

  const created = await listCreated(pool);
  assertEquals(created.workflowIDs, workflowIDs);
  assertEquals(new Set(created.times).size, workflowIDs.length);
});

Deno.test("created_at increases even where a statement was held up on its way", async () => {
  await using fixture = await openFixture({ connections: 1 });
  const { client, pool } = fixture;
  const connection = await pool.connect();
  const held = createClient(connection);
  try {
    const workflowIDs = Array.from({ length: 103 }, () => crypto.randomUUID());
    const enqueueNext = (workflowID: string) => enqueue(held, { ...task, workflowID });
    await Promise.all(workflowIDs.slice(0, 101).map(enqueueNext));
    // npm:pg sends what is asked of a connection one after the other.
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

Deno.test("in a transaction every call is a statement of its own", async () => {
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

Deno.test("in a transaction nothing comes between the statements of one call", async () => {
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

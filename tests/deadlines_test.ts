import { assert, assertEquals, assertInstanceOf, assertLess } from "@std/assert";
import pg from "pg";
import postgres from "postgres";
import {
  connect,
  createClient,
  DatabaseTimeoutError,
  enqueue,
  followEvents,
  getEvent,
  getResult,
  readStream,
  ResultTimeoutError,
  send,
  waitAll,
  waitEach,
} from "../mod.ts";
import { findSystemDatabase } from "../src/connection/system_database_url.ts";
import { openPg } from "../src/connection/open_pg.ts";
import { calls, collect } from "./support/calls.ts";
import { createTestDatabase } from "./support/database.ts";
import { openBatchRecorder } from "./support/batch_recorder.ts";
import { migrate } from "./support/migrate.ts";
import { startTcpProxy, type TcpProxyOptions } from "./support/tcp_proxy.ts";
import { until } from "./support/until.ts";

const task = { workflowName: "echo", queueName: "idle" };

/** A database with system tables, reached directly and through a proxy. */
async function openFixture(options: TcpProxyOptions = {}) {
  const resources = new AsyncDisposableStack();
  const { url } = resources.use(await createTestDatabase());
  const direct = new pg.Pool({ connectionString: url, max: 2 });
  resources.defer(() => direct.end());
  const connection = await direct.connect();
  await migrate(connection);
  connection.release();
  const proxy = resources.use(await startTcpProxy(url, options));
  const pool = new pg.Pool({ connectionString: proxy.url, max: 4 });
  pool.on("error", () => {});
  resources.defer(() => pool.end());
  return { direct, proxy, pool, [Symbol.asyncDispose]: () => resources.disposeAsync() };
}

async function errorOf(promise: Promise<unknown>): Promise<unknown> {
  return await promise.then((value) => assert(false, `it gave ${value}`), (error) => error);
}

Deno.test("a timeout of 0 gives the answer of one poll, however slow the server is", async () => {
  const slowly = (act: () => void) => void setTimeout(act, 1500);
  await using fixture = await openFixture({ delay: slowly });
  const { direct, pool } = fixture;
  await using client = createClient(pool, { attemptTimeoutSeconds: 600 });
  const { workflowID } = await enqueue(direct, task);
  await direct.query(
    "insert into dbos.workflow_events (workflow_uuid, key, value, serialization) " +
      "values ($1, 'progress', '7', 'portable_json')",
    [workflowID],
  );
  await direct.query(
    'insert into dbos.streams (workflow_uuid, key, value, serialization, "offset", function_id) ' +
      "select $1, 'log', position::text, 'portable_json', position, 1 " +
      "from generate_series(0, 249) as position",
    [workflowID],
  );
  assertEquals(await getEvent(client, workflowID, "progress", 0), 7);
  assertEquals(await getEvent(client, workflowID, "missing", 0), null);
  const values = await collect(readStream(client, workflowID, "log", { snapshot: true }));
  assertEquals(values, Array.from({ length: 250 }, (_, index) => index));
});

Deno.test("a wait that gets no answer rejects with the error of the database", async (test) => {
  await using fixture = await openFixture();
  const { proxy, pool } = fixture;
  await proxy.refuse();
  // The wait ends first, although the poll would be retried for longer.
  await using client = createClient(pool, {
    attemptTimeoutSeconds: 1,
    retryTimeoutSeconds: 600,
  });
  const options = { timeoutSeconds: 0.2 };
  const waits: Record<string, () => Promise<unknown>> = {
    "getEvent()": () => getEvent(client, "a workflow", "key", options),
    "getResult()": () => getResult(client, "a workflow", options),
    "waitAll()": () => waitAll(client, ["a workflow"], options),
    "waitEach()": () => collect(waitEach(client, ["a workflow"], options)),
    "followEvents()": () => collect(followEvents(client, "a workflow", options)),
    "readStream() from the end": () =>
      collect(readStream(client, "a workflow", "key", { ...options, offset: -1 })),
    "readStream()": () => collect(readStream(client, "a workflow", "key", options)),
    "readStream() of a snapshot": () =>
      collect(readStream(client, "a workflow", "key", { snapshot: true })),
  };
  for (const [name, wait] of Object.entries(waits)) {
    await test.step(name, async () => {
      const { cause } = await errorOf(wait()) as Error;
      assertEquals((cause as { code?: string }).code, "ECONNREFUSED");
    });
  }
});

Deno.test("a wait ends one attempt after its timeout, also where a statement has longer", async (test) => {
  // A transaction has the time for retries too, as has a connection that may have one open.
  for (const status of ["none", "open", "unknown"] as const) {
    await test.step(`transaction status: ${status}`, async () => {
      const hanging: PromiseWithResolvers<never>[] = [];
      const driver = {
        query() {
          hanging.push(Promise.withResolvers());
          return hanging.at(-1)!.promise;
        },
        ...(status !== "unknown" && { transactionStatus: () => status }),
      };
      const client = createClient(driver, { attemptTimeoutSeconds: 0.2, retryTimeoutSeconds: 600 });
      const options = { timeoutSeconds: 0 };
      assertInstanceOf(await errorOf(getEvent(client, "w", "key", options)), DatabaseTimeoutError);
      assertInstanceOf(await errorOf(getResult(client, "w", options)), ResultTimeoutError);
      hanging.forEach(({ reject }) => reject(new Error("the connection was closed")));
    });
  }
});

Deno.test("a wait whose polls were answered times out as usual", async () => {
  await using fixture = await openFixture();
  await using client = createClient(fixture.pool, { attemptTimeoutSeconds: 0.2 });
  const error = await errorOf(getResult(client, "a workflow", { timeoutSeconds: 0.1 }));
  assertInstanceOf(error, ResultTimeoutError);
});

/** Ways to reach a database, each with its end. */
const drivers: Record<
  string,
  (url: string, resources: AsyncDisposableStack) => object | Promise<object>
> = {
  "npm:pg Pool"(url, resources) {
    const pool = new pg.Pool({ connectionString: url, max: 2 });
    pool.on("error", () => {});
    resources.defer(() => pool.end());
    return pool;
  },
  "npm:postgres"(url, resources) {
    const sql = postgres(url, { max: 2, onnotice: () => {} });
    resources.defer(() => sql.end({ timeout: 0 }));
    return sql;
  },
  async "connect()"(url, resources) {
    const pool = await openPg(await findSystemDatabase(url, undefined), 2);
    resources.defer(() => pool.end(0));
    return pool;
  },
};

Deno.test("every call settles when the database no longer answers", async (test) => {
  for (const [name, open] of Object.entries(drivers)) {
    await test.step(name, async (test) => {
      await using resources = new AsyncDisposableStack();
      const { proxy } = resources.use(await openFixture());
      const driver = await open(proxy.url, resources) as pg.Pool;
      // The schema has been read before.
      await using client = createClient(driver, {
        attemptTimeoutSeconds: 0.05,
        retryTimeoutSeconds: 0.1,
        observabilityQueryTimeoutMs: 50,
      });
      await enqueue(createClient(driver), task);
      proxy.hang();
      for (const [name, call] of Object.entries(calls)) {
        await test.step(`${name}()`, async () => {
          assertInstanceOf(await errorOf(call(client, {})), DatabaseTimeoutError);
        });
      }
      await proxy.restore();
      proxy.cut();
    });
  }
});

Deno.test("calls that wait for their turn end with the statement that gets no answer", async (test) => {
  await using fixture = await openFixture();
  const { proxy, pool } = fixture;
  // Their retries are over when that of the first ones is.
  await using client = createClient(pool, {
    attemptTimeoutSeconds: 0.5,
    retryTimeoutSeconds: 0.01,
  });
  const { workflowID } = await enqueue(client, task);
  const makers: Record<string, () => Promise<unknown>> = {
    "enqueue()": () => enqueue(client, task),
    "send()": () => send(client, workflowID, "message"),
  };
  for (const [name, make] of Object.entries(makers)) {
    await test.step(name, async () => {
      await make();
      proxy.hang();
      const made = Array.from({ length: 10_000 }, make);
      const errors = new Set(await Promise.all(made.map(errorOf)));
      for (const error of errors) assertInstanceOf(error, DatabaseTimeoutError);
      // One for each statement that was sent.
      assertLess(errors.size, 10);
      await proxy.restore();
      proxy.cut();
    });
  }
});

Deno.test("a call that waited long for its turn is retried as long as others", async () => {
  await using fixture = await openFixture();
  const { direct, proxy, pool } = fixture;
  await using client = createClient(pool, { retryTimeoutSeconds: 300, attemptTimeoutSeconds: 600 });
  const { workflowID } = await enqueue(client, task);
  const loss = proxy.loseRequest("pending");
  const original = performance.now;
  const locker = await direct.connect();
  try {
    await locker.query("begin; lock table dbos.notifications");
    const inFlight = send(client, workflowID, "in flight");
    // Calls of one turn go together.
    await new Promise((resolve) => setTimeout(resolve));
    const pending = send(client, workflowID, "pending");
    await new Promise((resolve) => setTimeout(resolve));
    const passedMs = 600_000;
    performance.now = () => original.call(performance) + passedMs;
    await locker.query("commit");
    await Promise.all([inFlight, pending]);
  } finally {
    performance.now = original;
    locker.release();
  }
  assert(loss.isLost);
});

Deno.test("a statement that waits for a lock holds up no call of another workflow", async (test) => {
  await using fixture = await openFixture();
  const { direct, pool } = fixture;
  await using client = createClient(pool, { attemptTimeoutSeconds: 600 });
  const [blocked, other] = await Promise.all([enqueue(client, task), enqueue(client, task)]);
  const locker = await direct.connect();
  await locker.query("begin");
  await locker.query(
    "insert into dbos.notifications (destination_uuid, topic, message, message_uuid) " +
      "values ($1, 'topic', '1', $2)",
    [blocked!.workflowID, `key::${blocked!.workflowID}`],
  );
  await locker.query(
    "insert into dbos.workflow_status (workflow_uuid, status, name) values ('id', 'ENQUEUED', 'echo')",
  );
  let settled = 0;
  const wait = (call: Promise<unknown>) => call.finally(() => settled++);
  const waiting = [
    wait(send(client, blocked!.workflowID, 1, { idempotencyKey: "key" })),
    wait(enqueue(client, { ...task, workflowID: "id" })),
  ];
  await new Promise((resolve) => setTimeout(resolve));
  await test.step("send()", () => send(client, other!.workflowID, 2));
  await test.step("enqueue()", async () => void await enqueue(client, task));
  assertEquals(settled, 0);
  await locker.query("rollback");
  locker.release();
  await Promise.all(waiting);
});

Deno.test("a call that waits for its turn is sent although the one before has lost its connection", async () => {
  await using fixture = await openFixture();
  const { direct, pool } = fixture;
  const { workflowID } = await enqueue(pool, task);
  await using client = createClient(pool, { retryTimeoutSeconds: 0 });
  await send(client, workflowID, "any");
  const locker = await direct.connect();
  await locker.query("begin; lock table dbos.notifications");
  const first = errorOf(send(client, workflowID, "first"));
  await new Promise((resolve) => setTimeout(resolve));
  const second = send(client, workflowID, "second");
  const terminate = `select pg_terminate_backend(pid) from pg_stat_activity
    where datname = current_database() and wait_event_type = 'Lock'`;
  await until(async () => (await locker.query(terminate)).rowCount! > 0);
  await locker.query("commit");
  locker.release();
  assertEquals((await first as { code?: string }).code, "57P01");
  await second;
});

Deno.test("all calls in a transaction end when its connection no longer answers", async () => {
  await using fixture = await openFixture();
  const sql = postgres(fixture.proxy.url, { max: 1, onnotice: () => {} });
  const errors = new Set<unknown>();
  try {
    await sql.begin(async (transaction) => {
      const client = createClient(transaction, {
        attemptTimeoutSeconds: 0.2,
        retryTimeoutSeconds: 0.2,
      });
      await enqueue(client, task);
      fixture.proxy.hang();
      const made = Array.from({ length: 100 }, () => enqueue(client, task));
      for (const call of made) errors.add(await errorOf(call));
      fixture.proxy.cut();
      throw new Error("The transaction is lost");
    }).catch(() => {});
  } finally {
    await fixture.proxy.restore();
    await sql.end({ timeout: 0 });
  }
  for (const error of errors) assertInstanceOf(error, DatabaseTimeoutError);
  assertEquals(errors.size, 1);
});

Deno.test("connect() settles when the database does not answer", async () => {
  await using fixture = await openFixture();
  fixture.proxy.hang();
  const error = await errorOf(
    connect(fixture.proxy.url, { attemptTimeoutSeconds: 0.1, retryTimeoutSeconds: 0 }),
  );
  assertInstanceOf(error, DatabaseTimeoutError);
});

Deno.test("a batch that waits for a lock in vain is not sent again one by one", async () => {
  await using recorder = await openBatchRecorder("enqueue", { hasWorker: false });
  const { client, pool, batches } = recorder;
  await enqueue(client, task);
  batches.length = 0;
  const locker = await pool.connect();
  await pool.query(
    "do $$ begin execute format(" +
      "'alter database %I set lock_timeout = 50', current_database()); end $$",
  );
  await locker.query("begin");
  await locker.query("lock table dbos.workflow_status in access exclusive mode");
  const outcomes = await Promise.allSettled(
    Array.from({ length: 200 }, () => enqueue(client, task)),
  );
  await locker.query("rollback");
  locker.release();
  for (const outcome of outcomes) {
    assert(outcome.status === "rejected");
    assertEquals(outcome.reason.code, "55P03");
  }
  assertLess(batches.length, 20);
});

Deno.test("getEvent() with an undefined timeout has the default one", async () => {
  await using fixture = await openFixture();
  await using client = createClient(fixture.pool, { attemptTimeoutSeconds: 1 });
  const { setTimeout: original } = globalThis;
  const delays: number[] = [];
  const abort = new AbortController();
  globalThis.setTimeout = ((handler: () => void, delayMs = 0) => {
    delays.push(delayMs);
    // That of the wait, or after some polls without one.
    if (delayMs > 30_000 || delays.length > 20) {
      queueMicrotask(() => abort.abort(new Error("enough")));
    }
    return original(handler, delayMs);
  }) as typeof setTimeout;
  try {
    const event = getEvent(client, "a workflow", "key", {
      timeoutSeconds: undefined as unknown as number,
      signal: abort.signal,
    });
    await errorOf(event);
  } finally {
    globalThis.setTimeout = original;
  }
  // The timeout of 60 s, and an attempt.
  assert(delays.some((delayMs) => delayMs > 60_000 && delayMs <= 61_000), `${delays}`);
});

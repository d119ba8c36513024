import {
  assert,
  assertEquals,
  assertMatch,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { PGlite } from "@electric-sql/pglite";
import pg from "pg";
import {
  AwaitedWorkflowCancelledError,
  cancelWorkflow,
  type Client,
  createClient,
  describeSystemDatabase,
  enqueue,
  type EnqueueOptions,
  followEvents,
  getEvent,
  getResult,
  getStatus,
  listWorkflowSteps,
  NonExistentWorkflowError,
  QueueDuplicatedError,
  resumeWorkflow,
  send,
  WorkflowError,
} from "../mod.ts";
import { serializationTypes } from "../src/serialization/write.ts";
import { DBOS, startTestWorker, type TestWorkerOptions } from "../src/testing/mod.ts";
import { createTestDatabase } from "./support/database.ts";
import { migrate } from "./support/migrate.ts";
import { until } from "./support/until.ts";

const queueName = "tasks";
const timeout = { timeoutSeconds: 600 };

/** A pool on a database of its own, which costs less than a PGlite. */
async function openPool(resources: AsyncDisposableStack): Promise<pg.Pool> {
  const { url } = resources.use(await createTestDatabase());
  const pool = new pg.Pool({ connectionString: url });
  resources.defer(() => pool.end());
  return pool;
}

type Start = typeof startTestWorker;

/** Starts a test worker on a database of its own, in a test that disposes of both. */
async function start(
  resources: AsyncDisposableStack,
  functions: Parameters<Start>[0] = {},
  options: TestWorkerOptions = {},
): ReturnType<Start> {
  const database = await openPool(resources);
  return resources.use(await startTestWorker(functions, { database, ...options }));
}

/** A promise that a test settles. */
function createGate(): { opened: Promise<void>; open(): void } {
  let open = () => {};
  const opened = new Promise<void>((resolve) => open = resolve);
  return { opened, open };
}

const statusOf = async (client: Client, workflowID: string) =>
  (await getStatus(client, workflowID))?.status;

/** All that is defined in the schema, but the functions for clients that only run SQL. */
async function describeSchema(pool: pg.Pool): Promise<Record<string, unknown[]>> {
  const queries = {
    columns: `select c.relname, a.attnum, a.attname, format_type(a.atttypid, a.atttypmod),
        a.attnotnull, pg_get_expr(d.adbin, d.adrelid)
      from pg_class c
      join pg_attribute a on a.attrelid = c.oid and a.attnum > 0
      left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
      where c.relnamespace = 'dbos'::regnamespace and c.relkind = 'r'
      order by 1, 2`,
    indexes: `select pg_get_indexdef(i.indexrelid)
      from pg_index i join pg_class c on c.oid = i.indrelid
      where c.relnamespace = 'dbos'::regnamespace
      order by 1`,
    constraints: `select conrelid::regclass::text, conname, pg_get_constraintdef(oid)
      from pg_constraint where connamespace = 'dbos'::regnamespace
      order by 1, 2`,
    triggers: `select pg_get_triggerdef(t.oid)
      from pg_trigger t join pg_class c on c.oid = t.tgrelid
      where c.relnamespace = 'dbos'::regnamespace and not t.tgisinternal`,
    functions: `select proname from pg_proc
      where pronamespace = 'dbos'::regnamespace
        and proname not in ('enqueue_workflow', 'send_message')`,
    relations: `select relname, relkind from pg_class
      where relnamespace = 'dbos'::regnamespace order by 1`,
    version: "select version from dbos.dbos_migrations",
  };
  const entries = Object.entries(queries).map(async ([name, text]) => {
    const { rows } = await pool.query({ text, rowMode: "array" });
    return [name, rows] as const;
  });
  return Object.fromEntries(await Promise.all(entries));
}

Deno.test("the test worker creates the schema that the official SDK creates", async () => {
  await using resources = new AsyncDisposableStack();
  const [sdkPool, pool] = [await openPool(resources), await openPool(resources)];
  await migrate(sdkPool);
  await using worker = await startTestWorker({}, { database: pool });
  const expected = await describeSchema(sdkPool);
  assert(expected.columns!.length > 100 && expected.indexes!.length > 30);
  const found = await describeSchema(pool);
  for (const [name, rows] of Object.entries(expected)) assertEquals(found[name], rows, name);
  const described = await describeSystemDatabase(worker.client);
  const bySDK = await describeSystemDatabase(createClient(sdkPool));
  assertEquals({ ...described, database: "" }, { ...bySDK, database: "" });
  assertEquals(described.missingFeatures, []);
});

Deno.test("a message is notified of as by the official SDK", async () => {
  await using resources = new AsyncDisposableStack();
  const pool = await openPool(resources);
  const { client } = resources.use(await startTestWorker({}, { database: pool }));
  const connection = await pool.connect();
  resources.defer(() => connection.release());
  const payloads: (string | undefined)[] = [];
  connection.on("notification", ({ payload }: { payload?: string }) => payloads.push(payload));
  await connection.query("listen dbos_notifications_channel");
  const { workflowID } = await enqueue(client, { workflowName: "receive", queueName });
  await send(client, workflowID, 1, { topic: "topic" });
  await until(() => payloads.length > 0);
  assertEquals(payloads, [`${workflowID}::topic`]);
});

Deno.test("without a database, the test worker runs on PGlite in memory", async () => {
  await using worker = await startTestWorker({ sum: (a: number, b: number) => a + b });
  const handle = await enqueue(worker.client, { workflowName: "sum", queueName }, 2, 3);
  assertEquals(await handle.getResult(timeout), 5);
});

Deno.test("a test that asks for a status all the time does not keep the worker from running", async () => {
  await using worker = await startTestWorker({ sum: (a: number, b: number) => a + b });
  const { workflowID } = await enqueue(worker.client, { workflowName: "sum", queueName }, 2, 3);
  const startedAt = performance.now();
  // PGlite answers without the event loop, so that no timer could end this.
  while (await statusOf(worker.client, workflowID) !== "SUCCESS") {
    assert(performance.now() - startedAt < 30_000);
  }
});

Deno.test("the schema of a test worker must not exist", async () => {
  await using resources = new AsyncDisposableStack();
  const database = await openPool(resources);
  await using _worker = await startTestWorker({}, { database });
  const error = await assertRejects(() => startTestWorker({}, { database }), Error);
  assertEquals(
    error.message,
    "Cannot create the system tables: the database already has a schema dbos. Start the test worker " +
      "on an empty database, or give it another schema",
  );
  await using other = await startTestWorker({ nothing() {} }, { database, schema: 'A "test"' });
  const handle = await enqueue(other.client, { workflowName: "nothing", queueName });
  assertEquals(await handle.getResult(timeout), null);
});

Deno.test("functions get arguments and return results and errors in every format", async () => {
  await using resources = new AsyncDisposableStack();
  const { client } = await start(resources, {
    echo: (value: unknown) => value,
    fail(message: string) {
      throw Object.assign(new RangeError(message), { code: "E7" });
    },
  });
  for (const serializationType of serializationTypes) {
    const options = { queueName, serializationType };
    const value = { text: "ä 😀", list: [1, null, true] };
    const echo = await enqueue(client, { ...options, workflowName: "echo" }, value);
    assertEquals(await echo.getResult(timeout), value, serializationType);
    const failed = await enqueue(client, { ...options, workflowName: "fail" }, "no ä 😀");
    const error = await assertRejects(() => failed.getResult(timeout), WorkflowError);
    assertEquals(error.message, "no ä 😀", serializationType);
    if (/portable|superjson|native/.test(serializationType)) {
      assertEquals([error.name, error.code], ["RangeError", "E7"]);
    }
  }
});

Deno.test("functions read and write values with the serializer of the worker", async () => {
  await using resources = new AsyncDisposableStack();
  const serializer = {
    name: () => "reversed",
    stringify: (value: unknown) => [...JSON.stringify(value)].reverse().join(""),
    parse: (text: string) => JSON.parse([...text].reverse().join("")),
  };
  const { client } = await start(resources, {
    async echo(value: unknown) {
      await DBOS.setEvent("seen", value);
      if (value === "bad") throw new Error("refused");
      return value;
    },
  }, { serializer });
  const echo = { workflowName: "echo", queueName };
  const handle = await enqueue(client, echo, { a: 1 });
  assertEquals(await handle.getResult(timeout), { a: 1 });
  assertEquals(await getEvent(client, handle.workflowID, "seen", 0), { a: 1 });
  const bad = await enqueue(client, echo, "bad");
  assertEquals((await assertRejects(() => bad.getResult(timeout), Error)).message, "refused");
});

Deno.test("a result that the format cannot hold is the error of the workflow", async () => {
  await using resources = new AsyncDisposableStack();
  const { client } = await start(resources, { circular: () => () => {} });
  const handle = await enqueue(client, { workflowName: "circular", queueName });
  const error = await assertRejects(() => handle.getResult(timeout), WorkflowError);
  assertMatch(error.message, /^Cannot serialize result of circular as portable JSON: /);
});

Deno.test("an error that the format cannot hold as a whole keeps its name and message", async () => {
  await using resources = new AsyncDisposableStack();
  const { client } = await start(resources, {
    fail() {
      throw Object.assign(new RangeError("lone \ud800"), { data: () => {} });
    },
  });
  for (const serializationType of serializationTypes) {
    const options = { workflowName: "fail", queueName, serializationType };
    const handle = await enqueue(client, options, 1);
    const error = await assertRejects(() => handle.getResult(timeout), WorkflowError);
    assertEquals(error.message, "lone \ufffd", serializationType);
  }
});

Deno.test("an error that cannot be read is one nevertheless, and the worker goes on", async () => {
  await using resources = new AsyncDisposableStack();
  const trap = () => {
    throw new Error("trap");
  };
  const { client } = await start(resources, {
    bare() {
      throw Object.create(null);
    },
    proxy() {
      throw new Proxy({}, { get: trap, ownKeys: trap });
    },
    getter() {
      throw Object.defineProperty(new Error(), "message", { get: trap });
    },
  });
  for (const workflowName of ["bare", "proxy", "getter"]) {
    for (const serializationType of serializationTypes) {
      const handle = await enqueue(client, { workflowName, queueName, serializationType }, 1);
      const error = await assertRejects(() => handle.getResult(timeout), WorkflowError);
      assertEquals(error.message, "no message", `${workflowName} ${serializationType}`);
    }
  }
});

Deno.test("events, messages, streams and steps are recorded as a worker records them", async () => {
  await using resources = new AsyncDisposableStack();
  const { client } = await start(resources, {
    async review() {
      await DBOS.setEvent("progress", 0);
      const first = await DBOS.recv<string>("approval", timeout);
      await DBOS.sleep(1);
      await DBOS.writeStream("log", first);
      await DBOS.closeStream("log");
      await DBOS.runStep(() => Promise.resolve(7), { name: "count" });
      const missing = await DBOS.runStep(() => Promise.reject(new Error("lost")), { name: "find" })
        .catch((error: Error) => error.message);
      await DBOS.setEvent("progress", 100);
      return [first, missing, await DBOS.recv("approval", 0)];
    },
  });
  const { workflowID } = await enqueue(client, { workflowName: "review", queueName });
  const events = Array.fromAsync(followEvents(client, workflowID, timeout));
  await getEvent(client, workflowID, "progress", timeout);
  await send(client, workflowID, "yes", { topic: "approval" });
  assertEquals(await getResult(client, workflowID, timeout), ["yes", "lost", null]);
  assertEquals((await events).at(-1), { key: "progress", value: 100 });
  const steps = await listWorkflowSteps(client, workflowID);
  assertEquals(
    steps?.map(({ functionID, name, output }) => [functionID, name, output]),
    [
      [0, "DBOS.setEvent", null],
      [1, "DBOS.recv", "yes"],
      [3, "DBOS.sleep", null],
      [4, "DBOS.writeStream", null],
      [5, "DBOS.closeStream", null],
      [6, "count", 7],
      [7, "find", null],
      [8, "DBOS.setEvent", null],
      [9, "DBOS.recv", null],
    ],
  );
  assertEquals((steps?.[6]?.error as Error).message, "lost");
});

Deno.test("methods of DBOS are refused outside of a workflow", async () => {
  assertEquals(DBOS.workflowID, undefined);
  const error = await assertRejects(() => DBOS.setEvent("key", 1), Error);
  assertEquals(
    error.message,
    "Cannot use DBOS.setEvent() here: no workflow of a test worker runs; call it in the function of a " +
      "workflow",
  );
});

Deno.test("a queue runs as many workflows as its limits allow, the most urgent first", async () => {
  await using resources = new AsyncDisposableStack();
  const started: string[] = [];
  const gates = new Map<string, ReturnType<typeof createGate>>();
  const work = async (label: string) => {
    started.push(label);
    const gate = createGate();
    gates.set(label, gate);
    await gate.opened;
  };
  const { client } = await start(resources, { work }, {
    queues: {
      one: { globalConcurrency: 1 },
      two: { workerConcurrency: 2 },
      each: { partitionConcurrency: 1, globalConcurrency: 3 },
      rated: { rateLimit: { limitPerPeriod: 2, periodSec: 3600 } },
    },
  });
  const add = (queue: string, label: string, options: Partial<EnqueueOptions> = {}) =>
    enqueue(client, { workflowName: "work", queueName: queue, ...options }, label);
  const finish = async (label: string) => {
    await until(() => gates.has(label));
    gates.get(label)!.open();
  };
  /** Waits until a workflow of another queue, which was enqueued later, has been run. */
  const passRound = async () => {
    const label = crypto.randomUUID();
    const handle = await add("free", label);
    await finish(label);
    await handle.getResult(timeout);
    started.splice(started.indexOf(label), 1);
  };

  await add("one", "first");
  await until(() => started.length > 0);
  await add("one", "late", { priority: 5 });
  const urgent = await add("one", "urgent", { priority: 1 });
  await passRound();
  assertEquals(started, ["first"]);
  await finish("first");
  await until(() => started.length > 1);
  assertEquals(started, ["first", "urgent"]);
  await finish("urgent");
  await urgent.getResult(timeout);
  await finish("late");
  assertEquals(started.splice(0), ["first", "urgent", "late"]);

  for (const label of ["a", "b", "c"]) await add("two", label);
  await until(() => started.length > 1);
  await passRound();
  assertEquals(started, ["a", "b"]);
  await finish("a");
  await until(() => started.length > 2);
  await finish("b");
  await finish("c");
  started.splice(0);

  for (const label of ["p1", "p2", "q1", "r1", "s1"]) {
    await add("each", label, { queuePartitionKey: label[0]! });
  }
  const unpartitioned = await add("each", "none");
  await until(() => started.length > 2);
  await passRound();
  assertEquals(started.toSorted(), ["p1", "q1", "r1"]);
  await finish("q1");
  await until(() => started.includes("s1"));
  assertEquals(started.includes("p2"), false);
  for (const label of ["p1", "p2", "r1", "s1"]) await finish(label);
  assertEquals(await statusOf(client, unpartitioned.workflowID), "ENQUEUED");
  started.splice(0);

  for (const label of ["x", "y", "z"]) await add("rated", label);
  await finish("x");
  await finish("y");
  await passRound();
  assertEquals(started, ["x", "y"]);
});

Deno.test("a worker runs the workflows of its queues, version and application only", async () => {
  await using resources = new AsyncDisposableStack();
  const { client } = await start(resources, { echo: (value: unknown) => value }, {
    listenQueues: [queueName],
    applicationVersion: "v2",
    applicationName: "shop",
  });
  const echo = { workflowName: "echo", queueName };
  const others = await Promise.all([
    enqueue(client, { ...echo, queueName: "other" }),
    enqueue(client, { ...echo, appVersion: "v1" }),
    enqueue(client, { ...echo, applicationName: "bank" }),
    enqueue(client, { ...echo, workflowName: "unknown" }),
  ]);
  const own = await enqueue(client, { ...echo, appVersion: "v2" }, 1);
  assertEquals(await own.getResult(timeout), 1);
  for (const { workflowID } of others) assertEquals(await statusOf(client, workflowID), "ENQUEUED");
  const { applicationVersion, applicationName } = (await own.getStatus())!;
  assertEquals([applicationVersion, applicationName], ["v2", "shop"]);
});

Deno.test("skipDelays() ends delays and sleeps", async () => {
  await using resources = new AsyncDisposableStack();
  const sleeping = createGate();
  const worker = await start(resources, {
    echo: (value: unknown) => value,
    async sleepy() {
      sleeping.open();
      await DBOS.sleep(3_600_000);
      return "awake";
    },
  });
  const { client } = worker;
  const later = { workflowName: "echo", queueName, delaySeconds: 3600 };
  const delayed = await enqueue(client, later, 1);
  const sleepy = await enqueue(client, { workflowName: "sleepy", queueName });
  await sleeping.opened;
  assertEquals(await statusOf(client, delayed.workflowID), "DELAYED");
  // The function may not have begun to sleep yet.
  await until(async () => {
    await worker.skipDelays();
    return await statusOf(client, sleepy.workflowID) === "SUCCESS";
  });
  assertEquals([await delayed.getResult(timeout), await sleepy.getResult(timeout)], [1, "awake"]);
});

Deno.test("a deduplication ID is free again when its workflow has ended", async () => {
  await using resources = new AsyncDisposableStack();
  const gate = createGate();
  const { client } = await start(resources, { wait: () => gate.opened });
  const options = { workflowName: "wait", queueName, deduplicationID: "only" };
  const first = await enqueue(client, options);
  await assertRejects(() => enqueue(client, options), QueueDuplicatedError);
  gate.open();
  await first.getResult(timeout);
  await (await enqueue(client, options)).getResult(timeout);
});

Deno.test("a workflow that is cancelled or takes too long is aborted", async () => {
  await using resources = new AsyncDisposableStack();
  const reasons: unknown[] = [];
  const { client } = await start(resources, {
    async wait() {
      const { signal } = DBOS;
      try {
        await DBOS.setEvent("started", true);
        await DBOS.recv("never", 600);
      } catch {
        reasons.push(signal.reason);
      }
    },
  });
  const wait = { workflowName: "wait", queueName };
  const cancelled = await enqueue(client, wait);
  await getEvent(client, cancelled.workflowID, "started", timeout);
  await cancelWorkflow(client, cancelled.workflowID);
  const late = await enqueue(client, { ...wait, workflowTimeoutMS: 50 });
  const never = await enqueue(client, { ...wait, deadlineEpochMS: Date.now() });
  for (const handle of [cancelled, late, never]) {
    await assertRejects(() => handle.getResult(timeout), AwaitedWorkflowCancelledError);
  }
  await until(() => reasons.length >= 2);
  assertMatch(String(reasons[0]), /Cannot continue the workflow: it was cancelled/);
});

Deno.test("a workflow that is resumed runs anew, and its earlier run changes nothing", async () => {
  await using resources = new AsyncDisposableStack();
  const gates = [createGate(), createGate()];
  let runs = 0;
  const { client } = await start(resources, {
    async count() {
      const run = runs++;
      await gates[run]!.opened;
      return run;
    },
  });
  const { workflowID } = await enqueue(client, { workflowName: "count", queueName });
  await until(() => runs === 1);
  await cancelWorkflow(client, workflowID);
  await resumeWorkflow(client, workflowID);
  await until(() => runs === 2);
  gates[0]!.open();
  gates[1]!.open();
  assertEquals(await getResult(client, workflowID, timeout), 1);
});

Deno.test("a test waits for workflows, each once, and completes them or lets them fail", async () => {
  await using resources = new AsyncDisposableStack();
  const worker = await start(resources);
  const { client } = worker;
  const email = { workflowName: "sendEmail", queueName: "emails" };
  const waiting = worker.waitForEnqueued({ workflowName: "sendEmail" }, timeout);
  const first = await enqueue(client, email, "ann");
  const second = await enqueue(client, { ...email, serializationType: "native" }, "bob");
  const found = await waiting;
  assertEquals([found.workflowID, found.input], [first.workflowID, ["ann"]]);
  const next = await worker.waitForEnqueued({ queueName: "emails" }, timeout);
  assertEquals(next.workflowID, second.workflowID);
  await worker.completeWorkflow(first.workflowID, "sent");
  await worker.failWorkflow(second.workflowID, new RangeError("no such address"));
  assertEquals(await first.getResult(timeout), "sent");
  const error = await assertRejects(() => second.getResult(timeout), WorkflowError);
  assertEquals([error.name, error.message], ["RangeError", "no such address"]);

  const nothing = await assertRejects(
    () => worker.waitForEnqueued({}, { timeoutSeconds: 0 }),
    Error,
  );
  assertEquals(
    nothing.message,
    "Cannot find a workflow within 0 s: no other one matches; there are sendEmail on queue emails " +
      "(SUCCESS), sendEmail on queue emails (ERROR)",
  );
  const third = await enqueue(client, email, "eve");
  await cancelWorkflow(client, third.workflowID);
  const cancelled = await assertRejects(
    () => worker.waitForEnqueued({ workflowName: "other" }, { timeoutSeconds: 0 }),
    Error,
  );
  assertStringIncludes(cancelled.message, ", sendEmail (CANCELLED)");
  const ended = await assertRejects(() => worker.completeWorkflow(first.workflowID), Error);
  assertEquals(
    ended.message,
    `Cannot complete workflow ${first.workflowID}: it has ended with status SUCCESS`,
  );
  await assertRejects(() => worker.failWorkflow("none", "error"), NonExistentWorkflowError);
  const reason = new Error("enough");
  const signal = AbortSignal.abort(reason);
  assertEquals(await worker.waitForEnqueued({}, { signal }).catch((error) => error), reason);
});

Deno.test("a test completes a workflow whose function runs", async () => {
  await using resources = new AsyncDisposableStack();
  const aborted = createGate();
  const worker = await start(resources, {
    async wait() {
      await DBOS.recv("never", 600).catch(aborted.open);
      return "too late";
    },
  });
  const handle = await enqueue(worker.client, { workflowName: "wait", queueName });
  await until(async () => await statusOf(worker.client, handle.workflowID) === "PENDING");
  await worker.completeWorkflow(handle.workflowID, "by the test");
  await aborted.opened;
  assertEquals(await handle.getResult(timeout), "by the test");
});

Deno.test("sentMessages() returns the messages to all workflows", async () => {
  await using resources = new AsyncDisposableStack();
  const worker = await start(resources, { receive: () => DBOS.recv("approval", timeout) });
  const { client } = worker;
  const receiver = await enqueue(client, { workflowName: "receive", queueName });
  const other = await enqueue(client, { workflowName: "unknown", queueName });
  await send(client, receiver.workflowID, { approved: true }, { topic: "approval" });
  await receiver.getResult(timeout);
  await send(client, other.workflowID, new Date(0), { serializationType: "native" });
  const messages = await worker.sentMessages();
  assertEquals(messages.map(({ createdAtEpochMs: _, ...message }) => message), [
    {
      destinationID: receiver.workflowID,
      topic: "approval",
      message: { approved: true },
      consumed: true,
    },
    { destinationID: other.workflowID, topic: null, message: new Date(0), consumed: false },
  ]);
});

Deno.test("functions enqueue workflows with the client of the worker", async () => {
  await using resources = new AsyncDisposableStack();
  const { client } = await start(resources, {
    double: (number: number) => 2 * number,
    async parent(number: number) {
      const task = { workflowName: "double", queueName };
      return await (await enqueue<number>(DBOS.client, task, number)).getResult(timeout);
    },
  });
  const handle = await enqueue(client, { workflowName: "parent", queueName }, 21);
  assertEquals(await handle.getResult(timeout), 42);
});

Deno.test("close() aborts what runs, and leaves the given database open", async () => {
  const database = await PGlite.create();
  let reason: unknown;
  const worker = await startTestWorker({
    async wait() {
      await DBOS.setEvent("started", true);
      await DBOS.sleep(3_600_000).catch((error) => reason = error);
    },
  }, { database });
  const { workflowID } = await enqueue(worker.client, { workflowName: "wait", queueName });
  await getEvent(worker.client, workflowID, "started", timeout);
  await Promise.all([worker.close(), worker.close()]);
  assertMatch(String(reason), /the test worker was closed/);
  assertEquals(await statusOf(database as unknown as Client, workflowID), "PENDING");
  await database.close();
});

Deno.test("close() rejects with what has stopped the worker", async () => {
  const database = await PGlite.create();
  const worker = await startTestWorker({}, { database });
  await database.close();
  await until(() => database.closed);
  await worker.waitForEnqueued({}, timeout).catch(() => {});
  await assertRejects(() => worker.close(), Error);
});

Deno.test("startTestWorker() refuses what is no function, and options that are wrong", async () => {
  const refused: [unknown, unknown, string][] = [
    [
      { sum: 7 },
      {},
      "Cannot use a value of type number as function of workflow sum: expected a function",
    ],
    [[], {}, "functions of startTestWorker()"],
    [{}, { queue: {} }, "did you mean queues?"],
    [{}, { queues: { tasks: { concurrency: 1 } } }, "globalConcurrency"],
    [{}, { database: {} }, "as a client"],
    [{}, { database: null }, "as a client"],
    [{}, { pollingIntervalMs: 0 }, "pollingIntervalMs of startTestWorker()"],
  ];
  await using resources = new AsyncDisposableStack();
  for (const [functions, options, message] of refused) {
    const database = await openPool(resources);
    const error = await assertRejects(() =>
      startTestWorker(functions as never, { database, ...options as object })
    );
    assert((error as Error).message.includes(message), (error as Error).message);
  }
});

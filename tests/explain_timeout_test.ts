/** Tests that a wait that times out says why, and that this costs and delays nothing else. */
import {
  assert,
  assertEquals,
  assertGreater,
  assertInstanceOf,
  assertMatch,
  assertRejects,
} from "@std/assert";
import pg from "pg";
import {
  createClient,
  enqueue,
  getResult,
  readStream,
  readStreamOffset,
  registerQueue,
  ResultTimeoutError,
  StreamTimeoutError,
  waitAll,
  waitEach,
  waitFirst,
  WaitTimeoutError,
} from "../mod.ts";
import { createTestDatabase } from "./support/database.ts";
import { migrate } from "./support/migrate.ts";
import { createRole, openPoolAs } from "./support/roles.ts";
import { startTcpProxy } from "./support/tcp_proxy.ts";
import { until } from "./support/until.ts";

const task = { workflowName: "echo", queueName: "task" };
const isExplanation = ({ name = "" }: pg.QueryConfig) => name.startsWith("dbos_explain_workflow");

async function openFixture() {
  const resources = new AsyncDisposableStack();
  const database = resources.use(await createTestDatabase());
  const proxy = await startTcpProxy(database.url);
  const pool = new pg.Pool({ connectionString: proxy.url, max: 30 });
  pool.on("error", () => {});
  resources.defer(() => pool.end());
  // First the proxy: the pool waits for connections whose statements are never answered.
  resources.use(proxy);
  const owner = new pg.Client({ connectionString: database.url });
  await owner.connect();
  resources.defer(() => owner.end());
  await migrate(owner);
  const statements: pg.QueryConfig[] = [];
  let inFlight = 0;
  let maxInFlight = 0;
  const driver = {
    totalCount: 0,
    options: { max: 30 },
    connect: () => pool.connect(),
    async query(query: pg.QueryConfig) {
      statements.push(query);
      if (!isExplanation(query)) return await pool.query(query);
      maxInFlight = Math.max(maxInFlight, ++inFlight);
      return await pool.query(query).finally(() => inFlight--);
    },
  } as unknown as pg.Pool;
  return {
    url: database.url,
    owner,
    proxy,
    driver,
    statements,
    maxInFlight: () => maxInFlight,
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

async function timeoutOf(promise: Promise<unknown>): Promise<ResultTimeoutError> {
  const error = await promise.then((value) => assert(false, `it gave ${value}`), (error) => error);
  assertInstanceOf(error, ResultTimeoutError);
  return error;
}

Deno.test("a wait that times out says why the workflow has not ended", async () => {
  await using fixture = await openFixture();
  await using client = createClient(fixture.driver);
  await registerQueue(client, "tasks");
  const handle = await enqueue(client, task);
  const error = await timeoutOf(handle.getResult({ timeoutSeconds: 0.05 }));
  assertEquals([error.status, error.reason], ["ENQUEUED", "queue_not_registered"]);
  const { message } = await handle.explain();
  const start =
    `Cannot get the result of workflow ${handle.workflowID}: it did not end within 0.05 s`;
  assertEquals(error.message, `${start}. ${message}`);
  assert(!("cause" in error));

  const missing = await timeoutOf(getResult(client, "nobody's", { timeoutSeconds: 0.05 }));
  assertEquals([missing.status, missing.reason], [undefined, "not_found"]);
  assertMatch(missing.message, /There is no workflow nobody's in schema dbos of database test_/);
});

Deno.test("a wait for several workflows or for a stream says so as well", async () => {
  await using fixture = await openFixture();
  await using client = createClient(fixture.driver);
  await registerQueue(client, "tasks");
  const handle = await enqueue(client, task);
  const { workflowID } = handle;
  const { message } = await handle.explain();
  const soon = { timeoutSeconds: 0.05 };

  const waits = {
    waitFirst: () => waitFirst(client, [handle, "nobody's"], soon),
    waitAll: () => waitAll(client, [handle, "nobody's"], soon),
    waitEach: () => waitEach(client, [handle, "nobody's"], soon).next(),
  };
  for (const [name, wait] of Object.entries(waits)) {
    const error = await assertRejects(wait, WaitTimeoutError);
    assertEquals([error.status, error.reason], ["ENQUEUED", "queue_not_registered"], name);
    const start = "Cannot wait for workflows: 2 of them did not end within 0.05 s";
    assertEquals(error.message, `${start}. ${message}`);
  }
  const missing = await assertRejects(() => waitAll(client, ["nobody's"], soon), WaitTimeoutError);
  assertEquals([missing.status, missing.reason], [undefined, "not_found"]);

  const streams = {
    readStream: () => readStream(client, workflowID, "log", soon).next(),
    readStreamOffset: () => readStreamOffset(client, workflowID, "log", 0, soon),
  };
  for (const [name, read] of Object.entries(streams)) {
    const error = await assertRejects(read, StreamTimeoutError);
    assertEquals([error.status, error.reason], ["ENQUEUED", "queue_not_registered"], name);
    assert(error.message.endsWith(`value 0 was not written within 0.05 s. ${message}`));
  }
});

Deno.test("a wait with a timeout of 0 costs one query, and says no reason", async () => {
  await using fixture = await openFixture();
  const { driver, statements } = fixture;
  await using client = createClient(driver);
  const handle = await enqueue(client, task);
  statements.length = 0;
  for (let polls = 1; polls <= 3; polls++) {
    const error = await timeoutOf(handle.getResult({ timeoutSeconds: 0 }));
    assertEquals([error.status, error.reason, statements.length], [undefined, undefined, polls]);
    assert(error.message.endsWith("it did not end within 0 s"));
  }
  const once = { timeoutSeconds: 0 };
  statements.length = 0;
  const several = await assertRejects(() => waitAll(client, [handle], once), WaitTimeoutError);
  const read = () => readStreamOffset(client, handle.workflowID, "log", 0, once);
  const stream = await assertRejects(read, StreamTimeoutError);
  assertEquals([several.reason, stream.reason, statements.length], [undefined, undefined, 2]);
});

Deno.test("a wait times out as before where the reason cannot be read", async (test) => {
  await using fixture = await openFixture();
  const { url, owner, proxy, driver } = fixture;
  // Unprepared, so that the text of each statement passes through the proxy.
  const settings = { attemptTimeoutSeconds: 2, retryTimeoutSeconds: 600, prepare: false };
  await using client = createClient(driver, settings);
  const handle = await enqueue(client, task);
  const wait = (signal?: AbortSignal) =>
    handle.getResult({ timeoutSeconds: 0.05, ...(signal && { signal }) });

  await test.step("the role lacks privileges", async () => {
    await using role = await createRole();
    await owner.query(`
      grant usage on schema dbos to ${role.name};
      grant select (workflow_uuid, status, output, error, serialization, completed_at, updated_at)
        on dbos.workflow_status to ${role.name};
      grant select on dbos.workflow_output to ${role.name}`);
    try {
      await using pool = openPoolAs(role.name, url);
      const result = getResult(pool, handle.workflowID, { timeoutSeconds: 0.05 });
      assertEquals((await timeoutOf(result)).reason, undefined);
    } finally {
      await owner.query(`drop owned by ${role.name}`);
    }
  });

  await test.step("the database does not answer any more", async () => {
    const swallowed = proxy.swallow("visible_version");
    const error = await timeoutOf(wait());
    assert(swallowed.isLost);
    assertEquals([error.reason, error.cause], [undefined, undefined]);
  });

  await test.step("the connection is lost, which is not retried", async () => {
    const lost = proxy.loseAnswerTo("visible_version");
    assertEquals((await timeoutOf(wait())).reason, undefined);
    assert(lost.isLost);
    assertEquals((await timeoutOf(wait())).reason, "queue_not_registered");
  });

  await test.step("the signal is aborted meanwhile", async () => {
    const swallowed = proxy.swallow("visible_version");
    const controller = new AbortController();
    const result = wait(controller.signal).catch((error) => error);
    await until(() => swallowed.isLost);
    const reason = new Error("enough");
    controller.abort(reason);
    assertEquals(await result, reason);
  });

  await test.step("the client is closed meanwhile", async () => {
    const swallowed = proxy.swallow("visible_version");
    const result = timeoutOf(wait());
    await until(() => swallowed.isLost);
    await client.close();
    assertEquals((await result).reason, undefined);
  });
});

Deno.test("when many waits time out together, only some say why", async () => {
  await using fixture = await openFixture();
  const { driver, statements, maxInFlight } = fixture;
  await using client = createClient(driver);
  await enqueue(client, task);
  const errors = await Promise.all(
    Array.from(
      { length: 500 },
      (_, index) => timeoutOf(getResult(client, `nobody ${index}`, { timeoutSeconds: 0.05 })),
    ),
  );
  const explained = errors.filter(({ reason }) => reason === "not_found").length;
  assertGreater(explained, 0);
  assertEquals(statements.filter(isExplanation).length, explained);
  assert(maxInFlight() <= 20, `${maxInFlight()} at once`);
});

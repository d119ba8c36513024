/** Tests the trigger of sql/extras/notify_completion.sql, and clients that listen to it. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { fileURLToPath } from "node:url";
import pg from "pg";
import {
  AwaitedWorkflowCancelledError,
  cancelWorkflow,
  type Client,
  createClient,
  enqueue,
  getResult,
  send,
  waitAll,
  waitEach,
} from "../mod.ts";
import { workflowEvents } from "../src/http/mod.ts";
import { createTestDatabase } from "./support/database.ts";
import { readEventStream } from "./support/event_stream_reader.ts";
import { migrate, newestVersion, oldestVersion } from "./support/migrate.ts";
import { openPollRecorder, type PollRecorder } from "./support/poll_recorder.ts";
import { psqlVersion } from "./support/psql.ts";
import { applyRoleScript, createRole } from "./support/roles.ts";
import { applyScript, scriptPath } from "./support/scripts.ts";
import { startWorker } from "./support/start_worker.ts";
import { until } from "./support/until.ts";

const hourMs = 3_600_000;
// Longer than the hour by which a test moves the clock: timers that were set before know nothing of that.
const longIntervalMs = 2 * hourMs;
const channel = "dbos_client_completions";
const drop = "drop function dbos.notify_completion_v1() cascade";

function installTrigger(connection: pg.ClientBase, schema = "dbos"): Promise<void> {
  return applyScript(connection, "extras/notify_completion", { schema });
}

/** A connection that records the notifications of completions. */
async function openConnection(url: string) {
  const connection = new pg.Client({ connectionString: url });
  await connection.connect();
  const payloads: string[] = [];
  connection.on("notification", ({ payload = "" }) => payloads.push(payload));
  await connection.query(`listen ${channel}`);
  return Object.assign(connection, {
    payloads,
    [Symbol.asyncDispose]: () => connection.end(),
  });
}

async function openDatabase(version = newestVersion, options = "") {
  const resources = new AsyncDisposableStack();
  const { url } = resources.use(await createTestDatabase(undefined, options));
  const connection = resources.use(await openConnection(url));
  await migrate(connection, version);
  return { url, connection, [Symbol.asyncDispose]: () => resources.disposeAsync() };
}

async function insert(
  connection: pg.Client | pg.Pool,
  workflowID: string,
  schema = "dbos",
): Promise<void> {
  await connection.query(
    `insert into ${pg.escapeIdentifier(schema)}.workflow_status (workflow_uuid, status)
    values ($1, 'PENDING')`,
    [workflowID],
  );
}

async function setStatus(
  connection: pg.Client | pg.Pool,
  workflowID: string,
  status: string,
  schema = "dbos",
): Promise<void> {
  await connection.query(
    `update ${
      pg.escapeIdentifier(schema)
    }.workflow_status set status = $2 where workflow_uuid = $1`,
    [workflowID, status],
  );
}

/** Counts the connections of clients that listen. */
async function countListeners(connection: pg.Client | pg.Pool): Promise<number> {
  const { rows } = await connection.query(
    `select pid from pg_stat_activity
    where datname = current_database() and query ilike 'listen %dbos_streams_channel%'
      and state = 'idle'`,
  );
  return rows.length;
}

/** Runs with a clock that can be moved. */
async function withClock(run: (moveBy: (ms: number) => void) => Promise<void>): Promise<void> {
  const realNow = performance.now;
  let offsetMs = 0;
  performance.now = () => realNow.call(performance) + offsetMs;
  try {
    await run((ms) => offsetMs += ms);
  } finally {
    performance.now = realNow;
  }
}

async function pollOnce(client: Client): Promise<void> {
  await assertRejects(() => getResult(client, "nobody", { timeoutSeconds: 0 }));
}

/** Waits until a client with waits sends nothing, while one that only polls sends twenty polls. */
async function untilQuiet(recorder: PollRecorder): Promise<void> {
  await using other = createClient(recorder.pool);
  while (true) {
    const before = recorder.polls.length;
    for (let count = 0; count < 20; count++) {
      await assertRejects(() => getResult(other, "nobody", { timeoutSeconds: 0.02 }));
    }
    if (recorder.polls.length === before && await countListeners(recorder.pool) > 0) return;
  }
}

/** A client that listens, on a database with the trigger. */
async function openNotifiedRecorder(
  hasWorker: boolean,
  pollingIntervalMs = longIntervalMs,
): Promise<PollRecorder> {
  const options = { listen: true, hasWorker, pollingIntervalMs };
  const recorder = await openPollRecorder(options);
  const connection = await recorder.pool.connect();
  await installTrigger(connection);
  connection.release();
  return recorder;
}

Deno.test("a client that is notified sends one statement when it waits, and one when it is over", async () => {
  await using recorder = await openNotifiedRecorder(true);
  const { client, polls } = recorder;
  const reviewer = { workflowName: "waitForMessage", queueName: "tasks" };
  const first = await enqueue(client, reviewer, "go");
  const second = await enqueue(client, reviewer, "go");
  const idle = await enqueue(client, { workflowName: "echo", queueName: "idle" });
  const results = [first, second].map((handle) => handle.getResult({ timeoutSeconds: 600 }));
  const cancelled = assertRejects(() => idle.getResult(), AwaitedWorkflowCancelledError);
  await untilQuiet(recorder);

  polls.length = 0;
  await send(client, first.workflowID, "one", { topic: "go" });
  assertEquals(await results[0], "one");
  assertEquals(polls.map(({ wanted }) => wanted), [[first.workflowID]]);

  // Another client and another worker end workflows in the same way.
  await cancelWorkflow(recorder.pool, idle.workflowID);
  await cancelled;
  assertEquals(polls.length, 2);

  const third = await enqueue(client, reviewer, "go");
  const result = third.getResult();
  await recorder.untilPolls(3);
  await send(client, third.workflowID, "three", { topic: "go" });
  assertEquals(await result, "three");
  assertEquals(polls.slice(2).map(({ wanted }) => wanted), [[third.workflowID], [
    third.workflowID,
  ]]);

  await send(client, second.workflowID, "two", { topic: "go" });
  assertEquals(await results[1], "two");
  assertEquals(polls.length, 5);
});

Deno.test("waits for several workflows are over as these end, however slow the caller is", async () => {
  await using recorder = await openNotifiedRecorder(false);
  const { client, pool } = recorder;
  const workflowIDs = ["a", "b", "c"];
  for (const workflowID of workflowIDs) await insert(pool, workflowID);
  const all = waitAll(client, workflowIDs);
  const outcomes = waitEach(client, workflowIDs);
  const first = outcomes.next();
  await untilQuiet(recorder);
  await setStatus(pool, "b", "ERROR");
  assertEquals((await first).value?.workflowID, "b");
  // Nothing is polled for between two outcomes.
  await using connection = await openConnection(urlOf(pool));
  for (const workflowID of ["a", "c"]) await setStatus(pool, workflowID, "SUCCESS");
  await until(() => connection.payloads.length === 2);
  const others = [await outcomes.next(), await outcomes.next()];
  assertEquals(others.map(({ value }) => value?.workflowID).sort(), ["a", "c"]);
  assertEquals((await outcomes.next()).done, true);
  assertEquals((await all).length, 3);
});

Deno.test("a workflow that ends while a poll is in flight is not forgotten", async () => {
  await using recorder = await openNotifiedRecorder(false);
  const { client, pool } = recorder;
  await using connection = await openConnection(urlOf(pool));
  for (const workflowID of ["a", "b"]) await insert(pool, workflowID);
  const all = waitAll(client, ["a", "b"]);
  await untilQuiet(recorder);
  type Callback = (error: unknown, result: { rows: object[] }) => void;
  let hasEnded = false;
  (recorder.driver as unknown as pg.Pool).once("acquire", (poller: pg.PoolClient) => {
    const query = poller.query.bind(poller) as (polling: object) => void;
    poller.query = ((polling: { callback: Callback }) => {
      const { callback } = polling;
      polling.callback = async (error, result) => {
        // The client learns that the first one has ended only after the other one has, too.
        hasEnded = result.rows.length === 1;
        await setStatus(connection, "b", "SUCCESS");
        await until(() => connection.payloads.includes("b"));
        callback(error, result);
      };
      query(polling);
    }) as typeof poller.query;
  });
  await setStatus(connection, "a", "SUCCESS");
  assertEquals((await all).length, 2);
  assert(hasEnded);
});

function urlOf(pool: pg.Pool): string {
  return pool.options.connectionString!;
}

Deno.test("a wait is over after the trigger was dropped, and with the lost connection of its client", async () => {
  await using recorder = await openNotifiedRecorder(false, 100);
  const { client, pool } = recorder;
  const workflowIDs = ["a", "b"];
  for (const workflowID of workflowIDs) await insert(pool, workflowID);
  const [first, second] = workflowIDs.map((workflowID) => getResult(client, workflowID));
  await untilQuiet(recorder);

  await pool.query(drop);
  await setStatus(pool, "a", "SUCCESS");
  // The next poll is due half a minute after the last one.
  assertEquals(await first, null);

  await pool.query(
    `select pg_terminate_backend(pid) from pg_stat_activity
    where datname = current_database() and query ilike 'listen %dbos_streams_channel%'`,
  );
  await setStatus(pool, "b", "SUCCESS");
  assertEquals(await second, null);
});

Deno.test("without the trigger, waits for results poll, and open no connection to listen", async () => {
  await using recorder = await openPollRecorder({ listen: true, hasWorker: false });
  const { client, pool, polls } = recorder;
  const { workflowID } = await enqueue(client, { workflowName: "echo", queueName: "idle" });
  const result = getResult(client, workflowID, { pollingIntervalMs: 20 });
  await recorder.untilPolls(10);
  assertEquals(await countListeners(pool), 0);
  const connection = await pool.connect();
  await installTrigger(connection);
  await connection.query("alter table dbos.workflow_status disable trigger notify_completion_v1");
  connection.release();
  await withClock(async (moveBy) => {
    // The client reads the schema again after a minute.
    moveBy(61_000);
    const seen = polls.length;
    await recorder.untilPolls(seen + 10);
    assertEquals(await countListeners(pool), 0);
    await pool.query("alter table dbos.workflow_status enable trigger notify_completion_v1");
    moveBy(61_000);
    await until(async () => await countListeners(pool) === 1);
    await setStatus(pool, workflowID, "SUCCESS");
    assertEquals(await result, null);
  });
});

Deno.test("a live page shows the end of a workflow as soon as it is notified of", async () => {
  await using recorder = await openNotifiedRecorder(false);
  const { client, pool, polls } = recorder;
  await insert(pool, "a");
  const handler = workflowEvents(client, { authorize: () => true });
  const reader = readEventStream(await handler(new Request("http://localhost/workflows/a")));
  assertEquals((await reader.next())?.data, { status: "PENDING" });
  await until(async () => await countListeners(pool) === 1);
  // The next poll after one that is in flight now would come minutes later.
  await until(() => pool.idleCount === pool.totalCount);
  await withClock(async (moveBy) => {
    // After an hour of waiting, the time between two polls is minutes.
    moveBy(hourMs);
    const seen = polls.length;
    const hasPolled = (kind: string) => polls.slice(seen).some((poll) => poll.kind === kind);
    await until(() => hasPolled("status_changes") && hasPolled("event_changes"));
    await setStatus(pool, "a", "SUCCESS");
    assertEquals((await reader.rest()).map(({ event }) => event), ["status", "end"]);
  });
});

Deno.test("the trigger fires when a status becomes final, and at nothing else", async () => {
  await using database = await openDatabase();
  const { connection } = database;
  await installTrigger(connection);
  const { payloads } = connection;
  const finals = ["SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"];
  for (const status of finals) {
    await insert(connection, status);
    await setStatus(connection, status, "ENQUEUED");
    await setStatus(connection, status, "PENDING");
    await setStatus(connection, status, "DELAYED");
    await setStatus(connection, status, status);
    await connection.query("update dbos.workflow_status set updated_at = 7");
  }
  await connection.query(
    "insert into dbos.workflow_status (workflow_uuid, status) values ('imported', 'SUCCESS')",
  );
  await connection.query("delete from dbos.workflow_status");
  await connection.query(`notify ${channel}, 'the end'`);
  await until(() => payloads.includes("the end"));
  assertEquals(payloads, [...finals, "imported", "the end"]);
});

Deno.test("the end of a workflow is notified of, whatever its ID is", async () => {
  const workflowIDs = [
    `'; select "1"; --`,
    "::a::::b::",
    "a\nb\r\n",
    "👩‍👩‍👧",
    // The server compresses long IDs in its index.
    "x".repeat(8000),
    "👍".repeat(8000),
    `${"x".repeat(999)}👍${"y".repeat(100)}`,
  ];
  await using recorder = await openNotifiedRecorder(false);
  const { client, pool, polls } = recorder;
  for (const workflowID of workflowIDs) await insert(pool, workflowID);
  const results = workflowIDs.map((workflowID) => getResult(client, workflowID));
  await untilQuiet(recorder);
  for (const [index, workflowID] of workflowIDs.entries()) {
    polls.length = 0;
    await setStatus(pool, workflowID, "SUCCESS");
    assertEquals(await results[index], null);
    assertEquals(polls.map(({ wanted }) => wanted), [[workflowID]]);
  }
});

Deno.test("a schema of any name has a trigger of its own", async () => {
  await using database = await openDatabase();
  const { connection, url } = database;
  const schema = `of "Ann's" $1; --`;
  await connection.query(`alter schema dbos rename to ${pg.escapeIdentifier(schema)}`);
  await migrate(connection);
  await installTrigger(connection, schema);
  const pool = new pg.Pool({ connectionString: url });
  await insert(connection, "a", schema);
  await insert(connection, "b");
  const clients = [schema, "dbos"].map((schema) =>
    createClient(pool, { schema, listen: true, pollingIntervalMs: longIntervalMs })
  );
  await withClock(async (moveBy) => {
    const result = getResult(clients[0]!, "a");
    await until(async () => await countListeners(connection) === 1);
    moveBy(hourMs);
    await pollOnce(clients[0]!);
    await setStatus(connection, "a", "SUCCESS", schema);
    assertEquals(await result, null);
  });
  await setStatus(connection, "b", "SUCCESS");
  assertEquals(await getResult(clients[1]!, "b"), null);
  assertEquals(connection.payloads, ["a"]);
  for (const client of clients) await client.close();
  await pool.end();
});

Deno.test("the trigger works on every version of the schema, and outlives each upgrade", async () => {
  await using database = await openDatabase(oldestVersion);
  const { connection } = database;
  for (let version = oldestVersion; version <= newestVersion; version++) {
    await migrate(connection, version);
    // The one of the version before.
    if (version > oldestVersion) await endOne(`upgraded to ${version}`);
    await connection.query("drop function if exists dbos.notify_completion_v1() cascade");
    await installTrigger(connection);
    await installTrigger(connection);
    await endOne(`version ${version}`);
  }

  async function endOne(workflowID: string): Promise<void> {
    connection.payloads.length = 0;
    await insert(connection, workflowID);
    await setStatus(connection, workflowID, "SUCCESS");
    await until(() => connection.payloads.length > 0);
    assertEquals(connection.payloads, [workflowID]);
  }
});

Deno.test("workers and clients need no further privilege", async () => {
  await using resources = new AsyncDisposableStack();
  const worker = resources.use(await createRole());
  const waiter = resources.use(await createRole());
  const { url, connection } = resources.use(await openDatabase());
  await installTrigger(connection);
  await applyRoleScript(connection, "enqueue_and_wait", waiter.name);
  await applyRoleScript(connection, "manage", worker.name);
  await insert(connection, "a");
  const pool = new pg.Pool({ connectionString: url, options: `-c role=${waiter.name}` });
  resources.defer(() => pool.end());
  await using client = createClient(pool, { listen: true, pollingIntervalMs: longIntervalMs });
  await withClock(async (moveBy) => {
    const result = getResult(client, "a");
    await until(async () => await countListeners(connection) === 1);
    moveBy(hourMs);
    await pollOnce(client);
    await connection.query(`set role ${worker.name}`);
    await setStatus(connection, "a", "SUCCESS");
    assertEquals(await result, null);
    await connection.query("reset role");
  });
});

Deno.test({
  name: "psql installs the trigger, and the statement in its comment removes it",
  ignore: psqlVersion === undefined,
  async fn() {
    await using database = await openDatabase();
    const { url, connection } = database;
    const path = fileURLToPath(scriptPath("extras/notify_completion"));
    const run = async (...args: string[]) => {
      const { success, stderr } = await new Deno.Command("psql", {
        args: ["--no-psqlrc", "-v", "schema=dbos", ...args, url],
      }).output();
      assert(success, new TextDecoder().decode(stderr));
      const { rows } = await connection.query(
        "select from pg_trigger join pg_proc on pg_proc.oid = tgfoid where proname like 'notify_compl%'",
      );
      return rows.length;
    };
    assertEquals(await run("-f", path), 1);
    assertEquals(await run("-f", path), 1);
    const [, remove = ""] = /^-- {5}(drop .*)$/m.exec(await Deno.readTextFile(path)) ?? [];
    assertEquals(await run("-c", remove), 0);
    assertEquals(remove, drop);
  },
});

Deno.test("the end of a real worker's workflow is notified of in the transaction that writes its result", async () => {
  await using resources = new AsyncDisposableStack();
  const { url } = resources.use(await createTestDatabase());
  resources.use(await startWorker({ systemDatabaseUrl: url }));
  const connection = resources.use(await openConnection(url));
  await installTrigger(connection);
  const { workflowID } = await enqueue(connection, { workflowName: "echo", queueName: "tasks" }, 7);
  await until(() => connection.payloads.length > 0);
  assertEquals(connection.payloads, [workflowID]);
  assertEquals(await getResult(connection, workflowID, { timeoutSeconds: 0 }), [7]);
});

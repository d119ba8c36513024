import { assertEquals, assertRejects } from "@std/assert";
import { PGlite } from "@electric-sql/pglite";
import { neonConfig, Pool } from "@neondatabase/serverless";
import pg from "pg";
import postgres from "postgres";
import {
  type Client,
  connect,
  createClient,
  followEvents,
  getEvent,
  getResult,
  readStream,
  waitAll,
} from "../mod.ts";
import { adaptDriver } from "../src/drivers/mod.ts";
import { createTestDatabase } from "./support/database.ts";
import { applyScript } from "./support/scripts.ts";
import { startNeonProxy } from "./support/neon_proxy.ts";
import { createPglitePool } from "./support/pglite_pool.ts";
import { startTcpProxy } from "./support/tcp_proxy.ts";
import { startWorker } from "./support/start_worker.ts";
import { until } from "./support/until.ts";
import { launchApp, shutdownApp } from "./support/worker_app.ts";
import { useNeonProxy } from "./support/use_neon_proxy.ts";

type Run = (text: string, values?: string[]) => Promise<{ rows: Record<string, unknown>[] }>;

// Longer than the hour by which a test moves the clock: timers that were set before know nothing of that.
const options = { listen: true, pollingIntervalMs: 7_200_000 };
const setEvent = `with event as (
  insert into dbos.workflow_events (workflow_uuid, key, value, serialization)
  values ($1, 'key', '7', 'portable_json') returning workflow_uuid
)
select pg_notify('dbos_workflow_events_channel', workflow_uuid || '::key') from event`;
const endListener = `select pg_terminate_backend(pid) from pg_stat_activity
  where datname = current_database() and query ilike 'listen %dbos_streams_channel%'`;

async function insertWorkflow(run: Run): Promise<string> {
  const workflowID = `daily::${crypto.randomUUID()}`;
  await run("insert into dbos.workflow_status (workflow_uuid, status) values ($1, 'PENDING')", [
    workflowID,
  ]);
  return workflowID;
}

/** Checks that notifications end waits when the next poll is minutes away. */
async function findByNotification(client: Client, run: Run, isListening: () => Promise<boolean>) {
  const workflowID = await insertWorkflow(run);
  const realNow = performance.now;
  const event = getEvent(client, workflowID, "key", { timeoutSeconds: 36_000 });
  const events = followEvents(client, workflowID);
  const change = events.next();
  const endingID = await insertWorkflow(run);
  const result = getResult(client, endingID);
  const all = waitAll(client, [endingID]);
  const noEvent = followEvents(client, endingID).next();
  const noValue = readStream(client, endingID, "log").next();
  await until(isListening);
  // After an hour of waiting, the time between two polls is minutes.
  performance.now = () => realNow.call(performance) + 3_600_000;
  try {
    await getEvent(client, "nobody", "key", 0);
    await assertRejects(() => followEvents(client, "nobody").next());
    await assertRejects(() => getResult(client, "nobody", { timeoutSeconds: 0 }));
    await assertRejects(() => waitAll(client, ["nobody"], { timeoutSeconds: 0 }));
    await assertRejects(() => readStream(client, "nobody", "log").next());
    await run(setEvent, [workflowID]);
    assertEquals(await event, 7);
    assertEquals((await change).value, { key: "key", value: 7 });
    await events.return();
    await run("update dbos.workflow_status set status = 'SUCCESS' where workflow_uuid = $1", [
      endingID,
    ]);
    assertEquals(await result, null);
    assertEquals((await all)[0]!.workflowID, endingID);
    assertEquals((await noEvent).done, true);
    assertEquals((await noValue).done, true);
  } finally {
    performance.now = realNow;
  }
}

async function openDatabase(resources: AsyncDisposableStack) {
  const { url } = resources.use(await createTestDatabase());
  // The application creates its tables when it is launched.
  await (await startWorker({ systemDatabaseUrl: url }))[Symbol.asyncDispose]();
  const pool = new pg.Pool({ connectionString: url, max: 1 });
  resources.defer(() => pool.end());
  const connection = await pool.connect();
  await applyScript(connection, "extras/notify_completion", { schema: "dbos" });
  connection.release();
  const run: Run = (text, values) => pool.query(text, values);
  const countListeners = async () => {
    const { rows } = await run(
      `select count(*)::int as n from pg_stat_activity
      where datname = current_database() and query ilike 'listen %dbos_streams_channel%' and state = 'idle'`,
    );
    return Number(rows[0]!.n);
  };
  return { url, run, countListeners };
}

Deno.test("notifications end waits for events and results over npm:pg", async () => {
  await using resources = new AsyncDisposableStack();
  const { url, run, countListeners } = await openDatabase(resources);
  const pool = new pg.Pool({ connectionString: url });
  resources.defer(() => pool.end());
  const client = resources.use(createClient(pool, options));
  const isListening = async () => await countListeners() === 1;
  await findByNotification(client, run, isListening);
  // One connection listens while the client is open. It is replaced if it is lost.
  await run(endListener);
  await findByNotification(client, run, isListening);
  await client.close();
  await until(async () => await countListeners() === 0);
});

Deno.test("notifications end waits for events and results over a pool of Neon's driver", async () => {
  await using resources = new AsyncDisposableStack();
  const { url, run, countListeners } = await openDatabase(resources);
  const proxy = resources.use(await startNeonProxy(url));
  useNeonProxy(neonConfig);
  const pool = new Pool({ connectionString: proxy.url });
  pool.on("error", () => {});
  resources.defer(() => pool.end());
  const client = resources.use(createClient(pool, options));
  const isListening = async () => await countListeners() === 1;
  await findByNotification(client, run, isListening);
  await run(endListener);
  await findByNotification(client, run, isListening);
  await client.close();
  await until(async () => await countListeners() === 0);
});

Deno.test("notifications end waits for events and results over npm:postgres", async () => {
  await using resources = new AsyncDisposableStack();
  const { url, run, countListeners } = await openDatabase(resources);
  const sql = postgres(url, { onnotice: () => {}, fetch_types: false });
  resources.defer(() => sql.end());
  const client = resources.use(createClient(sql, options));
  await findByNotification(client, run, async () => await countListeners() === 1);
});

Deno.test("notifications end waits for events and results over connect()", async () => {
  await using resources = new AsyncDisposableStack();
  const { url, run, countListeners } = await openDatabase(resources);
  const client = resources.use(await connect(url, options));
  await findByNotification(client, run, async () => await countListeners() === 1);
});

Deno.test("notifications end waits for events and results over PGlite", async () => {
  const database = await PGlite.create();
  await launchApp({ systemDatabasePool: createPglitePool(database) });
  try {
    await applyScript(
      { query: ({ text, rowMode }) => database.exec(text, { rowMode }) },
      "extras/notify_completion",
      { schema: "dbos" },
    );
    const run: Run = (text, values) => database.query(text, values);
    await using client = createClient(database, options);
    const isListening = async () => {
      const { rows } = await run("select * from pg_listening_channels() as channel");
      return rows.some(({ channel }) => channel === "dbos_streams_channel");
    };
    await findByNotification(client, run, isListening);
  } finally {
    await shutdownApp();
    await database.close();
  }
});

Deno.test("close() ends the connection of a listener that is still starting", async () => {
  await using resources = new AsyncDisposableStack();
  const { url, run, countListeners } = await openDatabase(resources);
  const client = resources.use(await connect(url));
  await getEvent(client, await insertWorkflow(run), "key", 0);
  await client.close();
  await until(async () => await countListeners() === 0);
});

Deno.test("npm:postgres keeps no connection that was to listen when it is told to stop", async () => {
  await using resources = new AsyncDisposableStack();
  const proxy = resources.use(await startTcpProxy((await openDatabase(resources)).url));
  const sql = postgres(proxy.url);
  const { listen } = await adaptDriver(sql, { prepare: true }).load();
  const stopping = new AbortController();
  const listener = { onNotify() {}, onReconnect() {}, onEnd() {} };
  proxy.hang();
  const listening = listen!(["events", "streams"], listener, stopping.signal);
  await until(() => Promise.resolve(proxy.connections === 1));
  stopping.abort(new Error("no longer needed"));
  await proxy.restore();
  await assertRejects(() => listening);
  await sql.end();
  assertEquals(proxy.connections, 1);
});

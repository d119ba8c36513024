/** Clients of a hot standby, which follows a primary by streaming replication. */
import {
  assert,
  assertEquals,
  assertGreater,
  assertInstanceOf,
  assertMatch,
  assertRejects,
} from "@std/assert";
import { neon, neonConfig } from "@neondatabase/serverless";
import pg from "pg";
import postgres from "postgres";
import {
  type Client,
  type ClientOptions,
  connect,
  countWorkflows,
  createClient,
  createSchedule,
  deleteWorkflow,
  describeSystemDatabase,
  enqueue,
  EventTimeoutError,
  explainWorkflow,
  followEvents,
  getAllEvents,
  getAllNotifications,
  getAllStreamEntries,
  getEvent,
  getResult,
  getStatus,
  listWorkflows,
  listWorkflowSteps,
  ReadOnlyServerError,
  readStream,
  ResultTimeoutError,
  send,
  StreamTimeoutError,
  waitAll,
  waitEach,
} from "../mod.ts";
import { workflowEvents } from "../src/http/mod.ts";
import { until } from "./support/until.ts";
import { createSystemTables } from "./faults/server.ts";
import { calls, collect } from "./support/calls.ts";
import { migrate } from "./support/migrate.ts";
import { startNeonProxy } from "./support/neon_proxy.ts";
import { type Replication, startReplication } from "./support/standby.ts";
import { startWorker } from "./support/start_worker.ts";
import { useNeonProxy } from "./support/use_neon_proxy.ts";

useNeonProxy(neonConfig);

type OpenClient = (
  url: string,
  options: ClientOptions,
  resources: AsyncDisposableStack,
) => Promise<Client>;

/** Clients with a pool of connections, by driver. */
const pools: Record<string, OpenClient> = {
  async "connect()"(url, options, resources) {
    return resources.use(await connect(url, options));
  },
  "npm:pg"(url, options, resources) {
    const pool = new pg.Pool({ connectionString: url });
    pool.on("error", () => {});
    resources.defer(() => pool.end());
    return Promise.resolve(resources.use(createClient(pool, options)));
  },
  "npm:postgres"(url, options, resources) {
    const sql = postgres(url, { onnotice: () => {}, fetch_types: false, backoff: () => 0.1 });
    resources.defer(() => sql.end({ timeout: 0 }));
    return Promise.resolve(resources.use(createClient(sql, options)));
  },
};

const clients: Record<string, OpenClient> = {
  ...pools,
  async "Neon over HTTP"(url, options, resources) {
    const proxy = resources.use(await startNeonProxy(url));
    return resources.use(createClient(neon(proxy.url), options));
  },
};

/** A logger that keeps the lines. */
function createRecorder() {
  const lines: string[] = [];
  const keep = (line: unknown) => void lines.push(String(line));
  return { lines, logger: { info: keep, warn: keep } };
}

async function untilLogged(lines: readonly string[], text: RegExp): Promise<void> {
  await until(() => lines.some((line) => text.test(line)));
}

/** What a call returns, as JSON, or the name of its error. */
async function outcomeOf(call: Promise<unknown>): Promise<string> {
  return await call.then((value) => JSON.stringify(value), (error: Error) => error.name);
}

const workflowID = "a workflow";

/** What a watcher reads of a workflow that has done everything. */
const readings: Record<string, (client: Client) => Promise<unknown>> = {
  result: (client) => getResult(client, workflowID),
  status: (client) => getStatus(client, workflowID),
  steps: (client) => listWorkflowSteps(client, workflowID),
  events: (client) => getAllEvents(client, workflowID),
  event: (client) => getEvent(client, workflowID, "progress"),
  "changes of events": (client) => collect(followEvents(client, workflowID)),
  streams: (client) => getAllStreamEntries(client, workflowID),
  stream: (client) => collect(readStream(client, workflowID, "log")),
  "end of a stream": (client) => collect(readStream(client, workflowID, "log", { offset: -1 })),
  "snapshot of a stream": (client) =>
    collect(readStream(client, workflowID, "log", { snapshot: true })),
  messages: (client) => getAllNotifications(client, workflowID),
  outcomes: (client) => collect(waitEach(client, [workflowID, `${workflowID}-child`])),
  explanation: (client) => explainWorkflow(client, workflowID),
  list: (client) => listWorkflows(client, { status: ["SUCCESS"], sortDesc: true, limit: 10 }),
  counts: (client) =>
    countWorkflows(client, { groupBy: ["status", "workflowName"], select: ["minCreatedAt"] }),
  schema: (client) => describeSystemDatabase(client),
  async "live page"(client) {
    const show = workflowEvents(client, { authorize: () => true, streams: ["log"] });
    const page = new Request(`http://localhost/${encodeURIComponent(workflowID)}`);
    // Events and streams come in any order.
    return (await (await show(page)).text()).match(/^data: .*$/gm)?.sort();
  },
};

/** The calls that write, of those in tests/support/calls.ts. */
const writes = [
  ...["applySchedules", "cancelWorkflow", "cancelWorkflows", "createSchedule"],
  ...["debounce", "deleteQueue", "deleteSchedule", "deleteWorkflow", "deleteWorkflows"],
  ...["enqueue", "enqueueMany", "forkWorkflow", "forkWorkflows", "pauseSchedule"],
  ...["registerQueue", "renameApplication", "resumeSchedule", "resumeWorkflow", "resumeWorkflows"],
  ...["rewindWorkflow", "send", "sendMany", "setLatestApplicationVersion", "setWorkflowDelay"],
  ...["setWorkflowPriority", "triggerSchedule", "updateQueue", "updateSchedule"],
  "updateWorkflowAttributes",
];

Deno.test("a hot standby answers every call that reads, and only refuses those that write", async (test) => {
  await using resources = new AsyncDisposableStack();
  const servers = resources.use(await startReplication());
  const worker = await startWorker({ systemDatabaseUrl: servers.primaryUrl });
  const primary = await pools["npm:pg"]!(servers.primaryUrl, {}, resources);
  const steps = { workflowName: "takeSteps", queueName: "tasks", workflowID };
  const handle = await enqueue(primary, steps);
  await send(primary, workflowID, "hello", { topic: "step 5, and its timeout step 6" });
  await handle.getResult();
  await createSchedule(primary, {
    scheduleName: "nightly",
    workflowName: "echo",
    schedule: "@daily",
  });
  // Nothing changes from now on.
  await worker[Symbol.asyncDispose]();
  await servers.untilReplayed();

  for (const [name, open] of Object.entries(clients)) {
    await test.step(name, async (test) => {
      await using resources = new AsyncDisposableStack();
      const { lines, logger } = createRecorder();
      const options = { retryTimeoutSeconds: 0, logger, listen: false };
      const standby = await open(servers.standbyUrl, options, resources);
      for (const [name, read] of Object.entries(readings)) {
        await test.step(`reads the ${name}`, async () => {
          const found = await read(standby);
          assert(found);
          assertEquals(found, await read(primary));
        });
      }
      for (const [name, call] of Object.entries(calls)) {
        if (writes.includes(name)) continue;
        // The other waits end because the workflow has ended.
        const options = name === "getEvent" ? { timeoutSeconds: 0 } : {};
        const outcome = await outcomeOf(call(standby, options));
        assertEquals(outcome, await outcomeOf(call(primary, options)), name);
      }
      assertEquals(lines, []);
      for (const name of writes) {
        await using resources = new AsyncDisposableStack();
        const standby = await open(servers.standbyUrl, options, resources);
        assertEquals(await outcomeOf(calls[name]!(standby, {})), "ReadOnlyServerError", name);
      }
    });
  }
});

Deno.test("waits on a standby end with what a worker does on the primary, at first unknown to it", async (test) => {
  await using resources = new AsyncDisposableStack();
  const servers = resources.use(await startReplication());
  resources.use(await startWorker({ systemDatabaseUrl: servers.primaryUrl }));
  await servers.untilReplayed();
  const primary = await pools["npm:pg"]!(servers.primaryUrl, {}, resources);
  const soon = { timeoutSeconds: 0 };
  for (const [name, open] of Object.entries(clients)) {
    await test.step(name, async () => {
      await using resources = new AsyncDisposableStack();
      const standby = await open(servers.standbyUrl, { listen: false }, resources);
      const workflowID = crypto.randomUUID();
      await servers.onStandby("select pg_wal_replay_pause()");
      const task = { workflowName: "reviewTask", queueName: "tasks", workflowID };
      const handle = await enqueue(primary, task, { id: 7 });

      assertEquals(await getStatus(standby, workflowID), null);
      const read = () => getResult(standby, workflowID, { timeoutSeconds: 0.01 });
      const error = await assertRejects(read, ResultTimeoutError, "on a standby when that has");
      assertEquals(error.reason, "not_found");
      const follow = () => followEvents(standby, workflowID, soon).next();
      await assertRejects(follow, EventTimeoutError);
      await assertRejects(
        () => readStream(standby, workflowID, "log", soon).next(),
        StreamTimeoutError,
      );
      const snapshot = readStream(standby, workflowID, "log", { snapshot: true });
      assertEquals(await collect(snapshot), []);

      const waits = Promise.all([
        getResult(standby, workflowID),
        waitAll(standby, [workflowID]).then(([found]) => found!.getResult()),
        collect(waitEach(standby, [workflowID])),
        getEvent(standby, workflowID, "progress", { timeoutSeconds: Infinity }),
        collect(readStream(standby, workflowID, "log")),
        collect(followEvents(standby, workflowID)).then((events) => events.at(-1)),
      ]);
      await servers.onStandby("select pg_wal_replay_resume()");
      await send(primary, workflowID, { approved: true }, { topic: "approval" });
      assertEquals(await handle.getResult(), "published");
      assertEquals(await waits, [
        "published",
        "published",
        [{ workflowID, status: "SUCCESS", result: "published" }],
        (await waits)[3],
        ["task 7 has started", "task 7 is approved: true"],
        { key: "progress", value: 100 },
      ]);
      assert([0, 100].includes((await waits)[3] as number));

      await deleteWorkflow(primary, workflowID);
      await servers.untilReplayed();
      assertEquals(await getStatus(standby, workflowID), null);
    });
  }
});

/** The statements that have failed on the standby, over connections that were closed since. */
async function countRollbacks(servers: Replication): Promise<number> {
  const [row] = await servers.onStandby(
    "select xact_rollback::int as count from pg_stat_database where datname = current_database()",
  );
  return row!.count as number;
}

Deno.test("a client does not listen on a standby, says so once, and does when it is promoted", async (test) => {
  for (const [name, open] of Object.entries(pools)) {
    await test.step(name, async () => {
      await using resources = new AsyncDisposableStack();
      const servers = resources.use(await startReplication());
      const client = new pg.Client({ connectionString: servers.primaryUrl });
      await client.connect();
      await migrate(client).finally(() => client.end());
      await servers.untilReplayed();
      const { lines, logger } = createRecorder();
      const standby = await open(servers.standbyUrl, { listen: true, logger }, resources);
      const event = getEvent(standby, "nobody", "progress", { timeoutSeconds: Infinity });
      await untilLogged(lines, /as the server is a standby/);
      const listens = `select from pg_stat_activity where query ilike 'listen%'`;
      await until(async () => (await servers.onStandby(listens)).length === 0);
      const before = await countRollbacks(servers);
      // The second of two further attempts begins after the first one may have been logged.
      await until(async () => await countRollbacks(servers) >= before + 2);
      assertEquals(lines, [
        "DBOS client: the client does not listen, as the server is a standby; waits only poll",
      ]);
      await servers.onStandby("select pg_promote()");
      await untilLogged(lines, /the client listens for notifications/);
      await servers.onStandby(
        `insert into dbos.workflow_status (workflow_uuid, status) values ('nobody', 'SUCCESS')`,
      );
      await servers.onStandby(
        `insert into dbos.workflow_events (workflow_uuid, key, value, serialization)
        values ('nobody', 'progress', '7', 'portable_json')`,
      );
      assertEquals(await event, 7);
    });
  }
});

/** Starts both, with a system database and a role `caller` that is no superuser. */
async function startWithTables(
  resources: AsyncDisposableStack,
  settings: Record<string, string> = {},
): Promise<Replication> {
  const servers = resources.use(await startReplication(settings));
  const client = new pg.Client({ connectionString: servers.primaryUrl });
  await client.connect();
  await createSystemTables(client).finally(() => client.end());
  await servers.untilReplayed();
  return servers;
}

Deno.test("a read that a vacuum of the primary cancels is sent again", async (test) => {
  await using resources = new AsyncDisposableStack();
  // Replay never waits for a read.
  const servers = await startWithTables(resources, { max_standby_streaming_delay: "0" });
  // Only for the role of the callers: a read of a workflow waits for a lock.
  await servers.onPrimary(`create policy wait on dbos.workflow_status
    using (pg_advisory_xact_lock_shared(7) is not null)`);
  await servers.onPrimary("alter table dbos.workflow_status enable row level security");
  await servers.onPrimary(
    `insert into dbos.workflow_status (workflow_uuid, status, output, serialization)
    values ('a workflow', 'SUCCESS', '"done"', 'portable_json')`,
  );
  await servers.onPrimary("create table vacuumed as select generate_series(1, 100) as number");
  await servers.untilReplayed();
  const url = new URL(servers.standbyUrl);
  url.username = "caller";
  const reads: Record<string, (client: Client) => Promise<unknown>> = {
    "a list": async (client) => (await listWorkflows(client)).length,
    "a status": async (client) => (await getStatus(client, workflowID))?.status,
    "a wait": (client) => getResult(client, workflowID),
  };
  const answers = { "a list": 1, "a status": "SUCCESS", "a wait": "done" };
  for (const [driver, open] of Object.entries(clients)) {
    for (const [name, read] of Object.entries(reads)) {
      await test.step(`${name} over ${driver}`, async () => {
        await using resources = new AsyncDisposableStack();
        const { lines, logger } = createRecorder();
        const options = { listen: false, logger, retryTimeoutSeconds: 300 };
        const standby = await open(url.href, options, resources);
        const holder = new pg.Client({ connectionString: servers.standbyUrl });
        await holder.connect();
        resources.defer(() => holder.end());
        await holder.query("select pg_advisory_lock(7)");
        const answer = read(standby);
        const waiting = "select from pg_stat_activity where wait_event = 'advisory'";
        await until(async () => (await servers.onStandby(waiting)).length > 0);
        await servers.onPrimary("update vacuumed set number = number + 1");
        await servers.onPrimary("vacuum vacuumed");
        await untilLogged(lines, /SQLSTATE 40001/);
        await holder.query("select pg_advisory_unlock(7)");
        assertEquals(await answer, answers[name as keyof typeof answers]);
      });
    }
  }
});

Deno.test("waits and reads go on when the standby is restarted", async (test) => {
  await using resources = new AsyncDisposableStack();
  const servers = await startWithTables(resources);
  const primary = await pools["npm:pg"]!(servers.primaryUrl, {}, resources);
  for (const [name, open] of Object.entries(clients)) {
    await test.step(name, async () => {
      await using resources = new AsyncDisposableStack();
      const { lines, logger } = createRecorder();
      const options = { listen: false, logger, retryTimeoutSeconds: 300 };
      const standby = await open(servers.standbyUrl, options, resources);
      const { workflowID } = await enqueue(primary, { workflowName: "echo", queueName: "idle" });
      const result = getResult(standby, workflowID);
      await servers.untilReplayed();
      assertEquals((await getStatus(standby, workflowID))?.status, "ENQUEUED");
      await servers.stopStandby();
      const status = getStatus(standby, workflowID);
      await untilLogged(lines, /statement find_outcome failed/);
      await untilLogged(lines, /statement list_workflows failed/);
      await servers.onPrimary(
        `update dbos.workflow_status
        set status = 'SUCCESS', output = '"done"', serialization = 'portable_json'
        where workflow_uuid = $1`,
        [workflowID],
      );
      await servers.startStandby();
      assertEquals(await result, "done");
      assertMatch((await status)!.status, /ENQUEUED|SUCCESS/);
    });
  }
});

Deno.test("a wait and a write go on when the standby is promoted", async (test) => {
  for (const [name, open] of Object.entries(clients)) {
    await test.step(name, async () => {
      await using resources = new AsyncDisposableStack();
      const servers = await startWithTables(resources);
      const { lines, logger } = createRecorder();
      const options = { listen: false, logger, retryTimeoutSeconds: 300 };
      const standby = await open(servers.standbyUrl, options, resources);
      const workflowID = "the first one after the failover";
      const result = getResult(standby, workflowID);
      const write = enqueue(standby, { workflowName: "echo", queueName: "tasks", workflowID }, 7);
      await untilLogged(lines, /statement enqueue_one failed with SQLSTATE 25006/);
      await servers.onStandby("select pg_promote()");
      assertEquals((await write).workflowID, workflowID);
      resources.use(await startWorker({ systemDatabaseUrl: servers.standbyUrl }));
      assertEquals(await result, [7]);
    });
  }
});

Deno.test("a write on a standby says what to do", async (test) => {
  await using resources = new AsyncDisposableStack();
  const servers = await startWithTables(resources);
  const task = { workflowName: "echo", queueName: "tasks" };
  for (const [name, open] of Object.entries(clients)) {
    await test.step(name, async () => {
      await using resources = new AsyncDisposableStack();
      const options = { listen: false, retryTimeoutSeconds: 0.05 };
      const standby = await open(servers.standbyUrl, options, resources);
      const calls = Array.from({ length: 20 }, () => enqueue(standby, task));
      for (const call of await Promise.allSettled(calls)) {
        const { reason } = call as PromiseRejectedResult;
        assertInstanceOf(reason, ReadOnlyServerError);
        assertEquals(reason.code, "25006");
        assertMatch((reason.cause as Error).message, /in a read-only transaction/);
        assertEquals(
          reason.message,
          "Cannot write to the database: the server or the transaction is read-only. If the server " +
            "is a hot standby, write on the primary: target_session_attrs=read-write in the URL " +
            "finds it",
        );
      }
      // npm:postgres ends the sessions of the writes, which the retries of a read are for.
      await until(async () => await getStatus(standby, "nobody").catch(() => undefined) === null);
    });
  }
  await test.step("in a transaction", async () => {
    const client = new pg.Client({ connectionString: servers.standbyUrl });
    await client.connect();
    await client.query("begin");
    await assertRejects(() => enqueue(client, task), ReadOnlyServerError);
    await client.end();
  });
});

Deno.test("target_session_attrs chooses between a primary and its standby", async () => {
  await using resources = new AsyncDisposableStack();
  const servers = await startWithTables(resources);
  const task = { workflowName: "echo", queueName: "tasks" };
  const [primary, standby] = [servers.primaryUrl, servers.standbyUrl].map((url) =>
    new URL(url).host
  );
  async function isWritable(hosts: string, attributes: string): Promise<boolean> {
    const url = `postgres://postgres@${hosts}/postgres?target_session_attrs=${attributes}`;
    await using client = await connect(url, { retryTimeoutSeconds: 0 });
    assertGreater(Object.keys((await describeSystemDatabase(client)).releases).length, 0);
    return await enqueue(client, task).then(() => true, (error) => {
      assertInstanceOf(error, ReadOnlyServerError);
      return false;
    });
  }
  for (const hosts of [`${primary},${standby}`, `${standby},${primary}`]) {
    for (const attributes of ["standby", "prefer-standby", "read-only"]) {
      assertEquals(await isWritable(hosts, attributes), false, attributes);
    }
    for (const attributes of ["primary", "read-write"]) {
      assertEquals(await isWritable(hosts, attributes), true, attributes);
    }
  }
  await servers.stopStandby();
  assertEquals(await isWritable(`${standby},${primary}`, "prefer-standby"), true);
  const error = await assertRejects(() => isWritable(`${standby},${primary}`, "standby"));
  assertMatch((error as Error).message, /ECONNREFUSED.*the server is not standby/);
});

import { neon, neonConfig, Pool } from "@neondatabase/serverless";
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import pg from "pg";
import postgres from "postgres";
import {
  type Client,
  type ClientOptions,
  connect,
  createClient,
  type Driver,
  enqueue,
  getResult,
  getStatus,
  ResultTimeoutError,
  send,
  SystemSchemaNotFoundError,
  UnsupportedFeatureError,
  WorkflowIDInUseError,
} from "../mod.ts";
import { createTestDatabase, execute, type TestDatabase } from "./support/database.ts";
import { startNeonProxy } from "./support/neon_proxy.ts";
import { isOldDeno } from "./support/old_deno.ts";
import { startWorker } from "./support/start_worker.ts";
import { startTcpProxy, type TcpProxy } from "./support/tcp_proxy.ts";
import { until } from "./support/until.ts";
import { useNeonProxy } from "./support/use_neon_proxy.ts";

interface OpenClient extends AsyncDisposable {
  readonly client: Client;
  /** Runs `body` in a transaction of the driver; absent if the driver is not accessible. */
  transaction?(body: (transaction: Driver) => Promise<void>): Promise<void>;
  /** Whether the driver crashes the process when the connection of a transaction is lost. */
  readonly crashesInLostTransaction?: boolean;
}

type Open = (url: string, options?: ClientOptions) => Promise<OpenClient>;

/** Runs a transaction on a connection of npm:pg or of Neon's driver, which is removed after it. */
async function runInPool(
  pool: pg.Pool | Pool,
  body: (transaction: Driver) => Promise<void>,
): Promise<void> {
  const client = await pool.connect();
  client.on("error", () => {});
  try {
    await client.query("begin");
    await body(client);
    await client.query("commit");
  } finally {
    client.release(true);
  }
}

const drivers: Record<string, Open> = {
  "npm:pg": (url, options) => {
    const pool = new pg.Pool({ connectionString: url });
    pool.on("error", () => {});
    return Promise.resolve({
      client: createClient(pool, options),
      transaction: (body) => runInPool(pool, body),
      [Symbol.asyncDispose]: () => pool.end(),
    });
  },
  "npm:postgres": (url, options) => {
    const sql = postgres(url, {
      onnotice: () => {},
      // Its own backoff would soon be longer than that of this client.
      backoff: () => 0.1,
      // If a new connection is lost, the query for types fails with an error that cannot be caught.
      fetch_types: false,
    });
    return Promise.resolve({
      client: createClient(sql, options),
      transaction: (body) => sql.begin((transaction) => body(transaction)).then(() => {}),
      // It still sends a rollback on the lost connection, which throws an uncatchable error.
      crashesInLostTransaction: true,
      // Without a timeout it waits forever for a connection that was lost with a query in flight.
      [Symbol.asyncDispose]: () => sql.end({ timeout: 1 }),
    });
  },
  "npm:@neondatabase/serverless": async (url, options) => {
    const proxy = await startNeonProxy(url);
    const pool = new Pool({ connectionString: proxy.url });
    pool.on("error", () => {});
    return {
      client: createClient(pool, options),
      transaction: (body) => runInPool(pool, body),
      async [Symbol.asyncDispose]() {
        await pool.end();
        await proxy[Symbol.asyncDispose]();
      },
    };
  },
  "npm:@neondatabase/serverless over HTTP": async (url, options) => {
    const proxy = await startNeonProxy(url);
    return {
      client: createClient(neon(proxy.url), options),
      [Symbol.asyncDispose]: () => proxy[Symbol.asyncDispose](),
    };
  },
  "connect()": async (url, options) => {
    const client = await connect(url, options);
    return { client, [Symbol.asyncDispose]: () => client.close() };
  },
};

if (isOldDeno) delete drivers["npm:postgres"];
useNeonProxy(neonConfig);

/** A database with a running worker, and clients that connect to it through a proxy. */
interface Fixture {
  readonly proxy: TcpProxy;
  readonly open: (options?: ClientOptions, parameters?: Record<string, string>) => Promise<
    OpenClient
  >;
  readonly query: (text: string, values?: unknown[]) => Promise<Record<string, unknown>[]>;
  /** Opens a connection that bypasses the proxy, for a transaction. */
  readonly connectDirectly: () => Promise<pg.PoolClient>;
}

const idleTask = { workflowName: "echo", queueName: "idle" };

function newID(): string {
  return crypto.randomUUID();
}

async function countWorkflows({ query }: Fixture, column: string, value: string): Promise<number> {
  const [row] = await query(
    `select count(*)::int as count from dbos.workflow_status where ${column} = $1`,
    [value],
  );
  return Number(row?.count);
}

async function messagesTo({ query }: Fixture, workflowID: string): Promise<unknown[]> {
  const rows = await query(
    "select message from dbos.notifications where destination_uuid = $1",
    [workflowID],
  );
  return rows.map(({ message }) => JSON.parse(String(message)));
}

/** The number of statements of an application that wait for a lock. */
async function countBlocked({ query }: Fixture, application: string): Promise<number> {
  const [row] = await query(
    `select count(*)::int as count from pg_stat_activity
    where application_name = $1 and wait_event_type = 'Lock'`,
    [application],
  );
  return Number(row?.count);
}

const faults: Record<string, (fixture: Fixture) => Promise<void>> = {
  async "enqueue() creates one workflow and returns its handle if an answer is lost"(fixture) {
    await using opened = await fixture.open();
    const { client } = opened;
    const options = [
      {},
      { workflowIDReusePolicy: "reject" },
      { deduplicationID: newID() },
      { deduplicationID: newID(), duplicationPolicy: "return-existing" },
      { deduplicationID: newID(), workflowIDReusePolicy: "reject" },
    ] as const;
    for (const option of options) {
      const workflowID = newID();
      const loss = fixture.proxy.loseAnswerTo(workflowID);
      const handle = await enqueue(client, { ...idleTask, ...option, workflowID });
      assert(loss.isLost);
      assertEquals(handle.workflowID, workflowID);
      assertEquals(await countWorkflows(fixture, "workflow_uuid", workflowID), 1);
    }
  },

  async "enqueue() without an ID creates one workflow if an answer is lost"(fixture) {
    await using opened = await fixture.open();
    const deduplicationID = newID();
    const loss = fixture.proxy.loseAnswerTo(deduplicationID);
    const handle = await enqueue(opened.client, { ...idleTask, deduplicationID });
    assert(loss.isLost);
    assertEquals((await handle.getStatus())?.deduplicationID, deduplicationID);
    assertEquals(await countWorkflows(fixture, "deduplication_id", deduplicationID), 1);
  },

  async "enqueue() still detects that an ID is in use if an answer is lost"(fixture) {
    await using opened = await fixture.open();
    const workflowID = newID();
    const options = { ...idleTask, workflowID, workflowIDReusePolicy: "reject" } as const;
    await enqueue(opened.client, options);
    const loss = fixture.proxy.loseAnswerTo(workflowID);
    await assertRejects(() => enqueue(opened.client, options), WorkflowIDInUseError);
    assert(loss.isLost);
  },

  async "concurrent calls of enqueue() create one workflow each if an answer is lost"(fixture) {
    await using opened = await fixture.open();
    const queueName = newID();
    const workflowIDs = Array.from({ length: 30 }, newID);
    const loss = fixture.proxy.loseAnswerTo(workflowIDs[7]!);
    const handles = await Promise.all(workflowIDs.map((workflowID) =>
      enqueue(opened.client, {
        ...idleTask,
        queueName,
        workflowID,
        workflowIDReusePolicy: "reject",
        deduplicationID: workflowID,
      })
    ));
    assert(loss.isLost);
    assertEquals(handles.map(({ workflowID }) => workflowID), workflowIDs);
    assertEquals(await countWorkflows(fixture, "queue_name", queueName), workflowIDs.length);
  },

  async "send() delivers one message if an answer is lost"(fixture) {
    await using opened = await fixture.open();
    const { workflowID } = await enqueue(opened.client, idleTask);
    const messages = [];
    for (const options of [{}, { idempotencyKey: newID() }, { topic: "approval" }]) {
      const message = newID();
      const loss = fixture.proxy.loseAnswerTo(message);
      await send(opened.client, workflowID, message, options);
      assert(loss.isLost);
      messages.push(message);
    }
    assertEquals((await messagesTo(fixture, workflowID)).sort(), messages.sort());
  },

  async "calls and waits survive the termination of all connections"(fixture) {
    const application = newID();
    await using opened = await fixture.open({}, { application_name: application });
    const { client } = opened;
    const task = { workflowName: "echo", queueName: "tasks", authenticatedUser: application };
    const awaitedIDs = Array.from({ length: 50 }, newID);
    const padding = "x".repeat(2000);

    const directConnection = await fixture.connectDirectly();
    await directConnection.query("begin; lock table dbos.workflow_status in share mode");
    const calls = [
      ...awaitedIDs.map((workflowID) => enqueue(client, { ...task, workflowID }, padding)),
      ...Array.from({ length: 150 }, () => enqueue(client, task, padding)),
    ];
    const waits = awaitedIDs.map((workflowID) =>
      getResult(client, workflowID, { timeoutSeconds: 600 })
    );
    const settled = Promise.all([Promise.all(calls), Promise.all(waits)]);
    settled.catch(() => {});
    await until(async () => await countBlocked(fixture, application) > 0);
    const terminated = await fixture.query(
      "select pg_terminate_backend(pid) from pg_stat_activity where application_name = $1",
      [application],
    );
    assert(terminated.length > 0);
    await directConnection.query("commit");
    directConnection.release();

    const [handles, results] = await settled;
    assertEquals(new Set(handles.map(({ workflowID }) => workflowID)).size, 200);
    assertEquals(await countWorkflows(fixture, "authenticated_user", application), 200);
    assertEquals(results, awaitedIDs.map(() => [padding]));
  },

  async "calls survive a server that is unreachable for a second"(fixture) {
    await using opened = await fixture.open();
    const { client } = opened;
    const { workflowID } = await enqueue(client, idleTask);
    await fixture.proxy.refuse();
    const restored = new Promise((resolve) => setTimeout(resolve, 1000)).then(
      fixture.proxy.restore,
    );
    const [handle, status] = await Promise.all([
      enqueue(client, idleTask),
      getStatus(client, workflowID),
      send(client, workflowID, "hello"),
    ]);
    await restored;
    assertEquals(status?.workflowID, workflowID);
    assertEquals(await countWorkflows(fixture, "workflow_uuid", handle.workflowID), 1);
    assertEquals(await messagesTo(fixture, workflowID), ["hello"]);
  },

  async "with retryTimeoutSeconds 0, calls fail immediately with the error of the driver"(fixture) {
    await using opened = await fixture.open({ retryTimeoutSeconds: 0 });
    const { client } = opened;
    const { workflowID } = await enqueue(client, idleTask);
    await fixture.proxy.refuse();
    try {
      for (
        const call of [
          () => enqueue(client, idleTask),
          () => send(client, workflowID, "hello"),
          () => getStatus(client, workflowID),
        ]
      ) {
        const error = await assertRejects(call, Error);
        const { code } = error as Error & { code?: string };
        assert(
          /^(ECONNREFUSED|ECONNRESET|CONNECTION_CLOSED|EPIPE)$/.test(code ?? "") ||
            /^(Connection terminated|connection closed)/.test(error.message),
          Deno.inspect(error),
        );
      }
    } finally {
      await fixture.proxy.restore();
    }
    assertEquals(
      (await getStatus(client, workflowID).catch(() => getStatus(client, workflowID)))
        ?.workflowID,
      workflowID,
    );
    assertEquals(await messagesTo(fixture, workflowID), []);
  },

  async "a transaction rejects and writes nothing if its connection is lost"(fixture) {
    await using opened = await fixture.open();
    if (!opened.transaction || opened.crashesInLostTransaction) return;
    const [before, lost] = [newID(), newID()];
    const loss = fixture.proxy.loseAnswerTo(lost);
    await assertRejects(() =>
      opened.transaction!(async (transaction) => {
        await enqueue(transaction, { ...idleTask, workflowID: before });
        await enqueue(transaction, { ...idleTask, workflowID: lost });
      })
    );
    assert(loss.isLost);
    for (const workflowID of [before, lost]) {
      assertEquals(await countWorkflows(fixture, "workflow_uuid", workflowID), 0);
    }
  },

  async "getResult() survives lost connections"(fixture) {
    await using opened = await fixture.open();
    const { client } = opened;
    const handle = await enqueue(
      client,
      { workflowName: "waitForMessage", queueName: "tasks" },
      undefined,
      60,
    );
    const result = handle.getResult({ timeoutSeconds: 600 });
    for (let cuts = 0; cuts < 3; cuts++) {
      const { answers } = fixture.proxy;
      await until(() => fixture.proxy.answers > answers + 1);
      fixture.proxy.cut();
    }
    await send(client, handle.workflowID, "hello");
    assertEquals(await result, "hello");
  },

  async "timeoutSeconds limits a wait even if the server hangs"(fixture) {
    await using opened = await fixture.open();
    const { client } = opened;
    const handle = await enqueue(client, idleTask);
    const outcomes = [];
    for (const isHanging of [false, true]) {
      const outcome = assertRejects(
        () => handle.getResult({ timeoutSeconds: 1 }),
        ResultTimeoutError,
      );
      if (!isHanging) fixture.proxy.hang();
      outcomes.push(outcome);
    }
    await Promise.all(outcomes);
    fixture.proxy.cut();
    await fixture.proxy.restore();
    assertEquals((await handle.getStatus())?.status, "ENQUEUED");
  },

  async "a serialization failure is retried"(fixture) {
    const application = newID();
    await using opened = await fixture.open({}, {
      application_name: application,
      options: "-c default_transaction_isolation=serializable",
    });
    const workflowID = newID();
    const directConnection = await fixture.connectDirectly();
    await directConnection.query("begin");
    await enqueue(directConnection, { ...idleTask, workflowID }, "first");
    // It waits for the other row, which its snapshot does not include, and fails on the commit.
    const call = enqueue(opened.client, { ...idleTask, workflowID }, "second");
    await until(async () => await countBlocked(fixture, application) > 0);
    await directConnection.query("commit");
    directConnection.release();
    const handle = await call;
    assertEquals((await handle.getStatus())?.input, ["first"]);
  },

  async "a serialization failure in a transaction is not retried"(fixture) {
    const application = newID();
    await using opened = await fixture.open({}, { application_name: application });
    if (!opened.transaction) return;
    const workflowID = newID();
    const directConnection = await fixture.connectDirectly();
    await directConnection.query("begin");
    await enqueue(directConnection, { ...idleTask, workflowID });
    const transaction = opened.transaction(async (transaction) => {
      await setRepeatableRead(transaction);
      await enqueue(transaction, { ...idleTask, workflowID });
    });
    const error = assertRejects(() => transaction, Error, "could not serialize access");
    await until(async () => await countBlocked(fixture, application) > 0);
    await directConnection.query("commit");
    directConnection.release();
    assertEquals((await error as Error & { code?: string }).code, "40001");
  },
};

// deno-lint-ignore no-explicit-any -- pg and postgres.js have different names for the method
async function setRepeatableRead(transaction: any): Promise<void> {
  const run = transaction.unsafe ?? transaction.query;
  await run.call(transaction, "set transaction isolation level repeatable read");
}

for (const [name, open] of Object.entries(drivers)) {
  Deno.test(`network and server faults duplicate or lose no writes over ${name}`, async (test) => {
    await using database = await createTestDatabase();
    await using _worker = await startWorker({ systemDatabaseUrl: database.url });
    await using proxy = await startTcpProxy(database.url);
    const directPool = new pg.Pool({ connectionString: database.url });
    const fixture: Fixture = {
      proxy,
      open(options, parameters = {}) {
        // URLSearchParams would write a space as +, which libpq does not read as one.
        const pairs = Object.entries(parameters)
          .map(([name, value]) => `${name}=${encodeURIComponent(value)}`);
        return open(`${proxy.url}?${pairs.join("&")}`, options);
      },
      query: async (text, values) => (await directPool.query(text, values)).rows,
      connectDirectly: () => directPool.connect(),
    };
    for (const [name, run] of Object.entries(faults)) await test.step(name, () => run(fixture));
    await directPool.end();
  });
}

/** Creates a database with the tables of a worker that has stopped. */
async function createIdleDatabase(): Promise<TestDatabase> {
  const database = await createTestDatabase();
  await (await startWorker({ systemDatabaseUrl: database.url }))[Symbol.asyncDispose]();
  return database;
}

/** Drops what releases of 2026 have added to the schema. */
const dropRecentColumns = `alter table dbos.workflow_status
  drop column attributes, drop column application_name, drop column creator_xid`;
const dropRecentTables = "drop table dbos.workflow_input; drop table dbos.workflow_output";
const upgrade = `alter table dbos.workflow_status
    add column attributes jsonb, add column application_name text, add column creator_xid text;
  create table dbos.workflow_input (workflow_uuid text primary key, inputs text);
  create table dbos.workflow_output (workflow_uuid text primary key, output text, error text)`;

for (const [name, open] of Object.entries(drivers)) {
  Deno.test(`a client follows changes of the schema over ${name}`, async (test) => {
    await using database = await createIdleDatabase();
    await using opened = await open(database.url);
    const { client } = opened;
    const enqueueAndRead = async (text: string) => {
      const handle = await enqueue(client, idleTask, text);
      assertEquals((await handle.getStatus())?.input, [text]);
      await send(client, handle.workflowID, text);
      return handle;
    };
    await enqueueAndRead("recent");

    await test.step("calls work after columns are dropped", async () => {
      await execute(database.url, dropRecentColumns);
      await enqueueAndRead("without columns");
    });
    await test.step("calls work after tables are dropped", async () => {
      await execute(database.url, dropRecentTables);
      await enqueueAndRead("without tables");
      await assertRejects(
        () => getResult(client, newID(), { timeoutSeconds: 0 }),
        ResultTimeoutError,
      );
    });
    await test.step("an option whose column is missing is rejected", async () => {
      const error = await assertRejects(
        () => enqueue(client, { ...idleTask, attributes: { a: 1 } }),
        UnsupportedFeatureError,
      );
      assertEquals(error.needs, "workflow_status.attributes");
    });
    await test.step("a new client works, too", async () => {
      await using another = await open(database.url);
      const handle = await enqueue(another.client, idleTask, "another");
      assertEquals((await handle.getStatus())?.input, ["another"]);
    });
    await test.step("existing and new clients work after an upgrade", async () => {
      await execute(database.url, upgrade);
      await enqueueAndRead("upgraded");
      await using another = await open(database.url);
      const handle = await enqueue(another.client, { ...idleTask, attributes: { a: 1 } }, "new");
      assertEquals((await handle.getStatus())?.attributes, { a: 1 });
      assertEquals((await getStatus(client, handle.workflowID))?.workflowID, handle.workflowID);
    });
  });
}

for (const [name, open] of Object.entries(drivers)) {
  Deno.test(`the error for missing tables names the database and schema over ${name}`, async () => {
    await using database = await createTestDatabase();
    const use = async (options: ClientOptions) => {
      await using opened = await open(database.url, options);
      await enqueue(opened.client, idleTask);
    };
    for (const schema of ["dbos", "elsewhere"]) {
      for (const schemaExists of [false, true]) {
        if (schemaExists) await execute(database.url, `create schema ${schema}`);
        const error = await assertRejects(() => use({ schema }), SystemSchemaNotFoundError);
        assertEquals(error.schema, schema);
        assertEquals(error.database, new URL(database.url).pathname.slice(1));
        assertStringIncludes(error.message, error.schema);
        assertStringIncludes(error.message, error.database);
      }
    }
  });
}

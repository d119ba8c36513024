import { assert, assertEquals, assertRejects } from "@std/assert";
import pg from "pg";
import postgres from "postgres";
import { createClient, enqueue, getStatus, send } from "../mod.ts";
import { isRetriable, retryAfter } from "../src/database/retry.ts";
import type { CreateExecutor } from "../src/drivers/adapter.ts";
import { createDenoPostgresExecutor } from "../src/drivers/deno_postgres_executor.ts";
import { createNeonHttpExecutor } from "../src/drivers/neon_http_executor.ts";
import { createPgExecutor } from "../src/drivers/pg_executor.ts";
import { createSqlTagExecutor } from "../src/drivers/sql_tag_executor.ts";
import { sqlStateOf } from "../src/drivers/error_codes.ts";
import { createTestDatabase } from "./support/database.ts";
import { startWorker } from "./support/start_worker.ts";
import { until } from "./support/until.ts";

const executors = [
  createPgExecutor,
  createSqlTagExecutor,
  createDenoPostgresExecutor,
  createNeonHttpExecutor,
].map(
  (create: CreateExecutor) => create({}, { kind: "pool", prepare: true }),
);

/** Whether an error is retriable with any of the drivers. */
function isTransient(error: unknown, canReconnect: boolean): boolean {
  return executors.some(({ isLostConnection }) =>
    isRetriable(error, canReconnect, isLostConnection)
  );
}

/** Of a client that is not closed. */
const open = new AbortController().signal;

function withCode(code: string, message = "fault"): Error {
  return Object.assign(new Error(message), { code });
}

function named(name: string): Error {
  return Object.assign(new Error("fault"), { name });
}

/** Errors with the shapes that drivers give them, because not all drivers can run here. */
const lostConnections: Record<string, unknown> = {
  "pg: the server shuts down": withCode("57P01"),
  "pg: the server starts": withCode("57P03"),
  "pg: too many connections": withCode("53300"),
  "pg: a broken connection": withCode("08006"),
  "pg: terminated": new Error("Connection terminated unexpectedly"),
  "pg: connection timeout": new Error("timeout exceeded when trying to connect"),
  "postgres: closed": withCode("CONNECTION_CLOSED"),
  "postgres: destroyed": withCode("CONNECTION_DESTROYED"),
  "postgres: connection timeout": withCode("CONNECT_TIMEOUT"),
  "a socket: reset": withCode("ECONNRESET"),
  "a socket: a broken pipe": withCode("EPIPE"),
  "a name server that is unavailable": withCode("EAI_AGAIN"),
  "a host without an address yet": withCode("ENOTFOUND"),
  "every address refuses": new AggregateError([withCode("ECONNREFUSED"), withCode("ETIMEDOUT")]),
  "Bun: the server shuts down": Object.assign(withCode("ERR_POSTGRES_SERVER_ERROR"), {
    errno: "57P01",
  }),
  "Bun: closed": withCode("ERR_POSTGRES_CONNECTION_CLOSED"),
  "Bun: refused": withCode("ERR_POSTGRES_CONNECTION_REFUSED"),
  "a standby that is not promoted yet": withCode("25006"),
  "@db/postgres: the server shuts down": Object.assign(new Error("fault"), {
    fields: { code: "57P01" },
  }),
  "@db/postgres: closed": named("ConnectionError"),
  "Neon: a request that has failed": new Error("Error connecting to database: fetch failed"),
  "Neon: a proxy that is not available": new Error("Server error (HTTP status 503): "),
  "Neon: a database that the proxy has lost": new Error("connection closed"),
  "Deno: reset": named("ConnectionReset"),
  "Deno: closed": named("UnexpectedEof"),
};

const conflicts: Record<string, unknown> = {
  "a serialization failure": withCode("40001"),
  "a deadlock": withCode("40P01"),
  "@db/postgres: a deadlock": Object.assign(new Error("fault"), { fields: { code: "40P01" } }),
  "Bun: a deadlock": Object.assign(withCode("ERR_POSTGRES_SERVER_ERROR"), { errno: "40P01" }),
};

const permanentErrors: Record<string, unknown> = {
  "a duplicate": withCode("23505"),
  "Neon: an answer that is too large": new Error("Server error (HTTP status 507): "),
  "Neon: a program that may not connect": new Error("Error connecting to database: NotCapable", {
    cause: named("NotCapable"),
  }),
  "a syntax error": withCode("42601"),
  "an aborted transaction": withCode("25P02"),
  "a wrong password": withCode("28P01"),
  "a missing database": withCode("3D000"),
  "a cancelled statement": withCode("57014"),
  "a full disk": withCode("53100"),
  "a TypeError": new TypeError("fault"),
  "a message that only mentions a lost connection": new Error("I said: Connection terminated"),
  "several errors, but no lost connection": new AggregateError([withCode("ENOENT")]),
  "nothing": undefined,
  "null": null,
  "a text": "Connection terminated",
};

Deno.test("isRetriable() holds for lost connections and conflicts only", () => {
  for (const [name, error] of Object.entries(lostConnections)) {
    assert(isTransient(error, true), name);
    // A single connection cannot reconnect.
    assert(!isTransient(error, false), name);
  }
  for (const [name, error] of Object.entries(conflicts)) {
    assert(isTransient(error, true) && isTransient(error, false), name);
  }
  for (const [name, error] of Object.entries(permanentErrors)) {
    assert(!isTransient(error, true) && !isTransient(error, false), name);
  }
  assertEquals(sqlStateOf(withCode("23505")), "23505");
  assertEquals(sqlStateOf(withCode("EPIPE")), undefined);
});

/** Functions that run a statement on a server, by driver. */
const runners: Record<string, (url: string, text: string) => Promise<unknown>> = {
  async "npm:pg"(url, text) {
    const pool = new pg.Pool({ connectionString: url });
    pool.on("error", () => {});
    return await pool.query(text).finally(() => pool.end());
  },
  async "npm:postgres"(url, text) {
    const sql = postgres(url, { onnotice: () => {} });
    return await sql.unsafe(text).finally(() => sql.end({ timeout: 1 }));
  },
};

Deno.test("isRetriable() recognises the errors of real drivers", async (test) => {
  await using database = await createTestDatabase();
  for (const [name, run] of Object.entries(runners)) {
    await test.step(name, async () => {
      const faults = {
        refused: run("postgres://user@127.0.0.1:1/database", "select 1"),
        terminated: run(database.url, "select pg_terminate_backend(pg_backend_pid())"),
      };
      for (const [fault, outcome] of Object.entries(faults)) {
        const error = await outcome.then(() => undefined, (error) => error);
        assert(isTransient(error, true), `${fault}: ${Deno.inspect(error)}`);
      }
      for (const text of ["select 1 / 0", "select nothing", "select"]) {
        const error = await run(database.url, text).then(() => undefined, (error) => error);
        assert(!isTransient(error, true), Deno.inspect(error));
      }
    });
  }
});

Deno.test("retryAfter() retries until an attempt succeeds", async () => {
  let attempts = 0;
  const result = await retryAfter(
    withCode("40001"),
    () => ++attempts < 4 ? Promise.reject(withCode("40001")) : Promise.resolve("done"),
    (error) => isTransient(error, true),
    Infinity,
    open,
  );
  assertEquals([result, attempts], ["done", 4]);
});

Deno.test("retryAfter() throws the last error at the deadline", async () => {
  const realNow = performance.now;
  for (const timeoutMs of [0, 500]) {
    // Time passes only during attempts.
    let elapsedMs = 0;
    performance.now = () => elapsedMs;
    const startedAt: number[] = [];
    const attempt = () => {
      startedAt.push(elapsedMs);
      elapsedMs += 100;
      return Promise.reject(new Error(`attempt ${startedAt.length}`));
    };
    try {
      await assertRejects(
        () => retryAfter(new Error("attempt 0"), attempt, () => true, timeoutMs, open),
        Error,
        "attempt",
      ).then((error) => assertEquals(error.message, `attempt ${startedAt.length}`));
    } finally {
      performance.now = realNow;
    }
    assert(startedAt.every((at) => at < timeoutMs), `attempts at ${startedAt} ms`);
    // The delay before the fourth one is at most 120 ms.
    assert(startedAt.length >= (timeoutMs === 0 ? 0 : 3), `${startedAt.length} attempts`);
  }
});

Deno.test("retryAfter() ends when the client is closed", async () => {
  const closing = new AbortController();
  let attempts = 0;
  const attempt = () => {
    if (++attempts === 3) closing.abort();
    return Promise.reject(new Error(`attempt ${attempts}`));
  };
  await assertRejects(
    () =>
      retryAfter(new Error("attempt 0"), attempt, () => attempts < 10, Infinity, closing.signal),
    Error,
    "attempt 3",
  );
});

Deno.test("retryAfter() does not retry a permanent error", async () => {
  let attempts = 0;
  const attempt = () => {
    attempts++;
    return Promise.reject(withCode("23505"));
  };
  const isRetriable = (error: unknown) => isTransient(error, true);
  await assertRejects(() => retryAfter(withCode("40001"), attempt, isRetriable, Infinity, open));
  assertEquals(attempts, 1);
  await assertRejects(() => retryAfter(withCode("23505"), attempt, isRetriable, Infinity, open));
  assertEquals(attempts, 1);
});

const task = { workflowName: "echo", queueName: "idle" };

/** A pool that runs each write, but reports a lost connection for its first attempt. */
function loseFirstAnswers(pool: pg.Pool, lost: string[]) {
  return {
    totalCount: 0,
    connect: () => pool.connect(),
    async query(query: { name: string; values: unknown[] }) {
      const result = await pool.query(query);
      const statement = JSON.stringify(query.values);
      if (!/^dbos_(enqueue|send)_/.test(query.name) || lost.includes(statement)) return result;
      lost.push(statement);
      throw withCode("ECONNRESET");
    },
  };
}

Deno.test("a write whose answer is lost is not repeated", async () => {
  await using database = await createTestDatabase();
  {
    // Creates the tables.
    await using _worker = await startWorker({ systemDatabaseUrl: database.url });
  }
  const pool = new pg.Pool({ connectionString: database.url });
  pool.on("error", () => {});
  try {
    const lost: string[] = [];
    await using client = createClient(loseFirstAnswers(pool, lost));
    const workflowID = "only-once";
    const handle = await enqueue(
      client,
      { ...task, workflowID, workflowIDReusePolicy: "reject", deduplicationID: "own" },
      7,
    );
    assertEquals(handle.workflowID, workflowID);
    assertEquals((await getStatus(client, workflowID))?.input, [7]);
    await send(client, workflowID, "hello");
    // Two for the message: because its ID exists then, another statement tells what became of it.
    assertEquals(lost.length, 3);
    const { rows } = await pool.query(
      "select message from dbos.notifications where destination_uuid = $1",
      [workflowID],
    );
    assertEquals(rows, [{ message: '"hello"' }]);

    // Without retries the caller gets the error.
    await using clientWithoutRetries = createClient(loseFirstAnswers(pool, []), {
      retryTimeoutSeconds: 0,
    });
    await assertRejects(() => enqueue(clientWithoutRetries, task), Error, "fault");
  } finally {
    await pool.end();
  }
});

Deno.test("a statement whose connection is terminated is retried on another one", async () => {
  await using database = await createTestDatabase();
  {
    // Creates the tables.
    await using _worker = await startWorker({ systemDatabaseUrl: database.url });
  }
  const pool = new pg.Pool({ connectionString: database.url });
  pool.on("error", () => {});
  const locker = await pool.connect();
  try {
    await locker.query("begin");
    await locker.query("lock table dbos.workflow_status in access exclusive mode");
    const enqueued = enqueue(pool, { ...task, workflowID: "survivor" }, 7);
    const terminate = `
      select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and wait_event_type = 'Lock'`;
    await until(async () => (await pool.query(terminate)).rowCount! > 0);
    await locker.query("commit");
    assertEquals((await (await enqueued).getStatus())?.input, [7]);
  } finally {
    locker.release();
    await pool.end();
  }
});

Deno.test("nothing is retried in a transaction", async () => {
  await using database = await createTestDatabase();
  {
    // Creates the tables.
    await using _worker = await startWorker({ systemDatabaseUrl: database.url });
  }
  const connection = new pg.Client({ connectionString: database.url });
  await connection.connect();
  try {
    let statements = 0;
    const driver = {
      connection,
      connect() {},
      getTransactionStatus: () => connection.getTransactionStatus(),
      query(query: { name: string }) {
        if (query.name.startsWith("dbos_enqueue_")) {
          statements++;
          return Promise.reject(withCode("40001"));
        }
        return connection.query(query);
      },
    };
    const client = createClient(driver);
    await connection.query("begin");
    await assertRejects(() => enqueue(client, task), Error, "fault");
    assertEquals(statements, 1);
    await connection.query("rollback");
  } finally {
    await connection.end();
  }
});

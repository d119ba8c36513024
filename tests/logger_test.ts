/** Tests what a client logs, and that no line shows a payload, a password or a URL. */
import { assert, assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import pg from "pg";
import {
  type Client,
  type ClientOptions,
  createClient,
  type CustomDriver,
  enqueue,
  getEvent,
  getStatus,
  type Logger,
  send,
} from "../mod.ts";
import { createTestDatabase } from "./support/database.ts";
import { migrate } from "./support/migrate.ts";
import { findSecret } from "./support/secrets.ts";
import { until } from "./support/until.ts";
import { UnusedPool } from "./support/unused_pool.ts";

const payload = "payload-4f8a";
const password = "password-4f8a";
const task = { workflowName: "echo", queueName: "tasks" };

/** A logger that keeps its lines, and fails as given after that. In the end it searches them. */
class Recorder implements Logger, Disposable {
  readonly lines: string[] = [];
  #onLine = () => {};

  constructor(readonly fail: () => unknown = () => {}) {}

  #record(...args: unknown[]): unknown {
    this.lines.push(args.join(" "));
    this.#onLine();
    return this.fail();
  }

  info(...args: unknown[]): unknown {
    return this.#record("info", ...args);
  }

  warn(...args: unknown[]): unknown {
    return this.#record("warn", ...args);
  }

  [Symbol.dispose](): void {
    const isSecret = (text: string) =>
      [payload, password, "postgres://"].some((secret) => text.includes(secret));
    assertEquals(findSecret(this.lines, isSecret), undefined);
  }

  /** Waits until there are so many lines. */
  async untilLines(count: number): Promise<void> {
    while (this.lines.length < count) {
      await new Promise<void>((resolve) => this.#onLine = resolve);
    }
  }
}

interface Fixture extends AsyncDisposable {
  /** A pool whose URL has the password. */
  pool: pg.Pool;
  owner: pg.Client;
  open(options: ClientOptions): Client;
}

async function createFixture(): Promise<Fixture> {
  const resources = new AsyncDisposableStack();
  const database = resources.use(await createTestDatabase());
  const url = new URL(database.url);
  url.password = password;
  const pool = new pg.Pool({ connectionString: url.href });
  pool.on("error", () => {});
  resources.defer(() => pool.end());
  await migrate(pool);
  const owner = new pg.Client({ connectionString: database.url });
  await owner.connect();
  resources.defer(() => owner.end());
  return {
    pool,
    owner,
    open: (options) => resources.use(createClient(pool, options)),
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

/** Makes a call that waits for a lock, and ends its session, so that it is retried. */
async function interrupt(owner: pg.Client, call: () => Promise<unknown>): Promise<void> {
  await owner.query("begin; lock table dbos.workflow_status");
  const called = call();
  called.catch(() => {});
  const end = `
    select pg_terminate_backend(pid) from pg_stat_activity
    where datname = current_database() and wait_event_type = 'Lock'`;
  await until(async () => (await owner.query(end)).rowCount! > 0);
  await owner.query("rollback");
  await called;
}

Deno.test("a retry and its success are logged", async () => {
  await using fixture = await createFixture();
  using logger = new Recorder();
  const client = fixture.open({ logger });
  await enqueue(client, task, payload);
  assertEquals(logger.lines, []);
  await interrupt(fixture.owner, () => enqueue(client, task, payload));
  const [failed, succeeded] = logger.lines;
  assertMatch(
    failed!,
    /^warn DBOS client: attempt 1 of statement enqueue_one failed with SQLSTATE 57P01; the next one is in \d+ ms$/,
  );
  assertMatch(
    logger.lines.at(-1)!,
    /^info DBOS client: attempt \d of statement enqueue_one succeeded$/,
  );
  assert(succeeded);
});

Deno.test("a server that refuses connections is logged with the code of the error", async () => {
  using logger = new Recorder();
  const options = { connectionString: `postgres://postgres:${password}@127.0.0.1:1/postgres` };
  const pool = new pg.Pool(options);
  const client = createClient(pool, { logger, retryTimeoutSeconds: 600 });
  const refused = assertRejects(() => getStatus(client, "id"), Error, "ECONNREFUSED");
  await logger.untilLines(2);
  // It ends the retries.
  await client.close();
  await refused;
  for (const [index, line] of logger.lines.entries()) {
    const start = `attempt ${index + 1} of statement list_workflows failed with ECONNREFUSED`;
    assert(line.startsWith(`warn DBOS client: ${start}; the next one is in `), line);
  }
  await pool.end();
});

Deno.test("a statement that is split because the server refuses it is logged", async () => {
  await using fixture = await createFixture();
  using logger = new Recorder();
  const client = fixture.open({ logger });
  const { workflowID } = await enqueue(client, task);
  // The message of the error shows the whole row.
  for (const table of ["workflow_status", "notifications"]) {
    await fixture.owner.query(`
      create function dbos.refuse_${table}() returns trigger language plpgsql as $$
      begin
        if new::text like '%refused%' then raise exception 'refused: %', new; end if;
        return new;
      end $$;
      create trigger refuse before insert on dbos.${table}
        for each row execute function dbos.refuse_${table}()`);
  }
  const assertRefused = async (calls: Promise<unknown>[]) => {
    const outcomes = (await Promise.allSettled(calls)).map(({ status }) => status);
    assertEquals(outcomes, ["fulfilled", "rejected"]);
  };
  await assertRefused([
    enqueue(client, task, payload),
    enqueue(client, { ...task, workflowName: "refused" }, payload),
  ]);
  await assertRefused([
    send(client, workflowID, payload),
    send(client, workflowID, payload, { topic: "refused" }),
  ]);
  assertEquals(logger.lines, [
    "warn DBOS client: 2 workflows in one statement failed with SQLSTATE P0001; each gets one",
    "warn DBOS client: 2 messages in one statement failed with SQLSTATE P0001; each gets one",
  ]);
});

const endListener = `
  select pg_terminate_backend(pid) from pg_stat_activity
  where datname = current_database() and query ilike 'listen %dbos_streams_channel%'`;

Deno.test("the loss and the return of the connection that listens are logged", async () => {
  await using fixture = await createFixture();
  using logger = new Recorder();
  const client = fixture.open({ logger, listen: true });
  assertEquals(await getEvent(client, "id", payload, 0), null);
  await logger.untilLines(1);
  await fixture.owner.query(endListener);
  await logger.untilLines(3);
  await client.close();
  assertEquals(logger.lines, [
    "info DBOS client: the client listens for notifications",
    "warn DBOS client: the client does not listen: the connection was lost; the next attempt is in " +
    "100 ms",
    "info DBOS client: the client listens for notifications again",
  ]);
});

const only = "waits only poll";

Deno.test("a client that gives up listening logs why", async () => {
  await using fixture = await createFixture();
  const { pool } = fixture;
  const query: CustomDriver["query"] = async (text, values) =>
    (await pool.query({ text, values: [...values], rowMode: "array" })).rows;
  const listens: [listen: CustomDriver["listen"], line: string][] = [
    [undefined, `the driver cannot listen for notifications; ${only}`],
    // As behind a pooler in transaction mode.
    [
      () => Promise.resolve(() => Promise.resolve()),
      `the client gave up listening: no notification arrives; ${only}`,
    ],
  ];
  for (const [listen, line] of listens) {
    using logger = new Recorder();
    const driver: CustomDriver = { query, maxConnections: 2, ...(listen && { listen }) };
    await using client = createClient(driver, { logger, listen: true });
    assertEquals(await getEvent(client, "id", payload, 0), null);
    await logger.untilLines(1);
    assertEquals(logger.lines, [`warn DBOS client: ${line}`]);
  }
});

Deno.test("a logger that fails, or has only some of the methods, harms no call", async () => {
  await using fixture = await createFixture();
  const failures: Record<string, () => unknown> = {
    throws() {
      throw new Error("the disk is full");
    },
    rejects: () => Promise.reject(new Error("the disk is full")),
    "never settles": () => new Promise(() => {}),
  };
  for (const [how, fail] of Object.entries(failures)) {
    using logger = new Recorder(fail);
    const client = fixture.open({ logger });
    await enqueue(client, task);
    await interrupt(fixture.owner, () => enqueue(client, task));
    assert(logger.lines.length >= 2, how);
  }
  const warnings: unknown[] = [];
  const client = fixture.open({ logger: { warn: (line) => warnings.push(line) } });
  await enqueue(client, task);
  await interrupt(fixture.owner, () => enqueue(client, task));
  assert(warnings.length > 0);
});

Deno.test("createClient() takes console as a logger, and refuses what is none", () => {
  const isLogger = (logger: Logger) => createClient(new UnusedPool(), { logger });
  isLogger(console);
  // Some loggers are functions with methods.
  isLogger(Object.assign(() => {}, { info() {}, warn() {} }));
  for (const logger of [console.log, "console", null, {}, { log: console.log }]) {
    assertThrows(
      () => createClient(new UnusedPool(), { logger: logger as Logger }),
      TypeError,
      "as logger of createClient(): expected an object with info() or warn(), such as console",
    );
  }
  const logger = { info: true } as unknown as Logger;
  assertThrows(
    () => createClient(new UnusedPool(), { logger }),
    TypeError,
    "as info of logger of createClient(): expected a function",
  );
});

/** Tests that no error shows a password, a URL or a payload, whatever fails and over which driver. */
import { assert, assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import { neon, neonConfig, Pool } from "@neondatabase/serverless";
import { PGlite } from "@electric-sql/pglite";
import pg from "pg";
import postgres from "postgres";
import {
  applySchedules,
  connect,
  createClient,
  createSchedule,
  debounce,
  type Driver,
  enqueue,
  enqueueMany,
  InsufficientPrivilegeError,
  send,
  sendMany,
  updateSchedule,
  updateWorkflowAttributes,
} from "../mod.ts";
import { withoutSecrets } from "../src/drivers/driver_error.ts";
import { createTestDatabase } from "./support/database.ts";
import * as dbPostgres from "./support/db_postgres.ts";
import { migrate } from "./support/migrate.ts";
import { startNeonProxy } from "./support/neon_proxy.ts";
import { createPglitePool } from "./support/pglite_pool.ts";
import { findFreePort } from "./support/postgres_server.ts";
import { createRole } from "./support/roles.ts";
import { collectOutput, findSecret } from "./support/secrets.ts";
import { until } from "./support/until.ts";
import { useNeonProxy } from "./support/use_neon_proxy.ts";

useNeonProxy(neonConfig);

const payload = "payload-4f8a";
const password = "password-4f8a";
const isSecret = (text: string) => text.includes(payload) || text.includes(password);

interface OpenDriver extends AsyncDisposable {
  client: Parameters<typeof enqueue>[0];
}

function toOpenDriver(client: OpenDriver["client"], close: () => Promise<unknown>): OpenDriver {
  return { client, [Symbol.asyncDispose]: () => close().then(() => {}, () => {}) };
}

/** Opens each driver; undefined for one that cannot run here. */
const drivers: Record<string, ((url: string) => Promise<OpenDriver>) | undefined> = {
  "connect()": async (url) => {
    const client = await connect(url);
    return toOpenDriver(client, () => client.close());
  },
  "npm:pg Pool": (url) => {
    const pool = new pg.Pool({ connectionString: url });
    pool.on("error", () => {});
    return Promise.resolve(toOpenDriver(pool, () => pool.end()));
  },
  "npm:pg Client": async (url) => {
    const client = new pg.Client({ connectionString: url });
    client.on("error", () => {});
    await client.connect();
    return toOpenDriver(client, () => client.end());
  },
  "npm:postgres": (url) => openPostgres(url, {}),
  "npm:postgres with debug": (url) => openPostgres(url, { debug: true }),
  "npm:postgres without prepared statements": (url) => openPostgres(url, { prepare: false }),
  "npm:@neondatabase/serverless": async (url) => {
    const proxy = await startNeonProxy(url);
    const pool = new Pool({ connectionString: proxy.url });
    pool.on("error", () => {});
    return toOpenDriver(pool, async () => {
      await pool.end();
      await proxy[Symbol.asyncDispose]();
    });
  },
  "npm:@neondatabase/serverless over HTTP": async (url) => {
    const proxy = await startNeonProxy(url);
    return toOpenDriver(neon(proxy.url), async () => await proxy[Symbol.asyncDispose]());
  },
  "jsr:@db/postgres": dbPostgres.skipReason ? undefined : async (url) => {
    const client = new dbPostgres.Client(url);
    await client.connect();
    return toOpenDriver(client as Driver, () => client.end());
  },
  "jsr:@db/postgres Pool": dbPostgres.skipReason ? undefined : (url) => {
    const pool = new dbPostgres.Pool(url, 2, true);
    return Promise.resolve(toOpenDriver(pool as Driver, () => pool.end()));
  },
};

function openPostgres(
  url: string,
  options: postgres.Options<Record<string, never>>,
): Promise<OpenDriver> {
  const sql = postgres(url, { onnotice: () => {}, ...options });
  // A session that was ended by the server would keep it waiting.
  return Promise.resolve(toOpenDriver(sql, () => sql.end({ timeout: 1 })));
}

const task = { workflowName: "echo", queueName: "tasks" };
const schedule = { scheduleName: "nightly", workflowName: "echo", schedule: "@daily" };
const destination = "a workflow";

type Client = OpenDriver["client"];

/** Calls that write the payload. */
const writes: Record<string, (client: Client) => Promise<unknown>> = {
  enqueue: (client) => enqueue(client, task, payload),
  "enqueue with all columns": (client) =>
    enqueue(client, { ...task, workflowID: "1", attributes: { payload } }, payload),
  enqueueMany: (client) => enqueueMany(client, [{ ...task, args: [payload] }]),
  debounce: (client) => debounce(client, { workflowName: "echo" }, "key", 1000, payload),
  send: (client) => send(client, destination, payload),
  sendMany: (client) => sendMany(client, [{ destinationID: destination, message: payload }]),
  "send to forks": (client) => send(client, destination, payload, { sendToForks: true }),
  createSchedule: (client) => createSchedule(client, { ...schedule, context: payload }),
  applySchedules: (client) => applySchedules(client, [{ ...schedule, context: payload }]),
  updateSchedule: (client) => updateSchedule(client, "weekly", { context: payload }),
  updateWorkflowAttributes: (client) => updateWorkflowAttributes(client, destination, { payload }),
};

const tables = ["workflow_status", "workflow_input", "notifications", "workflow_schedules"];

/** Ways to have the server refuse what is written, with the SQLSTATE. */
const refusals: Record<string, { state: string; statements: (table: string) => string }> = {
  "a check constraint": {
    state: "23514",
    statements: (table) =>
      `alter table dbos.${table} add constraint refused check (false) not valid`,
  },
  "a missing value": {
    state: "23502",
    statements: (table) => `
      alter table dbos.${table} add column refused int;
      update dbos.${table} set refused = 0;
      alter table dbos.${table} alter column refused set not null;
      create function dbos.refuse_${table}() returns trigger language plpgsql as $$
      begin new.refused := null; return new; end $$;
      create trigger refuse before insert or update on dbos.${table}
        for each row execute function dbos.refuse_${table}()`,
  },
  "a trigger": {
    state: "P0001",
    statements: (table) => `
      create function dbos.refuse_${table}() returns trigger language plpgsql as $$
      begin raise exception 'refused' using detail = new::text; end $$;
      create trigger refuse before insert or update on dbos.${table}
        for each row execute function dbos.refuse_${table}()`,
  },
  "a statement of a trigger": {
    state: "22P02",
    statements: (table) => `
      create function dbos.refuse_${table}() returns trigger language plpgsql as $$
      begin execute format('select %L::text, ''x''::int', new::text); return new; end $$;
      create trigger refuse before insert or update on dbos.${table}
        for each row execute function dbos.refuse_${table}()`,
  },
};

const allowAgain = (table: string) => `
  alter table dbos.${table} drop constraint if exists refused;
  drop trigger if exists refuse on dbos.${table};
  drop function if exists dbos.refuse_${table};
  alter table dbos.${table} drop column if exists refused`;

async function connectAsOwner(url: string): Promise<pg.Client & AsyncDisposable> {
  const connection = new pg.Client({ connectionString: url });
  await connection.connect();
  return Object.assign(connection, { [Symbol.asyncDispose]: () => connection.end() });
}

const prepareDatabase = `
  insert into dbos.workflow_status (workflow_uuid, status, name)
  values ('${destination}', 'PENDING', 'echo');
  insert into dbos.workflow_schedules
    (schedule_id, schedule_name, workflow_name, schedule, status, context)
  values ('1', 'weekly', 'echo', '0 0 * * *', 'ACTIVE', 'null')`;

/** Makes every call that writes, and searches what it throws. Returns how many were refused. */
async function searchErrors(client: Client, state: string): Promise<number> {
  let refused = 0;
  for (const [name, write] of Object.entries(writes)) {
    try {
      await write(client);
    } catch (error) {
      assertInstanceOf(error, Error);
      assertEquals(findSecret(error, isSecret), undefined, name);
      const { code, fields } = error as { code?: string; fields?: { code?: string } };
      assertEquals(fields?.code ?? code, state, `${name}: ${error}`);
      refused++;
    }
  }
  return refused;
}

/** Has the server refuse all writes in each way, and searches the errors of each call. */
async function searchAllErrors(
  client: Client,
  execute: (statements: string) => Promise<unknown>,
): Promise<void> {
  await execute(prepareDatabase);
  for (const [reason, { state, statements }] of Object.entries(refusals)) {
    for (const table of tables) await execute(statements(table));
    assertEquals(await searchErrors(client, state), Object.keys(writes).length, reason);
    for (const table of tables) await execute(allowAgain(table));
  }
}

/** Makes a call as a role that lacks a privilege. */
async function checkMissingPrivilege(
  open: (url: string) => Promise<OpenDriver>,
  url: string,
  owner: pg.Client,
): Promise<void> {
  await using role = await createRole();
  await owner.query(`grant usage on schema dbos to ${role.name}`);
  const roleUrl = new URL(url);
  roleUrl.username = role.name;
  {
    await using driver = await open(roleUrl.href);
    const error = await assertRejects(() => enqueue(driver.client, task, payload));
    assertInstanceOf(error, InsufficientPrivilegeError);
    assertEquals(error.object, "table dbos.workflow_status");
    assertEquals(findSecret(error, isSecret), undefined);
  }
  await owner.query(`drop owned by ${role.name}`);
}

for (const [name, open] of Object.entries(drivers)) {
  Deno.test({
    name: `no error of a refused write shows a payload or the password: ${name}`,
    ignore: open === undefined,
    async fn() {
      await using database = await createTestDatabase();
      await using owner = await connectAsOwner(database.url);
      await migrate(owner);
      const url = new URL(database.url);
      url.password = password;
      await using driver = await open!(url.href);
      const output = await collectOutput(() =>
        searchAllErrors(driver.client, (statements) => owner.query(statements))
      );
      assert(!isSecret(output), output);
      await checkMissingPrivilege(open!, url.href, owner);
    },
  });
}

Deno.test("no error of a refused write shows a payload: PGlite", async () => {
  const database = await PGlite.create();
  const pool: unknown = createPglitePool(database);
  await migrate(pool as Parameters<typeof migrate>[0]);
  await searchAllErrors(database, (statements) => database.exec(statements));
  await database.close();
});

Deno.test("no error of a connection shows the password", async () => {
  const closed = `postgres://postgres:${password}@127.0.0.1:${findFreePort()}/postgres`;
  const missing = new URL(Deno.env.get("DBOS_TEST_DATABASE_URL")!);
  missing.pathname = "/no_such_database";
  missing.password = password;
  const options = { retryTimeoutSeconds: 0 };
  for (const url of [closed, missing.href]) {
    const pool = new pg.Pool({ connectionString: url });
    const sql = postgres(url, { onnotice: () => {}, max: 1, backoff: () => 0.01 });
    await using client = await connect(url, options).catch(() => undefined);
    for (const driver of [createClient(pool, options), createClient(sql, options), client]) {
      if (!driver) continue;
      const error = await assertRejects(() => enqueue(driver, task, payload));
      assertEquals(findSecret(error, isSecret), undefined);
    }
    await Promise.all([pool.end(), sql.end()]);
  }
  const invalid = [
    `postgres://postgres:${password}@127.0.0.1:port/postgres`,
    `postgres://postgres:${password}@127.0.0.1/postgres?sslmode=some`,
    `postgres://postgres:${password}@127.0.0.1/postgres?unknown=1`,
    `postgres://postgres:${password}%@127.0.0.1/postgres`,
    `mysql://postgres:${password}@127.0.0.1/postgres`,
    `postgres://postgres:${password}@[::1/postgres`,
  ];
  for (const url of invalid) {
    const error = await assertRejects(async () => {
      await using client = await connect(url);
      await enqueue(client, task);
    });
    assertEquals(findSecret(error, isSecret), undefined, url);
  }
});

/** How a statement that waits for a lock ends. */
const interruptions: Record<string, (owner: pg.Client) => Promise<unknown>> = {
  "the attempt ends": () => Promise.resolve(),
  "the server cancels it": (owner) => owner.query(endWaiting("pg_cancel_backend")),
  "the server ends the session": (owner) => owner.query(endWaiting("pg_terminate_backend")),
};

const endWaiting = (end: string) => `
  select ${end}(pid) from pg_stat_activity
  where datname = current_database() and wait_event_type = 'Lock'`;

async function untilWaiting(owner: pg.Client): Promise<void> {
  const waiting =
    "select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
  await until(async () => (await owner.query(waiting)).rowCount! > 0);
}

for (const [name, open] of Object.entries(drivers)) {
  Deno.test({
    name: `no error of a statement that is interrupted shows a payload or the password: ${name}`,
    ignore: open === undefined,
    async fn() {
      await using database = await createTestDatabase();
      await using owner = await connectAsOwner(database.url);
      await migrate(owner);
      const url = new URL(database.url);
      url.password = password;
      for (const interrupt of Object.values(interruptions)) {
        await using driver = await open!(url.href);
        // That of connect() is a client already.
        const isDriver = name !== "connect()";
        const options = { retryTimeoutSeconds: 0, attemptTimeoutSeconds: 1 };
        const client = isDriver ? createClient(driver.client as Driver, options) : driver.client;
        await enqueue(client, task);
        await owner.query("begin; lock table dbos.workflow_status");
        const signal = AbortSignal.timeout(60_000);
        const call = enqueue(client, { ...task, signal }, payload);
        call.catch(() => {});
        await untilWaiting(owner);
        await interrupt(owner);
        const settled = isDriver ? await call.catch((error) => error) : undefined;
        await owner.query("rollback");
        assertEquals(
          findSecret(settled ?? await call.catch((error) => error), isSecret),
          undefined,
        );
        if (isDriver) assertInstanceOf(settled, Error);
      }
    },
  });
}

Deno.test("an argument that cannot be serialized is not shown", async () => {
  await using database = await createTestDatabase();
  await using owner = await connectAsOwner(database.url);
  await migrate(owner);
  await using client = await connect(database.url);
  const cyclic: Record<string, unknown> = { payload };
  cyclic.self = cyclic;
  for (
    const value of [cyclic, {
      payload,
      toJSON: () => {
        throw new Error("refused");
      },
    }]
  ) {
    const error = await assertRejects(() => enqueue(client, task, value));
    assertEquals(findSecret(error, isSecret), undefined);
  }
});

Deno.test("an error keeps its class and what tells its kind", () => {
  const original = new pg.DatabaseError("new row violates", 100, "error");
  Object.assign(original, { code: "23514", constraint: "positive", table: "t", detail: payload });
  const copy = withoutSecrets(original) as Record<string, unknown>;
  assertEquals(copy instanceof pg.DatabaseError, true);
  assertEquals([copy.message, copy.name, copy.code], ["new row violates", "error", "23514"]);
  assertEquals([copy.constraint, copy.table, copy.detail], ["positive", "t", undefined]);
  assertEquals(copy.stack, original.stack);
  const harmless = Object.assign(new Error("refused"), { code: "ECONNREFUSED", port: 5432 });
  assertEquals(withoutSecrets(harmless) === harmless, true);
  const nested = withoutSecrets(new AggregateError([original, harmless], "no server"));
  assertInstanceOf(nested, AggregateError);
  assertEquals(findSecret(nested, isSecret), undefined);
  assertEquals(nested.errors[1] === harmless, true);
});

Deno.test("errors that contain themselves, or many others, are copied without secrets", () => {
  const cyclic = Object.assign(new Error("refused"), { detail: payload });
  cyclic.cause = new AggregateError([cyclic], "all refused");
  const copy = withoutSecrets(cyclic);
  assertInstanceOf(copy, Error);
  assertInstanceOf(copy.cause, AggregateError);
  assertEquals(findSecret(copy, isSecret), undefined);
  let deep: Error = Object.assign(new Error("refused"), { detail: payload });
  for (let level = 0; level < 30; level++) deep = new Error("failed", { cause: deep });
  assertEquals(findSecret(withoutSecrets(deep), isSecret), undefined);
});

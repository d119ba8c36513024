/** Tests that no error shows a password, a URL or a payload, whatever fails and over which driver. */
import { assert, assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import { PGlite } from "@electric-sql/pglite";
import pg from "pg";
import postgres from "postgres";
import {
  applySchedules,
  connect,
  createClient,
  createSchedule,
  DatabaseTimeoutError,
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
import { createPglitePool } from "./support/pglite_pool.ts";
import { findFreePort } from "./support/postgres_server.ts";
import { createRole } from "./support/roles.ts";
import { collectOutput, findSecret } from "./support/secrets.ts";

const payload = "payload-4f8a";
const password = "password-4f8a";
const isSecret = (text: string) => text.includes(payload) || text.includes(password);

interface OpenDriver {
  client: Parameters<typeof enqueue>[0];
  close(): Promise<unknown>;
}

/** Opens each driver; undefined for one that cannot run here. */
const drivers: Record<string, ((url: string) => Promise<OpenDriver>) | undefined> = {
  "connect()": async (url) => {
    const client = await connect(url);
    return { client, close: () => client.close() };
  },
  "npm:pg Pool": async (url) => {
    const pool = new pg.Pool({ connectionString: url });
    return await Promise.resolve({ client: pool, close: () => pool.end() });
  },
  "npm:pg Client": async (url) => {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    return { client, close: () => client.end() };
  },
  "npm:postgres": (url) => openPostgres(url, {}),
  "npm:postgres with debug": (url) => openPostgres(url, { debug: true }),
  "npm:postgres without prepared statements": (url) => openPostgres(url, { prepare: false }),
  "jsr:@db/postgres": dbPostgres.skipReason ? undefined : async (url) => {
    const client = new dbPostgres.Client(url);
    await client.connect();
    return { client: client as Driver, close: () => client.end() };
  },
  "jsr:@db/postgres Pool": dbPostgres.skipReason ? undefined : async (url) => {
    const pool = new dbPostgres.Pool(url, 2, true);
    return await Promise.resolve({ client: pool as Driver, close: () => pool.end() });
  },
};

function openPostgres(
  url: string,
  options: postgres.Options<Record<string, never>>,
): Promise<OpenDriver> {
  const sql = postgres(url, { onnotice: () => {}, ...options });
  return Promise.resolve({ client: sql, close: () => sql.end() });
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
  url: URL,
  owner: pg.Client,
): Promise<void> {
  const ownerName = url.username;
  const role = await createRole();
  await owner.query(`grant usage on schema dbos to ${role.name}`);
  url.username = role.name;
  const { client, close } = await open(url.href);
  try {
    const error = await assertRejects(() => enqueue(client, task, payload));
    assertInstanceOf(error, InsufficientPrivilegeError);
    assertEquals(error.object, "table dbos.workflow_status");
    assertEquals(findSecret(error, isSecret), undefined);
  } finally {
    await close();
    url.username = ownerName;
    await owner.query(`drop owned by ${role.name}`);
    await role[Symbol.asyncDispose]();
  }
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
      const { client, close } = await open!(url.href);
      const output = await collectOutput(() =>
        searchAllErrors(client, (statements) => owner.query(statements))
      );
      await close();
      assert(!isSecret(output), output);
      await checkMissingPrivilege(open!, url, owner);
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

Deno.test("no error of an attempt that ends too late shows a payload or the password", async () => {
  await using database = await createTestDatabase();
  await using owner = await connectAsOwner(database.url);
  await migrate(owner);
  await owner.query("begin; lock table dbos.workflow_status");
  const url = new URL(database.url);
  url.password = password;
  const pool = new pg.Pool({ connectionString: url.href });
  pool.on("error", () => {});
  const sql = postgres(url.href, { onnotice: () => {} });
  for (const driver of [pool, sql]) {
    const client = createClient(driver, { retryTimeoutSeconds: 0, attemptTimeoutSeconds: 0.5 });
    const error = await assertRejects(() => enqueue(client, task, payload), DatabaseTimeoutError);
    assertEquals(findSecret(error, isSecret), undefined);
  }
  await owner.query("rollback");
  await Promise.all([pool.end(), sql.end()]);
});

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

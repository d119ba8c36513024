import { assert, assertEquals } from "@std/assert";
import { PGlite } from "@electric-sql/pglite";
import pg from "pg";
import postgres from "postgres";
import * as library from "../mod.ts";
import {
  connect,
  createClient,
  deleteWorkflow,
  type Driver,
  enqueue,
  enqueueMany,
  getStatus,
  iterateWorkflows,
  send,
} from "../mod.ts";
import { calls } from "./support/calls.ts";
import { createTestDatabase } from "./support/database.ts";
import { migrate } from "./support/migrate.ts";
import { isOldDeno } from "./support/old_deno.ts";
import { createPglitePool } from "./support/pglite_pool.ts";
import { startTcpProxy } from "./support/tcp_proxy.ts";

const task = { workflowName: "echo", queueName: "idle" };

/** A pool of a database with system tables, behind a proxy. */
async function openFixture(maxConnections = 4) {
  const resources = new AsyncDisposableStack();
  const { url } = resources.use(await createTestDatabase());
  const admin = new pg.Client({ connectionString: url });
  await admin.connect();
  resources.defer(() => admin.end());
  await migrate(admin);
  const proxy = resources.use(await startTcpProxy(url));
  const pool = new pg.Pool({ connectionString: proxy.url, max: maxConnections });
  pool.on("error", () => {});
  resources.defer(() => pool.ended ? undefined : pool.end());
  return { url, admin, proxy, pool, [Symbol.asyncDispose]: () => resources.disposeAsync() };
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}

function errorOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then((value) => assert(false, `it gave ${value}`), (error) => error);
}

// They finish the statements that are in flight.
const finishing = ["enqueueMany", "renameApplication"];

Deno.test("every function that sends something is among the calls that are tested", () => {
  const others = ["connect", "createClient", "contractOf", "defineWorkflow", "ofType"];
  const functions = Object.entries(library as Record<string, unknown>)
    .filter(([name, value]) => typeof value === "function" && /^[a-z]/.test(name))
    .map(([name]) => name)
    .filter((name) => !others.includes(name));
  const synonyms = functions.filter((name) => !(name in calls));
  const tested = new Set(Object.keys(calls).map((name) => Reflect.get(library, name)));
  for (const name of synonyms) assert(tested.has(Reflect.get(library, name)), name);
});

Deno.test("a call with an aborted signal rejects with its reason, and sends nothing", async (test) => {
  const sent: unknown[] = [];
  const pool = Object.assign(new pg.Pool(), {
    connect: (...args: unknown[]) => Promise.reject(sent.push(args)),
    query: (...args: unknown[]) => Promise.reject(sent.push(args)),
  });
  const reason = new Error("enough");
  const options = { signal: AbortSignal.abort(reason) };
  for (const [name, call] of Object.entries(calls)) {
    await test.step(`${name}()`, async () => {
      assertEquals(await errorOf(call(createClient(pool), options)), reason);
    });
  }
  assertEquals(sent, []);
});

Deno.test(
  "a call that hangs rejects with the reason of its signal at once",
  async (test) => {
    await using fixture = await openFixture();
    const { pool, proxy } = fixture;
    await using client = createClient(pool, { attemptTimeoutSeconds: 600 });
    await getStatus(client, "any");
    proxy.hang();
    for (const [name, call] of Object.entries(calls)) {
      if (finishing.includes(name)) continue;
      await test.step(`${name}()`, async () => {
        const reason = new Error("enough");
        const aborting = new AbortController();
        const outcome = errorOf(call(client, { signal: aborting.signal }));
        // What it sends is under way, or waits for a connection.
        await nextTurn();
        aborting.abort(reason);
        assertEquals(await outcome, reason);
      });
    }
    await proxy.restore();
    proxy.cut();
    // What is shared by calls still waits for a connection.
    while (pool.waitingCount > 0 || pool.idleCount < pool.totalCount) await nextTurn();
  },
);

// Deno 2.5 leaves a connection open that is closed while it is opened, such as one of the proxy.
const closing = { sanitizeResources: !isOldDeno };

Deno.test("connect() rejects with the reason of its signal", closing, async () => {
  await using fixture = await openFixture();
  fixture.proxy.hang();
  const aborting = new AbortController();
  const { signal } = aborting;
  const outcome = errorOf(connect(fixture.proxy.url, { signal }));
  while (fixture.proxy.connections === 0) await nextTurn();
  aborting.abort(new Error("enough"));
  assertEquals(await outcome, signal.reason);
  assertEquals(await errorOf(connect(fixture.proxy.url, { signal })), signal.reason);
  await fixture.proxy.restore();
  fixture.proxy.cut();
});

Deno.test(
  "a call that writes much ends with the reason of its signal after its statement",
  async (test) => {
    await using fixture = await openFixture();
    const { pool, proxy } = fixture;
    await using client = createClient(pool, { attemptTimeoutSeconds: 0.05 });
    await getStatus(client, "any");
    proxy.hang();
    for (const name of finishing) {
      await test.step(`${name}()`, async () => {
        const aborting = new AbortController();
        const outcome = errorOf(calls[name]!(client, { signal: aborting.signal }));
        while (pool.idleCount === pool.totalCount) await nextTurn();
        aborting.abort(new Error("enough"));
        assertEquals(await outcome, aborting.signal.reason);
      });
    }
    await proxy.restore();
    proxy.cut();
  },
);

Deno.test("a call that waits for its turn writes nothing once it is aborted", async (test) => {
  await using fixture = await openFixture();
  const { admin, pool } = fixture;
  const { workflowID } = await enqueue(pool, task);
  for (const table of ["workflow_status", "notifications"]) {
    await test.step(table, async () => {
      const aborting = new AbortController();
      const { signal } = aborting;
      const add = (text: string, options = {}) =>
        table === "notifications"
          ? send(pool, workflowID, text, options)
          : enqueue(pool, { ...task, workflowID: text, ...options });
      await admin.query(`begin; lock table dbos.${table}`);
      const inFlight = add("in flight");
      while (pool.idleCount === pool.totalCount) await nextTurn();
      const aborted = errorOf(add("aborted", { signal }));
      const pending = add("pending");
      aborting.abort(new Error("enough"));
      assertEquals(await aborted, signal.reason);
      await admin.query("commit");
      await Promise.all([inFlight, pending]);
      const column = table === "notifications" ? "message::jsonb #>> '{}'" : "workflow_uuid";
      const { rows } = await admin.query(
        `select ${column} as text from dbos.${table} where ${column} in
          ('in flight', 'aborted', 'pending') order by 1`,
      );
      assertEquals(rows.map((row: { text: string }) => row.text), ["in flight", "pending"]);
    });
  }
});

Deno.test("a call that is aborted before its statement is sent has no effect", async (test) => {
  await using fixture = await openFixture();
  const { pool, url } = fixture;
  let onSend = () => {};

  /** Deletes a workflow, and aborts that when the first query is sent, which reads the schema. */
  async function checkNotDeleted(driver: Driver): Promise<void> {
    const { workflowID } = await enqueue(driver, task);
    const aborting = new AbortController();
    onSend = () => aborting.abort(new Error("enough"));
    const { signal } = aborting;
    const client = createClient(driver);
    assertEquals(await errorOf(deleteWorkflow(client, workflowID, { signal })), signal.reason);
    // It reads the schema, too, and so comes after what the call still sends.
    assertEquals((await getStatus(createClient(driver), workflowID))?.workflowID, workflowID);
  }

  await test.step("in a transaction of npm:postgres", async () => {
    const sql = postgres(url, { max: 1, onnotice: () => {}, debug: () => onSend() });
    await sql.begin((transaction) => checkNotDeleted(transaction)).finally(() => sql.end());
  });

  await test.step("on a single connection of npm:pg", async () => {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    const { query } = client;
    client.query = (...args: unknown[]) => {
      onSend();
      return query.apply(client, args);
    };
    await checkNotDeleted(client).finally(() => client.end());
  });

  await test.step("on a pool of npm:pg", async () => {
    pool.on("acquire", () => onSend());
    await checkNotDeleted(pool);
  });

  await test.step("in PGlite", async () => {
    await using database = await PGlite.create();
    const connection = await createPglitePool(database).connect();
    await migrate(connection);
    connection.release();
    const { query } = database;
    database.query = ((...args: Parameters<typeof query>) => {
      onSend();
      return query.apply(database, args);
    }) as typeof query;
    await checkNotDeleted(database);
  });
});

Deno.test("an aborted item of a batch that is sent one by one is not written", async () => {
  await using fixture = await openFixture();
  const { admin, pool } = fixture;
  await admin.query(`create function refuse() returns trigger language plpgsql as
      $$ begin if new.workflow_uuid = 'bad' then raise 'refused'; end if; return new; end $$;
    create trigger refuse before insert on dbos.workflow_status
      for each row execute function refuse()`);
  const aborting = new AbortController();
  await enqueue(pool, task);
  const add = (workflowID: string, options = {}) =>
    enqueue(pool, { ...task, workflowID, ...options });
  const bad = errorOf(add("bad")).then(() => aborting.abort(new Error("enough")));
  const aborted = errorOf(add("aborted", { signal: aborting.signal }));
  const good = add("good");
  await Promise.all([bad, good]);
  assertEquals(await aborted, aborting.signal.reason);
  const { rows } = await admin.query(
    "select workflow_uuid as id from dbos.workflow_status where workflow_uuid in ('aborted', 'good')",
  );
  assertEquals(rows, [{ id: "good" }]);
});

Deno.test("calls that are aborted while they wait for a connection close none", async () => {
  await using fixture = await openFixture(1);
  const { pool } = fixture;
  await getStatus(pool, "any");
  let connections = 0;
  pool.on("connect", () => connections++);
  const held = await pool.connect();
  const aborting = new AbortController();
  const { signal } = aborting;
  const outcomes = Array.from({ length: 20 }, () => errorOf(getStatus(pool, "any", { signal })));
  await nextTurn();
  aborting.abort(new Error("enough"));
  for (const outcome of outcomes) assertEquals(await outcome, signal.reason);
  held.release();
  await getStatus(pool, "any");
  assertEquals(connections, 0);
});

Deno.test("a call that is aborted while it waits for a connection keeps no timer", async () => {
  await using fixture = await openFixture(1);
  const { pool } = fixture;
  await using client = createClient(pool, { attemptTimeoutSeconds: 600 });
  await getStatus(client, "any");
  const held = await pool.connect();
  const aborting = new AbortController();
  const outcome = errorOf(getStatus(client, "any", { signal: aborting.signal }));
  while (pool.waitingCount === 0) await nextTurn();
  aborting.abort(new Error("enough"));
  assertEquals(await outcome, aborting.signal.reason);
  // A pool that ends gives no more connections.
  const ended = pool.end();
  held.release();
  await ended;
});

Deno.test("calls that are aborted while they wait for their turn take no creation times", async () => {
  await using fixture = await openFixture();
  const { admin, proxy, pool } = fixture;
  await using client = createClient(pool);
  await getStatus(client, "any");
  proxy.hang();
  const first = enqueue(client, task);
  await nextTurn();
  const aborting = new AbortController();
  const { signal } = aborting;
  const aborted = Array.from({ length: 5000 }, () => errorOf(enqueue(client, { ...task, signal })));
  aborting.abort(new Error("enough"));
  await Promise.all(aborted);
  await proxy.restore();
  proxy.cut();
  await first;
  await enqueue(client, task);
  const { rows } = await admin.query(
    `select max(created_at) <= extract(epoch from clock_timestamp()) * 1000 as is_past
      from dbos.workflow_status`,
  );
  assertEquals(rows, [{ is_past: true }]);
});

Deno.test("enqueueMany() is ended while it waits for a job", async () => {
  await using fixture = await openFixture();
  const aborting = new AbortController();
  async function* jobs() {
    yield task;
    aborting.abort(new Error("enough"));
    await new Promise(() => {});
  }
  const error = await errorOf(enqueueMany(fixture.pool, jobs(), { signal: aborting.signal }));
  assertEquals(error, aborting.signal.reason);
});

Deno.test("iterateWorkflows() yields nothing more after its signal", async () => {
  await using fixture = await openFixture();
  const { pool } = fixture;
  await enqueueMany(pool, Array.from({ length: 10 }, () => task));
  const aborting = new AbortController();
  const { signal } = aborting;
  let count = 0;
  async function read(): Promise<void> {
    for await (const _ of iterateWorkflows(pool, { signal })) {
      if (++count === 3) aborting.abort(new Error("enough"));
    }
  }
  assertEquals(await errorOf(read()), signal.reason);
  assertEquals(count, 3);
});

Deno.test("many calls may share a signal, which keeps no listener when they have ended", async () => {
  await using fixture = await openFixture();
  const { signal } = new AbortController();
  let listeners = 0;
  const { addEventListener, removeEventListener } = signal;
  signal.addEventListener = (...args: Parameters<typeof addEventListener>) => {
    listeners++;
    addEventListener.apply(signal, args);
  };
  signal.removeEventListener = (...args: Parameters<typeof removeEventListener>) => {
    listeners--;
    removeEventListener.apply(signal, args);
  };
  const writes = Array.from({ length: 50 }, () => enqueue(fixture.pool, { ...task, signal }));
  assert(listeners <= 1, `${listeners}`);
  await Promise.all(writes);
  assertEquals(listeners, 0);
});

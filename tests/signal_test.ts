import { assert, assertEquals } from "@std/assert";
import pg from "pg";
import * as library from "../mod.ts";
import { createClient, enqueue, getStatus, send } from "../mod.ts";
import { calls } from "./support/calls.ts";
import { createTestDatabase } from "./support/database.ts";
import { migrate } from "./support/migrate.ts";
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
  resources.defer(() => pool.end());
  return { admin, proxy, pool, [Symbol.asyncDispose]: () => resources.disposeAsync() };
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
  const others = ["connect", "createClient"];
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

Deno.test("a call that hangs rejects with the reason of its signal at once", async (test) => {
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
});

Deno.test("a call that writes much ends with the reason of its signal after its statement", async (test) => {
  await using fixture = await openFixture();
  const { pool, proxy } = fixture;
  await using client = createClient(pool, { attemptTimeoutSeconds: 0.05 });
  await getStatus(client, "any");
  proxy.hang();
  for (const name of finishing) {
    await test.step(`${name}()`, async () => {
      const aborting = new AbortController();
      const outcome = errorOf(calls[name]!(client, { signal: aborting.signal }));
      aborting.abort(new Error("enough"));
      assertEquals(await outcome, aborting.signal.reason);
    });
  }
  await proxy.restore();
  proxy.cut();
});

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

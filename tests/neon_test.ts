/** Tests what is particular to drivers over HTTP and WebSockets, through a stand-in for Neon's proxy. */
import { neon, neonConfig, Pool } from "@neondatabase/serverless";
import { assert, assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import pg from "pg";
import {
  createClient,
  DatabaseTimeoutError,
  type Driver,
  enqueue,
  enqueueMany,
  getEvent,
  getStatus,
  listWorkflows,
  QueryTimeoutError,
  ResultTimeoutError,
  send,
  SystemSchemaNotFoundError,
  WorkflowIDInUseError,
} from "../mod.ts";
import { createTestDatabase } from "./support/database.ts";
import { migrate } from "./support/migrate.ts";
import { type HttpFault, type NeonProxy, startNeonProxy } from "./support/neon_proxy.ts";
import { checkWaits } from "./support/orm_suite.ts";
import { findFreePort } from "./support/postgres_server.ts";
import { findSecret } from "./support/secrets.ts";
import { until } from "./support/until.ts";
import { useNeonProxy } from "./support/use_neon_proxy.ts";

useNeonProxy(neonConfig);
const task = { workflowName: "echo", queueName: "tasks" };

interface Fixture extends AsyncDisposable {
  readonly proxy: NeonProxy;
  /** A connection past the proxy. */
  readonly connection: pg.Client;
}

async function openFixture(): Promise<Fixture> {
  const resources = new AsyncDisposableStack();
  const { url } = resources.use(await createTestDatabase());
  const connection = new pg.Client({ connectionString: url });
  await connection.connect();
  resources.defer(() => connection.end());
  await migrate(connection);
  const proxy = resources.use(await startNeonProxy(url));
  return { proxy, connection, [Symbol.asyncDispose]: () => resources.disposeAsync() };
}

const faults: readonly HttpFault[] = [
  ...["lost request", "lost answer", "cut answer", "lost database"] as const,
  ...[429, 500, 502, 503, 504] as const,
];

async function countRows(connection: pg.Client): Promise<{ workflows: number; messages: number }> {
  const { rows } = await connection.query(
    `select (select count(*)::int from dbos.workflow_status) as workflows,
      (select count(*)::int from dbos.notifications) as messages`,
  );
  return rows[0];
}

Deno.test("over neon(), requests that fail are retried, and double nothing", async (test) => {
  await using fixture = await openFixture();
  const { proxy, connection } = fixture;
  const sql = neon(proxy.url);
  // A unique text, by which the proxy recognises the request.
  const marker = () => crypto.randomUUID();
  for (const fault of faults) {
    await test.step(String(fault), async () => {
      const before = await countRows(connection);
      const [workflowID, argument, many, message] = [marker(), marker(), marker(), marker()];
      const injected = [workflowID, argument, many].map((text) => proxy.fail(text, fault));
      const options = { ...task, workflowID, workflowIDReusePolicy: "reject" } as const;
      await enqueue(sql, options);
      await assertRejects(() => enqueue(sql, options), WorkflowIDInUseError);
      await enqueue(sql, task, argument);
      const [outcome] = await enqueueMany(sql, [{ ...task, args: [many] }]);
      assertEquals(outcome?.outcome, "enqueued");
      injected.push(proxy.fail(message, fault));
      await send(sql, workflowID, message);
      assert(injected.every(({ isInjected }) => isInjected));
      assertEquals(await countRows(connection), {
        workflows: before.workflows + 3,
        messages: before.messages + 1,
      });
    });
  }
});

/** Has the first request fail while `run` runs, and returns how many there were. */
async function countRequests(failure: Error, run: () => Promise<unknown>): Promise<number> {
  let requests = 0;
  neonConfig.fetchFunction = (...request: Parameters<typeof fetch>) =>
    requests++ === 0 ? Promise.reject(failure) : fetch(...request);
  try {
    await run();
  } finally {
    neonConfig.fetchFunction = undefined;
  }
  return requests;
}

Deno.test("over neon(), errors of fetch() are retried, in the words of every runtime", async () => {
  await using fixture = await openFixture();
  const sql = neon(fixture.proxy.url);
  await enqueue(sql, task);
  for (
    const failure of [
      new TypeError("fetch failed"),
      // Bun 1.2, and Cloudflare's workerd.
      Object.assign(new Error("Unable to connect"), { code: "ConnectionRefused" }),
      new Error("Network connection lost."),
    ]
  ) {
    assertEquals(await countRequests(failure, () => getStatus(sql, "nobody")), 2, failure.message);
  }
});

Deno.test("over neon(), a request for which Deno has no permission is not retried", async () => {
  await using fixture = await openFixture();
  const sql = neon(fixture.proxy.url);
  await enqueue(sql, task);
  const failure = new Deno.errors.NotCapable("Requires net access");
  const requests = await countRequests(failure, async () => {
    const error = await assertRejects(() => getStatus(sql, "nobody"), Error, "NotCapable");
    assertEquals(error.cause, failure);
  });
  assertEquals(requests, 1);
});

Deno.test("over neon(), a request that is not answered ends after its timeout", async () => {
  await using fixture = await openFixture();
  const { proxy } = fixture;
  const options = { attemptTimeoutSeconds: 2, retryTimeoutSeconds: 0 };
  const client = createClient(neon(proxy.url), options);
  assertEquals(await getStatus(client, "nobody"), null);
  const workflowID = crypto.randomUUID();
  const fault = proxy.fail(workflowID, "hang");
  await assertRejects(() => enqueue(client, { ...task, workflowID }), DatabaseTimeoutError);
  assert(fault.isInjected);
  await fault.closed;
});

Deno.test("over neon(), errors of the server are not retried", async () => {
  await using fixture = await openFixture();
  const { proxy, connection } = fixture;
  const sql = neon(proxy.url);
  await enqueue(sql, task);
  await connection.query("alter table dbos.workflow_status add check (name <> 'refused')");
  const sent = proxy.requests.length;
  const error = await assertRejects(
    () => enqueue(sql, { ...task, workflowName: "refused" }, "payload-7"),
    Error,
    "violates check constraint",
  );
  assertEquals((error as Error & { code: string }).code, "23514");
  assertEquals(findSecret(error, (text) => text.includes("payload-7")), undefined);
  assertEquals(proxy.requests.length, sent + 1);
});

Deno.test("over neon(), errors of the library are not retried", async () => {
  await using database = await createTestDatabase();
  await using proxy = await startNeonProxy(database.url);
  await assertRejects(() => enqueue(neon(proxy.url), task), SystemSchemaNotFoundError);
  assertEquals(proxy.requests.length, 1);
});

Deno.test("over neon(), the server ends a list that takes too long", async () => {
  await using fixture = await openFixture();
  const { proxy, connection } = fixture;
  const sql = neon(proxy.url);
  const client = createClient(sql, { observabilityQueryTimeoutMs: 50 });
  assertEquals(await listWorkflows(client), []);
  await connection.query("begin");
  await connection.query("lock table dbos.workflow_status");
  const error = await assertRejects(() => listWorkflows(client), QueryTimeoutError);
  assertEquals((error.cause as { code?: string }).code, "57014");
  await connection.query("rollback");
  // The proxy has more statements in the same session.
  assertEquals(await sql`show statement_timeout`, [{ statement_timeout: "0" }]);
});

Deno.test("over neon(), waits poll, also with the option listen", async () => {
  await using fixture = await openFixture();
  const { proxy, connection } = fixture;
  await using client = createClient(neon(proxy.url), { listen: true, pollingIntervalMs: 20 });
  const handle = await enqueue(client, task);
  const event = getEvent<number>(client, handle.workflowID, "key", { timeoutSeconds: 600 });
  await getEvent(client, handle.workflowID, "other", 0);
  await connection.query(
    `insert into dbos.workflow_events (workflow_uuid, key, value, serialization)
    values ($1, 'key', '7', 'portable_json')`,
    [handle.workflowID],
  );
  assertEquals(await event, 7);
  await assertRejects(() => handle.getResult({ timeoutSeconds: 0.05 }), ResultTimeoutError);
});

Deno.test("what neon() is set to does not apply to what the client reads", async () => {
  await using fixture = await openFixture();
  const { proxy } = fixture;
  const sql = neon(proxy.url, { fullResults: true, arrayMode: true, readOnly: true });
  const { workflowID } = await enqueue(sql, task, 7);
  assertEquals((await listWorkflows(sql))[0]?.workflowID, workflowID);
  assertEquals((await getStatus(sql, workflowID))?.input, [7]);
});

Deno.test("calls over HTTP and over WebSockets survive that the proxy goes away", async () => {
  await using fixture = await openFixture();
  const { proxy } = fixture;
  const pool = new Pool({ connectionString: proxy.url });
  pool.on("error", () => {});
  await using _pool = { [Symbol.asyncDispose]: () => pool.end() };
  for (const driver of [neon(proxy.url), pool]) {
    await enqueue(driver, task);
    proxy.refuse();
    const client = createClient(driver, { retryTimeoutSeconds: 0.2 });
    const error = await assertRejects(() => getStatus(client, "nobody"));
    assertInstanceOf(error, Error);
    assertEquals(findSecret(error, (text) => text.includes("postgres://")), undefined);
    const refused = proxy.refused;
    const status = getStatus(driver, "nobody");
    await until(() => proxy.refused > refused);
    proxy.accept();
    assertEquals(await status, null);
  }
  assert(proxy.webSockets > 1);
});

Deno.test("nothing waits in a transaction of a connection over WebSockets", async () => {
  await using fixture = await openFixture();
  const pool = new Pool({ connectionString: fixture.proxy.url });
  pool.on("error", () => {});
  await using _pool = { [Symbol.asyncDispose]: () => pool.end() };
  const transaction = await pool.connect();
  await transaction.query("begin");
  await checkWaits(transaction);
  await transaction.query("rollback");
  transaction.release();
});

Deno.test("no error of neon() shows the URL of the database", async () => {
  await using fixture = await openFixture();
  const { proxy } = fixture;
  const { host } = new URL(proxy.url);
  const secret = "password-4f8a";
  const isSecret = (text: string) => text.includes(secret) || text.includes("://");
  const unreachable = `postgres://postgres:${secret}@127.0.0.1:${findFreePort()}/test`;
  for (
    const [url, reason] of [
      [`postgres://[\n${secret}`, "not a valid URL (connection string: …"],
      [`mysql:${secret}`, "Wrong URL scheme"],
      [`postgres://nobody:${secret}@${host}/test`, "nobody"],
      [unreachable, "Error connecting to database: TypeError"],
    ] as const
  ) {
    const client = createClient(neon(url), { retryTimeoutSeconds: 0.1 });
    const error = await assertRejects(() => enqueue(client, task), Error, reason);
    // Deno's own code has URLs in the stack.
    const stackless = (text: string) => text.replaceAll(/^\s+at .*$/gm, "");
    assertEquals(findSecret(error, (text) => isSecret(stackless(text))), undefined);
  }
});

Deno.test("what neon() returns is a client, and its queries are not", async () => {
  await using fixture = await openFixture();
  const { proxy } = fixture;
  const sql = neon(proxy.url);
  await assertRejects(
    () => enqueue(neon as unknown as Driver, task),
    TypeError,
    "pass an instance of it, or what it returns",
  );
  await assertRejects(() => enqueue(sql`select 1` as unknown as Driver, task), TypeError, "await");
  // Its transactions take queries only, so that no call of the library can be part of one.
  let call: Promise<unknown> | undefined;
  await assertRejects(
    () => sql.transaction((transaction) => [call = enqueue(transaction, task)] as never),
    Error,
    "expects an array of queries",
  );
  await call;
});

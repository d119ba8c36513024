import pg from "pg";
import postgres from "postgres";
import { assert, assertEquals } from "@std/assert";
import { connect, createClient } from "../../mod.ts";
import { isOldDeno } from "../support/old_deno.ts";
import { createCaller, type Failure } from "./caller.ts";
import { type OpenCaller, testFaults } from "./faults.ts";
import { testPoolerFaults } from "./pooler_faults.ts";
import { startFaultyServer } from "./server.ts";
import { until } from "../support/until.ts";

function openPgPool(config: pg.PoolConfig = {}): OpenCaller {
  return (url, options, max) => {
    const pool = new pg.Pool({ connectionString: url, max, ...config });
    pool.on("error", () => {});
    return Promise.resolve({
      ...createCaller(createClient(pool, options)),
      [Symbol.asyncDispose]: () => pool.end(),
    });
  };
}

const openers: Record<string, OpenCaller> = {
  "npm:pg Pool": openPgPool(),
  "npm:pg Pool that pipelines": openPgPool({
    pipeline: true,
    connectionTimeoutMillis: 2000,
  } as pg.PoolConfig),
  "npm:postgres": (url, options, max) => {
    const sql = postgres(url, {
      max,
      fetch_types: false,
      onnotice: () => {},
      backoff: () => 0.1,
      connect_timeout: 2,
    });
    return Promise.resolve({
      ...createCaller(createClient(sql, options)),
      // Without a timeout it waits for ever for a connection that was lost with a query in flight.
      [Symbol.asyncDispose]: () => sql.end({ timeout: 1 }),
    });
  },
  "connect()": async (url, options, maxConnections) => {
    const urlWithTimeout = new URL(url);
    urlWithTimeout.searchParams.set("connect_timeout", "2");
    const client = await connect(urlWithTimeout.href, { ...options, maxConnections });
    return { ...createCaller(client), [Symbol.asyncDispose]: () => client.close() };
  },
};

if (isOldDeno) {
  for (const name of Object.keys(openers)) if (name !== "connect()") delete openers[name];
}

for (const [name, open] of Object.entries(openers)) {
  Deno.test(`faults over ${name}`, (test) =>
    testFaults(open, { discards: name !== "npm:postgres" }, test));
}

// connect() connects before it returns.
const { "connect()": _connect, ...lazyOpeners } = openers;
for (const [name, open] of Object.entries(lazyOpeners)) {
  Deno.test(`faults behind PgBouncer over ${name}`, (test) => testPoolerFaults(open, test));
}

Deno.test("connect() does not loop when a server is full after it has ended a statement", async () => {
  await using server = await startFaultyServer();
  const client = await connect(server.url, { maxConnections: 1, listen: false });
  const caller = createCaller(client);
  const sessions = "from pg_stat_activity where usename = 'caller'";
  try {
    let lost: Promise<Failure> | undefined;
    await server.during("lock table dbos.workflow_status", async () => {
      lost = caller.fail("select from dbos.workflow_status limit 0");
      const blocked = `select ${sessions} and wait_event_type = 'Lock'`;
      await until(async () => (await server.query(blocked)).length > 0);
      await server.query("alter role caller connection limit 0");
      await server.query(`select pg_terminate_backend(pid) ${sessions}`);
    });
    assert((await lost!).isRetriable);
    const { description, isRetriable } = await caller.fail("select 1");
    assert(isRetriable, description);
    await server.query("alter role caller connection limit -1");
    const workflowID = crypto.randomUUID();
    const task = { workflowName: "echo", queueName: "idle", workflowID };
    assertEquals(await caller.enqueue(task), workflowID);
  } finally {
    await client.close();
  }
});

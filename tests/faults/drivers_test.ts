import pg from "pg";
import postgres from "postgres";
import { connect, createClient } from "../../mod.ts";
import { createCaller } from "./caller.ts";
import { type OpenCaller, testFaults } from "./faults.ts";

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
  "npm:pg Pool that pipelines": openPgPool({ pipeline: true } as pg.PoolConfig),
  "npm:postgres": (url, options, max) => {
    const sql = postgres(url, { max, fetch_types: false, onnotice: () => {}, backoff: () => 0.1 });
    return Promise.resolve({
      ...createCaller(createClient(sql, options)),
      // Without a timeout it waits for ever for a connection that was lost with a query in flight.
      [Symbol.asyncDispose]: () => sql.end({ timeout: 1 }),
    });
  },
  "connect()": async (url, options, maxConnections) => {
    const client = await connect(url, { ...options, maxConnections });
    return { ...createCaller(client), [Symbol.asyncDispose]: () => client.close() };
  },
};

for (const [name, open] of Object.entries(openers)) {
  Deno.test(`faults over ${name}`, (test) =>
    testFaults(open, { discards: name.startsWith("npm:pg ") }, test));
}

/**
 * Runs the conformance suite over `npm:@vercel/postgres`, and over the older release of `neon()` that it
 * depends on, and checks Drizzle over it: `vercel_postgres.ts <URL of the system database>`.
 */
import { neon, neonConfig } from "@neondatabase/serverless-of-vercel";
import { createClient, createPool, sql } from "@vercel/postgres";
import { drizzle } from "drizzle-orm/vercel-postgres";
import process from "node:process";
import pg from "pg";
import { cases } from "../conformance/cases.ts";
import { createTarget, runTransaction } from "../conformance/driver_targets.ts";
import * as library from "../../mod.ts";
import { startNeonProxy } from "../support/neon_proxy.ts";
import { checkOrm } from "../support/orm_suite.ts";
import { useNeonProxy } from "../support/use_neon_proxy.ts";

useNeonProxy(neonConfig);
const url = process.argv[2]!;
await using proxy = await startNeonProxy(url);
const proxied = new URL(proxy.url);
proxied.hostname = "localhost";
// The server asks for none, but the older neon() does.
proxied.password = "none";
process.env.POSTGRES_URL = proxied.href;

// deno-lint-ignore no-explicit-any -- their types are those of Node, which are not checked here
type Any = any;

async function runInPool(pool: Any, body: (transaction: Any) => Promise<void>): Promise<void> {
  const client = await pool.connect();
  try {
    await runTransaction((statement) => client.query(statement), () => body(client));
  } finally {
    client.release();
  }
}

const client = createClient({ connectionString: proxied.href });
const pgPool = new pg.Pool({ connectionString: url });
sql.on("error", () => {});
client.on("error", () => {});
await client.connect();

const targets: Record<string, Parameters<typeof createTarget>[1]> = {
  "sql": {
    driver: sql,
    transaction: (body) => runInPool(sql, body),
    close: () => sql.end(),
  },
  "createClient()": {
    driver: client,
    transaction: (body) =>
      runTransaction((statement) => client.query(statement), () => body(client)),
    close: () => client.end(),
  },
  "neon() before 1.0": {
    driver: neon(proxied.href),
    transaction: (body) => runInPool(pgPool, body),
    close: () => pgPool.end(),
  },
};

await Promise.all(
  Object.entries(targets).map(async ([name, open]) => {
    await using target = createTarget({ library, url }, open);
    for (const [title, run] of Object.entries(cases)) {
      await run(target).catch((error) => {
        throw new Error(`${name}: ${title}`, { cause: error });
      });
    }
    console.log(`${name} passed`);
  }),
);

const pool = createPool({ connectionString: proxied.href });
pool.on("error", () => {});
const db = drizzle(pool);
const directPool = new pg.Pool({ connectionString: url });
const orm = {
  db,
  run: (connection: Any, statement: string) => connection.execute(statement),
  transaction: (body: Any) => db.transaction(body),
  [Symbol.asyncDispose]: () => pool.end(),
};
await checkOrm(orm, directPool, async (step, run) => {
  try {
    await run();
  } catch (error) {
    throw new Error(`Drizzle: ${step}`, { cause: error });
  }
});
await pool.end();
await directPool.end();
console.log("Drizzle passed");

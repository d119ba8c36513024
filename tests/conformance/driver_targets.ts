import pg from "pg";
import postgres from "postgres";
import type { Client, ClientOptions, Driver } from "../../mod.ts";
import type { Library, TestTarget } from "./target.ts";

/** What a target needs to open: the library, and the database of the test application. */
export interface Fixture {
  readonly library: Library;
  /** The URL of the system database. */
  readonly url: string;
  readonly schema?: string;
  /** Client options that differ from the defaults. */
  readonly options?: ClientOptions;
}

export type OpenTarget = (fixture: Fixture) => Promise<TestTarget>;

interface OpenDriver {
  driver: Driver;
  transaction(body: (transaction: Driver) => Promise<void>): Promise<void>;
  close(): Promise<unknown>;
}

/** Creates a target for a driver. Its `query()` uses a connection of its own. */
export function createTarget(
  { library, url, schema, options }: Fixture,
  open: OpenDriver,
): TestTarget {
  const directPool = new pg.Pool({ connectionString: url, max: 1 });
  const wrap = (driver: Driver): Client | Driver => {
    if (!schema && !options) return driver;
    return library.createClient(driver, { ...(schema && { schema }), ...options });
  };
  return {
    library,
    client: wrap(open.driver),
    schema: pg.escapeIdentifier(schema ?? "dbos"),
    transaction: (body) => open.transaction((transaction) => body(wrap(transaction))),
    query: async (text, values) => (await directPool.query(text, values)).rows,
    async [Symbol.asyncDispose]() {
      await open.close();
      await directPool.end();
    },
  };
}

/** Runs `body` between `begin` and `commit`; rolls back if it throws. */
export async function runTransaction(
  run: (statement: string) => Promise<unknown>,
  body: () => Promise<void>,
): Promise<void> {
  await run("begin");
  try {
    await body();
    await run("commit");
  } catch (error) {
    await run("rollback");
    throw error;
  }
}

async function openPgPool(fixture: Fixture, config: pg.PoolConfig = {}): Promise<TestTarget> {
  const pool = new pg.Pool({ connectionString: fixture.url, ...config });
  return await createTarget(fixture, {
    driver: pool,
    async transaction(body) {
      const client = await pool.connect();
      try {
        await runTransaction((statement) => client.query(statement), () => body(client));
      } finally {
        client.release();
      }
    },
    close: () => pool.end(),
  });
}

async function openPgClient(fixture: Fixture): Promise<TestTarget> {
  const client = new pg.Client({ connectionString: fixture.url });
  await client.connect();
  return createTarget(fixture, {
    driver: client,
    transaction: (body) =>
      runTransaction((statement) => client.query(statement), () => body(client)),
    close: () => client.end(),
  });
}

async function openPostgresJs(
  fixture: Fixture,
  config: postgres.Options<Record<string, never>> = {},
): Promise<TestTarget> {
  const sql = postgres(fixture.url, { onnotice: () => {}, ...config });
  return await createTarget(fixture, {
    driver: sql,
    transaction: (body) => sql.begin((transaction) => body(transaction)).then(() => {}),
    close: () => sql.end(),
  });
}

/** The drivers that work on every runtime, by their names in test titles. */
export const driverTargets: Record<string, OpenTarget> = {
  "npm:pg Pool": (fixture) => openPgPool(fixture),
  "npm:pg Pool with pipelining": (fixture) =>
    openPgPool(fixture, { pipeline: true } as pg.PoolConfig),
  "npm:pg Pool without prepared statements": (fixture) =>
    openPgPool({ ...fixture, options: { prepare: false } }),
  "npm:pg Client": openPgClient,
  "npm:postgres": (fixture) => openPostgresJs(fixture),
  "npm:postgres without prepared statements": (fixture) =>
    openPostgresJs(fixture, { prepare: false }),
  "npm:postgres with camelCase columns": (fixture) =>
    openPostgresJs(fixture, { transform: postgres.camel }),
};

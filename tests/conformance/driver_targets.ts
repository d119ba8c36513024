import pg from "pg";
import postgres from "postgres";
import type { Client, ClientOptions, Driver } from "../../mod.ts";
import { hostileParsers, parsersByID, typeIDs } from "./hostile_parsers.ts";
import type { Library, TestTarget } from "./target.ts";

/** What a target needs to open: the library, and the database of the test application. */
export interface Fixture {
  readonly library: Library;
  /** The URL of the system database. */
  readonly url: string;
  /** Its URL through what stands in for Neon's proxy. */
  readonly proxyUrl?: string;
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
  const clients: Client[] = [];
  const wrap = (driver: Driver): Client | Driver => {
    if (!schema && !options) return driver;
    const client = library.createClient(driver, { ...(schema && { schema }), ...options });
    clients.push(client);
    return client;
  };
  return {
    library,
    client: wrap(open.driver),
    schema: pg.escapeIdentifier(schema ?? "dbos"),
    transaction: (body) => open.transaction((transaction) => body(wrap(transaction))),
    query: async (text, values) => (await directPool.query(text, values)).rows,
    async [Symbol.asyncDispose]() {
      for (const client of clients) await client.close();
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

/** What `connect()` opens has no transactions: those are of a connection of npm:pg. */
async function openConnect(fixture: Fixture): Promise<TestTarget> {
  const target = await openPgClient(fixture);
  const { library, url, schema, options } = fixture;
  const client = await library.connect(url, { ...(schema && { schema }), ...options });
  return {
    ...target,
    client,
    async [Symbol.asyncDispose]() {
      await client.close();
      await target[Symbol.asyncDispose]();
    },
  };
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

type Parsers = (typeof hostileParsers)[string];

function pgConfig(parsers: Parsers): pg.PoolConfig {
  const byID = parsersByID(parsers);
  const types = { getTypeParser: (id: number) => byID.get(id) ?? String };
  return { types } as unknown as pg.PoolConfig;
}

function postgresJsConfig(parsers: Parsers): postgres.Options<Record<string, never>> {
  const names = Object.keys(typeIDs) as (keyof Parsers & keyof typeof typeIDs)[];
  const types = Object.fromEntries(
    names.map((name) => [name, { to: typeIDs[name], from: [typeIDs[name]], parse: parsers[name] }]),
  );
  const transform = {
    column: { from: (name: string) => `x_${name.toUpperCase()}` },
    value: { from: (value: unknown) => typeof value === "string" ? `<${value}>` : value },
    row: { from: (row: object) => Object.fromEntries(Object.entries(row)) },
  };
  return { types, transform } as unknown as postgres.Options<Record<string, never>>;
}

/** The drivers that work on every runtime, by their names in test titles. */
export const driverTargets: Record<string, OpenTarget> = {
  "connect()": openConnect,
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
  ...Object.fromEntries(
    Object.entries(hostileParsers).flatMap(([setting, parsers]) => [
      [`npm:pg with ${setting}`, (fixture: Fixture) => openPgPool(fixture, pgConfig(parsers))],
      [
        `npm:postgres with ${setting} and renamed columns`,
        (fixture: Fixture) => openPostgresJs(fixture, postgresJsConfig(parsers)),
      ],
    ]),
  ),
};

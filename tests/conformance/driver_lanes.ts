import pg from "pg";
import postgres from "postgres";
import type { Client, ClientOptions, Driver } from "../../mod.ts";
import type { Lane, Library } from "./lane.ts";

/** Where a lane's test application is at work. */
export interface Place {
  readonly library: Library;
  /** The URL of the system database. */
  readonly url: string;
  readonly schema?: string;
  /** Settings of the client that differ from the defaults. */
  readonly options?: ClientOptions;
}

export type OpenLane = (place: Place) => Promise<Lane>;

interface OpenDriver {
  driver: Driver;
  transaction(body: (transaction: Driver) => Promise<void>): Promise<void>;
  close(): Promise<unknown>;
}

/** A lane over a driver; what is looked at from outside goes over a connection of its own. */
export function createLane({ library, url, schema, options }: Place, open: OpenDriver): Lane {
  const outside = new pg.Pool({ connectionString: url, max: 1 });
  const wrap = (driver: Driver): Client | Driver => {
    if (!schema && !options) return driver;
    return library.createClient(driver, { ...(schema && { schema }), ...options });
  };
  return {
    library,
    client: wrap(open.driver),
    schema: pg.escapeIdentifier(schema ?? "dbos"),
    transaction: (body) => open.transaction((transaction) => body(wrap(transaction))),
    query: async (text, values) => (await outside.query(text, values)).rows,
    async [Symbol.asyncDispose]() {
      await open.close();
      await outside.end();
    },
  };
}

/** Runs `body` between `begin` and `commit` of a connection on which statements can be run. */
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

async function openPgPool(place: Place, config: pg.PoolConfig = {}): Promise<Lane> {
  const pool = new pg.Pool({ connectionString: place.url, ...config });
  return await createLane(place, {
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

async function openPgClient(place: Place): Promise<Lane> {
  const client = new pg.Client({ connectionString: place.url });
  await client.connect();
  return createLane(place, {
    driver: client,
    transaction: (body) =>
      runTransaction((statement) => client.query(statement), () => body(client)),
    close: () => client.end(),
  });
}

async function openPostgresJs(
  place: Place,
  config: postgres.Options<Record<string, never>> = {},
): Promise<Lane> {
  const sql = postgres(place.url, { onnotice: () => {}, ...config });
  return await createLane(place, {
    driver: sql,
    transaction: (body) => sql.begin((transaction) => body(transaction)).then(() => {}),
    close: () => sql.end(),
  });
}

/** The drivers that every runtime has, by the names that the tests give them. */
export const driverLanes: Record<string, OpenLane> = {
  "npm:pg Pool": (place) => openPgPool(place),
  "npm:pg Pool that pipelines": (place) => openPgPool(place, { pipeline: true } as pg.PoolConfig),
  "npm:pg Pool without prepared statements": (place) =>
    openPgPool({ ...place, options: { prepare: false } }),
  "npm:pg Client": openPgClient,
  "npm:postgres": (place) => openPostgresJs(place),
  "npm:postgres without prepared statements": (place) => openPostgresJs(place, { prepare: false }),
  "npm:postgres with columns in camelCase": (place) =>
    openPostgresJs(place, { transform: postgres.camel }),
};

import type { Query } from "../database/query.ts";
import { sqlStateOf } from "../database/sql_state.ts";
import type { Adapter, AdapterOptions, Row } from "./adapter.ts";
import { inlineValues, joinQueries, toExecute } from "./literals.ts";

interface Queryable {
  queryObject(text: string): Promise<{ rows: Row[] }>;
}

interface PoolClient extends Queryable {
  release(): void;
}

interface Pool {
  readonly size: number;
  connect(): Promise<PoolClient>;
}

/** Whether this is a `Client`, `PoolClient`, `Transaction` or `Pool` of `jsr:@db/postgres`. */
export function isDenoPostgres(driver: object): boolean {
  return "queryObject" in driver || isPool(driver);
}

function isPool(driver: object): boolean {
  return "connect" in driver && "available" in driver && "size" in driver;
}

function isTransaction(driver: object): boolean {
  return "savepoint" in driver;
}

// What each connection has run so far: a statement is prepared when it comes for the second time, so
// that a program that says it once pays no round trip more.
const seenOn = new WeakMap<Queryable, Map<string, "run" | "prepared">>();

function seenBy(connection: Queryable): Map<string, "run" | "prepared"> {
  let seen = seenOn.get(connection);
  if (!seen) seenOn.set(connection, seen = new Map());
  return seen;
}

// 42P05 and 26000: the statement is there already, or is not. That shows where a pooler gives us
// another session, or the driver has reconnected.
const isThereState = "42P05";
const isMissingState = "26000";

async function queryPrepared(connection: Queryable, query: Query): Promise<Row[]> {
  const { name, text } = query;
  const seen = seenBy(connection);
  try {
    if (seen.get(name) === "run") {
      await connection.queryObject(`prepare ${name} as ${text}`);
      seen.set(name, "prepared");
    }
    if (seen.get(name) === "prepared") return await queryText(connection, toExecute(query));
  } catch (error) {
    const state = sqlStateOf(error);
    if (state === isThereState) seen.set(name, "prepared");
    else if (state === isMissingState) seen.delete(name);
    else throw error;
  }
  const rows = await queryText(connection, inlineValues(query));
  if (!seen.has(name)) seen.set(name, "run");
  return rows;
}

async function queryText(connection: Queryable, text: string): Promise<Row[]> {
  return (await connection.queryObject(text)).rows;
}

/**
 * Adapts `jsr:@db/postgres`. It writes a query with parameters as five small packets, of which the
 * kernel delays the second until the first is acknowledged (some 40 ms); a text without parameters
 * is one packet. So statements are prepared, and executed, as SQL.
 */
export function adaptDenoPostgres(driver: object, { prepare }: AdapterOptions): Adapter {
  const send = (connection: Queryable, query: Query) =>
    // Nothing outlives a transaction object, and an error would spoil the transaction.
    prepare && !isTransaction(connection)
      ? queryPrepared(connection, query)
      : queryText(connection, inlineValues(query));
  if (isPool(driver)) return adaptPool(driver as Pool, send);
  const queryable = driver as Queryable;
  // A client does not tell whether its user has sent a `begin` through it.
  const status = isTransaction(driver) ? "open" : "unknown";
  return {
    connections: 1,
    reconnects: false,
    transactionStatus: () => status,
    query: (query) => send(queryable, query),
    queryTogether: (queries) => queryText(queryable, joinQueries(queries)),
  };
}

function adaptPool(
  pool: Pool,
  send: (connection: Queryable, query: Query) => Promise<Row[]>,
): Adapter {
  async function run(use: (connection: Queryable) => Promise<Row[]>): Promise<Row[]> {
    const client = await pool.connect();
    try {
      return await use(client);
    } finally {
      client.release();
    }
  }
  return {
    connections: pool.size,
    reconnects: true,
    transactionStatus: () => "none",
    query: (query) => run((client) => send(client, query)),
    queryTogether: (queries) => run((client) => queryText(client, joinQueries(queries))),
  };
}

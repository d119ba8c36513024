import type { Query } from "../database/query.ts";
import { sqlStateOf } from "../database/sql_state.ts";
import type { AdapterOptions, Executor, Row } from "./adapter.ts";
import { inlineValues, joinQueries, toExecute } from "./literals.ts";

interface Queryable {
  queryObject(text: string): Promise<{ rows: Row[] }>;
}

interface PoolClient extends Queryable {
  release(): void;
}

interface Pool {
  connect(): Promise<PoolClient>;
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
 * Sends to `jsr:@db/postgres`. It writes a query with parameters as five small packets, of which the
 * kernel delays the second until the first is acknowledged (some 40 ms); a text without parameters
 * is one packet. So statements are prepared, and executed, as SQL.
 */
export function createDenoPostgresExecutor(driver: object, { prepare }: AdapterOptions): Executor {
  // Nothing outlives a transaction object, and an error would spoil the transaction.
  const prepares = prepare && !("savepoint" in driver);

  async function onConnection(run: (connection: Queryable) => Promise<Row[]>): Promise<Row[]> {
    if ("queryObject" in driver) return await run(driver as Queryable);
    const client = await (driver as Pool).connect();
    try {
      return await run(client);
    } finally {
      client.release();
    }
  }

  return {
    query: (query) =>
      onConnection((connection) =>
        prepares ? queryPrepared(connection, query) : queryText(connection, inlineValues(query))
      ),
    queryInOneMessage: (queries) =>
      onConnection((connection) => queryText(connection, joinQueries(queries))),
  };
}

import type { DriverRow, Executor, ExecutorOptions, Query, Value } from "./adapter.ts";
import { type ClientPool, type PoolClient, type UseClient, usePool } from "./deno_postgres_pool.ts";
import { isLostSocket, sqlStateOf } from "./error_codes.ts";
import { canInline, inlineValues, joinQueries, quoteIdentifier, toExecute } from "./quoting.ts";

// The name of the driver's own error for a connection that it has closed.
const connectionClosed = "ConnectionError";
// Deno has no class for a host without an address, and the driver none for a server that closes a
// connection at once.
const lostConnectionMessage =
  /^(failed to lookup address information|Could not check if server accepts SSL .* with: 0$)/;

interface Queryable {
  queryArray(text: string, values?: readonly Value[]): Promise<{ rows: DriverRow[] }>;
}

// What each connection has run so far. A statement is prepared when it is sent for the second time, so
// that a program that sends it once pays for no round trip more.
const statementsOf = new WeakMap<Queryable, Map<string, "run" | "prepared">>();

function statementsOn(connection: Queryable): Map<string, "run" | "prepared"> {
  let statements = statementsOf.get(connection);
  if (!statements) statementsOf.set(connection, statements = new Map());
  return statements;
}

// The session is another one than before: behind a pooler, or after the driver has reconnected.
const duplicatePreparedStatement = "42P05";
const invalidStatementName = "26000";

async function queryPrepared(connection: Queryable, query: Query): Promise<DriverRow[]> {
  const { name, text } = query;
  const statements = statementsOn(connection);
  try {
    if (statements.get(name) === "run") {
      await connection.queryArray(`prepare ${quoteIdentifier(name)} as ${text}`);
      statements.set(name, "prepared");
    }
    if (statements.get(name) === "prepared") return await queryText(connection, toExecute(query));
  } catch (error) {
    const state = sqlStateOf(error);
    if (state === duplicatePreparedStatement) statements.set(name, "prepared");
    else if (state === invalidStatementName) statements.delete(name);
    else throw error;
  }
  const rows = await queryText(connection, inlineValues(query));
  if (!statements.has(name)) statements.set(name, "run");
  return rows;
}

async function queryText(connection: Queryable, text: string): Promise<DriverRow[]> {
  return (await connection.queryArray(text)).rows;
}

async function queryValues(connection: Queryable, { text, values }: Query): Promise<DriverRow[]> {
  return (await connection.queryArray(text, values)).rows;
}

/**
 * The executor of `jsr:@db/postgres`, which writes a query with parameters as five small packets. The
 * kernel delays the second one until the first is acknowledged, which takes some 40 ms. A text
 * without parameters is one packet. So statements are prepared and executed in SQL.
 */
export function createDenoPostgresExecutor(
  driver: object,
  { kind, prepare }: ExecutorOptions,
): Executor {
  // A transaction object is short-lived, and an error would abort the transaction.
  const prepares = prepare && kind !== "transaction";

  const onConnection: UseClient<Queryable> = kind === "pool"
    ? (use, attempt) => usePool(driver as ClientPool<Queryable & PoolClient>)(use, attempt)
    : async (use) => await use(driver as Queryable);

  return {
    query: (query, attempt) =>
      onConnection((connection) => {
        if (!canInline(query)) return queryValues(connection, query);
        return prepares && query.name
          ? queryPrepared(connection, query)
          : queryText(connection, inlineValues(query));
      }, attempt),
    queryInOneMessage: (queries, attempt) =>
      onConnection((connection) => queryText(connection, joinQueries(queries)), attempt),
    isLostConnection: (error) =>
      isLostSocket(error) ||
      (error instanceof Error &&
        (error.name === connectionClosed || lostConnectionMessage.test(error.message))),
    // After a notification, later queries would return the rows of the query before, so it never
    // listens.
  };
}

import { endReadOnlySession } from "../../sql/database/mod.ts";
import { createStatementLimit, type SendStatement } from "./abandoned_statements.ts";
import {
  defaultPoolSize,
  type DriverRow,
  type Executor,
  type ExecutorOptions,
  type Query,
  type Value,
} from "./adapter.ts";
import { codeOf, isLostSocket, readOnly, sqlStateOf } from "./error_codes.ts";
import { canInline, inlineValues, joinQueries } from "./quoting.ts";
import { createSqlTagListen, type ListeningSqlTag } from "./sql_tag_listen.ts";

/** A statement, which is sent when it is awaited. Only that of `npm:postgres` has a `describe()`. */
interface SqlStatement<Result> extends Promise<Result> {
  raw(): SqlStatement<Result>;
  values(): SqlStatement<Result>;
}

/** What `npm:postgres` and `Bun.sql` have in common. */
interface SqlTag {
  unsafe(
    text: string,
    values: readonly Value[],
    options: { prepare: boolean },
  ): SqlStatement<DriverRow[]>;
  unsafe<Result = DriverRow[]>(text: string): SqlStatement<Result>;
  readonly options?: { readonly prepare?: boolean; readonly max?: number };
}

// Those of npm:postgres, and those of Bun.sql.
const lostConnectionCodes = new Set([
  "CONNECTION_CLOSED",
  "CONNECTION_DESTROYED",
  "CONNECT_TIMEOUT",
  "ERR_POSTGRES_CONNECTION_CLOSED",
  "ERR_POSTGRES_CONNECTION_FAILED",
  "ERR_POSTGRES_CONNECTION_REFUSED",
  "ERR_POSTGRES_CONNECTION_TIMEOUT",
]);

// If npm:postgres lost a connection in the middle of an answer, the next answer on that connection begins
// with as many holes as there were rows.
function removeHoles(rows: DriverRow[]): DriverRow[] {
  return rows.length === 0 || 0 in rows ? rows : rows.filter(() => true);
}

/**
 * Has the driver return the values of a row by their position: npm:postgres, which can be set to parse
 * them, as bytes, and Bun.sql, whose bytes are not always text, as values.
 */
function byPosition<Result>(statement: SqlStatement<Result>): SqlStatement<Result> {
  return "describe" in statement ? statement.raw() : statement.values();
}

/**
 * Has read-only sessions end, one for each statement that is refused by one. The drivers do not close
 * a single connection, so after a failover they would keep those to the old primary.
 */
function leaveReadOnlyServer(sql: SqlTag, send: SendStatement): SendStatement {
  return async (run, attempt) => {
    try {
      return await send(run, attempt);
    } catch (error) {
      if (sqlStateOf(error) === readOnly) sql.unsafe(endReadOnlySession.sql).catch(() => {});
      throw error;
    }
  };
}

function isLostConnection(error: unknown): boolean {
  return isLostSocket(error) || lostConnectionCodes.has(codeOf(error));
}

/**
 * Sends nothing more on a connection that was lost. npm:postgres would wait for an answer forever, or
 * end the process.
 */
function stopAfterLoss(): SendStatement {
  let loss: unknown;
  return async (send) => {
    if (loss) throw loss;
    try {
      return await send();
    } catch (error) {
      if (isLostConnection(error)) loss = error;
      throw error;
    }
  };
}

/**
 * The executor of `npm:postgres` and `Bun.sql`, which send statements at once, in a pipeline.
 *
 * Before npm:postgres runs a statement with parameters, it asks the server for their types. That costs
 * a round trip, each time or, if the statement is to be prepared, the first time on a connection. So
 * a statement is prepared when it is sent for the second time, and has no parameters until then.
 */
export function createSqlTagExecutor(driver: object, options: ExecutorOptions): Executor {
  const sql = driver as unknown as SqlTag;
  const prepare = options.prepare && sql.options?.prepare !== false;
  // Earlier calls may have prepared it on the connection of a transaction.
  const isPool = options.kind === "pool";
  const sentNames = new Set<string>();
  const send: SendStatement = isPool
    ? leaveReadOnlyServer(sql, createStatementLimit(sql.options?.max ?? defaultPoolSize))
    : stopAfterLoss();

  function isToBePrepared(name: string): boolean {
    if (name === "") return false;
    const isFirst = isPool && !sentNames.has(name);
    sentNames.add(name);
    return prepare && !isFirst;
  }

  function sendQuery(query: Query): SqlStatement<DriverRow[]> {
    const isPrepared = isToBePrepared(query.name);
    return isPrepared || !canInline(query)
      ? sql.unsafe(query.text, query.values, { prepare: isPrepared })
      : sql.unsafe(inlineValues(query));
  }

  return {
    query: async (query, attempt) =>
      removeHoles(await send(() => byPosition(sendQuery(query)), attempt)),
    async queryInOneMessage(queries, attempt) {
      const text = joinQueries(queries);
      const results = await send(() => byPosition(sql.unsafe<DriverRow[][]>(text)), attempt);
      return removeHoles(results.at(-1)!);
    },
    isLostConnection,
    ...(isPool && "listen" in driver && {
      listen: createSqlTagListen(driver as unknown as ListeningSqlTag),
    }),
  };
}

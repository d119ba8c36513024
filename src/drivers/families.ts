/** Recognises the drivers of packages by their shapes. How to send statements is in their executors. */

import { checkInteger } from "../validate.ts";
import { defaultPoolSize, type DriverFamily } from "./adapter.ts";
import type { CustomDriver } from "./driver.ts";
import { createPgExecutor } from "./pg_executor.ts";

/** A database of `npm:@electric-sql/pglite`, or a transaction of one. */
export const pglite: DriverFamily = {
  matches: (driver) =>
    "query" in driver && "exec" in driver && ("waitReady" in driver || "rollback" in driver),
  // It has one connection, on which it runs a transaction only in a callback.
  kindOf: (driver) => "waitReady" in driver ? "pool" : "transaction",
  poolSizeOf: () => 1,
  loadExecutor: async () => (await import("./pglite_executor.ts")).createPGliteExecutor,
};

/** A `Client`, `PoolClient`, `Transaction` or `Pool` of `jsr:@db/postgres`. */
export const denoPostgres: DriverFamily = {
  matches: (driver) =>
    "queryObject" in driver || ("connect" in driver && "available" in driver && "size" in driver),
  kindOf(driver) {
    if ("savepoint" in driver) return "transaction";
    return "queryObject" in driver ? "connection" : "pool";
  },
  // A new pool has size 0 until it has connected. Calls that are too many wait in the pool.
  poolSizeOf: (driver) => Number((driver as { size: number }).size) || defaultPoolSize,
  loadExecutor: async () =>
    (await import("./deno_postgres_executor.ts")).createDenoPostgresExecutor,
};

/** What `neon()` of `npm:@neondatabase/serverless` returns, which sends each statement over HTTP. */
export const neonHttp: DriverFamily = {
  // `Bun.sql` has a `transaction()` as well as a `begin()`, and a `Knex` has a `raw()`.
  matches: (driver) =>
    typeof driver === "function" && "transaction" in driver &&
    !("begin" in driver) && !("raw" in driver),
  kindOf: () => "pool",
  // Neon's proxy opens as many as there are requests in flight.
  poolSizeOf: () => defaultPoolSize,
  loadExecutor: async () => (await import("./neon_http_executor.ts")).createNeonHttpExecutor,
};

interface SqlTag {
  readonly options?: { readonly adapter?: string; readonly max?: number };
}

/** `sql` of `npm:postgres` or `Bun.sql`, the `sql` of a transaction, or a reserved connection. */
export const sqlTag: DriverFamily = {
  matches: (driver) =>
    typeof driver === "function" && "unsafe" in driver &&
    ((driver as SqlTag).options?.adapter ?? "postgres") === "postgres",
  kindOf(driver) {
    if ("savepoint" in driver) return "transaction";
    return "release" in driver ? "connection" : "pool";
  },
  poolSizeOf: (driver) => (driver as SqlTag).options?.max ?? defaultPoolSize,
  loadExecutor: async () => (await import("./sql_tag_executor.ts")).createSqlTagExecutor,
};

interface PgClient {
  /** Since pg 8.17. */
  getTransactionStatus?(): string | null;
  readonly connection?: {
    on?(event: "readyForQuery", listener: (message: { status: string }) => void): void;
  };
}

const observedStatus = new WeakMap<object, string | undefined>();

/** The status that the server has told after the last statement, of older clients and those of Neon. */
function observeStatus(client: PgClient): string | undefined {
  // A pool has none.
  if (!client.connection?.on) return undefined;
  if (!observedStatus.has(client)) {
    observedStatus.set(client, undefined);
    client.connection.on("readyForQuery", ({ status }) => observedStatus.set(client, status));
  }
  return observedStatus.get(client);
}

/** A `Pool`, `Client` or `PoolClient` of `npm:pg`, or the pool of `connect()`. */
export const pg: DriverFamily = {
  matches: (driver) =>
    "query" in driver && "connect" in driver &&
    ("totalCount" in driver || "connection" in driver || "processID" in driver),
  kindOf: (driver) => "totalCount" in driver ? "pool" : "connection",
  poolSizeOf: (driver) =>
    (driver as { options?: { max?: number } }).options?.max ?? defaultPoolSize,
  statusOf(driver) {
    const client = driver as PgClient;
    const status = client.getTransactionStatus
      ? client.getTransactionStatus()
      : observeStatus(client);
    if (!status) return undefined;
    return status === "I" ? "none" : "open";
  },
  // Also that of connect(), so most programs need it: an import() takes longer than its code.
  loadExecutor: () => createPgExecutor,
};

/** A driver of the user's own. It comes last: drivers that the library knows have a `query()`, too. */
export const custom: DriverFamily = {
  // Databases of SQLite have a `query()` as well.
  matches: (driver) =>
    typeof (driver as Partial<CustomDriver>).query === "function" && !("prepare" in driver),
  kindOf: () => "pool",
  poolSizeOf(driver) {
    const { maxConnections = 1 } = driver as CustomDriver;
    checkInteger("maxConnections of the driver", maxConnections, 1);
    return maxConnections;
  },
  statusOf: (driver) => (driver as CustomDriver).transactionStatus?.() ?? "unknown",
  loadExecutor: async () => (await import("./custom_executor.ts")).createCustomExecutor,
};

interface VercelSql {
  readonly totalCount?: unknown;
  off(event: "error", listener: () => void): object;
}

function ignore(): void {}

/**
 * The pool behind `sql` of `npm:@vercel/postgres`, a proxy that has the values of the pool's properties,
 * but not the properties. Any other driver is returned as it is.
 */
export function unwrapVercelSql(driver: object): object {
  if (typeof driver !== "function" || "totalCount" in driver) return driver;
  const sql = driver as unknown as VercelSql;
  // Methods of an event emitter return the emitter itself.
  return typeof sql.totalCount === "number" ? sql.off("error", ignore) : driver;
}

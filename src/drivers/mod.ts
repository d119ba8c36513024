/**
 * Recognises drivers by their shape, so that none is imported, and says what can be said of one before
 * anything is sent. What sends to it is loaded when it is needed: few programs have two drivers.
 */

import type { Adapter, AdapterOptions, Executor, TransactionStatus } from "./adapter.ts";

interface DriverFamily {
  matches(driver: object): boolean;
  /** How many connections a pool has at most; undefined for what is none. */
  poolSize?(driver: object): number | undefined;
  /** Whether a transaction is open on what is no pool. */
  transactionStatus(driver: object): TransactionStatus;
  load(): Promise<(driver: object, options: AdapterOptions) => Executor>;
}

// How many connections npm:pg, npm:postgres and Bun.sql have where they are not told. It serves for a pool
// of @db/postgres too that does not tell its size yet: calls too many wait in the pool.
const defaultPoolSize = 10;

function maxOf(driver: object): number {
  return (driver as { options?: { max?: number } }).options?.max ?? defaultPoolSize;
}

/** A database of `npm:@electric-sql/pglite`, which has one session, or a transaction of one. */
const pglite: DriverFamily = {
  matches: (driver) =>
    "query" in driver && "exec" in driver && ("waitReady" in driver || "rollback" in driver),
  transactionStatus: (driver) => "waitReady" in driver ? "none" : "open",
  load: async () => (await import("./pglite.ts")).createPGliteExecutor,
};

/** A `Client`, `PoolClient`, `Transaction` or `Pool` of `jsr:@db/postgres`. */
const denoPostgres: DriverFamily = {
  matches: (driver) =>
    "queryObject" in driver || ("connect" in driver && "available" in driver && "size" in driver),
  poolSize: (driver) => "size" in driver ? Number(driver.size) || defaultPoolSize : undefined,
  // A client does not tell whether its user has sent a `begin` through it.
  transactionStatus: (driver) => "savepoint" in driver ? "open" : "unknown",
  load: async () => (await import("./deno_postgres.ts")).createDenoPostgresExecutor,
};

/** `sql` of `npm:postgres` or `Bun.sql`, a transaction of one, or a reserved connection. */
const sqlTag: DriverFamily = {
  matches: (driver) =>
    typeof driver === "function" && "unsafe" in driver &&
    ((driver as { options?: { adapter?: string } }).options?.adapter ?? "postgres") === "postgres",
  poolSize: (driver) => "savepoint" in driver || "release" in driver ? undefined : maxOf(driver),
  transactionStatus: (driver) => "savepoint" in driver ? "open" : "unknown",
  load: async () => (await import("./sql_tag.ts")).createSqlTagExecutor,
};

/** A `Pool`, `Client` or `PoolClient` of `npm:pg`. */
const pg: DriverFamily = {
  matches: (driver) =>
    "query" in driver && "connect" in driver &&
    ("totalCount" in driver || "connection" in driver || "processID" in driver),
  poolSize: (driver) => "totalCount" in driver ? maxOf(driver) : undefined,
  // Clients tell since pg 8.17.
  transactionStatus(driver) {
    const status = (driver as { getTransactionStatus?(): string | null }).getTransactionStatus?.();
    if (!status) return "unknown";
    return status === "I" ? "none" : "open";
  },
  load: async () => (await import("./pg.ts")).createPgExecutor,
};

const families = [pglite, denoPostgres, sqlTag, pg];

function describe(value: unknown): string {
  if (value === null || (typeof value !== "object" && typeof value !== "function")) {
    return value === null ? "null" : typeof value;
  }
  return `an object of class ${value.constructor?.name ?? "unknown"}`;
}

function findFamily(driver: unknown): DriverFamily | undefined {
  const isObject = (typeof driver === "object" && driver !== null) || typeof driver === "function";
  return isObject ? families.find(({ matches }) => matches(driver)) : undefined;
}

/** The adapter for `driver`, or a TypeError that says what would have been one. */
export function adaptDriver(driver: unknown, options: AdapterOptions): Adapter {
  const family = findFamily(driver);
  if (!family) {
    throw new TypeError(
      `Cannot use ${describe(driver)} as a client: expected what createClient() or connect() ` +
        "returns, or a pool, connection or transaction of npm:pg, npm:postgres, jsr:@db/postgres, " +
        "npm:@electric-sql/pglite or Bun.sql",
    );
  }
  const recognised = driver as object;
  const poolSize = family.poolSize?.(recognised);
  const isPool = poolSize !== undefined;
  let executor: Promise<Executor> | undefined;
  return {
    driver: recognised,
    connections: poolSize ?? 1,
    canReconnect: isPool,
    transactionStatus: () => isPool ? "none" : family.transactionStatus(recognised),
    load: () => executor ??= family.load().then((send) => send(recognised, options)),
  };
}

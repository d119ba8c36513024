/** Recognises drivers and ORMs by their shapes. How they send statements is loaded on demand. */

import { checkInteger } from "../validate.ts";
import { defaultPoolSize, type DriverFamily, type TransactionStatus } from "./adapter.ts";
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

// deno-lint-ignore no-explicit-any -- an object of which only the shape is known
type Shape = any;

interface Orm {
  matches(orm: Shape): boolean;
  /** Whether it always uses one connection. */
  isConnection(orm: Shape): boolean;
  statusOf(orm: Shape): TransactionStatus;
  /** How many connections its pool opens at most, if it is set. */
  poolSizeOf?(orm: Shape): number | undefined;
  /** Loads the function that makes a driver of it. */
  load(): Promise<(orm: Shape) => CustomDriver>;
}

function toFamily({ matches, isConnection, statusOf, poolSizeOf, load }: Orm): DriverFamily {
  return {
    matches,
    kindOf: (orm) => isConnection(orm) ? "connection" : "pool",
    statusOf,
    poolSizeOf: (orm) => poolSizeOf?.(orm) ?? defaultPoolSize,
    async loadExecutor() {
      const [toDriver, { createCustomExecutor }] = await Promise.all([
        load(),
        import("./custom_executor.ts"),
      ]);
      return (orm, options) => createCustomExecutor(toDriver(orm), options);
    },
  };
}

function statusFor(isOpen: unknown): TransactionStatus {
  return isOpen ? "open" : "none";
}

const kysely: Orm = {
  matches: (orm) => "executeQuery" in orm && "isTransaction" in orm,
  isConnection: (orm) => orm.isTransaction,
  statusOf: (orm) => statusFor(orm.isTransaction),
  load: async () => (await import("./kysely.ts")).toKyselyDriver,
};

const knex: Orm = {
  matches: (orm) => typeof orm === "function" && "raw" in orm && "client" in orm,
  isConnection: (orm) => orm.isTransaction,
  statusOf: (orm) => statusFor(orm.isTransaction),
  poolSizeOf: (orm) => orm.client?.config?.pool?.max,
  load: async () => (await import("./knex.ts")).toKnexDriver,
};

/** The query runner of an `EntityManager` or `Repository`, if it is bound to one, or the one given. */
function queryRunnerOf(orm: Shape): Shape {
  return "isTransactionActive" in orm ? orm : (orm.manager ?? orm).queryRunner;
}

const typeorm: Orm = {
  matches: (orm) =>
    "query" in orm &&
    ("getRepository" in orm || "isTransactionActive" in orm ||
      ("manager" in orm && "target" in orm)),
  isConnection: (orm) => Boolean(queryRunnerOf(orm)),
  statusOf: (orm) => statusFor(queryRunnerOf(orm)?.isTransactionActive),
  poolSizeOf(orm) {
    const { options, connection } = "target" in orm ? orm.manager : orm;
    return (options ?? connection?.options)?.poolSize;
  },
  load: async () => (await import("./typeorm.ts")).toTypeORMDriver,
};

const sequelize: Orm = {
  matches: (orm) =>
    ("query" in orm && "authenticate" in orm) || ("sequelize" in orm && "rollback" in orm),
  isConnection: (orm) => "rollback" in orm,
  statusOf: (orm) => statusFor("rollback" in orm),
  poolSizeOf: (orm) => orm.connectionManager?.config?.pool?.max,
  load: async () => (await import("./sequelize.ts")).toSequelizeDriver,
};

const mikroORM: Orm = {
  matches: (orm) => "getTransactionContext" in orm && "isInTransaction" in orm,
  // The same one can begin and end transactions.
  isConnection: () => false,
  statusOf: (orm) => statusFor(orm.isInTransaction()),
  load: async () => (await import("./mikro_orm.ts")).toMikroORMDriver,
};

const prisma: Orm = {
  matches: (orm) => "$queryRawUnsafe" in orm,
  isConnection: (orm) => isPrismaTransaction(orm),
  statusOf: (orm) => statusFor(isPrismaTransaction(orm)),
  load: async () => (await import("./prisma.ts")).toPrismaDriver,
};

function isPrismaTransaction(orm: Shape): boolean {
  return typeof orm.$connect !== "function";
}

const knownOrms: readonly Orm[] = [kysely, knex, typeorm, sequelize, mikroORM, prisma];

/** The families of ORMs that have a way of their own to run a statement. */
export const orms: readonly DriverFamily[] = knownOrms.map(toFamily);

/** A driver of a database or transaction of Drizzle. */
interface UnwrappedDriver {
  readonly driver: unknown;
  readonly isTransaction: boolean;
}

/** The driver that a database or transaction of Drizzle keeps, which is then used as it is. */
export function unwrapDrizzle(driver: object): UnwrappedDriver | undefined {
  const { session } = driver as { session?: { client?: unknown } };
  if (!session || !("dialect" in driver)) return undefined;
  return { driver: session.client, isTransaction: "rollback" in driver };
}

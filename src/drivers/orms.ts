/** Recognises the databases and transactions of ORMs. How to send statements is loaded on demand. */

import { defaultPoolSize, type DriverFamily, type TransactionStatus } from "./adapter.ts";
import type { CustomDriver } from "./driver.ts";

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

/** The families of ORMs that have a way of their own to run a statement. */
export const orms: readonly DriverFamily[] = [kysely, knex, typeorm, sequelize, mikroORM, prisma]
  .map(
    toFamily,
  );

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

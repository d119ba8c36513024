/** Recognises drivers, and tells what is known of one before anything is sent through it. */

import { onDemand } from "../promises.ts";
import { isThenable } from "../validate.ts";
import type { Adapter, DriverFamily } from "./adapter.ts";
import {
  custom,
  denoPostgres,
  neonHttp,
  orms,
  pg,
  pglite,
  sqlTag,
  unwrapDrizzle,
  unwrapVercelSql,
} from "./families.ts";

const families: readonly DriverFamily[] = [
  pglite,
  denoPostgres,
  // Before npm:postgres, because both have an `unsafe()`.
  neonHttp,
  sqlTag,
  ...orms,
  pg,
  custom,
];
const ormNames = "Drizzle, Kysely, Knex, TypeORM, Sequelize, MikroORM or Prisma";

function isObject(value: unknown): value is object {
  return (typeof value === "object" && value !== null) || typeof value === "function";
}

function describe(value: unknown): string {
  if (!isObject(value)) return value === null ? "null" : typeof value;
  const drizzle = unwrapDrizzle(value);
  if (drizzle) return `a database of Drizzle with ${describe(drizzle.driver)}`;
  return `an object of class ${value.constructor?.name ?? "unknown"}`;
}

function adviceFor(value: unknown): string {
  if (isThenable(value)) return "; await it first";
  if (value instanceof URL) return "; pass its href to connect()";
  if (typeof value === "function") return "; pass an instance of it, or what it returns";
  if (isObject(value)) {
    if ("em" in value) return "; it looks like MikroORM: pass its em";
    if ("connectionString" in value) {
      const what = "connect" in value ? "Hyperdrive" : "the settings of a driver";
      return `; it looks like ${what}: pass a pool or connection with this connectionString`;
    }
    if ("rpc" in value && "from" in value) {
      return "; it looks like the client of Supabase: pass a pool or connection to its database";
    }
    if ("prepare" in value) return "; it looks like SQLite, but DBOS has its tables in Postgres";
    if ("Pool" in value || "default" in value) {
      return "; it looks like a module: pass a pool or connection that is made with it";
    }
  }
  return typeof value === "string" && /^postgres(ql)?:/.test(value)
    ? "; pass the URL to connect()"
    : "";
}

/** The adapter of `driver`, or a TypeError that says what would have been a driver. */
export function adaptDriver(driver: unknown, options: { prepare: boolean }): Adapter {
  const drizzle = isObject(driver) ? unwrapDrizzle(driver) : undefined;
  const unwrapped = drizzle ? drizzle.driver : driver;
  const recognised = isObject(unwrapped) ? unwrapVercelSql(unwrapped) : unwrapped;
  const family = isObject(recognised) && families.find(({ matches }) => matches(recognised));
  if (!family) {
    throw new TypeError(
      `Cannot use ${describe(driver)} as a client: expected what createClient() or connect() ` +
        "returns, a pool, connection or transaction of npm:pg, npm:postgres, jsr:@db/postgres, " +
        "npm:@electric-sql/pglite, npm:@neondatabase/serverless, npm:@vercel/postgres or Bun.sql, " +
        `a database or transaction of ${ormNames}, or a driver of your own with ` +
        `query(text, values)${adviceFor(driver)}`,
    );
  }
  const kind = drizzle?.isTransaction ? "transaction" : family.kindOf(recognised);
  const loadExecutor = onDemand(async () =>
    (await family.loadExecutor())(recognised, { ...options, kind })
  );
  return {
    maxConnections: kind === "pool" ? family.poolSizeOf(recognised) : 1,
    canReconnect: kind === "pool",
    transactionStatus() {
      if (kind === "transaction") return "open";
      return family.statusOf?.(recognised) ?? (kind === "pool" ? "none" : "unknown");
    },
    load: async () => await loadExecutor(),
  };
}

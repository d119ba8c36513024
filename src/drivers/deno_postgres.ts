import { defaultPoolSize, type DriverFamily } from "./adapter.ts";

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

import type { DriverFamily } from "./adapter.ts";

/** A database of `npm:@electric-sql/pglite`, or a transaction of one. */
export const pglite: DriverFamily = {
  matches: (driver) =>
    "query" in driver && "exec" in driver && ("waitReady" in driver || "rollback" in driver),
  // It has one connection, on which it runs a transaction only in a callback.
  kindOf: (driver) => "waitReady" in driver ? "pool" : "transaction",
  poolSizeOf: () => 1,
  loadExecutor: async () => (await import("./pglite_executor.ts")).createPGliteExecutor,
};

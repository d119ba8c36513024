import { defaultPoolSize, type DriverFamily } from "./adapter.ts";

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

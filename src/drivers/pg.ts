import { defaultPoolSize, type DriverFamily } from "./adapter.ts";
import { createPgExecutor } from "./pg_executor.ts";

/** A `Pool`, `Client` or `PoolClient` of `npm:pg`, or the pool of `connect()`. */
export const pg: DriverFamily = {
  matches: (driver) =>
    "query" in driver && "connect" in driver &&
    ("totalCount" in driver || "connection" in driver || "processID" in driver),
  kindOf: (driver) => "totalCount" in driver ? "pool" : "connection",
  poolSizeOf: (driver) =>
    (driver as { options?: { max?: number } }).options?.max ?? defaultPoolSize,
  // Connections tell since pg 8.17.
  statusOf(driver) {
    const status = (driver as { getTransactionStatus?(): string | null }).getTransactionStatus?.();
    if (!status) return undefined;
    return status === "I" ? "none" : "open";
  },
  // Also that of connect(), so most programs need it: an import() takes longer than its code.
  loadExecutor: () => createPgExecutor,
};

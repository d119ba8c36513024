import { defaultPoolSize, type DriverFamily } from "./adapter.ts";
import { createPgExecutor } from "./pg_executor.ts";

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

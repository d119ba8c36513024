import { defaultPoolSize, type DriverFamily } from "./adapter.ts";

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

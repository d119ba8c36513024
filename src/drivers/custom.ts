import { checkInteger } from "../validate.ts";
import type { DriverFamily } from "./adapter.ts";
import type { CustomDriver } from "./driver.ts";

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

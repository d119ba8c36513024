import type { DriverRow, Executor } from "./adapter.ts";
import { throwIfUnneeded } from "./attempt.ts";
import type { CustomDriver } from "./driver.ts";
import { isLostSocket } from "./lost_connection.ts";
import { joinQueries } from "./quoting.ts";

function checkRows(rows: unknown): readonly DriverRow[] {
  if (Array.isArray(rows)) return rows;
  throw new TypeError(
    `Cannot read the rows: the driver's query() returned ${
      rows === null ? "null" : typeof rows
    }, ` +
      "and no array. Return the array of rows alone, such as result.rows",
  );
}

/** The executor of a driver of the user's own, which has only `query()` for certain. */
export function createCustomExecutor(driver: object): Executor {
  const custom = driver as CustomDriver;
  return {
    async query({ text, values }, attempt) {
      throwIfUnneeded(attempt);
      return checkRows(await custom.query(text, values));
    },
    ...(custom.queryInOneMessage && {
      async queryInOneMessage(queries, attempt) {
        throwIfUnneeded(attempt);
        return checkRows(await custom.queryInOneMessage!(joinQueries(queries)));
      },
    }),
    isLostConnection: (error) => custom.isLostConnection?.(error) ?? isLostSocket(error),
    ...(custom.listen && {
      listen: (channels, listener, signal) => custom.listen!(channels, listener, signal),
    }),
  };
}

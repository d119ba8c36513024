import { createSerialQueue } from "../promises.ts";
import {
  type Attempt,
  type DriverRow,
  type Executor,
  type ExecutorOptions,
  throwIfUnneeded,
} from "./adapter.ts";
import type { CustomDriver } from "./driver.ts";
import { isLostSocket } from "./error_codes.ts";
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

/** The executor of a driver of the user's own, which has only `query()` for certain, or of an ORM. */
export function createCustomExecutor(driver: object, { kind }: ExecutorOptions): Executor {
  const custom = driver as CustomDriver;
  const runSerially = createSerialQueue();

  async function send(
    attempt: Attempt,
    run: () => Promise<unknown>,
  ): Promise<readonly DriverRow[]> {
    const sendNow = () => {
      throwIfUnneeded(attempt);
      return run();
    };
    // npm:pg will no longer queue the statements of a connection.
    return checkRows(
      await (kind === "pool" ? sendNow() : runSerially(async () => await sendNow())),
    );
  }

  return {
    query: ({ text, values }, attempt) => send(attempt, () => custom.query(text, values)),
    ...(custom.queryInOneMessage && {
      queryInOneMessage: (queries, attempt) =>
        send(attempt, () => custom.queryInOneMessage!(joinQueries(queries))),
    }),
    isLostConnection: (error) => custom.isLostConnection?.(error) ?? isLostSocket(error),
    ...(custom.listen && {
      listen: (channels, listener, signal) => custom.listen!(channels, listener, signal),
    }),
  };
}

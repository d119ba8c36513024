import type { SystemDatabase } from "../database/system_database.ts";
import { createSerialQueue } from "../promises.ts";
import type { ItemWriter, TimedItem } from "./item_writer.ts";

/** Makes a function that writes items in a transaction of the caller, after those of earlier calls. */
export function createTransactionWriter<Outcome>(
  database: SystemDatabase,
  { write, forget }: ItemWriter<Outcome>,
): (items: readonly TimedItem[]) => Promise<Outcome[]> {
  const runSerially = createSerialQueue();
  // When and why the last statement got no answer.
  let lostAt = -Infinity;
  let lostBy: unknown;

  return (items) =>
    runSerially(async () => {
      try {
        items[0]!.signal?.throwIfAborted();
        // No connection, no transaction: none of the calls that have been made can succeed.
        if (items[0]!.addedAt <= lostAt) throw lostBy;
        return await write(items);
      } catch (error) {
        items.forEach(forget);
        if (await database.isUnreachable(error)) {
          lostAt = performance.now();
          lostBy = error;
        }
        throw error;
      }
    });
}

import type { SystemDatabase } from "../database/system_database.ts";
import { mapInSlices } from "../event_loop.ts";

// Calls that are made while a call pauses overtake it, and the program may change its items. Calls with
// fewer items do not pause.
const maxUnslicedItems = 1000;

/**
 * Maps the items of a call, in slices if there are many. In a transaction of the caller, statements keep
 * the order of the calls.
 */
export function mapItems<Item, Mapped>(
  database: SystemDatabase,
  items: readonly Item[],
  map: (item: Item, index: number) => Mapped,
): Mapped[] | Promise<Mapped[]> {
  const inOneTurn = items.length <= maxUnslicedItems || database.isInTransaction();
  return mapInSlices(items, map, inOneTurn);
}

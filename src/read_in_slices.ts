import { createSlicer } from "./event_loop.ts";

/**
 * Reads each item of an array, in slices between which the event loop runs. The items of a slice whose
 * values take a promise are read concurrently. Rejects with the reason of the signal if that is aborted
 * in between.
 */
export async function readInSlices<Item, Value>(
  items: readonly Item[],
  signal: AbortSignal | undefined,
  read: (item: Item) => Value | Promise<Value>,
): Promise<Value[]> {
  const endSlice = createSlicer();
  const values: Value[] = [];
  let pending: Promise<void>[] = [];
  for (const [index, item] of items.entries()) {
    const value = read(item);
    if (value instanceof Promise) {
      const reading = value.then((value) => {
        values[index] = value;
      });
      // Avoids an unhandled rejection if another value fails before it is awaited.
      reading.catch(() => {});
      pending.push(reading);
    } else values[index] = value;
    const pause = endSlice();
    if (!pause) continue;
    await Promise.all([pause, ...pending]);
    signal?.throwIfAborted();
    pending = [];
  }
  if (pending.length > 0) await Promise.all(pending);
  return values;
}

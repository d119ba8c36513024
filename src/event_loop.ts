/** Timers, and slices of long computations, between which timers and other requests get their turn. */

/** The longest time that `setTimeout()` can wait, in milliseconds. With a longer one it fires at once. */
export const maxTimerMs: number = 2 ** 31 - 1;

// A slice this long delays nobody noticeably. Where the clock stands still while a program computes,
// as on some edge platforms, the number of items ends a slice. Fewer items than that cost nothing.
const maxSliceMs = 10;
const maxItems = 1000;
// Reading the clock takes as long as some items do.
const itemsPerReading = 8;

// A timer takes milliseconds, an immediate microseconds, but not every runtime has immediates. Those of
// the runtime are kept, so that a list does not wait for the fake timers of a test.
type Schedule = (callback: () => void) => unknown;
const { setImmediate: immediate, setTimeout: timeout } = globalThis as typeof globalThis & {
  setImmediate?: Schedule;
};
const schedule: Schedule = immediate ?? ((callback) => timeout(callback, 0));

/** Settles once the event loop has run. */
export function runEventLoop(): Promise<void> {
  return new Promise((resolve) => schedule(() => resolve()));
}

/**
 * Makes a function to call after each item of a computation. Where a slice ends, it returns a promise
 * that settles once the event loop has run.
 */
export function createSlicer(): () => Promise<void> | undefined {
  let startedAt: number | undefined;
  let items = 0;
  return () => {
    if (++items % itemsPerReading !== 0) return undefined;
    const now = performance.now();
    startedAt ??= now;
    if (items < maxItems && now - startedAt < maxSliceMs) return undefined;
    return runEventLoop().then(() => {
      startedAt = undefined;
      items = 0;
    });
  };
}

/**
 * Maps each item of an array, in slices. Returns a promise only if there are several. With `inOneTurn`
 * there is one: in a transaction of the caller, statements keep the order of the calls.
 */
export function mapInSlices<Item, Mapped>(
  items: readonly Item[],
  map: (item: Item, index: number) => Mapped,
  inOneTurn = false,
): Mapped[] | Promise<Mapped[]> {
  const mapped: Mapped[] = [];
  // Most answers have a row or two. map() would make another result of a result of npm:postgres, slowly.
  if (inOneTurn || items.length <= itemsPerReading) {
    for (let index = 0; index < items.length; index++) mapped.push(map(items[index]!, index));
    return mapped;
  }
  const endSlice = createSlicer();

  /** Maps items until a slice ends. Returns a promise if there are more. */
  function mapSlice(): Promise<void> | undefined {
    while (mapped.length < items.length) {
      const index = mapped.length;
      mapped.push(map(items[index]!, index));
      const pause = mapped.length < items.length && endSlice();
      if (pause) return pause;
    }
    return undefined;
  }

  async function mapRest(pause: Promise<void>): Promise<Mapped[]> {
    for (let next: Promise<void> | undefined = pause; next; next = mapSlice()) await next;
    return mapped;
  }

  const pause = mapSlice();
  return pause ? mapRest(pause) : mapped;
}

// How many texts are joined at a time while items are mapped. A hundred thousand at once would take as
// long as a slice, or longer.
const maxTexts = 1000;

/** Makes the text of a JSON array of the texts of its items, as {@linkcode mapInSlices} does. */
export function toJsonArray<Item>(
  items: readonly Item[],
  toJson: (item: Item) => string,
  inOneTurn = false,
): string | Promise<string> {
  if (items.length === 0) return "[]";
  const last = items.length - 1;
  const parts: string[] = [];
  let texts: string[] = [];

  function add(item: Item, index: number): void {
    // If the brackets were added to the whole, V8 would copy it again when a driver encodes it.
    texts.push(`${index === 0 ? "[" : ""}${toJson(item)}${index === last ? "]" : ""}`);
    if (texts.length < maxTexts && index < last) return;
    parts.push(texts.join());
    texts = [];
  }

  const adding = mapInSlices(items, add, inOneTurn);
  if (!(adding instanceof Promise)) return parts.join();
  return adding.then(async () => {
    const array = parts.join();
    // The driver encodes such a text in one turn: others have theirs before.
    await runEventLoop();
    return array;
  });
}

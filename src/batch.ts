/** Gathers concurrent writes of one client into few statements. */

import { isTransient, sqlStateOf } from "./retry.ts";
import type { SystemDatabase } from "./system_database.ts";

/**
 * Writes `items`, each the text of a JSON object, as one statement; settles to an outcome for each.
 * The statement stamps the rows one millisecond apart, in order, from `backlogMs` after now on.
 */
export type WriteBatch<Outcome> = (items: string[], backlogMs: number) => Promise<Outcome[]>;

/** Writes one item, together with others that are called for meanwhile. */
export type Write<Outcome> = (item: string) => Promise<Outcome>;

interface Waiting<Outcome> {
  item: string;
  resolve(outcome: Outcome): void;
  reject(error: unknown): void;
}

// Some ten packets: one burst on a connection that has been idle.
const fullCharacters = 12_000;
// Past this the order of calls gives way, so that no row is stamped far in the future.
const longestBacklogMs = 1000;

/** Items as the text of a JSON array, each with its `position` in it. */
export function toPositionedArray(items: readonly string[]): string {
  return `[${items.map((item, position) => `{"position":${position},${item.slice(1)}`).join()}]`;
}

/**
 * Rows are stamped one millisecond apart, so many of them reach into the future; this tells how far
 * the next statement must stay behind to keep the order of calls.
 */
function createTimeline(): { reserve(rows: number): number; settle(rows: number): void } {
  let takenUntil = 0;
  return {
    reserve(rows) {
      const now = performance.now();
      const start = Math.max(takenUntil, now);
      takenUntil = Math.min(start + rows, now + longestBacklogMs);
      return Math.ceil(start - now);
    },
    // The server may have stamped them as late as just now.
    settle(rows) {
      takenUntil = Math.max(takenUntil, performance.now() + Math.min(rows, longestBacklogMs));
    },
  };
}

function isRefusal(error: unknown): boolean {
  return sqlStateOf(error) !== undefined && !isTransient(error, true);
}

/**
 * A function that writes one item with the statement of `writeBatch`. While a statement is under
 * way, the next items gather and go as one when it returns; as soon as they fill a statement they
 * go on another connection, if the driver has one. When idle nothing waits.
 *
 * If the server refuses a statement, its items are sent one by one, so that each caller gets its own
 * outcome. In a caller's transaction every item is a statement of its own.
 */
export function createBatcher<Outcome>(
  database: SystemDatabase,
  writeBatch: WriteBatch<Outcome>,
): Write<Outcome> {
  const timeline = createTimeline();
  const gathered: Waiting<Outcome>[] = [];
  let gatheredCharacters = 0;
  let underWay = 0;
  let isFlushDue = false;

  async function write(items: string[]): Promise<Outcome[]> {
    const outcomes = await writeBatch(items, timeline.reserve(items.length));
    timeline.settle(items.length);
    return outcomes;
  }

  async function writeEach(batch: Waiting<Outcome>[]): Promise<void> {
    for (const { item, resolve, reject } of batch) {
      await write([item]).then(([outcome]) => resolve(outcome!), reject);
    }
  }

  async function writeAll(batch: Waiting<Outcome>[]): Promise<void> {
    try {
      const outcomes = await write(batch.map(({ item }) => item));
      batch.forEach(({ resolve }, position) => resolve(outcomes[position]!));
    } catch (error) {
      if (batch.length > 1 && isRefusal(error)) await writeEach(batch);
      else batch.forEach(({ reject }) => reject(error));
    }
  }

  function take(): Waiting<Outcome>[] {
    let characters = 0;
    let count = 0;
    while (count < gathered.length && (count === 0 || characters < fullCharacters)) {
      characters += gathered[count++]!.item.length;
    }
    gatheredCharacters -= characters;
    return gathered.splice(0, count);
  }

  function flush(): void {
    isFlushDue = false;
    while (
      gathered.length > 0 &&
      (underWay === 0 || (gatheredCharacters >= fullCharacters && underWay < database.connections))
    ) {
      underWay++;
      writeAll(take()).finally(() => {
        underWay--;
        flush();
      });
    }
  }

  return (item) => {
    if (database.isInTransaction()) return write([item]).then(([outcome]) => outcome!);
    return new Promise((resolve, reject) => {
      gathered.push({ item, resolve, reject });
      gatheredCharacters += item.length;
      if (isFlushDue) return;
      // Calls of the same turn go together.
      isFlushDue = true;
      queueMicrotask(flush);
    });
  };
}

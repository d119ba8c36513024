/** Gathers concurrent writes of one client into few statements. */

import { createTurns } from "./in_turn.ts";
import { createPace } from "./pace.ts";
import { sqlStateOf } from "./sql_state.ts";
import type { SystemDatabase } from "./system_database.ts";

/** One thing to write. */
export interface Item {
  /** A JSON object. */
  readonly text: string;
  /** Whether nothing can be in its way, unless it was written by an attempt whose answer got lost. */
  readonly isNew: boolean;
}

/** Where the rows of a statement go among those of the statements before. */
export interface Place {
  /** The last stamp that is known, in milliseconds since 1970. */
  readonly after: string;
  /** How many rows are on their way ahead of it. */
  readonly backlog: number;
}

/** What has come of a statement. */
export interface Written<Outcome> {
  /** An outcome for each item, in order. */
  readonly outcomes: Outcome[];
  /** The stamp of the last row; null if there is none. */
  readonly lastCreatedAt: string | null;
}

/** What goes as one statement, which stamps its rows with increasing times. */
export interface Batch extends Place {
  /** The items as the text of a JSON array, each with its `position` in it. */
  readonly items: string;
  readonly count: number;
  /** 1 if something may be in the way of an item, to be looked out for; otherwise undefined. */
  readonly mayExist: 1 | undefined;
}

/** Writes a batch. */
export type WriteBatch<Outcome> = (batch: Batch) => Promise<Written<Outcome>>;

/** Writes items. */
export interface Batcher<Outcome> {
  /** Writes one item, together with others that are called for meanwhile. */
  write(item: Item): Promise<Outcome>;
  /** Writes items as one statement, however large they are. */
  writeTogether(items: readonly Item[]): Promise<Outcome[]>;
}

interface Waiting<Outcome> extends Item {
  resolve(outcome: Outcome): void;
  reject(error: unknown): void;
}

// Some ten packets: one burst on a connection that has been idle.
const fullCharacters = 16_000;
// What the caller has gathered already is worth fewer round trips and more memory.
const fullCharactersOfMany = 1_000_000;

const uniqueViolation = "23505";

/** JSON objects as the text of an array, each with its `position` in it. */
export function toPositionedArray(items: readonly string[]): string {
  return `[${items.map((item, position) => `{"position":${position},${item.slice(1)}`).join()}]`;
}

/** How many items fill a statement of so many characters; one at least. */
function countUntilFull(items: readonly Item[], characters: number): number {
  let count = 0;
  for (let sum = 0; count < items.length && (count === 0 || sum < characters); count++) {
    sum += items[count]!.text.length;
  }
  return count;
}

/** Whether what is written is part of a caller's transaction. */
export function isInTransaction(database: SystemDatabase): boolean {
  return database.transactionStatus() === "open";
}

async function isRefusal(error: unknown): Promise<boolean> {
  if (sqlStateOf(error) === undefined) return false;
  // Few statements fail.
  const { isTransient } = await import("./retry.ts");
  return !isTransient(error, true);
}

/**
 * Writes items with the statement of `writeBatch`, each as it is called for: at once when idle, else
 * together with others at the pace of {@linkcode createPace}. `inOrder` has none seen before those
 * that were called for earlier, as long as they do not fill statements.
 *
 * If the server refuses a statement, its items are sent one by one, so that each caller gets its own
 * outcome. In a caller's transaction every item is a statement of its own.
 */
export function createBatcher<Outcome>(
  database: SystemDatabase,
  writeBatch: WriteBatch<Outcome>,
  { inOrder = false }: { inOrder?: boolean } = {},
): Batcher<Outcome> {
  const inTurn = createTurns();
  const pace = createPace(database.connections, inOrder);
  let after = "0";
  let rowsUnderWay = 0;
  const gathered: Waiting<Outcome>[] = [];
  let gatheredCharacters = 0;
  let isFlushDue = false;

  async function write(items: readonly Item[]): Promise<Outcome[]> {
    const backlog = rowsUnderWay;
    rowsUnderWay += items.length;
    try {
      const { outcomes, lastCreatedAt } = await writeLookingOut(items, { after, backlog });
      if (lastCreatedAt && Number(lastCreatedAt) > Number(after)) after = lastCreatedAt;
      return outcomes;
    } finally {
      rowsUnderWay -= items.length;
    }
  }

  /** Looks out for what may be in the way, which takes the server longer, only where it is worth it. */
  async function writeLookingOut(items: readonly Item[], place: Place): Promise<Written<Outcome>> {
    const array = toPositionedArray(items.map(({ text }) => text));
    const batch = { ...place, items: array, count: items.length };
    if (items.every(({ isNew }) => isNew)) {
      try {
        return await writeBatch({ ...batch, mayExist: undefined });
      } catch (error) {
        // An attempt whose answer got lost has written them.
        if (sqlStateOf(error) !== uniqueViolation) throw error;
      }
    }
    return await writeBatch({ ...batch, mayExist: 1 });
  }

  async function writeEach(batch: Waiting<Outcome>[]): Promise<void> {
    for (const item of batch) {
      await write([item]).then(([outcome]) => item.resolve(outcome!), item.reject);
    }
  }

  async function writeAll(batch: Waiting<Outcome>[]): Promise<void> {
    try {
      const outcomes = await write(batch);
      batch.forEach(({ resolve }, position) => resolve(outcomes[position]!));
    } catch (error) {
      if (batch.length > 1 && await isRefusal(error).catch(() => false)) await writeEach(batch);
      else batch.forEach(({ reject }) => reject(error));
    }
  }

  function take(count: number): Waiting<Outcome>[] {
    const batch = gathered.splice(0, Math.min(count, countUntilFull(gathered, fullCharacters)));
    for (const { text } of batch) gatheredCharacters -= text.length;
    return batch;
  }

  function countNext(): number {
    const isFull = gatheredCharacters >= fullCharacters;
    return pace.countNext({ items: gathered.length, isFull });
  }

  function flush(): void {
    isFlushDue = false;
    for (let count = countNext(); count > 0; count = countNext()) {
      const batch = take(count);
      pace.run(() => writeAll(batch)).then(flush);
    }
  }

  return {
    write(item) {
      if (isInTransaction(database)) {
        return inTurn(() => write([item])).then(([outcome]) => outcome!);
      }
      return new Promise((resolve, reject) => {
        gathered.push({ ...item, resolve, reject });
        gatheredCharacters += item.text.length;
        if (isFlushDue) return;
        // Calls of the same turn go together.
        isFlushDue = true;
        queueMicrotask(flush);
      });
    },
    writeTogether(items) {
      return isInTransaction(database) ? inTurn(() => write(items)) : write(items);
    },
  };
}

/**
 * Writes many items as one statement, or if they are large, one after the other as a few; in a caller's
 * transaction with nothing between them that is called for later.
 */
export async function writeMany<Outcome>(
  database: SystemDatabase,
  { writeTogether }: Batcher<Outcome>,
  items: readonly Item[],
): Promise<Outcome[]> {
  const rest = [...items];
  const parts: (Outcome[] | Promise<Outcome[]>)[] = [];
  while (rest.length > 0) {
    const writing = writeTogether(rest.splice(0, countUntilFull(rest, fullCharactersOfMany)));
    parts.push(isInTransaction(database) ? writing : await writing);
  }
  return (await Promise.all(parts)).flat();
}

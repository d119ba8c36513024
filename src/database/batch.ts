/** Gathers concurrent writes of one client into few statements. */

import { createSerialQueue } from "./serial_queue.ts";
import { createFlowControl } from "./flow_control.ts";
import { sqlStateOf } from "./sql_state.ts";
import type { SystemDatabase } from "./system_database.ts";

/** One thing to write. */
export interface Item {
  /** A JSON object. */
  readonly text: string;
  /** Whether nothing can be in its way, unless it was written by an attempt whose answer got lost. */
  readonly hasFreshID: boolean;
}

/** Where the rows of a statement go among those of the statements before. */
export interface OrderHint {
  /** The last stamp that is known, in milliseconds since 1970. */
  readonly after: string;
  /** How many rows are on their way ahead of it. */
  readonly backlog: number;
}

/** What has come of a statement. */
export interface BatchResult<Outcome> {
  /** An outcome for each item, in order. */
  readonly outcomes: Outcome[];
  /** The stamp of the last row; null if there is none. */
  readonly lastCreatedAt: string | null;
}

/** What goes as one statement, which stamps its rows with increasing times. */
export interface Batch extends OrderHint {
  /** The items as the text of a JSON array. */
  readonly items: string;
  readonly count: number;
  /** 1 if something may be in the way of an item, to be looked out for; otherwise undefined. */
  readonly checkConflicts: 1 | undefined;
}

/** Writes a batch. */
export type WriteBatch<Outcome> = (batch: Batch) => Promise<BatchResult<Outcome>>;

/** Writes items. */
export interface Batcher<Outcome> {
  /** Writes one item, together with others that are called for meanwhile. */
  write(item: Item): Promise<Outcome>;
  /** Writes items as one statement, however large they are. */
  addAll(items: readonly Item[]): Promise<Outcome[]>;
}

interface Waiting<Outcome> extends Item {
  resolve(outcome: Outcome): void;
  reject(error: unknown): void;
}

// Some ten packets: one burst on a connection that has been idle.
const maxCharacters = 16_000;
// What the caller has pending already is worth fewer round trips and more memory.
const maxCharactersOfMany = 1_000_000;

const uniqueViolation = "23505";

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
 * together with others at the flowControl of {@linkcode createFlowControl}. `inOrder` has none seen before those
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
  const runSerially = createSerialQueue();
  const flowControl = createFlowControl(database.connections, inOrder);
  let after = "0";
  let rowsInFlight = 0;
  const pending: Waiting<Outcome>[] = [];
  let pendingCharacters = 0;
  let isFlushDue = false;

  async function write(items: readonly Item[]): Promise<Outcome[]> {
    const backlog = rowsInFlight;
    rowsInFlight += items.length;
    try {
      const { outcomes, lastCreatedAt } = await writeChecked(items, { after, backlog });
      if (lastCreatedAt && Number(lastCreatedAt) > Number(after)) after = lastCreatedAt;
      return outcomes;
    } finally {
      rowsInFlight -= items.length;
    }
  }

  /** Looks out for what may be in the way, which takes the server longer, only where it is worth it. */
  async function writeChecked(
    items: readonly Item[],
    place: OrderHint,
  ): Promise<BatchResult<Outcome>> {
    const array = `[${items.map(({ text }) => text).join()}]`;
    const batch = { ...place, items: array, count: items.length };
    if (items.every(({ hasFreshID }) => hasFreshID)) {
      try {
        return await writeBatch({ ...batch, checkConflicts: undefined });
      } catch (error) {
        // An attempt whose answer got lost has written them.
        if (sqlStateOf(error) !== uniqueViolation) throw error;
      }
    }
    return await writeBatch({ ...batch, checkConflicts: 1 });
  }

  async function sendOneByOne(batch: Waiting<Outcome>[]): Promise<void> {
    for (const item of batch) {
      await write([item]).then(([outcome]) => item.resolve(outcome!), item.reject);
    }
  }

  async function sendBatch(batch: Waiting<Outcome>[]): Promise<void> {
    try {
      const outcomes = await write(batch);
      batch.forEach(({ resolve }, position) => resolve(outcomes[position]!));
    } catch (error) {
      if (batch.length > 1 && await isRefusal(error).catch(() => false)) await sendOneByOne(batch);
      else batch.forEach(({ reject }) => reject(error));
    }
  }

  function take(count: number): Waiting<Outcome>[] {
    const batch = pending.splice(0, Math.min(count, countUntilFull(pending, maxCharacters)));
    for (const { text } of batch) pendingCharacters -= text.length;
    return batch;
  }

  function nextBatchSize(): number {
    const isFull = pendingCharacters >= maxCharacters;
    return flowControl.nextBatchSize({ items: pending.length, isFull });
  }

  function flush(): void {
    isFlushDue = false;
    for (let count = nextBatchSize(); count > 0; count = nextBatchSize()) {
      const batch = take(count);
      flowControl.run(() => sendBatch(batch)).then(flush);
    }
  }

  return {
    write(item) {
      if (isInTransaction(database)) {
        return runSerially(() => write([item])).then(([outcome]) => outcome!);
      }
      return new Promise((resolve, reject) => {
        pending.push({ ...item, resolve, reject });
        pendingCharacters += item.text.length;
        if (isFlushDue) return;
        // Calls of the same turn go together.
        isFlushDue = true;
        queueMicrotask(flush);
      });
    },
    addAll(items) {
      return isInTransaction(database) ? runSerially(() => write(items)) : write(items);
    },
  };
}

/**
 * Writes many items as one statement, or if they are large, one after the other as a few; in a caller's
 * transaction with nothing between them that is called for later.
 */
export async function addInBatches<Outcome>(
  database: SystemDatabase,
  { addAll }: Batcher<Outcome>,
  items: readonly Item[],
): Promise<Outcome[]> {
  const rest = [...items];
  const parts: (Outcome[] | Promise<Outcome[]>)[] = [];
  while (rest.length > 0) {
    const writing = addAll(rest.splice(0, countUntilFull(rest, maxCharactersOfMany)));
    parts.push(isInTransaction(database) ? writing : await writing);
  }
  return (await Promise.all(parts)).flat();
}

/** Writes items in one statement: gives them their creation times, and learns from the answer. */

import type { RunOptions, SystemDatabase } from "../database/system_database.ts";
import { sqlStateOf, uniqueViolation } from "../drivers/error_codes.ts";
import { toJsonArray } from "../event_loop.ts";
import { type ClockReading, creationClockOf, type Timed } from "./creation_clock.ts";

/** Something to write. */
export interface Item {
  /** The columns of its row. Those that are undefined are NULL. */
  readonly columns: object;
  /** About how many characters they have. */
  readonly characters: number;
  /** Whether it can only conflict with itself, written by an attempt whose answer was lost. */
  readonly hasFreshID: boolean;
  /** Whether its statement must write all columns, not only the most common ones. */
  readonly needsAllColumns?: boolean;
}

/** What the statements for one item and for several have in common. */
interface Sending {
  /** The time that items without a time of their own are created after. */
  readonly after: string;
  /** 1 if an item may conflict with what exists; otherwise undefined. */
  readonly checkConflicts: 1 | undefined;
  /** How to run the statement. */
  readonly options: RunOptions;
}

/** A statement for several items. */
export interface Batch extends Sending {
  /** The items as the text of a JSON array, each with its `requested_at` if that is known. */
  readonly items: string;
  readonly count: number;
  /** 1 if an item needs all columns; otherwise undefined. */
  readonly allColumns: 1 | undefined;
}

/** A statement for one item that needs only the most common columns. */
export interface Single extends Sending {
  readonly columns: object;
  /** The time at which it is created, if that is known. */
  readonly requestedAt: string | undefined;
}

/** The result of a statement. */
export interface BatchResult<Outcome> extends ClockReading {
  /** An outcome for each item, in order. */
  readonly outcomes: Outcome[];
}

/** The statements of a batcher. */
export interface Statements<Outcome> {
  sendBatch(batch: Batch): Promise<BatchResult<Outcome>>;
  /**
   * Sends one item, outside a transaction, which takes the server less time. Undefined means that it has
   * written nothing, and that `sendBatch()` is to send the item.
   */
  sendSingle?(single: Single): Promise<BatchResult<Outcome> | undefined>;
}

/** An item of a call. */
export interface TimedItem extends Item, Timed {
  /** When its call was made, by performance.now(). */
  readonly addedAt: number;
  readonly signal: AbortSignal | undefined;
}

/** Makes an item of a call, which has no creation time yet. */
export function toTimedItem(
  { columns, characters, hasFreshID, needsAllColumns = false }: Item,
  signal: AbortSignal | undefined,
  addedAt: number,
): TimedItem {
  const createdAt = undefined;
  return { columns, characters, hasFreshID, needsAllColumns, signal, addedAt, createdAt };
}

/** Writes items that have been stamped. */
export interface ItemWriter<Outcome> {
  /** Gives an item its creation time, in the order of the calls. */
  stamp(item: TimedItem, now: number): void;
  /** Writes items in one statement. */
  write(items: readonly TimedItem[]): Promise<Outcome[]>;
  /** Drops an item that is not written after all. */
  forget(item: TimedItem): void;
}

function toJson({ columns, createdAt }: TimedItem): string {
  return JSON.stringify({ ...columns, requested_at: createdAt });
}

/** A writer of items with the given statements. */
export function createItemWriter<Outcome>(
  database: SystemDatabase,
  { sendBatch, sendSingle }: Statements<Outcome>,
): ItemWriter<Outcome> {
  const clock = creationClockOf(database);

  async function write(items: readonly TimedItem[]): Promise<Outcome[]> {
    const isStamped = items.every(({ createdAt }) => createdAt !== undefined);
    const end = isStamped ? undefined : await clock.untilStamped(items);
    const isNeeded = () => items.some(({ signal }) => !signal?.aborted);
    // As long as the database answers, pending calls only wait for their turn.
    const since = Math.max(items[0]!.addedAt, database.lastAnswerAt());
    const options = { since, isNeeded };
    let result: BatchResult<Outcome> | undefined;
    try {
      // To check for conflicts takes the server longer, so that is done only if there can be any.
      if (items.every(({ hasFreshID }) => hasFreshID)) {
        try {
          result = await send(items, undefined, options);
        } catch (error) {
          // An attempt whose answer was lost has written them.
          if (sqlStateOf(error) !== uniqueViolation) throw error;
        }
      }
      result ??= await send(items, 1, options);
      clock.learn(result);
      return result.outcomes;
    } finally {
      end?.();
    }
  }

  /** Whether the items are one that has a statement of its own. */
  function isSingle(items: readonly TimedItem[]): boolean {
    return items.length === 1 && !items[0]!.needsAllColumns &&
      // There an error would abort the transaction.
      database.adapter.transactionStatus() === "none";
  }

  async function send(
    items: readonly TimedItem[],
    checkConflicts: 1 | undefined,
    options: RunOptions,
  ): Promise<BatchResult<Outcome>> {
    if (sendSingle && isSingle(items)) {
      const { columns, createdAt } = items[0]!;
      const requestedAt = createdAt === undefined ? undefined : String(createdAt);
      const after = String(clock.last);
      const result = await sendSingle({ columns, requestedAt, after, checkConflicts, options });
      if (result) return result;
    }
    return await sendSeveral(items, checkConflicts, options);
  }

  async function sendSeveral(
    items: readonly TimedItem[],
    checkConflicts: 1 | undefined,
    options: RunOptions,
  ): Promise<BatchResult<Outcome>> {
    const allColumns = items.some(({ needsAllColumns }) => needsAllColumns)
      ? 1 as const
      : undefined;
    const joining = toJsonArray(items, toJson);
    const array = joining instanceof Promise ? await joining : joining;
    // Other statements may have been answered while the array was made.
    const after = String(clock.last);
    const count = items.length;
    return await sendBatch({ items: array, count, allColumns, after, checkConflicts, options });
  }

  return { stamp: clock.stamp, write, forget: clock.forget };
}

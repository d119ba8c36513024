/** Writes items in one statement: gives them their creation times, and learns from the answer. */

import type { RunOptions, SystemDatabase } from "../database/system_database.ts";
import { sqlStateOf, uniqueViolation } from "../drivers/sql_state.ts";
import { mapInSlices, runEventLoop } from "../event_loop.ts";
import { type ClockReading, creationClockOf, type Timed } from "./creation_clock.ts";

/** Something to write. */
export interface Item {
  /** A JSON object. */
  readonly text: string;
  /** Whether it can only conflict with itself, written by an attempt whose answer was lost. */
  readonly hasFreshID: boolean;
  /** Whether its statement must write all columns, not only the most common ones. */
  readonly needsAllColumns?: boolean;
}

/** A statement to send. */
export interface Batch {
  /** The items as the text of a JSON array, each with its `requested_at` if that is known. */
  readonly items: string;
  /** The time that the items without a `requested_at` are created after. */
  readonly after: string;
  readonly count: number;
  /** 1 if an item may conflict with what exists; otherwise undefined. */
  readonly checkConflicts: 1 | undefined;
  /** 1 if an item needs all columns; otherwise undefined. */
  readonly allColumns: 1 | undefined;
  /** How to run the statement. */
  readonly options: RunOptions;
}

/** The result of a statement. */
export interface BatchResult<Outcome> extends ClockReading {
  /** An outcome for each item, in order. */
  readonly outcomes: Outcome[];
}

/** Sends a batch. */
export type SendBatch<Outcome> = (batch: Batch) => Promise<BatchResult<Outcome>>;

/** An item of a call. */
export interface TimedItem extends Item, Timed {
  /** When its call was made, by performance.now(). */
  readonly addedAt: number;
  readonly signal: AbortSignal | undefined;
}

/** Writes items that have been timed. */
export interface ItemWriter<Outcome> {
  /** Notes an item in the order of the calls. */
  time(item: Item, signal: AbortSignal | undefined, addedAt: number): TimedItem;
  /** Writes items in one statement. */
  write(items: readonly TimedItem[]): Promise<Outcome[]>;
  /** Drops an item that is not written after all. */
  forget(item: TimedItem): void;
}

function toJson({ text, createdAt }: TimedItem): string {
  return createdAt === undefined ? text : `${text.slice(0, -1)},"requested_at":${createdAt}}`;
}

/** An item writer that sends its statements with `sendBatch`. */
export function createItemWriter<Outcome>(
  database: SystemDatabase,
  sendBatch: SendBatch<Outcome>,
): ItemWriter<Outcome> {
  const clock = creationClockOf(database);

  function time(
    { text, hasFreshID, needsAllColumns = false }: Item,
    signal: AbortSignal | undefined,
    addedAt: number,
  ): TimedItem {
    const item = { text, hasFreshID, needsAllColumns, signal, addedAt, createdAt: undefined };
    clock.stamp(item, addedAt);
    return item;
  }

  async function write(items: readonly TimedItem[]): Promise<Outcome[]> {
    const isStamped = items.every(({ createdAt }) => createdAt !== undefined);
    const end = isStamped ? undefined : await clock.untilStamped(items);
    try {
      const result = await send(items);
      clock.learn(result);
      return result.outcomes;
    } finally {
      end?.();
    }
  }

  /** Checks for conflicts, which takes the server longer, only if there can be any. */
  async function send(items: readonly TimedItem[]): Promise<BatchResult<Outcome>> {
    const mapping = mapInSlices(items, toJson);
    const isLarge = mapping instanceof Promise;
    const texts = isLarge ? await mapping : mapping;
    const array = `[${texts.join()}]`;
    // The driver needs as long to encode such a text as it took to join it.
    if (isLarge) await runEventLoop();
    const isNeeded = () => items.some(({ signal }) => !signal?.aborted);
    // As long as the database answers, pending calls only wait for their turn.
    const since = Math.max(items[0]!.addedAt, database.lastAnswerAt());
    const options = { since, isNeeded };
    const allColumns = items.some(({ needsAllColumns }) => needsAllColumns)
      ? 1 as const
      : undefined;
    const after = String(clock.last);
    const batch = { items: array, after, count: items.length, allColumns, options };
    if (items.every(({ hasFreshID }) => hasFreshID)) {
      try {
        return await sendBatch({ ...batch, checkConflicts: undefined });
      } catch (error) {
        // An attempt whose answer was lost has written them.
        if (sqlStateOf(error) !== uniqueViolation) throw error;
      }
    }
    return await sendBatch({ ...batch, checkConflicts: 1 });
  }

  return { time, write, forget: clock.forget };
}

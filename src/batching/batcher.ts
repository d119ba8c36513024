/** Coalesces concurrent writes of one client into few statements. */

import { abortable } from "../abort_signal.ts";
import type { RunOptions, SystemDatabase } from "../database/system_database.ts";
import { sqlStateOf } from "../drivers/sql_state.ts";
import { createSerialQueue } from "../serial_queue.ts";
import { type ClockReading, creationClockOf, type Timed } from "./creation_clock.ts";
import { createFlowControl } from "./flow_control.ts";

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

/** Writes items. */
export interface Batcher<Outcome> {
  /**
   * Writes one item, together with others that are added meanwhile. It rejects as soon as the signal is
   * aborted, and does not write an item that is still pending.
   */
  add(item: Item, signal?: AbortSignal): Promise<Outcome>;
  /**
   * Writes items in one statement, however large they are. Once the signal is aborted, it
   * sends nothing more.
   */
  addAll(items: readonly Item[], signal?: AbortSignal): Promise<Outcome[]>;
}

interface TimedItem extends Item, Timed {
  /** When its call was made, by performance.now(). */
  readonly addedAt: number;
  readonly signal: AbortSignal | undefined;
}

interface PendingItem<Outcome> extends TimedItem {
  resolve(outcome: Outcome): void;
  reject(error: unknown): void;
}

// Some ten packets: what an idle connection sends in one burst.
const maxCharacters = 16_000;
// Items that are there at once are worth fewer round trips and more memory.
const maxCharactersOfMany = 1_000_000;

// A statement that takes longer may be on a connection that hangs.
const maxHoldUpMs = 1000;

const uniqueViolation = "23505";

/** How many items fill a statement of so many characters; at least one. */
function countUntilFull(items: readonly Item[], characters: number): number {
  let count = 0;
  for (let sum = 0; count < items.length && (count === 0 || sum < characters); count++) {
    sum += items[count]!.text.length;
  }
  return count;
}

// Invalid data (22), violated constraints (23), an error raised by a trigger (P0), row-level security
// (42501), a check option (44) and exceeded limits (54). Timeouts and the like concern every item.
const itemErrorStates = /^(22|23|42501|44|54|P0)/;

function toJson({ text, createdAt }: TimedItem): string {
  return createdAt === undefined ? text : `${text.slice(0, -1)},"requested_at":${createdAt}}`;
}

/** Whether one of the items may be the reason that the server refused a statement. */
function isItemError(error: unknown): boolean {
  return itemErrorStates.test(sqlStateOf(error) ?? "");
}

/**
 * A batcher that sends its statements with `sendBatch`: at once when idle, else as its flow control
 * decides. With `inOrder`, no item is seen before one that was added earlier, as long as the items do
 * not fill statements.
 *
 * If the server refuses a statement for what may be in an item, the items are sent one by one, so that
 * each caller gets its own outcome. In a transaction of the caller every item is a statement of its own.
 *
 * A statement that gets no answer for a second holds up no other. If the database cannot be reached,
 * items whose time for retries is over while they are pending get the error of the last statement.
 */
export function createBatcher<Outcome>(
  database: SystemDatabase,
  sendBatch: SendBatch<Outcome>,
  { inOrder = false }: { inOrder?: boolean } = {},
): Batcher<Outcome> {
  const { attemptTimeoutSeconds, retryTimeoutSeconds } = database.settings;
  const runSerially = createSerialQueue();
  const holdUpMs = Math.min(maxHoldUpMs, attemptTimeoutSeconds * 200);
  const flowControl = createFlowControl(database.adapter.maxConnections, holdUpMs, inOrder);
  const clock = creationClockOf(database);
  const pending: PendingItem<Outcome>[] = [];
  let pendingCharacters = 0;
  let isFlushScheduled = false;
  let flushTimer: ReturnType<typeof setTimeout> | undefined;
  // When and why the last statement in a transaction got no answer.
  let lostAt = -Infinity;
  let lostBy: unknown;

  function addTime(
    { text, hasFreshID, needsAllColumns = false }: Item,
    signal: AbortSignal | undefined,
  ): TimedItem {
    const addedAt = performance.now();
    const item = { text, hasFreshID, needsAllColumns, signal, addedAt, createdAt: undefined };
    clock.stamp(item);
    return item;
  }

  async function send(items: readonly TimedItem[]): Promise<Outcome[]> {
    if (items.some(({ createdAt }) => createdAt === undefined)) await clock.untilStamped(items);
    return (await clock.learn(sendChecked(items))).outcomes;
  }

  /** Checks for conflicts, which takes the server longer, only if there can be any. */
  async function sendChecked(items: readonly TimedItem[]): Promise<BatchResult<Outcome>> {
    const array = `[${items.map(toJson).join()}]`;
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

  /** Sends a statement for each item. Returns the error if the database cannot be reached. */
  async function sendOneByOne(items: readonly PendingItem<Outcome>[]): Promise<unknown> {
    for (const [index, item] of items.entries()) {
      if (isDropped(item)) continue;
      try {
        const [outcome] = await send([item]);
        item.resolve(outcome!);
      } catch (error) {
        item.reject(error);
        if (!await database.isUnreachable(error)) continue;
        rejectAll(items.slice(index + 1), error);
        return error;
      }
    }
  }

  /** Sends one statement, or one for each item if that is refused. Returns an error that concerns all. */
  async function sendTogether(items: readonly PendingItem<Outcome>[]): Promise<unknown> {
    try {
      const outcomes = await send(items);
      items.forEach(({ resolve }, index) => resolve(outcomes[index]!));
    } catch (error) {
      if (items.length > 1 && isItemError(error)) return await sendOneByOne(items);
      rejectAll(items, error);
      return error;
    }
  }

  async function sendOrReject(items: readonly PendingItem<Outcome>[]): Promise<void> {
    const error = await sendTogether(items);
    if (error && await database.isUnreachable(error)) rejectOverdue(error);
  }

  /** Drops an item whose call has been aborted. */
  function isDropped(item: TimedItem): boolean {
    if (!item.signal?.aborted) return false;
    clock.forget(item);
    return true;
  }

  function rejectAll(items: readonly PendingItem<Outcome>[], error: unknown): void {
    for (const item of items) {
      clock.forget(item);
      item.reject(error);
    }
  }

  /** Sends items after those of earlier calls. */
  function sendInTransaction(items: readonly TimedItem[]): Promise<Outcome[]> {
    return runSerially(async () => {
      try {
        items[0]!.signal?.throwIfAborted();
        // No connection, no transaction: none of the calls that have been made can succeed.
        if (items[0]!.addedAt <= lostAt) throw lostBy;
        return await send(items);
      } catch (error) {
        items.forEach(clock.forget);
        if (await database.isUnreachable(error)) {
          lostAt = performance.now();
          lostBy = error;
        }
        throw error;
      }
    });
  }

  function take(count: number): PendingItem<Outcome>[] {
    const items = pending.splice(0, count);
    for (const { text } of items) pendingCharacters -= text.length;
    return items;
  }

  /** Rejects the pending items for which it is too late for another attempt. */
  function rejectOverdue(error: unknown): void {
    const patienceMs = 1000 * (retryTimeoutSeconds + attemptTimeoutSeconds / 2);
    const overdue = performance.now() - patienceMs;
    if (database.lastAnswerAt() > overdue) return;
    const firstYoung = pending.findIndex(({ addedAt }) => addedAt > overdue);
    rejectAll(take(firstYoung < 0 ? pending.length : firstYoung), error);
  }

  function nextBatchSize(): number {
    const isFull = pendingCharacters >= maxCharacters;
    const size = flowControl.nextBatchSize({ items: pending.length, isFull });
    return Math.min(size, countUntilFull(pending, maxCharacters));
  }

  function flush(): void {
    isFlushScheduled = false;
    for (let count = nextBatchSize(); count > 0; count = nextBatchSize()) {
      const items = take(count).filter((item) => !isDropped(item));
      if (items.length > 0) flowControl.run(() => sendOrReject(items)).then(flush);
    }
    scheduleFlush();
  }

  /** Flushes again when a statement no longer holds up the pending items. */
  function scheduleFlush(): void {
    const changeMs = pending.length > 0 ? flowControl.nextChangeMs() : Infinity;
    if (changeMs === Infinity) {
      clearTimeout(flushTimer);
      flushTimer = undefined;
    } else {
      flushTimer ??= setTimeout(() => {
        flushTimer = undefined;
        flush();
      }, changeMs);
    }
  }

  function addPending(item: Item, signal: AbortSignal | undefined): Promise<Outcome> {
    return new Promise((resolve, reject) => {
      pending.push(Object.assign(addTime(item, signal), { resolve, reject }));
      pendingCharacters += item.text.length;
      if (isFlushScheduled) return;
      // The calls of one turn go together.
      isFlushScheduled = true;
      queueMicrotask(flush);
    });
  }

  return {
    add: (item, signal) =>
      abortable(
        signal,
        () =>
          database.isInTransaction()
            ? sendInTransaction([addTime(item, signal)]).then(([outcome]) => outcome!)
            : addPending(item, signal),
      ),
    addAll(items, signal) {
      const timed = items.map((item) => addTime(item, signal));
      return database.isInTransaction() ? sendInTransaction(timed) : send(timed);
    },
  };
}

/**
 * Writes many items in one statement or, if they are large, in a few, one after the other. In a
 * transaction of the caller no later call gets between them.
 */
export async function addInBatches<Outcome>(
  database: SystemDatabase,
  { addAll }: Batcher<Outcome>,
  items: readonly Item[],
  signal?: AbortSignal,
): Promise<Outcome[]> {
  const rest = [...items];
  const parts: (Outcome[] | Promise<Outcome[]>)[] = [];
  while (rest.length > 0) {
    const part = addAll(rest.splice(0, countUntilFull(rest, maxCharactersOfMany)), signal);
    parts.push(database.isInTransaction() ? part : await part);
  }
  return (await Promise.all(parts)).flat();
}

/** Coalesces concurrent writes of one client into few statements. */

import { abortable } from "../promises.ts";
import type { SystemDatabase } from "../database/system_database.ts";
import { sqlStateOf, toFaultText } from "../drivers/error_codes.ts";
import { createFlowControl } from "./flow_control.ts";
import {
  createItemWriter,
  type Item,
  type Statements,
  type TimedItem,
  toTimedItem,
} from "./item_writer.ts";
import { mapItems } from "./map_items.ts";
import { createTransactionWriter } from "./transaction_writer.ts";

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

/** How many items fill a statement of so many characters; at least one. */
function countUntilFull(items: readonly Item[], characters: number): number {
  let count = 0;
  for (let sum = 0; count < items.length && (count === 0 || sum < characters); count++) {
    sum += items[count]!.characters;
  }
  return count;
}

// Invalid data (22), violated constraints (23), an error raised by a trigger (P0), row-level security
// (42501), a check option (44) and exceeded limits (54). Timeouts and the like concern every item.
const itemErrorStates = /^(22|23|42501|44|54|P0)/;

/** Whether one of the items may be the reason that the server refused a statement. */
function isItemError(error: unknown): boolean {
  return itemErrorStates.test(sqlStateOf(error) ?? "");
}

/**
 * A batcher that sends its statements at once when idle, else as its flow control decides. With
 * `inOrder`, no item is seen before one that was added earlier, as long as the items do not fill
 * statements. `what` names the items in logs.
 *
 * If the server refuses a statement for what may be in an item, the items are sent one by one, so that
 * each caller gets its own outcome. In a transaction of the caller every item is a statement of its own.
 *
 * A statement that gets no answer for a second holds up no other. If the database cannot be reached,
 * items whose time for retries is over while they are pending get the error of the last statement.
 */
export function createBatcher<Outcome>(
  database: SystemDatabase,
  statements: Statements<Outcome>,
  { what, inOrder = false }: { what: string; inOrder?: boolean },
): Batcher<Outcome> {
  const { attemptTimeoutSeconds, retryTimeoutSeconds, log } = database.settings;
  const writer = createItemWriter(database, statements);
  const { stamp, write, forget } = writer;
  const writeInTransaction = createTransactionWriter(database, writer);
  const holdUpMs = Math.min(maxHoldUpMs, attemptTimeoutSeconds * 200);
  const flowControl = createFlowControl(database.adapter.maxConnections, holdUpMs, inOrder);
  const pending: PendingItem<Outcome>[] = [];
  let pendingCharacters = 0;
  let isFlushScheduled = false;
  let flushTimer: ReturnType<typeof setTimeout> | undefined;

  /** Sends a statement for each item. Returns the error if the database cannot be reached. */
  async function sendOneByOne(items: readonly PendingItem<Outcome>[]): Promise<unknown> {
    for (const [index, item] of items.entries()) {
      if (isDropped(item)) continue;
      try {
        const [outcome] = await write([item]);
        item.resolve(outcome!);
      } catch (error) {
        item.reject(error);
        if (!await database.isUnreachable(error)) continue;
        rejectAll(items.slice(index + 1), error);
        return error;
      }
    }
  }

  /** Sends one statement, or one for each item if that is refused, and then what is pending. */
  async function send(items: readonly PendingItem<Outcome>[]): Promise<void> {
    const end = flowControl.start();
    try {
      const outcomes = await write(items);
      items.forEach(({ resolve }, index) => resolve(outcomes[index]!));
    } catch (error) {
      await handleError(items, error);
    }
    end();
    flush();
  }

  async function handleError(
    items: readonly PendingItem<Outcome>[],
    error: unknown,
  ): Promise<void> {
    let lastError = error;
    if (items.length > 1 && isItemError(error)) {
      const fault = toFaultText(error);
      log?.("warn", `${items.length} ${what} in one statement failed with ${fault}; each gets one`);
      lastError = await sendOneByOne(items);
    } else {
      rejectAll(items, error);
    }
    if (lastError && await database.isUnreachable(lastError)) rejectOverdue(lastError);
  }

  /** Drops an item whose call has been aborted. */
  function isDropped(item: TimedItem): boolean {
    if (!item.signal?.aborted) return false;
    forget(item);
    return true;
  }

  function rejectAll(items: readonly PendingItem<Outcome>[], error: unknown): void {
    for (const item of items) {
      forget(item);
      item.reject(error);
    }
  }

  function take(count: number): PendingItem<Outcome>[] {
    const items = pending.splice(0, count);
    for (const { characters } of items) pendingCharacters -= characters;
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
    if (pending.length === 0) return 0;
    const isFull = pendingCharacters >= maxCharacters;
    const size = flowControl.nextBatchSize({ items: pending.length, isFull });
    return Math.min(size, countUntilFull(pending, maxCharacters));
  }

  function flush(): void {
    isFlushScheduled = false;
    for (let count = nextBatchSize(); count > 0; count = nextBatchSize()) {
      const items = take(count).filter((item) => !isDropped(item));
      if (items.length > 0) send(items);
    }
    scheduleFlush();
  }

  /** Flushes again when a statement no longer holds up the pending items. */
  function scheduleFlush(): void {
    const changeMs = pending.length > 0 ? flowControl.nextChangeMs() : Infinity;
    if (changeMs < Infinity) {
      flushTimer ??= setTimeout(() => {
        flushTimer = undefined;
        flush();
      }, changeMs);
    } else if (flushTimer !== undefined) {
      clearTimeout(flushTimer);
      flushTimer = undefined;
    }
  }

  function addPending(item: Item, signal: AbortSignal | undefined): Promise<Outcome> {
    return new Promise((resolve, reject) => {
      const now = performance.now();
      const timed = toTimedItem(item, signal, now);
      stamp(timed, now);
      pending.push(Object.assign(timed, { resolve, reject }));
      pendingCharacters += item.characters;
      if (isFlushScheduled) return;
      // The calls of one turn go together.
      isFlushScheduled = true;
      queueMicrotask(flush);
    });
  }

  /** Writes items. They are stamped in one turn, so that no later call gets between them. */
  function writeAll(items: readonly TimedItem[]): Promise<Outcome[]> {
    const now = performance.now();
    for (const item of items) stamp(item, now);
    return database.isInTransaction() ? writeInTransaction(items) : write(items);
  }

  function addAll(items: readonly Item[], signal?: AbortSignal): Promise<Outcome[]> {
    const addedAt = performance.now();
    const timed = mapItems(database, items, (item) => toTimedItem(item, signal, addedAt));
    return timed instanceof Promise ? timed.then(writeAll) : writeAll(timed);
  }

  return {
    add: (item, signal) =>
      abortable(
        signal,
        () =>
          database.isInTransaction()
            ? addAll([item], signal).then(([outcome]) => outcome!)
            : addPending(item, signal),
      ),
    addAll,
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

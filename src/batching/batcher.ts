/** Coalesces concurrent writes of one client into few statements. */

import type { SystemDatabase } from "../database/system_database.ts";
import { sqlStateOf } from "../drivers/sql_state.ts";
import { createSerialQueue } from "../serial_queue.ts";
import { type ClockReading, creationClockOf } from "./creation_clock.ts";
import { createFlowControl } from "./flow_control.ts";

/** Something to write. */
export interface Item {
  /** A JSON object. */
  readonly text: string;
  /** Whether it can only conflict with itself, written by an attempt whose answer was lost. */
  readonly hasFreshID: boolean;
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
  /** Writes one item, together with others that are added meanwhile. */
  add(item: Item): Promise<Outcome>;
  /** Writes items in one statement, however large they are. */
  addAll(items: readonly Item[]): Promise<Outcome[]>;
}

interface TimedItem extends Item {
  /** When it was added, in milliseconds since 1970; undefined until the server's time is known. */
  readonly createdAt: number | undefined;
}

interface PendingItem<Outcome> extends TimedItem {
  resolve(outcome: Outcome): void;
  reject(error: unknown): void;
}

// Some ten packets: what an idle connection sends in one burst.
const maxCharacters = 16_000;
// Items that are there at once are worth fewer round trips and more memory.
const maxCharactersOfMany = 1_000_000;

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
 */
export function createBatcher<Outcome>(
  database: SystemDatabase,
  sendBatch: SendBatch<Outcome>,
  { inOrder = false }: { inOrder?: boolean } = {},
): Batcher<Outcome> {
  const runSerially = createSerialQueue();
  const flowControl = createFlowControl(database.adapter.maxConnections, inOrder);
  const clock = creationClockOf(database);
  const pending: PendingItem<Outcome>[] = [];
  let pendingCharacters = 0;
  let isFlushScheduled = false;

  function addTime(item: Item): TimedItem {
    return { ...item, createdAt: clock.next() };
  }

  async function send(items: readonly TimedItem[]): Promise<Outcome[]> {
    if (items[0]?.createdAt === undefined) {
      await clock.untilLearned();
      items = items.map(addTime);
    }
    return (await clock.learn(sendChecked(items))).outcomes;
  }

  /** Checks for conflicts, which takes the server longer, only if there can be any. */
  async function sendChecked(items: readonly TimedItem[]): Promise<BatchResult<Outcome>> {
    const array = `[${items.map(toJson).join()}]`;
    const batch = { items: array, after: String(clock.last), count: items.length };
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

  async function sendOneByOne(items: readonly PendingItem<Outcome>[]): Promise<void> {
    for (const item of items) {
      await send([item]).then(([outcome]) => item.resolve(outcome!), item.reject);
    }
  }

  async function sendTogether(items: readonly PendingItem<Outcome>[]): Promise<void> {
    try {
      const outcomes = await send(items);
      items.forEach(({ resolve }, index) => resolve(outcomes[index]!));
    } catch (error) {
      if (items.length > 1 && isItemError(error)) await sendOneByOne(items);
      else items.forEach(({ reject }) => reject(error));
    }
  }

  function take(count: number): PendingItem<Outcome>[] {
    const items = pending.splice(0, Math.min(count, countUntilFull(pending, maxCharacters)));
    for (const { text } of items) pendingCharacters -= text.length;
    return items;
  }

  function nextBatchSize(): number {
    const isFull = pendingCharacters >= maxCharacters;
    return flowControl.nextBatchSize({ items: pending.length, isFull });
  }

  function flush(): void {
    isFlushScheduled = false;
    for (let count = nextBatchSize(); count > 0; count = nextBatchSize()) {
      const items = take(count);
      flowControl.run(() => sendTogether(items)).then(flush);
    }
  }

  return {
    add(item) {
      if (database.isInTransaction()) {
        return runSerially(() => send([addTime(item)])).then(([outcome]) => outcome!);
      }
      return new Promise((resolve, reject) => {
        pending.push({ ...addTime(item), resolve, reject });
        pendingCharacters += item.text.length;
        if (isFlushScheduled) return;
        // The calls of one turn go together.
        isFlushScheduled = true;
        queueMicrotask(flush);
      });
    },
    addAll(items) {
      const timed = items.map(addTime);
      return database.isInTransaction() ? runSerially(() => send(timed)) : send(timed);
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
): Promise<Outcome[]> {
  const rest = [...items];
  const parts: (Outcome[] | Promise<Outcome[]>)[] = [];
  while (rest.length > 0) {
    const part = addAll(rest.splice(0, countUntilFull(rest, maxCharactersOfMany)));
    parts.push(database.isInTransaction() ? part : await part);
  }
  return (await Promise.all(parts)).flat();
}

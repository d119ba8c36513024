/** Gathers concurrent writes of one client into few statements. */

import { createTurns } from "./in_turn.ts";
import { isTransient, sqlStateOf } from "./retry.ts";
import type { SystemDatabase } from "./system_database.ts";

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

/**
 * Writes `items`, each the text of a JSON object, as one statement, which stamps its rows with
 * increasing times.
 */
export type WriteBatch<Outcome> = (
  items: readonly string[],
  place: Place,
) => Promise<Written<Outcome>>;

/** Writes one item, together with others that are called for meanwhile. */
export type Write<Outcome> = (item: string) => Promise<Outcome>;

/** Writes items. */
export interface Batcher<Outcome> {
  readonly write: Write<Outcome>;
  /** Writes items as one statement, however large they are. */
  writeTogether(items: readonly string[]): Promise<Outcome[]>;
  /** Writes many items as one statement, or if they are large, one after the other as a few. */
  writeMany(items: readonly string[]): Promise<Outcome[]>;
}

interface Waiting<Outcome> {
  item: string;
  resolve(outcome: Outcome): void;
  reject(error: unknown): void;
}

// Some ten packets: one burst on a connection that has been idle.
const fullCharacters = 16_000;
// What the caller has gathered already is worth fewer round trips and more memory.
const fullCharactersOfMany = 1_000_000;

/** Items as the text of a JSON array, each with its `position` in it. */
export function toPositionedArray(items: readonly string[]): string {
  return `[${items.map((item, position) => `{"position":${position},${item.slice(1)}`).join()}]`;
}

/** How many items fill a statement of so many characters; one at least. */
function countUntilFull(items: readonly { readonly item: string }[], characters: number): number {
  let count = 0;
  for (let sum = 0; count < items.length && (count === 0 || sum < characters); count++) {
    sum += items[count]!.item.length;
  }
  return count;
}

function isRefusal(error: unknown): boolean {
  return sqlStateOf(error) !== undefined && !isTransient(error, true);
}

/**
 * Writes items with the statement of `writeBatch`, each as it is called for. While a statement is
 * under way, the next items gather and go as one when it returns; as soon as they fill a statement
 * they go on another connection, if the driver has one. When idle nothing waits.
 *
 * If the server refuses a statement, its items are sent one by one, so that each caller gets its own
 * outcome. In a caller's transaction every item is a statement of its own.
 */
export function createBatcher<Outcome>(
  database: SystemDatabase,
  writeBatch: WriteBatch<Outcome>,
): Batcher<Outcome> {
  const inTurn = createTurns();
  let after = "0";
  let rowsUnderWay = 0;
  const gathered: Waiting<Outcome>[] = [];
  let gatheredCharacters = 0;
  let statementsUnderWay = 0;
  let isFlushDue = false;

  async function write(items: readonly string[]): Promise<Outcome[]> {
    const backlog = rowsUnderWay;
    rowsUnderWay += items.length;
    try {
      const { outcomes, lastCreatedAt } = await writeBatch(items, { after, backlog });
      if (lastCreatedAt && Number(lastCreatedAt) > Number(after)) after = lastCreatedAt;
      return outcomes;
    } finally {
      rowsUnderWay -= items.length;
    }
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
    const batch = gathered.splice(0, countUntilFull(gathered, fullCharacters));
    for (const { item } of batch) gatheredCharacters -= item.length;
    return batch;
  }

  function flush(): void {
    isFlushDue = false;
    while (
      gathered.length > 0 &&
      (statementsUnderWay === 0 ||
        (gatheredCharacters >= fullCharacters && statementsUnderWay < database.connections))
    ) {
      statementsUnderWay++;
      writeAll(take()).finally(() => {
        statementsUnderWay--;
        flush();
      });
    }
  }

  async function writeMany(items: readonly string[]): Promise<Outcome[]> {
    const rest = items.map((item) => ({ item }));
    const outcomes: Outcome[] = [];
    while (rest.length > 0) {
      const batch = rest.splice(0, countUntilFull(rest, fullCharactersOfMany));
      outcomes.push(...await write(batch.map(({ item }) => item)));
    }
    return outcomes;
  }

  return {
    write(item) {
      if (database.isInTransaction()) {
        return inTurn(() => write([item])).then(([outcome]) => outcome!);
      }
      return new Promise((resolve, reject) => {
        gathered.push({ item, resolve, reject });
        gatheredCharacters += item.length;
        if (isFlushDue) return;
        // Calls of the same turn go together.
        isFlushDue = true;
        queueMicrotask(flush);
      });
    },
    writeTogether(items) {
      return database.isInTransaction() ? inTurn(() => write(items)) : write(items);
    },
    writeMany(items) {
      return database.isInTransaction() ? inTurn(() => writeMany(items)) : writeMany(items);
    },
  };
}

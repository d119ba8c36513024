/** One poller a client, which serves all that is waited for with one statement a tick. */

import { look } from "../sql/mod.ts";
import type { SystemDatabase } from "./system_database.ts";
import { checkInteger, checkNumber } from "./validate.ts";

/** How long to wait, and how. */
export interface WaitOptions {
  /**
   * How long to wait, in seconds; 0 looks once.
   *
   * @default {Infinity} for results and streams, 60 for an event
   */
  timeoutSeconds?: number;
  /** Ends the wait: it rejects with the reason of the signal. */
  signal?: AbortSignal;
  /**
   * The longest time between two looks, in milliseconds. The first looks follow each other more
   * closely: each comes after another sixteenth of the time waited so far, but 20 ms at least.
   *
   * @default {1000} or the `pollingIntervalMs` of the client
   */
  pollingIntervalMs?: number;
}

const kinds = ["outcome", "event", "end", "stream"] as const;

/** One thing that is waited for. */
export interface Awaited {
  readonly kind: typeof kinds[number];
  /** An item, as JSON, of the list that sql/look.sql takes for its kind. */
  readonly item: string;
  /** The payload of the notification that it may have come, where DBOS sends one. */
  readonly notification?: string;
}

/** What was found: a row of sql/look.sql. */
export type Found = NonNullable<typeof look.row>;

/** Waits, time and again, for things that may change from one time to the next. */
export interface Waiter {
  /** Whether {@linkcode end} was called. */
  readonly isEnded: boolean;
  /** What the first look that finds any finds; undefined when the time is over. */
  next(awaited: readonly Awaited[]): Promise<Found[] | undefined>;
  /** Starts timeout and intervals anew, with a look at once or after the shortest interval. */
  restart(looksAtOnce: boolean): void;
  /** Ends the wait that is under way: it settles to undefined. */
  end(): void;
}

interface Wait {
  awaited: readonly Awaited[];
  since: number;
  until: number;
  readonly longestIntervalMs: number;
  nextLookAt: number;
  settle(found: Found[] | undefined): void;
  fail(error: unknown): void;
}

interface Look {
  readonly found: Map<Wait, Found[]>;
  /** Whether there may be more to find. */
  readonly isPartial: boolean;
  /** How long to leave the server alone after it, in milliseconds. */
  readonly restMs: number;
}

const shortestIntervalMs = 20;
// Finding something a sixteenth of its age late is soon enough, and costs few looks.
const looksPerAge = 16;
// How much longer than its timeout a wait stands by for the answer to its last look.
const graceMs = 1000;
// What a timer can hold.
const longestTimerMs = 2 ** 31 - 1;
// Bounds what one look can bring into memory.
const mostRows = 1000;
// An item costs the server a few microseconds: so much rest leaves it idle most of the time.
const itemsPerRestMs = 50;

function intervalMs(wait: Wait, now: number): number {
  const growing = Math.max((now - wait.since) / looksPerAge, shortestIntervalMs);
  return Math.min(growing, wait.longestIntervalMs);
}

interface Poller {
  add(wait: Wait): void;
  remove(wait: Wait): void;
}

function createPoller(database: SystemDatabase): Poller {
  const waits = new Set<Wait>();
  let isLooking = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let timerAt = Infinity;
  let isHearing = false;

  function lookNow(notification?: string): void {
    const now = performance.now();
    for (const wait of waits) {
      const isMeant = notification === undefined ||
        wait.awaited.some((awaited) => awaited.notification === notification);
      if (!isMeant) continue;
      wait.nextLookAt = now;
      schedule(now);
    }
  }

  // From the first wait on for something that DBOS notifies of.
  function hear(): void {
    isHearing = true;
    database.hear({ changed: lookNow, missed: lookNow });
  }

  async function findFor(due: readonly Wait[]): Promise<Look> {
    // Who waits for what: the same thing is looked for once.
    const lists = Object.fromEntries(kinds.map((kind) => [kind, new Map<string, Wait[]>()]));
    for (const wait of due) {
      for (const { kind, item } of wait.awaited) {
        const waiting = lists[kind]!.get(item);
        if (waiting) waiting.push(wait);
        else lists[kind]!.set(item, [wait]);
      }
    }
    const listOf = (kind: Awaited["kind"]) => `[${[...lists[kind]!.keys()].join()}]`;
    const rows = await database.run(look, {
      outcomes: listOf("outcome"),
      events: listOf("event"),
      ends: listOf("end"),
      streams: listOf("stream"),
      most_rows: mostRows,
    });

    const waiting = Object.fromEntries(kinds.map((kind) => [kind, [...lists[kind]!.values()]]));
    const found = new Map<Wait, Found[]>();
    for (const row of rows) {
      for (const wait of waiting[row.kind]![row.position]!) {
        const rowsFound = found.get(wait);
        if (rowsFound) rowsFound.push(row);
        else found.set(wait, [row]);
      }
    }
    const items = kinds.reduce((sum, kind) => sum + lists[kind]!.size, 0);
    return { found, isPartial: rows.length === mostRows, restMs: items / itemsPerRestMs };
  }

  async function lookFor(due: readonly Wait[]): Promise<void> {
    const lookedAt = performance.now();
    // Unless it is set meanwhile, by a hint that this look may have come too early for.
    for (const wait of due) wait.nextLookAt = Infinity;
    const { found, isPartial, restMs } = await findFor(due);
    const now = performance.now();
    for (const wait of due) {
      const rows = found.get(wait);
      const isOver = !rows && !isPartial && wait.until <= lookedAt;
      const pauseMs = isPartial ? 0 : Math.max(intervalMs(wait, now), restMs);
      wait.nextLookAt = Math.min(wait.nextLookAt, now + pauseMs, Math.max(wait.until, now));
      if (rows || isOver) wait.settle(rows);
    }
  }

  async function tick(): Promise<void> {
    timerAt = Infinity;
    const now = performance.now();
    // A wait that is due soon comes along, which is one look less.
    const due = [...waits].filter((wait) => wait.nextLookAt - now < intervalMs(wait, now) / 2);
    isLooking = true;
    try {
      if (due.length > 0) await lookFor(due);
    } catch (error) {
      due.forEach((wait) => wait.fail(error));
    } finally {
      isLooking = false;
      let nextLookAt = Infinity;
      for (const wait of waits) nextLookAt = Math.min(nextLookAt, wait.nextLookAt);
      schedule(nextLookAt);
    }
  }

  function schedule(at: number): void {
    if (isLooking || at >= timerAt) return;
    clearTimeout(timer);
    timerAt = at;
    const delayMs = at - performance.now();
    // Waits of the same turn share their first look.
    if (delayMs <= 0) queueMicrotask(() => !isLooking && tick());
    else timer = setTimeout(tick, delayMs);
  }

  database.closed.addEventListener("abort", () => {
    waits.forEach((wait) => wait.fail(database.closed.reason));
  });

  return {
    add(wait) {
      waits.add(wait);
      schedule(wait.nextLookAt);
      if (!isHearing && wait.awaited.some(({ notification }) => notification)) hear();
    },
    remove(wait) {
      waits.delete(wait);
      if (waits.size > 0) return;
      clearTimeout(timer);
      timerAt = Infinity;
    },
  };
}

const pollers = new WeakMap<SystemDatabase, Poller>();

function pollerOf(database: SystemDatabase): Poller {
  let poller = pollers.get(database);
  if (!poller) pollers.set(database, poller = createPoller(database));
  return poller;
}

/** Checks the options, and begins to count the time. Between waits nothing is under way. */
export function createWaiter(database: SystemDatabase, options: WaitOptions): Waiter {
  const { timeoutSeconds = Infinity, signal, pollingIntervalMs } = options;
  if (timeoutSeconds !== Infinity) checkNumber("timeoutSeconds", timeoutSeconds, 0);
  checkInteger("pollingIntervalMs", pollingIntervalMs, 1, longestTimerMs);

  const poller = pollerOf(database);
  const timeoutMs = timeoutSeconds * 1000;
  const now = performance.now();
  const wait: Wait = {
    awaited: [],
    since: now,
    until: now + timeoutMs,
    longestIntervalMs: pollingIntervalMs ?? database.settings.pollingIntervalMs,
    nextLookAt: now,
    settle() {},
    fail() {},
  };
  let isEnded = false;

  function start(
    resolve: (found: Found[] | undefined) => void,
    reject: (error: unknown) => void,
  ): void {
    const stop = () => {
      poller.remove(wait);
      clearTimeout(giveUp);
      signal?.removeEventListener("abort", abort);
    };
    const abort = () => wait.fail(signal?.reason);
    wait.settle = (found) => {
      stop();
      resolve(found);
    };
    wait.fail = (error) => {
      stop();
      reject(error);
    };
    signal?.addEventListener("abort", abort);
    // The last look answers at the end of the timeout; this is for a server that does not.
    const longestMs = wait.until + graceMs - performance.now();
    const giveUp = longestMs < longestTimerMs
      ? setTimeout(() => wait.settle(undefined), longestMs)
      : undefined;
    poller.add(wait);
  }

  return {
    get isEnded() {
      return isEnded;
    },
    next(awaited) {
      wait.awaited = awaited;
      return new Promise((resolve, reject) => {
        signal?.throwIfAborted();
        database.closed.throwIfAborted();
        if (isEnded) resolve(undefined);
        else start(resolve, reject);
      });
    },
    restart(looksAtOnce) {
      const now = performance.now();
      wait.since = now;
      wait.until = now + timeoutMs;
      wait.nextLookAt = looksAtOnce ? now : Math.min(wait.nextLookAt, now + intervalMs(wait, now));
    },
    end() {
      isEnded = true;
      wait.settle(undefined);
    },
  };
}

/** Waits for one thing to be found; settles to undefined when the time is over. */
export async function waitFor(
  database: SystemDatabase,
  awaited: Awaited,
  options: WaitOptions,
): Promise<Found | undefined> {
  return (await createWaiter(database, options).next([awaited]))?.[0];
}

/** The same values, whose `return()` also ends a wait that is under way. */
export function withWaiter<Value>(
  waiter: Waiter,
  values: AsyncGenerator<Value, void, void>,
): AsyncGenerator<Value, void, void> {
  const end = values.return.bind(values);
  values.return = (value) => {
    waiter.end();
    return end(value);
  };
  return values;
}

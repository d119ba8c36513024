/** Waits for what the poller finds. */

import {
  type Awaited,
  type Finding,
  intervalMs,
  type LookStatement,
  pollerOf,
  type Wait,
} from "./poller.ts";
import type { SystemDatabase } from "./system_database.ts";
import { checkInteger, checkNumber } from "../validate.ts";

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
   * closely: each comes after another thirty-second of the time waited so far, but 20 ms at least.
   *
   * @default {1000} or the `pollingIntervalMs` of the client
   */
  pollingIntervalMs?: number;
}

/** Waits, time and again, for things that may change from one time to the next. */
export interface Waiter<Found> {
  /** Whether {@linkcode end} was called. */
  readonly isEnded: boolean;
  /** What the first look that finds any finds; undefined when the time is over. */
  next(awaited: readonly Awaited[]): Promise<Found[] | undefined>;
  /** Starts timeout and intervals anew, with a look at once or after the shortest interval. */
  restart(looksAtOnce: boolean): void;
  /** Ends the wait that is under way: it settles to undefined. */
  end(): void;
}

// How much longer than its timeout a wait stands by for the answer to its last look.
const graceMs = 1000;
// What a timer can hold.
const longestTimerMs = 2 ** 31 - 1;

/**
 * Waits for what `statement` finds. Checks the options, and begins to count the time; between waits
 * nothing is under way.
 */
export function createWaiter<Found extends Finding>(
  database: SystemDatabase,
  statement: LookStatement<Found>,
  options: WaitOptions,
): Waiter<Found> {
  const { timeoutSeconds = Infinity, signal, pollingIntervalMs } = options;
  if (timeoutSeconds !== Infinity) checkNumber("timeoutSeconds", timeoutSeconds, 0);
  checkInteger("pollingIntervalMs", pollingIntervalMs, 1, longestTimerMs);

  const poller = pollerOf(database, statement);
  const timeoutMs = timeoutSeconds * 1000;
  const now = performance.now();
  const wait: Wait<Found> = {
    awaited: [],
    since: now,
    until: now + timeoutMs,
    longestIntervalMs: pollingIntervalMs ?? database.settings.pollingIntervalMs,
    dueAt: now,
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
      wait.dueAt = looksAtOnce ? now : Math.min(wait.dueAt, now + intervalMs(wait, now));
    },
    end() {
      isEnded = true;
      wait.settle(undefined);
    },
  };
}

/** Waits for `statement` to find one thing; settles to undefined when the time is over. */
export async function waitFor<Found extends Finding>(
  database: SystemDatabase,
  statement: LookStatement<Found>,
  awaited: Awaited,
  options: WaitOptions,
): Promise<Found | undefined> {
  return (await createWaiter(database, statement, options).next([awaited]))?.[0];
}

/** The same values, whose `return()` also ends a wait that is under way. */
export function withWaiter<Value>(
  waiter: Waiter<unknown>,
  values: AsyncGenerator<Value, void, void>,
): AsyncGenerator<Value, void, void> {
  const end = values.return.bind(values);
  values.return = (value) => {
    waiter.end();
    return end(value);
  };
  return values;
}

/** Waits for what the poller finds. */

import {
  intervalMs,
  pollerOf,
  type PollRow,
  type PollStatement,
  type Wait,
  type WaitTarget,
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
  next(targets: readonly WaitTarget[]): Promise<Found[] | undefined>;
  /** Starts timeout and intervals anew, with a look at once or after the shortest interval. */
  restart(looksAtOnce: boolean): void;
  /** Ends the wait that is under way: it settles to undefined. */
  end(): void;
}

// How much longer than its timeout a wait stands by for the answer to its last look.
const graceMs = 1000;
// What a timer can hold.
const maxTimerMs = 2 ** 31 - 1;

/**
 * Waits for what `statement` finds. Checks the options, and begins to count the time; between waits
 * nothing is under way.
 */
export function createWaiter<Found extends PollRow>(
  database: SystemDatabase,
  statement: PollStatement<Found>,
  options: WaitOptions,
): Waiter<Found> {
  const { timeoutSeconds = Infinity, signal, pollingIntervalMs } = options;
  if (timeoutSeconds !== Infinity) checkNumber("timeoutSeconds", timeoutSeconds, 0);
  checkInteger("pollingIntervalMs", pollingIntervalMs, 1, maxTimerMs);

  const poller = pollerOf(database, statement);
  const timeoutMs = timeoutSeconds * 1000;
  const now = performance.now();
  const wait: Wait<Found> = {
    targets: [],
    startedAt: now,
    deadline: now + timeoutMs,
    maxIntervalMs: pollingIntervalMs ?? database.settings.pollingIntervalMs,
    nextPollAt: now,
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
    const longestMs = wait.deadline + graceMs - performance.now();
    const giveUp = longestMs < maxTimerMs
      ? setTimeout(() => wait.settle(undefined), longestMs)
      : undefined;
    poller.add(wait);
  }

  return {
    get isEnded() {
      return isEnded;
    },
    next(targets) {
      wait.targets = targets;
      return new Promise((resolve, reject) => {
        signal?.throwIfAborted();
        database.closed.throwIfAborted();
        if (isEnded) resolve(undefined);
        else start(resolve, reject);
      });
    },
    restart(looksAtOnce) {
      const now = performance.now();
      wait.startedAt = now;
      wait.deadline = now + timeoutMs;
      wait.nextPollAt = looksAtOnce ? now : Math.min(wait.nextPollAt, now + intervalMs(wait, now));
    },
    end() {
      isEnded = true;
      wait.settle(undefined);
    },
  };
}

/** Waits for `statement` to find one thing; settles to undefined when the time is over. */
export async function waitFor<Found extends PollRow>(
  database: SystemDatabase,
  statement: PollStatement<Found>,
  targets: WaitTarget,
  options: WaitOptions,
): Promise<Found | undefined> {
  return (await createWaiter(database, statement, options).next([targets]))?.[0];
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

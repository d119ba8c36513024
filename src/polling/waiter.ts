/** Waits for what a poller finds. */

import { onAbort } from "../promises.ts";
import type { SystemDatabase } from "../database/system_database.ts";
import { DatabaseTimeoutError } from "../errors/database.ts";
import { maxTimerMs } from "../event_loop.ts";
import {
  asInteger,
  asNumber,
  asSignal,
  describeOptions,
  type OptionsDescription,
} from "../options.ts";
import type { PollQuery, PollRow } from "./poll_query.ts";
import { pollerOf } from "./poller.ts";
import { intervalMs, type Wait, type WaitTarget } from "./wait.ts";

/** How long to wait, and how. */
export interface WaitOptions {
  /**
   * How long to wait, in seconds; 0 polls once.
   *
   * @default {Infinity} for results and streams, 60 for an event
   */
  timeoutSeconds?: number;
  /**
   * The time at which to stop waiting, in milliseconds since 1970 by the clock of this process. If it
   * is over, the wait polls once. With `timeoutSeconds` as well, whichever comes first ends the wait.
   *
   * @default {undefined} `timeoutSeconds` alone applies
   */
  deadlineEpochMS?: number;
  /** Ends the wait: it rejects with the reason of the signal. */
  signal?: AbortSignal;
  /**
   * The maximum time between two polls, in milliseconds. At first polls are more frequent: each comes
   * after another thirty-second of the time waited so far, but at least after 20 ms. For a result of which
   * the client is notified, the time is 30 s, if that is longer.
   *
   * @default {1000} or the `pollingIntervalMs` of the client
   */
  pollingIntervalMs?: number;
}

const asTimeout = asNumber(0);

/** The options of a wait. */
export const waitDescription: OptionsDescription<WaitOptions> = describeOptions<WaitOptions>({
  timeoutSeconds: (what, value) => value === Infinity ? value : asTimeout(what, value),
  deadlineEpochMS: asInteger(0),
  signal: asSignal,
  pollingIntervalMs: asInteger(1, maxTimerMs),
});

/** How long a wait that begins now may take, in seconds. */
export function timeoutOf(
  { timeoutSeconds = Infinity, deadlineEpochMS = Infinity }: WaitOptions,
): number {
  return Math.max(0, Math.min(timeoutSeconds, (deadlineEpochMS - Date.now()) / 1000));
}

/** Waits repeatedly, for targets that may differ from one wait to the next. */
export interface Waiter<Row> {
  /** Whether {@linkcode end} was called. */
  readonly isEnded: boolean;
  /** Why the last wait got no answer, if its timeout ended without any. */
  readonly error: unknown;
  /** The current timeout. */
  readonly timeoutSeconds: number;
  /** When the current timeout is over, a time of performance.now(). */
  readonly deadline: number;
  /** When the last wait ends in any case, a time of performance.now(): one attempt after its timeout. */
  readonly giveUpAt: number;
  /** The rows of the first poll that finds any; undefined when the timeout is over. */
  next(targets: readonly WaitTarget[]): Promise<Row[] | undefined>;
  /** Restarts the timeout and the intervals, with a poll at once or after the minimum interval. */
  restart(pollImmediately: boolean): void;
  /** Ends the wait that is in progress: it settles to undefined. */
  end(): void;
}

/**
 * Makes a waiter for what `pollQuery` finds, with options that {@linkcode readOptions} has read. It
 * starts the timeout. Between two waits it leaves no timer behind.
 */
export function createWaiter<Row extends PollRow>(
  database: SystemDatabase,
  pollQuery: PollQuery<Row>,
  options: WaitOptions,
): Waiter<Row> {
  const { signal, pollingIntervalMs } = options;
  const timeoutSeconds = timeoutOf(options);
  if (timeoutSeconds > 0 && database.isInTransaction()) {
    throw new TypeError(
      "Cannot wait in an open transaction: workers see what it writes only after its commit, which " +
        "the wait would hold up. Wait with the pool after the commit, or pass timeoutSeconds: 0",
    );
  }
  const { attemptTimeoutSeconds, retryTimeoutSeconds } = database.settings;
  const firstPollMs = 2000 * (attemptTimeoutSeconds + retryTimeoutSeconds);
  const poller = pollerOf(database, pollQuery);
  const now = performance.now();
  let inProgress:
    | { resolve(rows: Row[] | undefined): void; reject(error: unknown): void }
    | undefined;
  let giveUp: ReturnType<typeof setTimeout> | undefined;
  let ignoreAbort: (() => void) | undefined;
  const wait: Wait<Row> = {
    targets: [],
    startedAt: now,
    deadline: now + timeoutSeconds * 1000,
    maxIntervalMs: pollingIntervalMs ?? database.settings.pollingIntervalMs,
    polledAt: -Infinity,
    nextPollAt: now,
    notificationCount: 0,
    poll: undefined,
    queuePosition: -1,
    isAnswered: false,
    lastError: undefined,
    startTimer() {
      const giveUpMs = Math.max(0, waiter.giveUpAt - performance.now());
      if (giveUpMs < maxTimerMs) giveUp ??= setTimeout(endUnanswered, giveUpMs);
    },
    settle: (rows) => stop()?.resolve(rows),
    fail: (error) => stop()?.reject(error),
  };

  function stop() {
    const stopped = inProgress;
    inProgress = undefined;
    poller.remove(wait);
    clearTimeout(giveUp);
    giveUp = undefined;
    ignoreAbort?.();
    return stopped;
  }

  function endUnanswered(): void {
    // A database that does not answer does not say that the target is missing.
    if (!wait.isAnswered) {
      waiter.error = wait.lastError ?? new DatabaseTimeoutError(attemptTimeoutSeconds);
    }
    wait.settle(undefined);
  }

  function start(): void {
    ignoreAbort = signal && onAbort(signal, () => wait.fail(signal.reason));
    // The last poll is at the deadline, or now if that is over, and gets one attempt.
    const now = performance.now();
    waiter.giveUpAt = Math.max(wait.deadline, now) + attemptTimeoutSeconds * 1000;
    // With a later deadline, the first poll is over before it, even if nothing answers: it reads the schema
    // and tries once, and where a transaction may be open, it has the time for retries as well. Most waits
    // end with that poll, so the poller starts the timers of the others.
    if (wait.deadline - now < firstPollMs) wait.startTimer();
    poller.add(wait);
  }

  // With getters, all objects of a wait would stay in memory until a full collection.
  const waiter = {
    isEnded: false,
    error: undefined as unknown,
    timeoutSeconds,
    deadline: wait.deadline,
    giveUpAt: Infinity,
    next(targets: readonly WaitTarget[]): Promise<Row[] | undefined> {
      wait.targets = targets;
      return new Promise((resolve, reject) => {
        signal?.throwIfAborted();
        database.closed.throwIfAborted();
        if (waiter.isEnded) return resolve(undefined);
        inProgress = { resolve, reject };
        start();
      });
    },
    restart(pollImmediately: boolean) {
      const now = performance.now();
      wait.startedAt = now;
      waiter.timeoutSeconds = timeoutOf(options);
      waiter.deadline = wait.deadline = now + waiter.timeoutSeconds * 1000;
      wait.isAnswered = false;
      wait.lastError = undefined;
      wait.nextPollAt = pollImmediately
        ? now
        : Math.min(wait.nextPollAt, now + intervalMs(wait, now));
    },
    end() {
      waiter.isEnded = true;
      wait.settle(undefined);
    },
  };
  return waiter;
}

/** The same values, whose `return()` also ends the wait that is in progress. */
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

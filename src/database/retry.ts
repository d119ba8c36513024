/** Gives each attempt to run a statement a deadline, and tells which errors are worth a retry, and when. */

import type { Attempt, Executor, Query } from "../drivers/adapter.ts";
import { sqlStateOf } from "../drivers/error_codes.ts";
import { countCharacters } from "../drivers/quoting.ts";
import { DatabaseTimeoutError } from "../errors/database.ts";
import { maxTimerMs } from "../event_loop.ts";
import { onAbort, pause } from "../promises.ts";

// A statement gets another timeout for each of these: on a slow network a large one takes long.
const charactersPerTimeout = 100_000;

/** How long an attempt to send queries may take, if a short one may take `timeoutMs`. */
export function scaleTimeout(timeoutMs: number, queries: readonly Query[]): number {
  const characters = queries.reduce((sum, { values }) => sum + countCharacters(values), 0);
  const scaledMs = Math.ceil(timeoutMs * (1 + characters / charactersPerTimeout));
  return Math.min(scaledMs, maxTimerMs);
}

/**
 * Settles as `run` does, or rejects after `timeoutMs`. `isNeeded` is as in an {@linkcode Attempt}. It
 * has no timer any more once `signal` is aborted, unless there is a connection to discard later.
 */
export function attemptWithin<Result>(
  timeoutMs: number,
  isNeeded: () => boolean,
  signal: AbortSignal | undefined,
  run: (attempt: Attempt) => Promise<Result>,
): Promise<Result> {
  return new Promise((resolve, reject) => {
    let isOver = false;
    const attempt: Attempt = { isNeeded: () => !isOver && isNeeded() };
    const running = run(attempt);
    // The timer is set only now: that takes microseconds, in which the server already works.
    const timer = setTimeout(() => {
      isOver = true;
      reject(new DatabaseTimeoutError(timeoutMs / 1000));
      attempt.discardConnection?.();
    }, timeoutMs);
    // A pool that was closed never gives a connection to what waits for one.
    const stop = signal && onAbort(signal, () => {
      if (!attempt.discardConnection) clearTimeout(timer);
    });
    const end = () => {
      clearTimeout(timer);
      stop?.();
    };
    running.then(
      (result) => {
        end();
        resolve(result);
      },
      (error) => {
        end();
        reject(error);
      },
    );
  });
}

// Class 08, 57P0x and 25P04: the server ends the session or does not accept one; 53300: it has no more;
// 25006: it is read-only, as a standby is until it is promoted. Some drivers do not tell why a session
// was ended, so it is the same for all reasons.
const connectionStates = /^(08...|57P0[1235]|25P04|53300|25006)$/;
// Serialization failure and deadlock: another transaction won.
const rollbackStates = /^(40001|40P01)$/;

type IsLostConnection = Executor["isLostConnection"];

/** Whether an error means that the database cannot be reached, or does not accept statements. */
export function isUnreachable(error: unknown, isLostConnection: IsLostConnection): boolean {
  if (error instanceof DatabaseTimeoutError) return true;
  const state = sqlStateOf(error);
  return state ? connectionStates.test(state) : isLostConnection(error);
}

/** Whether the same statement may succeed if it is sent again. */
export function isRetriable(
  error: unknown,
  canReconnect: boolean,
  isLostConnection: IsLostConnection,
): boolean {
  if (rollbackStates.test(sqlStateOf(error) ?? "")) return true;
  return canReconnect && isUnreachable(error, isLostConnection);
}

const firstDelayMs = 10;
const maxDelayMs = 1000;

/**
 * Repeats `attempt` after an `error` until it succeeds, fails with an error that is not retriable, or
 * the next attempt would begin after `deadline`, a time of performance.now(). The delays double from
 * 10 ms up to a second. `isRetriable` is called once for each error, and `onDelay` before each delay.
 * When `closed` is aborted, there is no further attempt.
 */
export async function retryAfter<Result>(
  error: unknown,
  attempt: () => Promise<Result>,
  isRetriable: (error: unknown) => boolean,
  deadline: number,
  closed: AbortSignal,
  onDelay: (error: unknown, delayMs: number) => void = () => {},
): Promise<Result> {
  let lastError = error;
  for (let delayMs = firstDelayMs;; delayMs = Math.min(2 * delayMs, maxDelayMs)) {
    // Jitter keeps the clients of a restarted server from returning all at once.
    const jitteredMs = delayMs * (0.5 + Math.random());
    if (performance.now() + jitteredMs > deadline || !isRetriable(lastError)) throw lastError;
    onDelay(lastError, jitteredMs);
    await pause(jitteredMs, closed);
    if (closed.aborted) throw lastError;
    try {
      return await attempt();
    } catch (error) {
      lastError = error;
    }
  }
}

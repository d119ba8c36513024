/** Gives each attempt to run a statement a deadline, so that no fault of the network hangs a call. */

import { onAbort } from "../abort_signal.ts";
import type { Attempt, Query } from "../drivers/adapter.ts";
import { countCharacters } from "../drivers/quoting.ts";
import { DatabaseTimeoutError } from "../errors/database.ts";
import { maxTimerMs } from "../event_loop.ts";

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
    run(attempt).then(
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

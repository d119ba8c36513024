/** Gives each attempt to run a statement a deadline, so that no fault of the network hangs a call. */

import type { Adapter, Executor, Query } from "../drivers/adapter.ts";
import { DatabaseTimeoutError } from "../errors/database.ts";
import { maxTimerMs } from "../timer.ts";

// A statement gets another timeout for each of these: on a slow network a large one takes long.
const charactersPerTimeout = 100_000;

function countCharacters(queries: readonly Query[]): number {
  let sum = 0;
  for (const { values } of queries) {
    for (const value of values) if (typeof value === "string") sum += value.length;
  }
  return sum;
}

function settleWithin<Result>(
  timeoutMs: number,
  signal: AbortSignal | undefined,
  run: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const controller = new AbortController();
  return new Promise((resolve, reject) => {
    const abandon = (error: unknown) => {
      reject(error);
      // The executor stops using the connection.
      controller.abort(error);
    };
    const onAbort = () => abandon(signal?.reason);
    const timer = setTimeout(() => abandon(new DatabaseTimeoutError(timeoutMs / 1000)), timeoutMs);
    signal?.addEventListener("abort", onAbort);
    run(controller.signal).then(resolve, reject).finally(() => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", onAbort);
    });
  });
}

/**
 * The adapter, whose queries fail after `timeoutMs`; inside a transaction of the caller, where nothing
 * is retried, after `transactionTimeoutMs`. A query with a timeout of its own fails after that.
 */
export function withAttemptTimeout(
  adapter: Adapter,
  timeoutMs: number,
  transactionTimeoutMs: number,
): Adapter {
  function timeoutOf(queries: readonly Query[]): number {
    const isOutside = adapter.transactionStatus() === "none";
    const defaultMs = isOutside ? timeoutMs : transactionTimeoutMs;
    const ownMs = Math.max(...queries.map((query) => query.timeoutMs ?? defaultMs));
    const scaledMs = Math.ceil(ownMs * (1 + countCharacters(queries) / charactersPerTimeout));
    return Math.min(scaledMs, maxTimerMs);
  }

  function limit(executor: Executor): Executor {
    return {
      ...executor,
      query: (query, signal) =>
        settleWithin(timeoutOf([query]), signal, (signal) => executor.query(query, signal)),
      queryInOneMessage: (queries, signal) =>
        settleWithin(
          timeoutOf(queries),
          signal,
          (signal) => executor.queryInOneMessage(queries, signal),
        ),
    };
  }

  let executor: Promise<Executor> | undefined;
  return { ...adapter, load: () => executor ??= adapter.load().then(limit) };
}

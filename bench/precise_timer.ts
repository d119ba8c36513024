/** Delays callbacks, exact to some tenths of a millisecond. setTimeout() is up to two ms late. */

import { median } from "./measure.ts";

/** The memory that a timer shares with its thread. */
export interface TimerMemory {
  /** The number of timeouts so far, and a cell to sleep on that is never notified. */
  readonly control: Int32Array;
  /** A ring buffer of the times at which they are due, in epoch milliseconds. */
  readonly dueAt: Float64Array;
}

export interface PreciseTimer extends Disposable {
  /** Calls `callback` after the delay of the timer. */
  delay(callback: () => void): void;
}

// More than are ever pending at the same time.
const maxPending = 2 ** 16;
const calibrationRounds = 30;

/** The time in epoch milliseconds, which is the same in all threads. */
export function now(): number {
  return performance.timeOrigin + performance.now();
}

/** Starts a timer with one delay, so that the callbacks keep their order. */
export async function startPreciseTimer(delayMs: number): Promise<PreciseTimer> {
  const thread = new Worker(new URL("precise_timer_thread.ts", import.meta.url), {
    type: "module",
  });
  const memory: TimerMemory = {
    control: new Int32Array(new SharedArrayBuffer(8)),
    dueAt: new Float64Array(new SharedArrayBuffer(8 * maxPending)),
  };
  const callbacks: (() => void)[] = [];
  let count = 0;
  let latencyMs = 0;

  function delay(callback: () => void): void {
    callbacks.push(callback);
    memory.dueAt[count++ % maxPending] = now() + delayMs - latencyMs;
    Atomics.store(memory.control, 0, count);
    Atomics.notify(memory.control, 0);
  }

  thread.onmessage = () => callbacks.shift()!();
  thread.postMessage(memory);
  // The latency of waking the thread and of its message. The first round waits for its start.
  const latencies: number[] = [];
  for (let round = 0; round <= calibrationRounds; round++) {
    const dueAt = now() + delayMs;
    await new Promise<void>((resolve) => delay(resolve));
    if (round > 0) latencies.push(now() - dueAt);
  }
  latencyMs = median(latencies);
  return { delay, [Symbol.dispose]: () => thread.terminate() };
}

/** Puts acts off by a time that is exact to some tenths of a millisecond; a timer comes up to two late. */

import { median } from "./measure.ts";

/** What the clock shares with its thread. */
export interface Alarms {
  /** How many alarms have been set, and a place to sleep at that nobody wakes. */
  readonly control: Int32Array;
  /** When each is due, in milliseconds since 1970; the oldest are written over. */
  readonly dueAt: Float64Array;
}

export interface AlarmClock extends Disposable {
  /** Does `act` after the delay of the clock. */
  delay(act: () => void): void;
}

// More than are ever set at once.
const mostAlarms = 2 ** 16;
const calibrations = 30;

/** The time, the same in all threads. */
export function now(): number {
  return performance.timeOrigin + performance.now();
}

/** Starts a clock of one delay, which keeps the acts in order. */
export async function startAlarmClock(delayMs: number): Promise<AlarmClock> {
  const thread = new Worker(new URL("alarm_clock_thread.ts", import.meta.url), { type: "module" });
  const alarms: Alarms = {
    control: new Int32Array(new SharedArrayBuffer(8)),
    dueAt: new Float64Array(new SharedArrayBuffer(8 * mostAlarms)),
  };
  const acts: (() => void)[] = [];
  let count = 0;
  let earlyMs = 0;

  function delay(act: () => void): void {
    acts.push(act);
    alarms.dueAt[count++ % mostAlarms] = now() + delayMs - earlyMs;
    Atomics.store(alarms.control, 0, count);
    Atomics.notify(alarms.control, 0);
  }

  thread.onmessage = () => acts.shift()!();
  thread.postMessage(alarms);
  // What it takes to wake the thread, and that to tell of it. The first alarm waits for it to start.
  const lateMs: number[] = [];
  for (let round = 0; round <= calibrations; round++) {
    const dueAt = now() + delayMs;
    await new Promise<void>((resolve) => delay(resolve));
    if (round > 0) lateMs.push(now() - dueAt);
  }
  earlyMs = median(lateMs);
  return { delay, [Symbol.dispose]: () => thread.terminate() };
}

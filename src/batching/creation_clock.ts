/** Gives the rows that a client writes creation times that never decrease in the order of its calls. */

import type { SystemDatabase } from "../database/system_database.ts";

/** What the answer to a statement says about time, in milliseconds since 1970. */
export interface ClockReading {
  /** When the server ran the statement; undefined if it does not tell. */
  readonly serverMs: string | undefined;
  /** The creation time of the last row, if the server has given it one. */
  readonly lastCreatedAt: string | null;
}

/** Something that has a creation time. */
export interface Timed {
  /** In milliseconds since 1970; undefined while the time of the server is not known. */
  createdAt: number | undefined;
}

/** The creation times of one client. */
export interface CreationClock {
  /** The last creation time that is known. */
  readonly last: number;
  /**
   * Gives an item its creation time: `now`, a time of performance.now(), or as soon as the time of the
   * server is known.
   */
  stamp(item: Timed, now: number): void;
  /**
   * Waits while another statement is in flight that will tell the time of the server, but for about a
   * second at most. If the time is still not known then, the server gives it to the items, and their
   * statement may tell it. Returns a function to call when that statement has ended.
   */
  untilStamped(items: readonly Timed[]): Promise<() => void>;
  /** Drops an item that is not written after all. */
  forget(item: Timed): void;
  /** Learns the time of the server from the answer to a statement. */
  learn(reading: ClockReading): void;
}

// Rows of one millisecond get increasing times, and more of them than that run ahead of the clock.
// Further ahead than this, they get the same time.
const maxAheadMs = 1000;
// The clock of this process may stop, as when a laptop sleeps.
const maxAgeMs = 10_000;
// How much the clocks of the two may drift apart in a second.
const driftMsPerSecond = 1;
// A first statement that is stuck holds up others no longer.
const maxLearningMs = 1000;

/** A statement that will tell the time of the server. */
interface Turn {
  readonly ended: Promise<void>;
  end(): void;
}

function createTurn(): Turn {
  let end = () => {};
  const ended = new Promise<void>((resolve) => end = resolve);
  return { ended, end };
}

function createCreationClock(): CreationClock {
  let last = 0;
  // The time of the server is at least performance.now() and this.
  let offsetMs = 0;
  let learnedAt = -Infinity;
  let learning: Turn | undefined;
  // In the order of their calls.
  const unstamped = new Set<Timed>();

  function isLearned(now: number): boolean {
    return now - learnedAt < maxAgeMs;
  }

  function learn({ serverMs, lastCreatedAt }: ClockReading): void {
    if (serverMs === undefined) return;
    const now = performance.now();
    const driftMs = (now - learnedAt) / 1000 * driftMsPerSecond;
    // The statement ran before its answer arrived. The fastest answer gives the best estimate.
    offsetMs = Math.max(Number(serverMs) - now, isLearned(now) ? offsetMs - driftMs : -Infinity);
    learnedAt = now;
    last = Math.max(last, Number(lastCreatedAt));
    if (learning) endTurn(learning);
    if (unstamped.size === 0) return;
    // Before calls to come, whose times are later.
    for (const item of unstamped) item.createdAt = next(now);
    unstamped.clear();
  }

  function next(now: number): number {
    const nowMs = Math.floor(now + offsetMs);
    return last = Math.max(last, Math.min(Math.max(nowMs, last + 1), nowMs + maxAheadMs));
  }

  function endTurn(turn: Turn): void {
    turn.end();
    if (learning === turn) learning = undefined;
  }

  return {
    get last() {
      return last;
    },
    stamp(item, now) {
      if (isLearned(now)) item.createdAt = next(now);
      else unstamped.add(item);
    },
    async untilStamped(items) {
      const deadline = performance.now() + maxLearningMs;
      while (learning && !isLearned(performance.now()) && performance.now() < deadline) {
        await learning.ended;
      }
      for (const item of items) unstamped.delete(item);
      if (learning || isLearned(performance.now())) return () => {};
      const turn = learning = createTurn();
      const timer = setTimeout(() => endTurn(turn), maxLearningMs);
      turn.ended.then(() => clearTimeout(timer));
      return () => endTurn(turn);
    },
    forget(item) {
      unstamped.delete(item);
    },
    learn,
  };
}

const clocks = new WeakMap<SystemDatabase, CreationClock>();

/** The clock of a client. All that it writes shares it. */
export function creationClockOf(database: SystemDatabase): CreationClock {
  let clock = clocks.get(database);
  if (!clock) clocks.set(database, clock = createCreationClock());
  return clock;
}

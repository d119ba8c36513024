/** Gives the rows that a client writes creation times that never decrease in the order of its calls. */

import type { SystemDatabase } from "../database/system_database.ts";

/** What the answer to a statement says about time, in milliseconds since 1970. */
export interface ClockReading {
  /** When the server ran the statement. */
  readonly serverMs: string;
  /** The creation time of the last row; null if there is none. */
  readonly lastCreatedAt: string | null;
}

/** The creation times of one client. */
export interface CreationClock {
  /** The last creation time that is known. */
  readonly last: number;
  /** The creation time of the next row; undefined while the time of the server is not known. */
  next(): number | undefined;
  /**
   * Waits while another statement is in flight that will tell the time of the server. If the time is
   * still not known then, the caller's statement is the next one to tell it.
   */
  untilLearned(): Promise<void>;
  /** Learns the time of the server from the answer to a statement. */
  learn<Result extends ClockReading>(statement: Promise<Result>): Promise<Result>;
}

// Rows of one millisecond get increasing times, and more of them than that run ahead of the clock.
// Further ahead than this, they get the same time.
const maxAheadMs = 1000;
// The clock of this process may stop, as when a laptop sleeps.
const maxAgeMs = 10_000;
// How much the clocks of the two may drift apart in a second.
const driftMsPerSecond = 1;
// A first statement that is stuck holds up no others.
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

  function isLearned(): boolean {
    return performance.now() - learnedAt < maxAgeMs;
  }

  function update({ serverMs, lastCreatedAt }: ClockReading): void {
    const now = performance.now();
    const driftMs = (now - learnedAt) / 1000 * driftMsPerSecond;
    // The statement ran before its answer arrived. The quickest answer says most.
    offsetMs = Math.max(Number(serverMs) - now, isLearned() ? offsetMs - driftMs : -Infinity);
    learnedAt = now;
    last = Math.max(last, Number(lastCreatedAt));
  }

  function endTurn(turn: Turn): void {
    turn.end();
    if (learning === turn) learning = undefined;
  }

  return {
    get last() {
      return last;
    },
    next() {
      if (!isLearned()) return undefined;
      const nowMs = Math.floor(performance.now() + offsetMs);
      last = Math.max(last, Math.min(Math.max(nowMs, last + 1), nowMs + maxAheadMs));
      return last;
    },
    async untilLearned() {
      while (learning && !isLearned()) await learning.ended;
      if (isLearned()) return;
      const turn = learning = createTurn();
      const timer = setTimeout(() => endTurn(turn), maxLearningMs);
      turn.ended.then(() => clearTimeout(timer));
    },
    async learn(statement) {
      const turn = learning;
      try {
        const result = await statement;
        update(result);
        return result;
      } finally {
        if (turn) endTurn(turn);
      }
    },
  };
}

const clocks = new WeakMap<SystemDatabase, CreationClock>();

/** The clock of a client. All that it writes shares it. */
export function creationClockOf(database: SystemDatabase): CreationClock {
  let clock = clocks.get(database);
  if (!clock) clocks.set(database, clock = createCreationClock());
  return clock;
}

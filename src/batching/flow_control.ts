/** Decides when to send the next statement of a batcher, and with how many of the pending items. */

/** What waits for the next statements. */
export interface Pending {
  /** At least one. */
  readonly items: number;
  /** Whether the items fill a statement. */
  readonly isFull: boolean;
}

/** The flow control of one batcher. */
export interface FlowControl {
  /** How many of the pending items to send in a statement now; 0 to keep them pending. */
  nextBatchSize(pending: Pending): number;
  /** In how many milliseconds a statement in flight stops holding up others; Infinity if none does. */
  nextChangeMs(): number;
  /** Notes that a statement is sent. Returns a function to call when it has ended. */
  start(): () => void;
}

interface Limits {
  /** How many items make a statement worth sending while others are in flight. */
  readonly minItems: number;
  /** How many statements may be in flight for that reason. */
  readonly maxStatements: number;
}

// A server that answers faster is busy with a statement for most of that time: then what a statement
// costs besides its items matters. A slower answer is mostly latency, which is not worth waiting for.
const highLatencyMs = 10;
const lowLatency: Limits = { minItems: 16, maxStatements: 2 };
const highLatency: Limits = { minItems: 4, maxStatements: Infinity };

/**
 * The flow control of statements on a number of connections. While a statement is in flight, the next
 * items stay pending until its answer, unless they fill a statement and another connection is free. They
 * wait for `maxHoldUpMs` at most, because the connection of the statement may hang.
 *
 * Other statements are sent as well, on other connections: at low latency when there are enough
 * items, at high latency whenever a connection is free. With `inOrder` they are not, so that no item
 * is seen before an earlier one.
 */
export function createFlowControl(
  maxConnections: number,
  maxHoldUpMs: number,
  inOrder: boolean,
): FlowControl {
  // The statements in flight, and those of them that hold up others until that time.
  let inFlight = 0;
  const holdUps = new Set<{ readonly until: number }>();
  // Statements that took longer met a busy server. The first may have waited for a connection.
  let minDurationMs = Infinity;
  let isFirst = true;

  function isDue({ items, isFull }: Pending, limits: Limits): boolean {
    if (inFlight >= maxConnections) return false;
    if (holdUps.size === 0 || isFull) return true;
    if (inOrder || holdUps.size >= limits.maxStatements) return false;
    return limits === highLatency || items >= limits.minItems;
  }

  return {
    nextBatchSize(pending) {
      if (holdUps.size > 0) {
        const now = performance.now();
        for (const holdUp of holdUps) if (holdUp.until <= now) holdUps.delete(holdUp);
      }
      const isHighLatency = minDurationMs >= highLatencyMs && minDurationMs < Infinity;
      const limits = isHighLatency ? highLatency : lowLatency;
      if (!isDue(pending, limits)) return 0;
      const maxInFlight = inOrder ? 1 : Math.min(limits.maxStatements, maxConnections);
      const worthSending = Math.floor(pending.items / limits.minItems);
      const statements = Math.max(1, Math.min(worthSending, maxInFlight - holdUps.size));
      return Math.ceil(pending.items / statements);
    },
    nextChangeMs() {
      let until = Infinity;
      for (const holdUp of holdUps) until = Math.min(until, holdUp.until);
      return Math.max(0, until - performance.now());
    },
    start() {
      inFlight++;
      const startedAt = performance.now();
      const holdUp = { until: startedAt + maxHoldUpMs };
      holdUps.add(holdUp);
      return () => {
        if (!isFirst) minDurationMs = Math.min(minDurationMs, performance.now() - startedAt);
        isFirst = false;
        inFlight--;
        holdUps.delete(holdUp);
      };
    },
  };
}

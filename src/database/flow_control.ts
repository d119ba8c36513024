/** Decides when the next of several statements goes, and how many of the pending items it takes. */

/** What has been pending for the next statements. */
export interface Pending {
  readonly items: number;
  /** Whether there is as much as a statement shall be long. */
  readonly isFull: boolean;
}

/** The statements of one batcher, as they come and go. */
export interface FlowControl {
  /** How many of the pending items shall go as a statement now; 0 while they better wait. */
  nextBatchSize(pending: Pending): number;
  /** Runs a statement. */
  run(statement: () => Promise<void>): Promise<void>;
}

// From a server that is highLatency an answer is not worth waiting for, unlike from one that is lowLatency: that is
// busy with the statement most of the time.
const highLatencyMs = 10;
// How many items a statement must have to be worth sending beside others, and how many of such there
// are at most. What a statement costs the server besides its items matters only where it is lowLatency.
const lowLatency = { minItems: 16, maxStatements: 2 };
const highLatency = { minItems: 4, maxStatements: Infinity };

/**
 * The flowControl of statements on so many `connections`. While one is under way, the next items wait for
 * its answer, unless they fill a statement and there is another connection.
 *
 * Unless they are to be seen `inOrder`, others go on other connections as well: with a server that is
 * lowLatency, when there are enough of them; with one that is highLatency, whenever a connection is free.
 */
export function createFlowControl(connections: number, inOrder: boolean): FlowControl {
  let inFlight = 0;
  // The shortest time that a statement took: others met a server that was busy. The first may have had
  // to wait for a connection to be opened.
  let minMs = Infinity;
  let isFirst = true;

  function isDue({ items, isFull }: Pending, beside: typeof lowLatency): boolean {
    if (items === 0 || inFlight >= connections) return false;
    if (inFlight === 0 || isFull) return true;
    if (inOrder || inFlight >= beside.maxStatements) return false;
    return beside === highLatency || items >= beside.minItems;
  }

  return {
    nextBatchSize(pending) {
      const beside = minMs >= highLatencyMs && minMs < Infinity ? highLatency : lowLatency;
      if (!isDue(pending, beside)) return 0;
      const most = inOrder ? 1 : Math.min(beside.maxStatements, connections);
      const worthSending = Math.floor(pending.items / beside.minItems);
      return Math.ceil(pending.items / Math.max(1, Math.min(worthSending, most - inFlight)));
    },
    async run(statement) {
      inFlight++;
      const startedAt = performance.now();
      try {
        await statement();
      } finally {
        if (!isFirst) minMs = Math.min(minMs, performance.now() - startedAt);
        isFirst = false;
        inFlight--;
      }
    },
  };
}

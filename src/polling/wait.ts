/** Something to wait for. */
export interface WaitTarget {
  /** An item of the list that the polling query takes. */
  readonly item: string;
  /**
   * The payload of the notification that DBOS sends about it, if it does; or `workflowID::`, with which
   * the payloads begin.
   */
  readonly notification?: string;
  /** The ID of the workflow that it is about, if the end of the workflow ends the wait. */
  readonly workflowID?: string;
}

/** A poll that is in flight. */
export interface Poll<Row> {
  /** Those of its waits that have not ended. */
  readonly waits: Set<Wait<Row>>;
  readonly startedAt: number;
}

/** A wait that is in progress. Times are those of performance.now(). */
export interface Wait<Row> {
  targets: readonly WaitTarget[];
  startedAt: number;
  deadline: number;
  readonly maxIntervalMs: number;
  polledAt: number;
  nextPollAt: number;
  /** How many notifications the poller had got when the last poll for the wait began. */
  notificationCount: number;
  /** The poll for it that is in flight. */
  poll: Poll<Row> | undefined;
  /** Where it is in the queue of its poller; -1 if it is not in it. */
  queuePosition: number;
  /** Whether a poll for it has been answered. */
  isAnswered: boolean;
  /** The error of the last attempt to poll for it. */
  lastError: unknown;
  /** Ends it if the database does not answer in time. */
  startTimer(): void;
  settle(rows: Row[] | undefined): void;
  fail(error: unknown): void;
}

/** The minimum time between two polls for a wait. */
export const minIntervalMs = 20;
// A wait that is found late by a thirty-second of its age is found soon enough, and costs few polls.
const pollsPerAge = 32;

/** How long to wait between two polls. */
export function intervalMs(wait: Wait<never>, now: number): number {
  const growingMs = Math.max((now - wait.startedAt) / pollsPerAge, minIntervalMs);
  return Math.min(growingMs, wait.maxIntervalMs);
}

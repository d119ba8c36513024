/** The limits of queues: their options, their checks, and the columns that hold them. */

import {
  asInteger,
  asNumber,
  type Check,
  describeOptions,
  type OptionChecks,
  type OptionsDescription,
  orNull,
  readOptions,
} from "../options.ts";
import { maxTimerMs } from "../event_loop.ts";

/** A limit on how many workflows are started per period. */
export interface QueueRateLimit {
  /** The maximum number of workflows that are started in a period. */
  limitPerPeriod: number;
  /** The length of a period, in seconds. */
  periodSec: number;
}

/**
 * The limits of a queue. With a limit of 0 workflows, none are started.
 *
 * Any of the three limits for partitions makes the queue a partitioned queue, which runs only
 * workflows that were enqueued with a `queuePartitionKey`.
 */
export interface QueueLimits {
  /**
   * The maximum number of workflows of the queue that run at the same time, on all workers
   * together.
   *
   * @default {undefined} no limit
   */
  globalConcurrency?: number;
  /**
   * The maximum number of workflows of the queue that run at the same time on one worker.
   *
   * @default {undefined} no limit
   */
  workerConcurrency?: number;
  /**
   * The maximum number of workflows of the queue that are started per period.
   *
   * @default {undefined} no limit
   */
  rateLimit?: QueueRateLimit;
  /**
   * The maximum number of workflows of a partition that run at the same time, on all workers
   * together; at least 1.
   *
   * @default {undefined} no limit
   */
  partitionConcurrency?: number;
  /**
   * The maximum number of workflows of a partition that run at the same time on one worker; at
   * least 1.
   *
   * @default {undefined} no limit
   */
  partitionWorkerConcurrency?: number;
  /**
   * The maximum number of workflows of a partition that are started per period.
   *
   * @default {undefined} no limit
   */
  partitionRateLimit?: QueueRateLimit;
  /**
   * How long a worker waits between two polls of the queue, in milliseconds.
   *
   * @default {1000}
   */
  minPollingIntervalMs?: number;
}

/** Changes to the limits of a queue. Null resets a limit to its default; others stay unchanged. */
export type QueueChanges = { [Limit in keyof QueueLimits]: QueueLimits[Limit] | null };

const maxInteger = 2 ** 31 - 1;
const defaultPollingIntervalMs = 1000;

/** The limits that make a queue a partitioned queue. */
export const partitionLimits = [
  "partitionConcurrency",
  "partitionWorkerConcurrency",
  "partitionRateLimit",
] as const;

// Options that only other DBOS releases have, or that the official client has under an older name.
export const replacements: Readonly<Record<string, string>> = {
  concurrency: "use globalConcurrency instead",
  partitionQueue: "set a limit for partitions instead",
  priorityEnabled: "it is always enabled",
};

const rateLimitDescription: OptionsDescription<QueueRateLimit> = describeOptions<QueueRateLimit>({
  limitPerPeriod: { required: asInteger(0, maxInteger) },
  // Workers measure periods in milliseconds, and fail at a number of them that is no bigint.
  periodSec: { required: asNumber(0.001, Number.MAX_SAFE_INTEGER / 1000) },
});

const asRateLimit: Check<QueueRateLimit> = (what, value) =>
  readOptions(what, rateLimitDescription, value as QueueRateLimit);

/** The limits of a new queue. */
export const limitsDescription: OptionsDescription<QueueLimits> = describeOptions<QueueLimits>({
  globalConcurrency: asInteger(0, maxInteger),
  workerConcurrency: asInteger(0, maxInteger),
  rateLimit: asRateLimit,
  partitionConcurrency: asInteger(1, maxInteger),
  partitionWorkerConcurrency: asInteger(1, maxInteger),
  partitionRateLimit: asRateLimit,
  minPollingIntervalMs: asNumber(1, maxTimerMs),
}, replacements);

const changesChecks = Object.fromEntries(
  Object.entries<Check<unknown>>(limitsDescription.checks)
    .map(([name, check]) => [name, orNull(check)]),
) as unknown as OptionChecks<QueueChanges>;

/** The changes to the limits of a queue. */
export const changesDescription: OptionsDescription<QueueChanges> = describeOptions<QueueChanges>(
  changesChecks,
  replacements,
);

/** Refuses a limit that exceeds a wider one, as sql/queues/update_queue.sql does. */
export function checkConsistency(name: string, limits: QueueLimits): void {
  const widerLimits = {
    workerConcurrency: ["globalConcurrency"],
    partitionConcurrency: ["globalConcurrency"],
    partitionWorkerConcurrency: [
      "partitionConcurrency",
      "workerConcurrency",
      "globalConcurrency",
    ],
  } as const;
  for (const [limit, widerOnes] of Object.entries(widerLimits)) {
    const value = limits[limit as keyof typeof widerLimits] ?? 0;
    for (const wider of widerOnes) {
      if (value <= (limits[wider] ?? Infinity)) continue;
      throw new RangeError(
        `Cannot set the limits of queue ${name}: ${limit} ${value} exceeds ${wider} ` +
          `${limits[wider]}`,
      );
    }
  }
}

/** The columns that hold the limits. JSON leaves out columns that are undefined. */
export function toColumns(limits: QueueChanges): Record<string, number | null | undefined> {
  const { rateLimit, partitionRateLimit } = limits;
  const pollingIntervalMs = limits.minPollingIntervalMs === null
    ? defaultPollingIntervalMs
    : limits.minPollingIntervalMs;
  return {
    concurrency: limits.globalConcurrency,
    worker_concurrency: limits.workerConcurrency,
    rate_limit_max: rateLimit && rateLimit.limitPerPeriod,
    rate_limit_period_sec: rateLimit && rateLimit.periodSec,
    partition_concurrency: limits.partitionConcurrency,
    partition_worker_concurrency: limits.partitionWorkerConcurrency,
    partition_rate_limit_max: partitionRateLimit && partitionRateLimit.limitPerPeriod,
    partition_rate_limit_period_sec: partitionRateLimit && partitionRateLimit.periodSec,
    polling_interval_sec: pollingIntervalMs && pollingIntervalMs / 1000,
  };
}

/** The limits of queues: their options, their checks, and the columns that hold them. */

import { checkInteger, checkNumber } from "../validate.ts";

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
const replacements: Record<string, string> = {
  concurrency: "use globalConcurrency instead",
  partitionQueue: "set a limit for partitions instead",
  priorityEnabled: "it is always enabled",
};

function checkRateLimit(what: string, rateLimit: unknown): void {
  if (rateLimit === undefined || rateLimit === null) return;
  if (typeof rateLimit !== "object") {
    throw new TypeError(
      `Cannot use the given ${what}: expected an object with limitPerPeriod and periodSec`,
    );
  }
  const { limitPerPeriod, periodSec } = rateLimit as Partial<QueueRateLimit>;
  if (limitPerPeriod === undefined || periodSec === undefined) {
    throw new TypeError(`Cannot use the given ${what}: expected both limitPerPeriod and periodSec`);
  }
  checkInteger(`limitPerPeriod of ${what}`, limitPerPeriod, 0, maxInteger);
  // Workers measure periods in milliseconds.
  checkNumber(`periodSec of ${what}`, periodSec, 0.001);
}

/** Refuses invalid limits; null means no limit. */
export function checkLimits(limits: QueueChanges): void {
  for (const [name, replacement] of Object.entries(replacements)) {
    if (limits[name as keyof QueueChanges] === undefined) continue;
    throw new TypeError(`Cannot set ${name} of a queue: ${replacement}`);
  }
  const concurrencies = {
    globalConcurrency: 0,
    workerConcurrency: 0,
    partitionConcurrency: 1,
    partitionWorkerConcurrency: 1,
  };
  for (const [name, min] of Object.entries(concurrencies)) {
    const limit = limits[name as keyof typeof concurrencies] ?? undefined;
    checkInteger(name, limit, min, maxInteger);
  }
  checkRateLimit("rateLimit", limits.rateLimit);
  checkRateLimit("partitionRateLimit", limits.partitionRateLimit);
  checkNumber("minPollingIntervalMs", limits.minPollingIntervalMs ?? undefined, 1);
}

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

/** The limits of queues: what they are, which go together, and the columns that hold them. */

import { checkInteger, checkNumber } from "../validate.ts";

/** How many workflows may be started in how much time. */
export interface QueueRateLimit {
  /** How many workflows are started in a period at most. */
  limitPerPeriod: number;
  /** How long a period is, in seconds. */
  periodSec: number;
}

/**
 * The limits of a queue. A limit of 0 workflows keeps the whole queue waiting.
 *
 * With any of the three limits for partitions the queue is a partitioned one: it runs only workflows
 * that were enqueued with a `queuePartitionKey`.
 */
export interface QueueLimits {
  /**
   * How many workflows of the queue run at the same time at most, in all workers together.
   *
   * @default {undefined} any number
   */
  globalConcurrency?: number;
  /**
   * How many of them one worker runs at most.
   *
   * @default {undefined} any number
   */
  workerConcurrency?: number;
  /**
   * How many of them are started in a period at most.
   *
   * @default {undefined} any number
   */
  rateLimit?: QueueRateLimit;
  /**
   * How many of the same partition run at most, in all workers together; at least 1.
   *
   * @default {undefined} any number
   */
  partitionConcurrency?: number;
  /**
   * How many of the same partition one worker runs at most; at least 1.
   *
   * @default {undefined} any number
   */
  partitionWorkerConcurrency?: number;
  /**
   * How many of the same partition are started in a period at most.
   *
   * @default {undefined} any number
   */
  partitionRateLimit?: QueueRateLimit;
  /**
   * How long a worker waits between two looks at the queue, in milliseconds.
   *
   * @default {1000}
   */
  minPollingIntervalMs?: number;
}

/** What to change of a queue: null puts a limit back to its default, what is left out stays. */
export type QueueChanges = { [Limit in keyof QueueLimits]: QueueLimits[Limit] | null };

const maxInteger = 2 ** 31 - 1;
const defaultPollingIntervalMs = 1000;

/** The limits that make a queue a partitioned one. */
export const partitionLimits = [
  "partitionConcurrency",
  "partitionWorkerConcurrency",
  "partitionRateLimit",
] as const;

/** What other releases know, or the official client under an older name. */
const replacements: Record<string, string> = {
  concurrency: "globalConcurrency says the same",
  partitionQueue: "any limit for partitions makes a queue a partitioned one",
  priorityEnabled: "every queue runs by priority",
};

function checkRateLimit(what: string, rateLimit: unknown): void {
  if (rateLimit === undefined || rateLimit === null) return;
  if (typeof rateLimit !== "object") {
    throw new TypeError(`Cannot use the given ${what}: expected limitPerPeriod and periodSec`);
  }
  const { limitPerPeriod, periodSec } = rateLimit as Partial<QueueRateLimit>;
  if (limitPerPeriod === undefined || periodSec === undefined) {
    throw new TypeError(`Cannot use ${what} without both limitPerPeriod and periodSec`);
  }
  checkInteger(`limitPerPeriod of ${what}`, limitPerPeriod, 0, maxInteger);
  // Workers count in milliseconds.
  checkNumber(`periodSec of ${what}`, periodSec, 0.001);
}

/** Refuses limits that no queue can have; null stands for none. */
export function checkLimits(limits: QueueChanges): void {
  for (const [name, replacement] of Object.entries(replacements)) {
    if (name in limits) throw new TypeError(`Cannot use ${name} of a queue: ${replacement}`);
  }
  const concurrencies = {
    globalConcurrency: 0,
    workerConcurrency: 0,
    partitionConcurrency: 1,
    partitionWorkerConcurrency: 1,
  };
  for (const [name, least] of Object.entries(concurrencies)) {
    const limit = limits[name as keyof typeof concurrencies] ?? undefined;
    checkInteger(name, limit, least, maxInteger);
  }
  checkRateLimit("rateLimit", limits.rateLimit);
  checkRateLimit("partitionRateLimit", limits.partitionRateLimit);
  checkNumber("minPollingIntervalMs", limits.minPollingIntervalMs ?? undefined, 1);
}

/** Refuses limits of which one could never be reached, as sql/queues/update_queue.sql does. */
export function checkAgreement(name: string, limits: QueueLimits): void {
  const maximaOf = {
    workerConcurrency: ["globalConcurrency"],
    partitionConcurrency: ["globalConcurrency"],
    partitionWorkerConcurrency: [
      "partitionConcurrency",
      "workerConcurrency",
      "globalConcurrency",
    ],
  } as const;
  for (const [limit, maxima] of Object.entries(maximaOf)) {
    const value = limits[limit as keyof typeof maximaOf] ?? 0;
    for (const most of maxima) {
      if (value <= (limits[most] ?? Infinity)) continue;
      throw new RangeError(
        `Cannot limit queue ${name}: its ${limit} of ${value} exceeds its ${most} of ` +
          `${limits[most]}`,
      );
    }
  }
}

/** The columns that hold the limits; what is undefined stays out of JSON. */
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

import { callDescription, type CallOptions, type Client, openCall } from "../client/client.ts";
import * as sql from "../../sql/lists/mod.ts";
import { toNumber } from "../database/rows.ts";
import type { Driver } from "../drivers/driver.ts";
import { runWithTimeout } from "./statement_timeout.ts";
import {
  asChoice,
  asChoices,
  asInteger,
  asTextOrTexts,
  describeOptions,
  type OptionsDescription,
} from "../options.ts";
import { joinLists } from "../database/text_lists.ts";
import { asTime, toPatterns, toTexts } from "./filter_parameters.ts";

/**
 * Which steps to count, and how to group them. A filter with an array matches any of its values.
 */
export interface CountStepsOptions extends CallOptions {
  /**
   * The fields to group by.
   *
   * @default {[]} all steps are one group
   */
  groupBy?: readonly ("status" | "name")[];
  /**
   * Also group by the time at which the steps ended: the length of a time bucket, in milliseconds.
   *
   * @default {undefined} no time buckets
   */
  timeBucketMs?: number;
  /**
   * Only steps that succeeded, or only steps that failed.
   *
   * @default {undefined} both
   */
  status?: "SUCCESS" | "ERROR";
  /**
   * The names of the steps.
   *
   * @default {undefined} any
   */
  name?: string | readonly string[];
  /**
   * Prefixes of the IDs of the workflows.
   *
   * @default {undefined} any
   */
  workflow_id_prefix?: string | readonly string[];
  /**
   * The earliest time at which the steps ended: an ISO 8601 string, a date or milliseconds since
   * 1970.
   *
   * @default {undefined} any
   */
  completedAfter?: string | Date | number;
  /**
   * The latest time at which the steps ended.
   *
   * @default {undefined} any
   */
  completedBefore?: string | Date | number;
  /**
   * The applications that ran the steps. Steps that belong to no application match every one. An
   * empty array stands for all applications.
   *
   * @default {undefined} the application of the client, or all if it has none
   */
  applicationName?: string | readonly string[];
}

/** A group of steps. It has the fields that the steps were grouped by. */
export interface StepCount {
  /** The number of steps. */
  readonly count: number;
  /** The duration of the longest step, in milliseconds; null if no step has its times recorded. */
  readonly maxDurationMs: number | null;
  /** Whether the steps succeeded. */
  readonly status?: "SUCCESS" | "ERROR";
  /** The name of the steps. */
  readonly name?: string;
  /** The start of the time bucket, in milliseconds since 1970; null for steps without times. */
  readonly timeBucket?: number | null;
}

const countDescription: OptionsDescription<CountStepsOptions> = describeOptions<CountStepsOptions>({
  ...callDescription.checks,
  groupBy: asChoices("status", "name"),
  timeBucketMs: asInteger(1),
  status: asChoice("SUCCESS", "ERROR"),
  name: asTextOrTexts,
  workflow_id_prefix: asTextOrTexts,
  completedAfter: asTime,
  completedBefore: asTime,
  applicationName: asTextOrTexts,
});

type CountRow = NonNullable<typeof sql.countSteps.row>;

function toStepCount(
  row: CountRow,
  { groupBy = [], timeBucketMs }: CountStepsOptions,
): StepCount {
  return {
    ...(groupBy.includes("status") && { status: row.status as "SUCCESS" | "ERROR" }),
    ...(groupBy.includes("name") && { name: row.name ?? "" }),
    ...(timeBucketMs !== undefined && { timeBucket: toNumber(row.bucket) ?? null }),
    count: Number(row.count),
    maxDurationMs: toNumber(row.max_duration_ms) ?? null,
  };
}

/**
 * Counts the steps that match all filters, and finds how long the longest took, grouped by any of
 * status, name and time.
 *
 * Groups are sorted by time, the earliest first, and within a time bucket by count, the largest
 * first.
 *
 * @example
 * ```ts
 * import { connect, countSteps } from "@dbos-community/client";
 *
 * await using client = await connect();
 * const counts = await countSteps(client, {
 *   completedAfter: Date.now() - 86_400_000,
 *   groupBy: ["name", "status"],
 * });
 * for (const { name, status, count, maxDurationMs } of counts) {
 *   console.log(name, status, count, maxDurationMs);
 * }
 * ```
 *
 * @param client A client, or a driver's pool, connection or transaction.
 * @param options Which steps to count, and how to group them.
 * @returns The groups that have steps. Without grouping it is one group, whose count may be 0.
 * @throws {TypeError} If an option has the wrong type.
 * @throws {RangeError} If an option is out of range.
 * @throws {QueryTimeoutError} If the query takes longer than `observabilityQueryTimeoutMs`.
 * @throws {UnsupportedFeatureError} If the schema has no columns for application names.
 */
export async function countSteps(
  client: Client | Driver,
  options: CountStepsOptions = {},
): Promise<StepCount[]> {
  const [database, read] = openCall(client, "countSteps()", countDescription, options);
  const { groupBy = [], timeBucketMs, status } = read;
  const applications = toTexts(read.applicationName ?? database.settings.applicationName);
  const parameters = {
    ...joinLists({
      names: toTexts(read.name),
      id_patterns: toPatterns(toTexts(read.workflow_id_prefix)),
      application_names: applications?.length ? applications : undefined,
    }),
    status,
    completed_from: read.completedAfter as number | undefined,
    completed_until: read.completedBefore as number | undefined,
    by_status: groupBy.includes("status") ? 1 : undefined,
    by_name: groupBy.includes("name") ? 1 : undefined,
    bucket_ms: timeBucketMs,
  };
  const rows = await runWithTimeout(database, sql.countSteps, parameters);
  return rows.map((row) => toStepCount(row, read));
}

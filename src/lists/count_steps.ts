import { type Client, systemDatabaseOf } from "../client/client.ts";
import * as sql from "../../sql/lists/mod.ts";
import type { Driver } from "../drivers/driver.ts";
import { runWithTimeout } from "./statement_timeout.ts";
import { checkChoice, checkInteger } from "../validate.ts";
import { joinLists } from "../database/text_lists.ts";
import { toEpochMs, toPatterns, toTexts } from "./workflow_filters.ts";

/** Which steps to count, and in which groups. A list matches what equals any of its items. */
export interface CountStepsOptions {
  /**
   * What the steps of a group have in common.
   *
   * @default {[]} nothing: all of them are one group
   */
  groupBy?: readonly ("status" | "name")[];
  /**
   * Also group them by when they ended, in spans of this length, in milliseconds.
   *
   * @default {undefined}
   */
  timeBucketMs?: number;
  /**
   * Whether they succeeded or failed.
   *
   * @default {undefined} both
   */
  status?: "SUCCESS" | "ERROR";
  /**
   * Their names.
   *
   * @default {undefined} any
   */
  name?: string | readonly string[];
  /**
   * What the IDs of their workflows begin with.
   *
   * @default {undefined} anything
   */
  workflow_id_prefix?: string | readonly string[];
  /**
   * They ended then or later: an ISO 8601 text, a date or milliseconds since 1970.
   *
   * @default {undefined}
   */
  completedAfter?: string | Date | number;
  /**
   * They ended then or earlier.
   *
   * @default {undefined}
   */
  completedBefore?: string | Date | number;
  /**
   * The applications that ran them; steps of no application belong to all.
   *
   * @default {undefined} that of the client; without one, all
   */
  applicationName?: string | readonly string[];
}

/** How many steps a group has, what they have in common, and how long the longest took. */
export interface StepCount {
  /** How many they are. */
  readonly count: number;
  /** How long the longest took, in milliseconds; null where none has its times recorded. */
  readonly maxDurationMs: number | null;
  /** Whether they succeeded, where grouped by that. */
  readonly status?: "SUCCESS" | "ERROR";
  /** Their name, where grouped by that. */
  readonly name?: string;
  /** When their span of time began, in milliseconds since 1970; null for steps without times. */
  readonly timeBucket?: number | null;
}

type CountRow = NonNullable<typeof sql.countSteps.row>;

function toNumber(text: string | null | undefined): number | null {
  return text == null ? null : Number(text);
}

function toStepCount(
  row: CountRow,
  { groupBy = [], timeBucketMs }: CountStepsOptions,
): StepCount {
  return {
    ...(groupBy.includes("status") && { status: row.status as "SUCCESS" | "ERROR" }),
    ...(groupBy.includes("name") && { name: row.name ?? "" }),
    ...(timeBucketMs !== undefined && { timeBucket: toNumber(row.bucket) }),
    count: Number(row.count),
    maxDurationMs: toNumber(row.max_duration_ms),
  };
}

/**
 * How many steps of all workflows match, and how long the longest took, in groups by any of status,
 * name and time. Groups of an earlier time come first, and of one time the largest.
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
 * @param options Which steps to count, and in which groups.
 * @returns The groups that have any; without grouping one, even of none.
 * @throws {TypeError} If an option is of the wrong type.
 * @throws {RangeError} If an option is out of its range.
 * @throws {QueryTimeoutError} If the server takes too long.
 * @throws {UnsupportedFeatureError} If the system database is older than application names.
 */
export async function countSteps(
  client: Client | Driver,
  options: CountStepsOptions = {},
): Promise<StepCount[]> {
  const { groupBy = [], timeBucketMs, status } = options;
  for (const name of groupBy) checkChoice("groupBy", name, ["status", "name"]);
  checkInteger("timeBucketMs", timeBucketMs, 1);
  checkChoice("status", status, ["SUCCESS", "ERROR"]);
  const database = systemDatabaseOf(client);
  const applications = toTexts(
    "applicationName",
    options.applicationName ?? database.settings.applicationName,
  );
  const parameters = {
    ...joinLists({
      names: toTexts("name", options.name),
      id_patterns: toPatterns(toTexts("workflow_id_prefix", options.workflow_id_prefix)),
      application_names: applications?.length ? applications : undefined,
    }),
    status,
    completed_from: toEpochMs("completedAfter", options.completedAfter),
    completed_until: toEpochMs("completedBefore", options.completedBefore),
    by_status: groupBy.includes("status") ? 1 : undefined,
    by_name: groupBy.includes("name") ? 1 : undefined,
    bucket_ms: timeBucketMs,
  };
  const rows = await runWithTimeout(database, sql.countSteps, parameters);
  return rows.map((row) => toStepCount(row, options));
}

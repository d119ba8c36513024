import { type Client, systemDatabaseOf } from "../client/client.ts";
import * as sql from "../../sql/lists/mod.ts";
import type { Driver } from "../drivers/driver.ts";
import { runWithTimeout } from "./statement_timeout.ts";
import { checkChoice, checkInteger } from "../validate.ts";
import { toFilterParameters, type WorkflowFilters } from "./workflow_filters.ts";

/** Which workflows to count, and in which groups. */
export interface CountWorkflowsOptions extends WorkflowFilters {
  /**
   * What the workflows of a group have in common.
   *
   * @default {[]} nothing: all of them are one group
   */
  groupBy?: readonly ("status" | "workflowName" | "queueName" | "applicationVersion")[];
  /**
   * Also group them by when they were enqueued or started, in spans of this length, in milliseconds.
   *
   * @default {undefined}
   */
  timeBucketMs?: number;
}

/** How many workflows a group has, and what they have in common. */
export interface WorkflowCount {
  /** How many they are. */
  readonly count: number;
  /** Their status, where grouped by that. */
  readonly status?: string;
  /** The name that they are registered under, where grouped by that. */
  readonly workflowName?: string;
  /** The queue that they are or were on, where grouped by that; null for none. */
  readonly queueName?: string | null;
  /** Their application version, where grouped by that; null for none. */
  readonly applicationVersion?: string | null;
  /** When their span of time began, in milliseconds since 1970, where grouped by that. */
  readonly timeBucket?: number;
}

const groups = {
  status: "by_status",
  workflowName: "by_name",
  queueName: "by_queue_name",
  applicationVersion: "by_application_version",
} as const;

type CountParameters = NonNullable<typeof sql.countWorkflows.parameters>;
type CountRow = NonNullable<typeof sql.countWorkflows.row>;

function toWorkflowCount(
  row: CountRow,
  { groupBy = [], timeBucketMs }: CountWorkflowsOptions,
): WorkflowCount {
  const all: Required<Omit<WorkflowCount, "count" | "timeBucket">> = {
    status: row.status!,
    workflowName: row.name!,
    queueName: row.queue_name ?? null,
    applicationVersion: row.application_version ?? null,
  };
  return {
    ...Object.fromEntries(groupBy.map((name) => [name, all[name]])),
    ...(timeBucketMs !== undefined && { timeBucket: Number(row.bucket) }),
    count: Number(row.count),
  };
}

/**
 * How many workflows match all filters, in groups by any of status, name, queue, application version
 * and time. Groups of an earlier time come first, and of one time the largest.
 *
 * @example
 * ```ts
 * import { connect, countWorkflows } from "@dbos-community/client";
 *
 * await using client = await connect();
 * const counts = await countWorkflows(client, {
 *   startTime: Date.now() - 86_400_000,
 *   groupBy: ["status"],
 *   timeBucketMs: 3_600_000,
 * });
 * for (const { timeBucket, status, count } of counts) console.log(timeBucket, status, count);
 * ```
 *
 * @param client A client, or a driver's pool, connection or transaction.
 * @param options Which workflows to count, and in which groups.
 * @returns The groups that have any; without grouping one, even of none.
 * @throws {TypeError} If an option is of the wrong type.
 * @throws {RangeError} If an option is out of its range.
 * @throws {QueryTimeoutError} If the server takes too long.
 */
export async function countWorkflows(
  client: Client | Driver,
  options: CountWorkflowsOptions = {},
): Promise<WorkflowCount[]> {
  const { groupBy = [], timeBucketMs } = options;
  for (const name of groupBy) checkChoice("groupBy", name, Object.keys(groups));
  checkInteger("timeBucketMs", timeBucketMs, 1);
  const database = systemDatabaseOf(client);
  const parameters: CountParameters = {
    ...toFilterParameters(options, database.settings.applicationName),
    ...Object.fromEntries(groupBy.map((name) => [groups[name], 1])),
    bucket_ms: timeBucketMs,
  };
  const rows = await runWithTimeout(database, sql.countWorkflows, parameters);
  return rows.map((row) => toWorkflowCount(row, options));
}

import { callDescription, type CallOptions, type Client, openCall } from "../client/client.ts";
import * as sql from "../../sql/lists/mod.ts";
import type { Driver } from "../drivers/driver.ts";
import { runWithTimeout } from "./statement_timeout.ts";
import { asChoices, asInteger, describeOptions, type OptionsDescription } from "../options.ts";
import { filterDescription, toFilterParameters } from "./filter_parameters.ts";
import type { WorkflowFilters } from "./workflow_filters.ts";

/** Which workflows to count, and how to group them. */
export interface CountWorkflowsOptions extends WorkflowFilters, CallOptions {
  /**
   * The fields to group by.
   *
   * @default {[]} all workflows are one group
   */
  groupBy?: readonly ("status" | "workflowName" | "queueName" | "applicationVersion")[];
  /**
   * Also group by the time at which the workflows were enqueued or started: the length of a time
   * bucket, in milliseconds.
   *
   * @default {undefined} no time buckets
   */
  timeBucketMs?: number;
}

/** A group of workflows. It has the fields that the workflows were grouped by. */
export interface WorkflowCount {
  /** The number of workflows. */
  readonly count: number;
  /** The status. */
  readonly status?: string;
  /** The name that the workflows are registered under. */
  readonly workflowName?: string;
  /** The queue that the workflows are or were on; null for none. */
  readonly queueName?: string | null;
  /** The application version; null for none. */
  readonly applicationVersion?: string | null;
  /** The start of the time bucket, in milliseconds since 1970. */
  readonly timeBucket?: number;
}

const groups = {
  status: "by_status",
  workflowName: "by_name",
  queueName: "by_queue_name",
  applicationVersion: "by_application_version",
} as const;

const countDescription: OptionsDescription<CountWorkflowsOptions> = describeOptions<
  CountWorkflowsOptions
>({
  ...callDescription.checks,
  ...filterDescription.checks,
  groupBy: asChoices("status", "workflowName", "queueName", "applicationVersion"),
  timeBucketMs: asInteger(1),
});

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
 * Counts the workflows that match all filters, grouped by any of status, name, queue, application
 * version and time.
 *
 * Groups are sorted by time, the earliest first, and within a time bucket by count, the largest
 * first.
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
 * @param options Which workflows to count, and how to group them.
 * @returns The groups that have workflows. Without grouping it is one group, whose count may be 0.
 * @throws {TypeError} If an option has the wrong type.
 * @throws {RangeError} If an option is out of range.
 * @throws {QueryTimeoutError} If the query takes longer than `observabilityQueryTimeoutMs`.
 */
export async function countWorkflows(
  client: Client | Driver,
  options: CountWorkflowsOptions = {},
): Promise<WorkflowCount[]> {
  const [database, read] = openCall(client, "countWorkflows()", countDescription, options);
  const { groupBy = [], timeBucketMs } = read;
  const parameters: CountParameters = {
    ...toFilterParameters(read, database.settings.applicationName),
    ...Object.fromEntries(groupBy.map((name) => [groups[name], 1])),
    bucket_ms: timeBucketMs,
  };
  const rows = await runWithTimeout(database, sql.countWorkflows, parameters);
  return rows.map((row) => toWorkflowCount(row, read));
}

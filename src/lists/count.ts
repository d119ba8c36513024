import { callDescription, type CallOptions, type Client, openCall } from "../client/client.ts";
import * as sql from "../../sql/lists/mod.ts";
import { toNumber } from "../database/rows.ts";
import type { Driver } from "../drivers/driver.ts";
import { runWithTimeout } from "./statement_timeout.ts";
import {
  asChoices,
  asInteger,
  type Check,
  describeOptions,
  type OptionsDescription,
} from "../options.ts";
import { filterDescription, filterReplacements, toFilterParameters } from "./filter_parameters.ts";
import type { WorkflowFilters } from "./workflow_filters.ts";

/** Which workflows to count, how to group them, and what else to compute. */
export interface CountWorkflowsOptions extends WorkflowFilters, CallOptions {
  /**
   * The fields to group by.
   *
   * @default {[]} all workflows are one group
   */
  groupBy?: readonly (
    | "status"
    | "workflowName"
    | "queueName"
    | "executorId"
    | "applicationName"
    | "applicationVersion"
  )[];
  /**
   * What to compute of each group, besides the number of workflows.
   *
   * @default {[]} nothing
   */
  select?: readonly ("minCreatedAt" | "maxQueueWaitMs" | "maxTotalLatencyMs")[];
  /**
   * Also group by the time at which the workflows were enqueued or started: the length of a time
   * bucket, in milliseconds.
   *
   * @default {undefined} no time buckets
   */
  timeBucketMs?: number;
}

/** A group of workflows. It has the fields that the workflows were grouped by, and those of `select`. */
export interface WorkflowCount {
  /** The number of workflows. */
  readonly count: number;
  /** The status. */
  readonly status?: string;
  /** The name that the workflows are registered under. */
  readonly workflowName?: string;
  /** The queue that the workflows are or were on; null for none. */
  readonly queueName?: string | null;
  /** The executor that runs the workflows or ran them last; null if none has. */
  readonly executorId?: string | null;
  /** The application that the workflows belong to; null for none. */
  readonly applicationName?: string | null;
  /** The application version; null for none. */
  readonly applicationVersion?: string | null;
  /** The start of the time bucket, in milliseconds since 1970. */
  readonly timeBucket?: number;
  /** When the earliest workflow was created, in milliseconds since 1970; null if there is none. */
  readonly minCreatedAt?: number | null;
  /**
   * The longest time from the creation of a workflow to its start, in milliseconds; null if no workflow
   * has started.
   */
  readonly maxQueueWaitMs?: number | null;
  /**
   * The longest time from the creation of a workflow to its end, in milliseconds; null if no workflow
   * has ended, or if the schema has no column for that time.
   */
  readonly maxTotalLatencyMs?: number | null;
}

const groups = {
  status: "by_status",
  workflowName: "by_name",
  queueName: "by_queue_name",
  executorId: "by_executor_id",
  applicationName: "by_application_name",
  applicationVersion: "by_application_version",
} as const;

const aggregates = {
  minCreatedAt: "select_min_created_at",
  maxQueueWaitMs: "select_max_queue_wait",
  maxTotalLatencyMs: "select_max_total_latency",
} as const;

function asKeysOf<Name extends string>(table: Readonly<Record<Name, string>>): Check<Name[]> {
  return asChoices(...Object.keys(table) as Name[]);
}

const countDescription: OptionsDescription<CountWorkflowsOptions> = describeOptions<
  CountWorkflowsOptions
>({
  ...callDescription.checks,
  ...filterDescription.checks,
  groupBy: asKeysOf(groups),
  timeBucketMs: asInteger(1),
  select: asKeysOf(aggregates),
}, filterReplacements);

type CountParameters = NonNullable<typeof sql.countWorkflows.parameters>;
type CountRow = NonNullable<typeof sql.countWorkflows.row>;

function toWorkflowCount(
  row: CountRow,
  { groupBy = [], timeBucketMs, select = [] }: CountWorkflowsOptions,
): WorkflowCount {
  const all: Required<Omit<WorkflowCount, "count" | "timeBucket">> = {
    status: row.status!,
    workflowName: row.name!,
    queueName: row.queue_name ?? null,
    executorId: row.executor_id ?? null,
    applicationName: row.application_name ?? null,
    applicationVersion: row.application_version ?? null,
    minCreatedAt: toNumber(row.min_created_at) ?? null,
    maxQueueWaitMs: toNumber(row.max_queue_wait_ms) ?? null,
    maxTotalLatencyMs: toNumber(row.max_total_latency_ms) ?? null,
  };
  return {
    ...Object.fromEntries([...groupBy, ...select].map((name) => [name, all[name]])),
    ...(timeBucketMs !== undefined && { timeBucket: Number(row.bucket) }),
    count: Number(row.count),
  };
}

/**
 * Counts the workflows that match all filters, grouped by any of status, name, queue, executor,
 * application, application version and time. On request it also returns the earliest creation, the
 * longest queue wait and the longest total latency of each group.
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
 *   groupBy: ["queueName"],
 *   timeBucketMs: 3_600_000,
 *   select: ["maxQueueWaitMs"],
 * });
 * for (const { timeBucket, queueName, count, maxQueueWaitMs } of counts) {
 *   console.log(timeBucket, queueName, count, maxQueueWaitMs);
 * }
 * ```
 *
 * @param client A client, or a driver's pool, connection or transaction.
 * @param options Which workflows to count, how to group them, and what else to compute.
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
  const { groupBy = [], timeBucketMs, select = [] } = read;
  const parameters: CountParameters = {
    ...toFilterParameters(read, database.settings.applicationName),
    ...Object.fromEntries(groupBy.map((name) => [groups[name], 1])),
    ...Object.fromEntries(select.map((name) => [aggregates[name], 1])),
    bucket_ms: timeBucketMs,
  };
  const rows = await runWithTimeout(database, sql.countWorkflows, parameters);
  return rows.map((row) => toWorkflowCount(row, read));
}

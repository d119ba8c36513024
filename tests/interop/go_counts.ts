/** Compares counts with those of the functions that only Go's SDK has. */
import { assert, assertEquals } from "@std/assert";
import {
  type Client,
  connect,
  countSteps,
  type CountStepsOptions,
  countWorkflows,
  type CountWorkflowsOptions,
  enqueue,
} from "../../mod.ts";
import { createTestDatabase, execute } from "../support/database.ts";
import type { Language } from "./languages.ts";
import { startApplication } from "./start_application.ts";

/** A row that Go returns. */
interface AggregateRow {
  group: Record<string, string | null>;
  count: number;
  min_created_at?: number | null;
  max_queue_wait_ms?: number | null;
  max_total_latency_ms?: number | null;
  max_duration_ms?: number | null;
}

type GroupBy = NonNullable<CountWorkflowsOptions["groupBy"]>[number];

/** Our names of what Go groups by, with the options and the columns of Go. */
const groups: Record<GroupBy, [option: string, column: string]> = {
  status: ["GroupByStatus", "status"],
  workflowName: ["GroupByName", "name"],
  queueName: ["GroupByQueueName", "queue_name"],
  executorId: ["GroupByExecutorID", "executor_id"],
  applicationName: ["GroupByApplicationName", "application_name"],
  applicationVersion: ["GroupByApplicationVersion", "application_version"],
};

const bucketMs = 5000;
const nanosecondsPerMs = 1_000_000;
const prefix = "counted-";
const select = ["minCreatedAt", "maxQueueWaitMs", "maxTotalLatencyMs"] as const;

// Some workflows were not started, some have not ended, and some were started before they were created.
const varyWorkflows = `
  insert into dbos.workflow_status
    (workflow_uuid, status, name, queue_name, executor_id, application_name, application_version,
    created_at, started_at_epoch_ms, completed_at)
  select '${prefix}' || i, (array['SUCCESS', 'ERROR', 'PENDING', 'ENQUEUED'])[1 + i % 4],
    'name' || i % 3, nullif('queue' || i % 5, 'queue0'), nullif('executor' || i % 7, 'executor0'),
    nullif(case when i % 2 = 0 then 'test-app' else 'none' end, 'none'), 'version' || i % 2,
    1700000000000 + i * 100, case when i % 6 > 0 then 1700000000000 + i * 117 - 50 end,
    case when i % 4 < 2 then 1700000000000 + i * 211 end
  from generate_series(1, 200) as i;
  insert into dbos.operation_outputs
    (workflow_uuid, function_id, function_name, error, started_at_epoch_ms, completed_at_epoch_ms)
  select '${prefix}' || i, step, 'step' || step, case when i % 3 = 0 then '{}' end,
    1700000000000 + i * 100, 1700000000000 + i * (100 + step)
  from generate_series(1, 200) as i, generate_series(0, 2) as step`;

/** Has a workflow in Go count, and returns the groups that it finds. */
async function countInGo(
  client: Client,
  workflowName: "countWorkflows" | "countSteps",
  input: Record<string, unknown>,
): Promise<AggregateRow[]> {
  const options = { workflowName, queueName: "tasks" };
  const handle = await enqueue<AggregateRow[]>(client, options, {
    ...input,
    WorkflowIDPrefix: [prefix],
    SelectCount: true,
  });
  return await handle.getResult({ timeoutSeconds: 600 });
}

function toNumber(text: string | null | undefined): number | null {
  return text == null ? null : Number(text);
}

function sorted(counts: readonly object[]): string[] {
  return counts.map((count) => JSON.stringify(Object.entries(count).sort())).sort();
}

async function compareWorkflowCounts(client: Client, options: CountWorkflowsOptions) {
  const { groupBy = [], timeBucketMs } = options;
  const rows = await countInGo(client, "countWorkflows", {
    ...Object.fromEntries(groupBy.map((name) => [groups[name][0], true])),
    TimeBucketSize: timeBucketMs && timeBucketMs * nanosecondsPerMs,
    SelectMinCreatedAt: true,
    SelectMaxQueueWaitMs: true,
    SelectMaxTotalLatencyMs: true,
  });
  const expected = rows.map(({ group, ...row }) => ({
    ...Object.fromEntries(groupBy.map((name) => [name, group[groups[name][1]]])),
    ...(timeBucketMs !== undefined && { timeBucket: toNumber(group.time_bucket) }),
    minCreatedAt: row.min_created_at,
    maxQueueWaitMs: row.max_queue_wait_ms,
    maxTotalLatencyMs: row.max_total_latency_ms,
    count: row.count,
  }));
  assert(expected.length > 1);
  const filters = { workflow_id_prefix: prefix, applicationName: "test-app", select };
  const counts = await countWorkflows(client, { ...options, ...filters });
  assertEquals(sorted(counts), sorted(expected), Deno.inspect(options));
}

async function compareStepCounts(client: Client, options: CountStepsOptions) {
  const { groupBy = [], timeBucketMs } = options;
  const rows = await countInGo(client, "countSteps", {
    GroupByStatus: groupBy.includes("status"),
    GroupByFunctionName: groupBy.includes("name"),
    TimeBucketSize: timeBucketMs && timeBucketMs * nanosecondsPerMs,
    SelectMaxDurationMs: true,
  });
  const expected = rows.map(({ group, count, max_duration_ms }) => ({
    ...(groupBy.includes("status") && { status: group.status }),
    ...(groupBy.includes("name") && { name: group.function_name }),
    ...(timeBucketMs !== undefined && { timeBucket: toNumber(group.time_bucket) }),
    count,
    maxDurationMs: max_duration_ms,
  }));
  assert(expected.length > 1);
  const filters = { workflow_id_prefix: prefix, applicationName: "test-app" };
  const counts = await countSteps(client, { ...options, ...filters });
  assertEquals(sorted(counts), sorted(expected), Deno.inspect(options));
}

/** Verifies that Go's SDK finds the same groups, counts, earliest creations and longest times. */
export async function verifyGoCounts({ command }: Language): Promise<void> {
  await using database = await createTestDatabase();
  await using _application = await startApplication(command, database.url);
  await execute(database.url, varyWorkflows);
  await using client = await connect(database.url);
  for (const name of Object.keys(groups) as GroupBy[]) {
    await compareWorkflowCounts(client, { groupBy: [name] });
  }
  await compareWorkflowCounts(client, { timeBucketMs: bucketMs });
  await compareWorkflowCounts(client, {
    groupBy: ["executorId", "applicationName", "status"],
    timeBucketMs: bucketMs,
  });
  await compareStepCounts(client, { groupBy: ["status"] });
  await compareStepCounts(client, { groupBy: ["status", "name"], timeBucketMs: bucketMs });
}

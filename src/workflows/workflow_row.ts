/** Writes workflows as jobs of sql/workflows/enqueue.sql, and says what became of them. */

import { enqueue as enqueueStatement } from "../../sql/workflows/mod.ts";
import { type Batcher, createBatcher, type Item } from "../database/batch.ts";
import { serializeAttributes } from "./attributes.ts";
import type { EnqueueOptions } from "./enqueue.ts";
import type { Codec } from "../serialization/codec.ts";
import { needsFormatColumn, requireFormatColumn } from "../serialization/format_column.ts";
import type { Conflict } from "./conflict.ts";
import type { SystemDatabase } from "../database/system_database.ts";
import { uuidV7 } from "../uuid_v7.ts";

/** The options that not every schema version has a column of workflow_status for. */
const neededColumns = {
  queuePartitionKey: "queue_partition_key",
  delaySeconds: "delay_until_epoch_ms",
  attributes: "attributes",
  applicationName: "application_name",
} as const;

/** Refuses options that the schema has no column for. */
export async function requireColumns(
  database: SystemDatabase,
  options: EnqueueOptions,
): Promise<void> {
  await requireFormatColumn(database, options.serializationType);
  for (const [option, column] of Object.entries(neededColumns)) {
    if (options[option as keyof typeof neededColumns]) {
      await database.requireColumn(option, `workflow_status.${column}`);
    }
  }
}

/** Whether any of the options may have no column. */
export function usesOptionalColumns(database: SystemDatabase, options: EnqueueOptions): boolean {
  return needsFormatColumn(database, options.serializationType) ||
    Object.keys(neededColumns).some((name) => options[name as keyof typeof neededColumns]);
}

/** A workflow to be written. */
export interface WorkflowRow extends Item {
  readonly workflowID: string;
}

/** What a job has besides what its options say. */
interface ExtraColumns {
  schedule_name?: string;
  delay_ms?: number;
  is_debounced?: boolean;
  debounce_timeout_ms?: number | undefined;
  ignores_class?: boolean;
}

/**
 * A job as sql/workflows/enqueue.sql reads it; what is undefined stays out and becomes NULL. Without an
 * ID of the caller's it gets a new one.
 */
export function toWorkflowRow(
  database: SystemDatabase,
  codec: Codec,
  options: EnqueueOptions,
  args: readonly unknown[],
  columns: ExtraColumns = {},
): WorkflowRow {
  const { authenticatedRoles, deduplicationID, delaySeconds } = options;
  const workflowID = options.workflowID ?? uuidV7();
  const text = JSON.stringify({
    name: options.workflowName,
    class_name: options.workflowClassName,
    config_name: options.workflowConfigName,
    queue_name: options.queueName,
    authenticated_user: options.authenticatedUser,
    assumed_role: options.assumedRole,
    authenticated_roles: authenticatedRoles && JSON.stringify(authenticatedRoles),
    application_version: options.appVersion,
    application_name: options.applicationName ?? database.settings.applicationName,
    timeout_ms: options.workflowTimeoutMS,
    deadline_epoch_ms: options.deadlineEpochMS,
    deduplication_id: deduplicationID,
    priority: options.priority,
    queue_partition_key: options.queuePartitionKey,
    delay_ms: delaySeconds ? Math.ceil(delaySeconds * 1000) : undefined,
    attributes: options.attributes && JSON.parse(serializeAttributes(options.attributes)),
    inputs: codec.serializeArgs(args, options.namedArgs),
    serialization: codec.name,
    creator_xid: uuidV7(),
    workflow_id: workflowID,
    ...columns,
  });
  const hasFreshID = options.workflowID === undefined && deduplicationID === undefined;
  return { workflowID, text, hasFreshID };
}

const batchers = new WeakMap<SystemDatabase, Batcher<Conflict | undefined>>();

/** Writes jobs of {@linkcode toWorkflowRow}, and tells of each what stood in its way. */
export function batcherOf(database: SystemDatabase): Batcher<Conflict | undefined> {
  let batcher = batchers.get(database);
  if (!batcher) {
    batcher = createBatcher(database, async ({ after, backlog, items, count, checkConflicts }) => {
      const parameters = { after, backlog, jobs: items, check_conflicts: checkConflicts };
      const rows = await database.run(enqueueStatement, parameters);
      const outcomes = new Array<Conflict | undefined>(count);
      for (const row of rows) if (row.position !== null) outcomes[row.position] = row;
      return { outcomes, lastCreatedAt: rows[0]!.last_created_at };
    });
    batchers.set(database, batcher);
  }
  return batcher;
}

/**
 * Writes a job of {@linkcode toWorkflowRow}, together with others that are written meanwhile; gives the ID of
 * the workflow that the caller gets a handle to.
 */
export async function writeWorkflow(
  database: SystemDatabase,
  options: EnqueueOptions,
  job: WorkflowRow,
): Promise<string> {
  const { write } = batcherOf(database);
  const conflict = await write(job);
  if (!conflict) return job.workflowID;
  // Few jobs have something in their way.
  const { resolveConflict } = await import("./conflict.ts");
  return await resolveConflict(conflict, options, job.workflowID, () => write(job));
}

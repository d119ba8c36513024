import type { Item } from "../batching/item_writer.ts";
import type { SystemDatabase } from "../database/system_database.ts";
import type { Codec } from "../serialization/codec.ts";
import { uuidV7 } from "../uuid_v7.ts";
import { areShort, checkIndexed } from "../validate.ts";
import { serializeAttributes } from "./attributes.ts";
import type { EnqueueOptions } from "./enqueue_options.ts";

/** A workflow to insert. */
export interface WorkflowRow extends Item {
  readonly workflowID: string;
}

/** Columns to set in addition to those of the options. */
interface ExtraColumns {
  schedule_name?: string;
  delay_ms?: number;
  is_debounced?: boolean;
  debounce_timeout_ms?: number | undefined;
  ignores_class?: boolean;
}

// Options that need none of the columns which the statement leaves out without `all_columns`.
const commonOptions: readonly string[] = [
  "workflowName",
  "queueName",
  "workflowID",
  "workflowIDReusePolicy",
  "appVersion",
  "applicationName",
  "serializationType",
  "namedArgs",
  "args",
  "signal",
] satisfies (keyof EnqueueOptions | "args")[];

function isCommon(options: EnqueueOptions): boolean {
  for (const name in options) if (!commonOptions.includes(name)) return false;
  return true;
}

/** Refuses what the indexes of workflow_status cannot hold. */
function checkIndexes(
  { workflowID, queueName, queuePartitionKey, deduplicationID }: EnqueueOptions,
  applicationName: string | undefined,
): void {
  if (areShort(workflowID, queueName, queuePartitionKey, deduplicationID, applicationName)) return;
  const partitionedID = queuePartitionKey === undefined ? undefined : workflowID;
  checkIndexed({ workflowID });
  checkIndexed({ queueName, deduplicationID });
  checkIndexed({ queueName, applicationName, queuePartitionKey, workflowID: partitionedID });
}

/**
 * Makes the JSON of a workflow that sql/workflows/enqueue.sql reads. Properties that are undefined
 * are left out, which makes their columns NULL. A workflow without an ID gets a new one. The path
 * precedes the names of arguments in errors.
 */
export function toWorkflowRow(
  database: SystemDatabase,
  codec: Codec,
  options: EnqueueOptions,
  args: readonly unknown[],
  columns?: ExtraColumns,
  path = "",
): WorkflowRow {
  const { authenticatedRoles, deduplicationID, delaySeconds } = options;
  const workflowID = options.workflowID ?? uuidV7();
  const applicationName = options.applicationName ?? database.settings.applicationName;
  checkIndexes(options, applicationName);
  const text = JSON.stringify({
    name: options.workflowName,
    class_name: options.workflowClassName,
    config_name: options.workflowConfigName,
    queue_name: options.queueName,
    authenticated_user: options.authenticatedUser,
    assumed_role: options.assumedRole,
    authenticated_roles: authenticatedRoles && JSON.stringify(authenticatedRoles),
    application_version: options.appVersion,
    application_name: applicationName,
    timeout_ms: options.workflowTimeoutMS,
    deadline_epoch_ms: options.deadlineEpochMS,
    deduplication_id: deduplicationID,
    priority: options.priority,
    queue_partition_key: options.queuePartitionKey,
    delay_ms: delaySeconds ? Math.ceil(delaySeconds * 1000) : undefined,
    attributes: options.attributes && JSON.parse(serializeAttributes(options.attributes)),
    inputs: codec.serializeArgs(args, options.namedArgs, path),
    serialization: codec.name,
    creator_xid: uuidV7(),
    workflow_id: workflowID,
    ...columns,
  });
  const hasFreshID = options.workflowID === undefined && deduplicationID === undefined;
  const needsAllColumns = columns !== undefined || !isCommon(options);
  return { workflowID, text, hasFreshID, needsAllColumns };
}

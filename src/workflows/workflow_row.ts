import type { Item } from "../batching/item_writer.ts";
import type { Serialized } from "../client/writing_codec.ts";
import type { SystemDatabase } from "../database/system_database.ts";
import { uuidV7 } from "../uuid_v7.ts";
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

/**
 * Makes the JSON of a workflow that sql/workflows/enqueue.sql reads. Properties that are undefined
 * are left out, which makes their columns NULL. A workflow without an ID gets a new one. The path
 * precedes the name of the attributes in errors.
 */
export function toWorkflowRow(
  database: SystemDatabase,
  args: Serialized,
  options: EnqueueOptions,
  columns: ExtraColumns = {},
  path = "",
): WorkflowRow {
  const { attributes, authenticatedRoles, deduplicationID, delaySeconds } = options;
  const workflowID = options.workflowID ?? uuidV7();
  const applicationName = options.applicationName ?? database.settings.applicationName;
  // Most workflows have none of these: then the statement leaves them out.
  const rareColumns = {
    class_name: options.workflowClassName,
    config_name: options.workflowConfigName,
    authenticated_user: options.authenticatedUser,
    assumed_role: options.assumedRole,
    authenticated_roles: authenticatedRoles && JSON.stringify(authenticatedRoles),
    timeout_ms: options.workflowTimeoutMS,
    deadline_epoch_ms: options.deadlineEpochMS,
    deduplication_id: deduplicationID,
    priority: options.priority,
    queue_partition_key: options.queuePartitionKey,
    delay_ms: delaySeconds ? Math.ceil(delaySeconds * 1000) : undefined,
    attributes: attributes && JSON.parse(serializeAttributes(attributes, `${path}attributes`)),
    ...columns,
  };
  const text = JSON.stringify({
    name: options.workflowName,
    queue_name: options.queueName,
    application_version: options.appVersion,
    application_name: applicationName,
    inputs: args.text,
    serialization: args.serialization,
    creator_xid: uuidV7(),
    workflow_id: workflowID,
    ...rareColumns,
  });
  const hasFreshID = options.workflowID === undefined && deduplicationID === undefined;
  const needsAllColumns = Object.values(rareColumns).some((value) => value !== undefined);
  return { workflowID, text, hasFreshID, needsAllColumns };
}

import type { Item } from "../batching/item_writer.ts";
import type { Serialized } from "../client/writing_codec.ts";
import type { SystemDatabase } from "../database/system_database.ts";
import { uuidV7 } from "../uuid_v7.ts";
import { serializeAttributes } from "../serialization/write_portable_json.ts";
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

// Those that have no column, or one that the statement for most workflows has.
const commonOptions = new Set([
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
]);

// What the other columns have, and the names of all.
const usualCharacters = 300;

/** The columns that most workflows leave empty. */
function toRareColumns(options: EnqueueOptions, attributes: string | undefined): object {
  const { authenticatedRoles, delaySeconds } = options;
  return {
    class_name: options.workflowClassName,
    config_name: options.workflowConfigName,
    authenticated_user: options.authenticatedUser,
    assumed_role: options.assumedRole,
    authenticated_roles: authenticatedRoles && JSON.stringify(authenticatedRoles),
    timeout_ms: options.workflowTimeoutMS,
    deadline_epoch_ms: options.deadlineEpochMS,
    deduplication_id: options.deduplicationID,
    priority: options.priority,
    queue_partition_key: options.queuePartitionKey,
    delay_ms: delaySeconds ? Math.ceil(delaySeconds * 1000) : undefined,
    attributes: attributes && JSON.parse(attributes),
  };
}

/**
 * Makes the columns of a workflow that sql/workflows/enqueue.sql reads. Those that are undefined are
 * NULL. A workflow without an ID gets a new one. A client that traces its calls adds the trace context to
 * the attributes. The path precedes their name in errors.
 */
export function toWorkflowRow(
  database: SystemDatabase,
  args: Serialized,
  options: EnqueueOptions,
  columns?: ExtraColumns,
  path = "",
): WorkflowRow {
  const { applicationName, tracing } = database.settings;
  const workflowID = options.workflowID ?? uuidV7();
  // A call that is traced has loaded them.
  const spans = tracing?.load();
  const attributes = spans && !(spans instanceof Promise)
    ? spans.withContext(options.attributes)
    : options.attributes;
  const needsAllColumns = columns !== undefined || attributes !== undefined ||
    Object.keys(options).some((name) => !commonOptions.has(name));
  const row = {
    name: options.workflowName,
    queue_name: options.queueName,
    application_version: options.appVersion,
    application_name: options.applicationName ?? applicationName,
    inputs: args.text,
    serialization: args.serialization,
    creator_xid: uuidV7(),
    workflow_id: workflowID,
  };
  const attributesText = attributes && serializeAttributes(attributes, `${path}attributes`);
  return {
    workflowID,
    columns: needsAllColumns
      ? { ...row, ...toRareColumns(options, attributesText), ...columns }
      : row,
    characters: args.text.length + (attributesText?.length ?? 0) + usualCharacters,
    hasFreshID: options.workflowID === undefined && options.deduplicationID === undefined,
    needsAllColumns,
  };
}

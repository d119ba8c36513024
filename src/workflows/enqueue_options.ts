/** The options for enqueueing a workflow: how they are checked, and which columns they need. */

import { callDescription, type CallOptions } from "../client/client.ts";
import { needsFormatColumn, requireFormatColumn } from "../client/writing_codec.ts";
import type { SystemDatabase } from "../database/system_database.ts";
import {
  asChoice,
  asIndexedText,
  asInteger,
  asNumber,
  asPlainObject,
  asShortText,
  asText,
  asTexts,
  describeOptions,
  type OptionsDescription,
} from "../options.ts";
import { type SerializationType, serializationTypes } from "../serialization/write.ts";
import { areShort, checkIndexed } from "../validate.ts";

/** How the names of the queues of DBOS itself begin. */
export const reservedQueuePrefix = "_dbos_";

/** The queue that every DBOS application listens to. */
export const internalQueueName = "_dbos_internal_queue";

/** Which workflow to enqueue, on which queue, and how. */
export interface EnqueueOptions extends CallOptions {
  /** The name that the application registered the workflow under. */
  workflowName: string;
  /** The queue to put it on. */
  queueName: string;
  /**
   * The ID of the workflow. With an ID of your own, a repeated call enqueues one workflow.
   *
   * @default {undefined} a new UUID of version 7
   */
  workflowID?: string;
  /**
   * What to do if a workflow of the same name, class and configured instance has `workflowID`:
   * return a handle to it, or throw a {@linkcode WorkflowIDInUseError}.
   *
   * @default {"return-existing"}
   */
  workflowIDReusePolicy?: "return-existing" | "reject";
  /**
   * The class that has the workflow as a method. Java always needs it, TypeScript for methods.
   *
   * @default {undefined}
   */
  workflowClassName?: string;
  /**
   * The configured instance that has the workflow as a method.
   *
   * @default {undefined}
   */
  workflowConfigName?: string;
  /**
   * The application version that runs the workflow.
   *
   * @default {undefined} the latest one
   */
  appVersion?: string;
  /**
   * The application whose workers run the workflow.
   *
   * @default {undefined} that of the client or, if it has none, any application of the system
   * database
   */
  applicationName?: string;
  /**
   * How long the workflow may run once it has started, in milliseconds. Then DBOS cancels it.
   *
   * @default {undefined} no limit
   */
  workflowTimeoutMS?: number;
  /**
   * The time at which DBOS cancels the workflow if it has not ended, even if it has not started, in
   * milliseconds since 1970. It cannot be combined with `workflowTimeoutMS`. Older workers, and
   * those of Java, only cancel a workflow that has started.
   *
   * @default {undefined} never
   */
  deadlineEpochMS?: number;
  /**
   * At most one workflow of the queue with this ID is pending or running at any time.
   *
   * @default {undefined}
   */
  deduplicationID?: string;
  /**
   * What to do if another workflow holds `deduplicationID`: throw a
   * {@linkcode QueueDuplicatedError}, or return a handle to that workflow.
   *
   * @default {"reject"}
   */
  duplicationPolicy?: "reject" | "return-existing";
  /**
   * The priority, from 0 to 2147483647. Lower runs first.
   *
   * @default {0}
   */
  priority?: number;
  /**
   * The partition of a partitioned queue. Such a queue does not run workflows without a partition.
   *
   * @default {undefined}
   */
  queuePartitionKey?: string;
  /**
   * How long to delay the workflow, in seconds.
   *
   * @default {0}
   */
  delaySeconds?: number;
  /**
   * Attributes that lists of workflows can be filtered by, as a plain object. They are stored as
   * JSON.
   *
   * @default {undefined}
   */
  attributes?: Record<string, unknown>;
  /**
   * The user on whose behalf the workflow runs.
   *
   * @default {undefined}
   */
  authenticatedUser?: string;
  /**
   * The role that the user assumes.
   *
   * @default {undefined}
   */
  assumedRole?: string;
  /**
   * The roles of the user.
   *
   * @default {[]}
   */
  authenticatedRoles?: string[];
  /**
   * The format of the arguments. The worker writes the result in the same format. `"py_pickle"` and
   * `"DBOS_JSON"` are for workers of Python and Go that are too old for portable JSON, and
   * `"rust_serde"` is for workflows in Rust, most of which stay `PENDING` with portable arguments.
   *
   * @default {"portable"} or that of the client
   */
  serializationType?: SerializationType;
  /**
   * Named arguments, for workflows in Python. Only `"portable"`, `"py_pickle"` and a serializer for
   * Python can write them.
   *
   * @default {undefined}
   */
  namedArgs?: Record<string, unknown>;
}

/** The options of {@linkcode enqueue}. */
export const enqueueDescription: OptionsDescription<EnqueueOptions> = describeOptions<
  EnqueueOptions
>({
  ...callDescription.checks,
  workflowName: { required: asText },
  queueName: { required: asIndexedText },
  workflowID: asIndexedText,
  workflowIDReusePolicy: asChoice("return-existing", "reject"),
  workflowClassName: asShortText,
  workflowConfigName: asShortText,
  appVersion: asText,
  applicationName: asIndexedText,
  workflowTimeoutMS: asInteger(1),
  deadlineEpochMS: asInteger(0),
  deduplicationID: asIndexedText,
  duplicationPolicy: asChoice("reject", "return-existing"),
  priority: asInteger(0, 2 ** 31 - 1),
  queuePartitionKey: asIndexedText,
  delaySeconds: asNumber(0, Number.MAX_SAFE_INTEGER / 1000),
  attributes: asPlainObject,
  authenticatedUser: asText,
  assumedRole: asText,
  authenticatedRoles: asTexts,
  serializationType: asChoice(...serializationTypes),
  namedArgs: asPlainObject,
});

/** Refuses options that contradict each other. */
export function checkCombination(call: string, options: EnqueueOptions): void {
  if (options.workflowTimeoutMS !== undefined && options.deadlineEpochMS !== undefined) {
    throw new TypeError(
      `Cannot use both workflowTimeoutMS and deadlineEpochMS as options of ${call}: leave out one`,
    );
  }
  if (options.duplicationPolicy === "return-existing" && options.deduplicationID === undefined) {
    throw new TypeError(
      `Cannot use duplicationPolicy "return-existing" without deduplicationID in ${call}`,
    );
  }
}

/** Refuses options that the indexes of workflow_status cannot hold together. */
export function checkIndexes(
  call: string,
  options: EnqueueOptions,
  clientApplication: string | undefined,
): void {
  const { workflowID, queueName, queuePartitionKey, deduplicationID } = options;
  const { applicationName = clientApplication } = options;
  if (areShort(workflowID, queueName, queuePartitionKey, deduplicationID, applicationName)) return;
  checkIndexed({ workflowID }, call);
  checkIndexed({ queueName, deduplicationID }, call);
  checkIndexed({ queueName, applicationName }, call);
  if (queuePartitionKey === undefined) return;
  checkIndexed({ queueName, applicationName, queuePartitionKey, workflowID }, call);
}

/** The options whose column of workflow_status is missing in older schemas. */
const optionalColumns = [
  { option: "queuePartitionKey", column: "workflow_status.queue_partition_key" },
  { option: "delaySeconds", column: "workflow_status.delay_until_epoch_ms" },
  { option: "attributes", column: "workflow_status.attributes" },
  { option: "applicationName", column: "workflow_status.application_name" },
] as const;

/** Whether the schema must be read because it may lack a column for an option. */
export function usesOptionalColumns(database: SystemDatabase, options: EnqueueOptions): boolean {
  return needsFormatColumn(database, options.serializationType) ||
    optionalColumns.some(({ option, column }) => options[option] && !database.hasColumn(column));
}

/** Refuses options that the schema has no column for. */
export async function requireColumns(
  database: SystemDatabase,
  options: EnqueueOptions,
): Promise<void> {
  await requireFormatColumn(database, options.serializationType);
  for (const { option, column } of optionalColumns) {
    if (options[option]) await database.requireColumn(option, column);
  }
}

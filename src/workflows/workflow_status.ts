import { callDescription, type CallOptions, type Client, openCall } from "../client/client.ts";
import * as sql from "../../sql/lists/mod.ts";
import { toNumber } from "../database/rows.ts";
import type { Driver } from "../drivers/driver.ts";
import {
  deserializeIfKnown,
  deserializeValueIfKnown,
  parseAttributes,
  parseRoles,
  type SerializedValue,
} from "../serialization/serialized_value.ts";
import type { CustomFormat } from "../serialization/custom_format.ts";
import { checkText } from "../validate.ts";

/**
 * The status of a workflow. Times are in milliseconds since 1970. Properties without a value are
 * undefined.
 *
 * An input, output or error that this client cannot read is a {@linkcode SerializedValue}. So are
 * roles and attributes that are not valid.
 */
export interface WorkflowStatus {
  /** The ID of the workflow. */
  readonly workflowID: string;
  /**
   * `PENDING` (running), `ENQUEUED`, `DELAYED`, `SUCCESS`, `ERROR`, `CANCELLED` or
   * `MAX_RECOVERY_ATTEMPTS_EXCEEDED`.
   */
  readonly status: string;
  /** The name that the workflow is registered under. */
  readonly workflowName: string;
  /** The class that has the workflow as a method; empty for a plain function. */
  readonly workflowClassName: string;
  /** The configured instance that has the workflow as a method; empty if there is none. */
  readonly workflowConfigName: string;
  /** The queue that it is or was on. */
  readonly queueName?: string;
  /** The user on whose behalf it runs. */
  readonly authenticatedUser?: string;
  /** The role that the user assumes. */
  readonly assumedRole?: string;
  /** The roles of the user. */
  readonly authenticatedRoles?: string[] | SerializedValue;
  /** Its positional arguments, as an array. */
  readonly input?: unknown;
  /** Its result, if the status is `SUCCESS`. */
  readonly output?: unknown;
  /** Its {@linkcode WorkflowError}, if it failed. */
  readonly error?: unknown;
  /** The worker that runs or ran it. */
  readonly executorId?: string;
  /** The application version that runs, ran or will run it. */
  readonly applicationVersion?: string;
  /** The application that it belongs to. */
  readonly applicationName?: string;
  /** How many times it was started. */
  readonly recoveryAttempts: number;
  /** When it was enqueued or started. */
  readonly createdAt: number;
  /** When its status last changed. */
  readonly updatedAt?: number;
  /** How long it may run, in milliseconds. */
  readonly timeoutMS?: number;
  /** When DBOS cancels it if it has not ended. */
  readonly deadlineEpochMS?: number;
  /** The deduplication ID that it holds. */
  readonly deduplicationID?: string;
  /** Its priority on the queue. Lower runs first. */
  readonly priority: number;
  /** Its partition of the queue. */
  readonly queuePartitionKey?: string;
  /** When a worker took it from the queue. */
  readonly dequeuedAt?: number;
  /** The time until which it is delayed. */
  readonly delayUntilEpochMS?: number;
  /** When it ended. */
  readonly completedAt?: number;
  /** The workflow that it is a fork of. */
  readonly forkedFrom?: string;
  /** Whether there are forks of it. */
  readonly wasForkedFrom: boolean;
  /** The workflow that started it. */
  readonly parentWorkflowID?: string;
  /** Attributes that lists of workflows can be filtered by. */
  readonly attributes?: Record<string, unknown> | SerializedValue;
  /** The schedule that started it. */
  readonly scheduleName?: string;
}

/** A row of sql/lists/list_workflows.sql. */
export type WorkflowStatusRow = NonNullable<typeof sql.listWorkflows.row>;

/** A record whose properties are not undefined. */
type Present<Record> = { [Key in keyof Record]: Exclude<Record[Key], undefined> };

function dropUndefined<Record extends object>(record: Record): Present<Record> {
  const present: Partial<Record> = {};
  for (const name in record) if (record[name] !== undefined) present[name] = record[name];
  return present as Present<Record>;
}

/** Converts a row to a status, and deserializes its values. */
export async function toWorkflowStatus(
  row: WorkflowStatusRow,
  custom: CustomFormat | undefined,
): Promise<WorkflowStatus> {
  const format = row.serialization ?? null;
  const [input, output, error] = await Promise.all([
    deserializeIfKnown(row.inputs, format, custom, (codec, text) => codec.deserializeArgs(text)),
    deserializeValueIfKnown(row.output, format, custom),
    deserializeIfKnown(row.error, format, custom, (codec, text) => codec.deserializeError(text)),
  ]);
  return dropUndefined({
    workflowID: row.workflow_id,
    status: row.status ?? "",
    workflowName: row.name ?? "",
    workflowClassName: row.class_name ?? "",
    workflowConfigName: row.config_name ?? "",
    queueName: row.queue_name ?? undefined,
    authenticatedUser: row.authenticated_user ?? undefined,
    assumedRole: row.assumed_role ?? undefined,
    authenticatedRoles: parseRoles(row.authenticated_roles),
    input,
    output,
    error,
    executorId: row.executor_id ?? undefined,
    applicationVersion: row.application_version ?? undefined,
    applicationName: row.application_name ?? undefined,
    recoveryAttempts: Number(row.recovery_attempts ?? 0),
    createdAt: Number(row.created_at),
    updatedAt: toNumber(row.updated_at),
    timeoutMS: toNumber(row.timeout_ms),
    deadlineEpochMS: toNumber(row.deadline_epoch_ms),
    deduplicationID: row.deduplication_id ?? undefined,
    priority: row.priority ?? 0,
    queuePartitionKey: row.queue_partition_key ?? undefined,
    dequeuedAt: toNumber(row.started_at_epoch_ms),
    delayUntilEpochMS: toNumber(row.delay_until_epoch_ms),
    completedAt: toNumber(row.completed_at),
    forkedFrom: row.forked_from ?? undefined,
    wasForkedFrom: row.was_forked_from ?? false,
    parentWorkflowID: row.parent_workflow_id ?? undefined,
    attributes: parseAttributes(row.attributes),
    scheduleName: row.schedule_name ?? undefined,
  }) as WorkflowStatus;
}

/**
 * Returns the current status of a workflow.
 *
 * @example
 * ```ts
 * import { connect, getStatus } from "@dbos-community/client";
 *
 * await using client = await connect();
 * const status = await getStatus(client, "task-7");
 * console.log(status?.status, status?.createdAt);
 * ```
 *
 * @param client A client, or a driver's pool, connection or transaction.
 * @param workflowID The ID of the workflow.
 * @param options An abort signal.
 * @returns Its status, or null if there is no such workflow.
 * @throws {TypeError} If the ID is not a string.
 * @throws {RangeError} If the ID is empty.
 */
export async function getStatus(
  client: Client | Driver,
  workflowID: string,
  options: CallOptions = {},
): Promise<WorkflowStatus | null> {
  const [database] = openCall(client, "getStatus()", callDescription, options);
  checkText("workflowID of getStatus()", workflowID);
  const parameters = { workflow_id: workflowID, load_input: 1, load_output: 1 };
  const [row] = await database.run(sql.listWorkflows, parameters);
  return row ? await toWorkflowStatus(row, database.settings.serializer) : null;
}

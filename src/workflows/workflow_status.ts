import { callDescription, type CallOptions, type Client, openCall } from "../client/client.ts";
import * as sql from "../../sql/lists/mod.ts";
import type { Driver } from "../drivers/driver.ts";
import {
  deserializeErrorIfKnown,
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

type Mutable<Record> = { -readonly [Key in keyof Record]: Record[Key] };

/** Makes a status without the properties that have no value. One line each is the fastest way. */
function createStatus(
  row: WorkflowStatusRow,
  input: unknown,
  output: unknown,
  error: unknown,
): WorkflowStatus {
  const status = {
    workflowID: row.workflow_id,
    status: row.status ?? "",
    workflowName: row.name ?? "",
    workflowClassName: row.class_name ?? "",
    workflowConfigName: row.config_name ?? "",
  } as Mutable<WorkflowStatus>;
  if (row.queue_name !== null) status.queueName = row.queue_name;
  if (row.authenticated_user !== null) status.authenticatedUser = row.authenticated_user;
  if (row.assumed_role !== null) status.assumedRole = row.assumed_role;
  const roles = parseRoles(row.authenticated_roles);
  if (roles !== undefined) status.authenticatedRoles = roles;
  if (input !== undefined) status.input = input;
  if (output !== undefined) status.output = output;
  if (error !== undefined) status.error = error;
  if (row.executor_id !== null) status.executorId = row.executor_id;
  if (row.application_version !== null) status.applicationVersion = row.application_version;
  if (row.application_name !== null) status.applicationName = row.application_name;
  status.recoveryAttempts = Number(row.recovery_attempts ?? 0);
  status.createdAt = Number(row.created_at);
  if (row.updated_at) status.updatedAt = Number(row.updated_at);
  if (row.timeout_ms) status.timeoutMS = Number(row.timeout_ms);
  if (row.deadline_epoch_ms) status.deadlineEpochMS = Number(row.deadline_epoch_ms);
  if (row.deduplication_id !== null) status.deduplicationID = row.deduplication_id;
  status.priority = row.priority ?? 0;
  if (row.queue_partition_key !== null) status.queuePartitionKey = row.queue_partition_key;
  if (row.started_at_epoch_ms) status.dequeuedAt = Number(row.started_at_epoch_ms);
  if (row.delay_until_epoch_ms) status.delayUntilEpochMS = Number(row.delay_until_epoch_ms);
  if (row.completed_at) status.completedAt = Number(row.completed_at);
  if (row.forked_from !== null) status.forkedFrom = row.forked_from;
  status.wasForkedFrom = row.was_forked_from ?? false;
  if (row.parent_workflow_id !== null) status.parentWorkflowID = row.parent_workflow_id;
  const attributes = parseAttributes(row.attributes);
  if (attributes !== undefined) status.attributes = attributes;
  if (row.schedule_name !== null) status.scheduleName = row.schedule_name;
  return status;
}

/** Converts a row to a status. Returns a promise only if its values take one to be deserialized. */
export function toWorkflowStatus(
  row: WorkflowStatusRow,
  custom: CustomFormat | undefined,
): WorkflowStatus | Promise<WorkflowStatus> {
  const format = row.serialization ?? null;
  const input = deserializeIfKnown(
    row.inputs,
    format,
    custom,
    (codec, text) => codec.deserializeArgs(text),
  );
  const output = deserializeValueIfKnown(row.output, format, custom);
  const error = deserializeErrorIfKnown(row.error, format, custom);
  if (input instanceof Promise || output instanceof Promise || error instanceof Promise) {
    return Promise.all([input, output, error]).then((values) => createStatus(row, ...values));
  }
  return createStatus(row, input, output, error);
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
  const parameters = { workflow_id: workflowID, load_input: 1, load_output: 1, has_values: 1 };
  const [row] = await database.run(sql.listWorkflows, parameters);
  return row ? await toWorkflowStatus(row, database.settings.serializer) : null;
}

import { type Client, systemDatabaseOf } from "../client.ts";
import { getWorkflow } from "../sql/mod.ts";
import type { Driver } from "./drivers/adapter.ts";
import {
  AwaitedWorkflowCancelledError,
  AwaitedWorkflowExceededMaxRecoveryAttemptsError,
  ResultTimeoutError,
} from "./errors.ts";
import { deserializeError, deserializeIfKnown, deserializeValue } from "./serialization/mod.ts";
import { checkText } from "./validate.ts";
import { type Found, waitFor, type WaitOptions } from "./wait.ts";

/** A workflow, known by its ID. */
export interface WorkflowHandle<Result = unknown> {
  /** The ID of the workflow. */
  readonly workflowID: string;
  /** What {@linkcode getStatus} says of the workflow. */
  getStatus(): Promise<WorkflowStatus | null>;
  /** What {@linkcode getResult} gives for the workflow. */
  getResult(options?: WaitOptions): Promise<Result>;
}

/**
 * What DBOS knows of a workflow. Times are milliseconds since 1970. What is not set is undefined.
 *
 * An input, output or error in a format that this client cannot read is a
 * {@linkcode SerializedValue}.
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
  /** The class that has it as a method; empty for a plain function. */
  readonly workflowClassName: string;
  /** The configured instance that has it as a method; empty without one. */
  readonly workflowConfigName: string;
  /** The queue it is or was on. */
  readonly queueName?: string;
  /** The user on whose behalf it runs. */
  readonly authenticatedUser?: string;
  /** The role that its user acts in. */
  readonly assumedRole?: string;
  /** The roles of its user. */
  readonly authenticatedRoles?: string[];
  /** Its positional arguments, an array. */
  readonly input?: unknown;
  /** Its result, once it has ended well. */
  readonly output?: unknown;
  /** Its {@linkcode WorkflowError}, once it has failed. */
  readonly error?: unknown;
  /** The worker that runs or ran it. */
  readonly executorId?: string;
  /** The application version that runs, ran or shall run it. */
  readonly applicationVersion?: string;
  /** The application that it belongs to. */
  readonly applicationName?: string;
  /** How often it was started. */
  readonly recoveryAttempts: number;
  /** When it was enqueued or started. */
  readonly createdAt: number;
  /** When its status changed last. */
  readonly updatedAt?: number;
  /** How long it may run, in milliseconds. */
  readonly timeoutMS?: number;
  /** When it is cancelled unless it has ended. */
  readonly deadlineEpochMS?: number;
  /** The deduplication ID it holds. */
  readonly deduplicationID?: string;
  /** Its priority on the queue, lower first. */
  readonly priority: number;
  /** Its partition of the queue. */
  readonly queuePartitionKey?: string;
  /** When a worker took it from the queue. */
  readonly dequeuedAt?: number;
  /** Until when it is kept from running. */
  readonly delayUntilEpochMS?: number;
  /** When it ended. */
  readonly completedAt?: number;
  /** The workflow it is a fork of. */
  readonly forkedFrom?: string;
  /** Whether there are forks of it. */
  readonly wasForkedFrom: boolean;
  /** The workflow that started it. */
  readonly parentWorkflowID?: string;
  /** What lists of workflows can be filtered by. */
  readonly attributes?: Record<string, unknown>;
  /** The schedule that started it. */
  readonly scheduleName?: string;
}

type WorkflowRow = NonNullable<typeof getWorkflow.row>;

/** The properties of `record` that have a value. */
type Present<Record> = { [Key in keyof Record]: Exclude<Record[Key], undefined> };

function dropUndefined<Record extends object>(record: Record): Present<Record> {
  const entries = Object.entries(record).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as Present<Record>;
}

function toNumber(text: string | null | undefined): number | undefined {
  return text ? Number(text) : undefined;
}

function parseJson<Value>(text: string | null | undefined): Value | undefined {
  return text ? JSON.parse(text) : undefined;
}

async function toWorkflowStatus(row: WorkflowRow): Promise<WorkflowStatus> {
  const serialization = row.serialization ?? null;
  const [input, output, error] = await Promise.all([
    deserializeIfKnown(row.inputs, serialization, (codec, text) => codec.deserializeArgs(text)),
    deserializeIfKnown(row.output, serialization, (codec, text) => codec.deserializeValue(text)),
    deserializeIfKnown(row.error, serialization, (codec, text) => codec.deserializeError(text)),
  ]);
  return dropUndefined({
    workflowID: row.workflow_id,
    status: row.status,
    workflowName: row.name,
    workflowClassName: row.class_name ?? "",
    workflowConfigName: row.config_name ?? "",
    queueName: row.queue_name ?? undefined,
    authenticatedUser: row.authenticated_user ?? undefined,
    assumedRole: row.assumed_role ?? undefined,
    authenticatedRoles: parseJson<string[]>(row.authenticated_roles),
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
    attributes: parseJson<Record<string, unknown>>(row.attributes),
    scheduleName: row.schedule_name ?? undefined,
  }) as WorkflowStatus;
}

async function toResult(workflowID: string, outcome: Found): Promise<unknown> {
  switch (outcome.status) {
    case "SUCCESS":
      return await deserializeValue(outcome.value, outcome.serialization);
    case "CANCELLED":
      throw new AwaitedWorkflowCancelledError(workflowID);
    case "MAX_RECOVERY_ATTEMPTS_EXCEEDED":
      throw new AwaitedWorkflowExceededMaxRecoveryAttemptsError(workflowID);
    default:
      throw await deserializeError(outcome.error ?? "null", outcome.serialization);
  }
}

/** A handle to a workflow, of which nothing is checked. */
export function createHandle<Result>(
  client: Client | Driver,
  workflowID: string,
): WorkflowHandle<Result> {
  return {
    workflowID,
    getStatus: () => getStatus(client, workflowID),
    getResult: (options) => getResult<Result>(client, workflowID, options),
  };
}

/**
 * A handle to a workflow, which need not be there yet. Nothing is sent.
 *
 * @example
 * ```ts
 * import { connect, retrieveWorkflow } from "@dbos-community/client";
 *
 * await using client = await connect();
 * console.log(await retrieveWorkflow<string>(client, "task-7").getResult());
 * ```
 *
 * @param client A client, or a driver's pool, connection or transaction.
 * @param workflowID The ID of the workflow.
 * @returns The handle.
 * @throws {TypeError} If the ID is not a string.
 * @throws {RangeError} If the ID is empty.
 */
export function retrieveWorkflow<Result = unknown>(
  client: Client | Driver,
  workflowID: string,
): WorkflowHandle<Result> {
  checkText("workflowID", workflowID);
  return createHandle(client, workflowID);
}

/**
 * What DBOS knows of a workflow now.
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
 * @returns Its status, or null if there is no such workflow.
 * @throws {TypeError} If the ID is not a string.
 * @throws {RangeError} If the ID is empty.
 */
export async function getStatus(
  client: Client | Driver,
  workflowID: string,
): Promise<WorkflowStatus | null> {
  checkText("workflowID", workflowID);
  const [row] = await systemDatabaseOf(client).run(getWorkflow, { workflow_id: workflowID });
  return row ? await toWorkflowStatus(row) : null;
}

/**
 * Waits until a workflow has ended, and gives its result or throws its error. A workflow that is not
 * there yet is waited for as well.
 *
 * @example
 * ```ts
 * import { connect, getResult } from "@dbos-community/client";
 *
 * await using client = await connect();
 * console.log(await getResult(client, "task-7", { timeoutSeconds: 30 }));
 * ```
 *
 * @param client A client, or a driver's pool, connection or transaction.
 * @param workflowID The ID of the workflow.
 * @param options How long to wait, and how; without, for as long as it takes.
 * @returns The result of the workflow.
 * @throws {WorkflowError} If the workflow ended with an error: name, message, code and data are the
 * workflow's own.
 * @throws {AwaitedWorkflowCancelledError} If the workflow was cancelled.
 * @throws {AwaitedWorkflowExceededMaxRecoveryAttemptsError} If DBOS gave the workflow up.
 * @throws {ResultTimeoutError} If it has not ended within `timeoutSeconds`.
 * @throws {UnsupportedSerializationError} If the result is in a format that is not known.
 */
export async function getResult<Result = unknown>(
  client: Client | Driver,
  workflowID: string,
  options: WaitOptions = {},
): Promise<Result> {
  checkText("workflowID", workflowID);
  const outcome = await waitFor(systemDatabaseOf(client), { workflowID, key: null }, options);
  if (!outcome) throw new ResultTimeoutError(workflowID, options.timeoutSeconds ?? Infinity);
  return await toResult(workflowID, outcome) as Result;
}

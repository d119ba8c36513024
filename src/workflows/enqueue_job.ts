/** Writes workflows as jobs of sql/enqueue.sql, and says what became of them. */

import { enqueue as enqueueStatement } from "../../sql/mod.ts";
import { type Batcher, createBatcher, type Item } from "../database/batch.ts";
import { untilUncontested } from "../database/contention.ts";
import { serializeAttributes } from "./attributes.ts";
import type { EnqueueOptions } from "./enqueue.ts";
import { ConflictingWorkflowError, QueueDuplicatedError, WorkflowIDInUseError } from "../errors.ts";
import type { Codec } from "../serialization/codec.ts";
import { needsRecordedFormat, requireRecordedFormat } from "../serialization/recorded_format.ts";
import type { SystemDatabase } from "../database/system_database.ts";
import { uuidV7 } from "../uuid_v7.ts";

/** What stood in the way of a job, if anything: a row of sql/enqueue.sql. */
export interface Obstacle {
  readonly existing_id: string | null;
  readonly existing_status: string | null;
  readonly existing_name: string | null;
  readonly existing_class_name: string | null;
  readonly existing_config_name: string | null;
  readonly is_own: boolean | null;
  readonly holder_id: string | null;
}

/** The options that not every schema version has a column for. */
const neededColumns = {
  queuePartitionKey: "workflow_status.queue_partition_key",
  delaySeconds: "workflow_status.delay_until_epoch_ms",
  attributes: "workflow_status.attributes",
  applicationName: "workflow_status.application_name",
} as const;

/** Refuses options that the schema has no column for. */
export async function requireColumns(
  database: SystemDatabase,
  options: EnqueueOptions,
): Promise<void> {
  await requireRecordedFormat(database, options.serializationType);
  for (const [option, column] of Object.entries(neededColumns)) {
    if (options[option as keyof typeof neededColumns]) await database.require(option, column);
  }
}

/** Whether any of the options may have no column. */
export function needsColumns(database: SystemDatabase, options: EnqueueOptions): boolean {
  return needsRecordedFormat(database, options.serializationType) ||
    Object.keys(neededColumns).some((name) => options[name as keyof typeof neededColumns]);
}

/** A workflow to be written. */
export interface Job extends Item {
  readonly workflowID: string;
}

/** What a job has besides what its options say. */
interface JobColumns {
  schedule_name?: string;
  delay_ms?: number;
  is_debounced?: boolean;
  debounce_timeout_ms?: number | undefined;
  is_of_any_class?: boolean;
}

/**
 * A job as sql/enqueue.sql reads it; what is undefined stays out and becomes NULL. Without an ID of the
 * caller's it gets a new one.
 */
export function toJob(
  database: SystemDatabase,
  codec: Codec,
  options: EnqueueOptions,
  args: readonly unknown[],
  columns: JobColumns = {},
): Job {
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
  const isNew = options.workflowID === undefined && deduplicationID === undefined;
  return { workflowID, text, isNew };
}

const batchers = new WeakMap<SystemDatabase, Batcher<Obstacle | undefined>>();

/** Writes jobs of {@linkcode toJob}, and tells of each what stood in its way. */
export function batcherOf(database: SystemDatabase): Batcher<Obstacle | undefined> {
  let batcher = batchers.get(database);
  if (!batcher) {
    batcher = createBatcher(database, async ({ after, backlog, items, count, mayExist }) => {
      const parameters = { after, backlog, jobs: items, may_exist: mayExist };
      const rows = await database.run(enqueueStatement, parameters);
      const outcomes = new Array<Obstacle | undefined>(count);
      for (const row of rows) if (row.position !== null) outcomes[row.position] = row;
      return { outcomes, lastCreatedAt: rows[0]!.last_created_at };
    });
    batchers.set(database, batcher);
  }
  return batcher;
}

/** The error of a job whose ID belongs to a workflow that is not the same one. */
export function findConflict(
  workflowID: string,
  options: EnqueueOptions,
  existing: Obstacle,
): ConflictingWorkflowError | undefined {
  const requested = describeWorkflow(
    options.workflowName,
    options.workflowClassName,
    options.workflowConfigName,
  );
  const found = describeWorkflow(
    existing.existing_name,
    existing.existing_class_name,
    existing.existing_config_name,
  );
  if (requested === found) return undefined;
  return new ConflictingWorkflowError(workflowID, requested, found);
}

function describeWorkflow(
  name: string | null,
  className: string | null | undefined,
  configName: string | null | undefined,
): string {
  const method = className ? `${className}.${name}` : `${name}`;
  return configName ? `workflow ${method} of instance ${configName}` : `workflow ${method}`;
}

/**
 * Whether the workflow that has the ID was written by an attempt of the same call, whose answer got
 * lost. Nobody else has an ID that the call has made up; that serves schemas that tell of none.
 */
export function isOwn({ workflowID }: EnqueueOptions, obstacle: Obstacle): boolean {
  return obstacle.is_own === true || (obstacle.existing_id !== null && workflowID === undefined);
}

/** The ID that a call's handle is for, given what has the ID already, or the error to throw. */
function resolveExisting(workflowID: string, options: EnqueueOptions, existing: Obstacle): string {
  if (isOwn(options, existing)) return workflowID;
  if (options.workflowIDReusePolicy === "reject") {
    throw new WorkflowIDInUseError(
      workflowID,
      existing.existing_status ?? "",
      existing.existing_name ?? "",
    );
  }
  const conflict = findConflict(workflowID, options, existing);
  if (conflict) throw conflict;
  return workflowID;
}

function resolveHolder(workflowID: string, options: EnqueueOptions, holderID: string): string {
  if (options.duplicationPolicy === "return-existing") return holderID;
  throw new QueueDuplicatedError(
    workflowID,
    options.queueName,
    options.deduplicationID ?? "",
    holderID,
  );
}

/** What others may do meanwhile so that a job is neither written nor seen what is in its way. */
export const idsTaken = "its ID or deduplication ID was taken and freed";

/**
 * Writes a job of {@linkcode toJob}, together with others that are written meanwhile; gives the ID of
 * the workflow that the caller gets a handle to.
 */
export function writeJob(
  database: SystemDatabase,
  options: EnqueueOptions,
  job: Job,
): Promise<string> {
  const { workflowID } = job;
  const { write } = batcherOf(database);
  return untilUncontested(`enqueue workflow ${workflowID}`, idsTaken, async () => {
    const obstacle = await write(job);
    if (!obstacle) return workflowID;
    if (obstacle.existing_id) return resolveExisting(workflowID, options, obstacle);
    if (obstacle.holder_id) return resolveHolder(workflowID, options, obstacle.holder_id);
  });
}

/** Turns the conflict of an insert into the workflow ID or the error for the caller. */

import type { enqueue, enqueueOne } from "../../sql/workflows/mod.ts";
import { retryOnConflict } from "../batching/retry_on_conflict.ts";
import type { SystemDatabase } from "../database/system_database.ts";
import {
  ConflictingWorkflowError,
  QueueDuplicatedError,
  WorkflowIDInUseError,
} from "../errors/enqueuing.ts";
import type { EnqueueOptions } from "./enqueue_options.ts";

/**
 * What a workflow to insert conflicts with: a row of sql/workflows/enqueue.sql, or of enqueue_one.sql, which
 * has less.
 */
export type Conflict =
  & NonNullable<typeof enqueueOne.row>
  & Partial<NonNullable<typeof enqueue.row>>;

function describeWorkflow(
  name: string | null | undefined,
  className: string | null | undefined,
  configName: string | null | undefined,
): string {
  const method = className ? `${className}.${name}` : `${name}`;
  return configName ? `workflow ${method} of instance ${configName}` : `workflow ${method}`;
}

/**
 * The error for an ID that belongs to a workflow of another name, class or configured instance;
 * undefined if all three are the same.
 */
export function toConflictError(
  workflowID: string,
  options: EnqueueOptions,
  existing: Conflict,
): ConflictingWorkflowError | undefined {
  const requested = describeWorkflow(
    options.workflowName,
    options.workflowClassName,
    options.workflowConfigName,
  );
  const found = describeWorkflow(existing.name, existing.class_name, existing.config_name);
  if (requested === found) return undefined;
  return new ConflictingWorkflowError(workflowID, requested, found);
}

/**
 * Whether an earlier attempt of the same call inserted the workflow and its answer was lost. In
 * schemas that do not record which call inserted a workflow, this is only certain if the call
 * generated the ID itself.
 */
export function isOwn({ workflowID }: EnqueueOptions, conflict: Conflict): boolean {
  return conflict.is_own === true || (conflict.existing_id != null && workflowID === undefined);
}

function resolveExistingID(
  workflowID: string,
  options: EnqueueOptions,
  existing: Conflict,
): string {
  if (isOwn(options, existing)) return workflowID;
  if (options.workflowIDReusePolicy === "reject") {
    throw new WorkflowIDInUseError(workflowID, existing.status ?? "", existing.name ?? "");
  }
  const error = toConflictError(workflowID, options, existing);
  if (error) throw error;
  return workflowID;
}

function resolveDeduplicationID(
  workflowID: string,
  options: EnqueueOptions,
  holderID: string,
): string {
  if (options.duplicationPolicy === "return-existing") return holderID;
  throw new QueueDuplicatedError(
    workflowID,
    options.queueName,
    options.deduplicationID ?? "",
    holderID,
  );
}

/** Why an insert keeps failing although its conflict is no longer visible, for error messages. */
export const transientConflict = "its ID or deduplication ID was taken and freed";

/**
 * Returns the ID of the workflow that the caller gets a handle to, or throws the error of the
 * conflict. `writeAgain` repeats the insert if the statement did not see what it conflicts with.
 */
export function resolveConflict(
  database: SystemDatabase,
  conflict: Conflict,
  options: EnqueueOptions,
  workflowID: string,
  writeAgain: () => Promise<Conflict | undefined>,
): Promise<string> {
  let isFirst = true;
  const action = `enqueue workflow ${workflowID}`;
  return retryOnConflict(database, action, transientConflict, async () => {
    const found = isFirst ? conflict : await writeAgain();
    isFirst = false;
    if (!found) return workflowID;
    if (found.existing_id) return resolveExistingID(workflowID, options, found);
    if (found.holder_id) return resolveDeduplicationID(workflowID, options, found.holder_id);
  });
}

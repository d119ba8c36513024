/** What stands in the way of jobs, and what that means to those who enqueue them. */

import type { enqueue } from "../../sql/workflows/mod.ts";
import type { EnqueueOptions } from "./enqueue.ts";
import { retryOnConflict } from "../database/retry_on_conflict.ts";
import {
  ConflictingWorkflowError,
  QueueDuplicatedError,
  WorkflowIDInUseError,
} from "../errors/enqueuing.ts";

/** What stood in the way of a job, if anything: a row of sql/workflows/enqueue.sql. */
export type Conflict = NonNullable<typeof enqueue.row>;

/** The error of a job whose ID belongs to a workflow that is not the same one. */
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
  const found = describeWorkflow(
    existing.name,
    existing.class_name,
    existing.config_name,
  );
  if (requested === found) return undefined;
  return new ConflictingWorkflowError(workflowID, requested, found);
}

function describeWorkflow(
  name: string | null | undefined,
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
export function isOwn({ workflowID }: EnqueueOptions, conflict: Conflict): boolean {
  return conflict.is_own === true || (conflict.existing_id != null && workflowID === undefined);
}

/** The ID that a call's handle is for, given what has the ID already, or the error to throw. */
function resolveExistingID(
  workflowID: string,
  options: EnqueueOptions,
  existing: Conflict,
): string {
  if (isOwn(options, existing)) return workflowID;
  if (options.workflowIDReusePolicy === "reject") {
    throw new WorkflowIDInUseError(
      workflowID,
      existing.status ?? "",
      existing.name ?? "",
    );
  }
  const conflict = toConflictError(workflowID, options, existing);
  if (conflict) throw conflict;
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

/** What others may do meanwhile so that a job is neither written nor seen what is in its way. */
export const idsTaken = "its ID or deduplication ID was taken and freed";

/**
 * The ID that a call's handle is for, given what was in the way of its job, or the error to throw.
 * `writeAgain` is for what can no longer be seen.
 */
export function resolveConflict(
  conflict: Conflict,
  options: EnqueueOptions,
  workflowID: string,
  writeAgain: () => Promise<Conflict | undefined>,
): Promise<string> {
  let isFirst = true;
  return retryOnConflict(`enqueue workflow ${workflowID}`, idsTaken, async () => {
    const found = isFirst ? conflict : await writeAgain();
    isFirst = false;
    if (!found) return workflowID;
    if (found.existing_id) return resolveExistingID(workflowID, options, found);
    if (found.holder_id) return resolveDeduplicationID(workflowID, options, found.holder_id);
  });
}

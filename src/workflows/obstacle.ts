/** What stands in the way of jobs, and what that means to those who enqueue them. */

import type { EnqueueOptions } from "./enqueue.ts";
import { untilUncontested } from "../database/contention.ts";
import {
  ConflictingWorkflowError,
  QueueDuplicatedError,
  WorkflowIDInUseError,
} from "../errors/enqueuing.ts";

/** What stood in the way of a job, if anything: a row of sql/workflows/enqueue.sql. */
export interface Obstacle {
  readonly existing_id: string | null;
  readonly status: string | null;
  readonly name: string | null;
  readonly class_name: string | null;
  readonly config_name: string | null;
  readonly is_own: boolean | null;
  readonly holder_id: string | null;
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
    existing.name,
    existing.class_name,
    existing.config_name,
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
      existing.status ?? "",
      existing.name ?? "",
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
 * The ID that a call's handle is for, given what was in the way of its job, or the error to throw.
 * `writeAgain` is for what can no longer be seen.
 */
export function getPast(
  obstacle: Obstacle,
  options: EnqueueOptions,
  workflowID: string,
  writeAgain: () => Promise<Obstacle | undefined>,
): Promise<string> {
  let isFirst = true;
  return untilUncontested(`enqueue workflow ${workflowID}`, idsTaken, async () => {
    const found = isFirst ? obstacle : await writeAgain();
    isFirst = false;
    if (!found) return workflowID;
    if (found.existing_id) return resolveExisting(workflowID, options, found);
    if (found.holder_id) return resolveHolder(workflowID, options, found.holder_id);
  });
}

/** What a workflow to insert conflicts with, and what that means to the call. */

import type { enqueue } from "../../sql/workflows/mod.ts";
import { retryOnConflict } from "../batching/retry_on_conflict.ts";
import {
  ConflictingWorkflowError,
  QueueDuplicatedError,
  WorkflowIDInUseError,
} from "../errors/enqueuing.ts";
import type { EnqueueOptions } from "./enqueue_options.ts";

/** A conflict: a row of sql/workflows/enqueue.sql. */
export type Conflict = NonNullable<typeof enqueue.row>;

function describeWorkflow(
  name: string | null | undefined,
  className: string | null | undefined,
  configName: string | null | undefined,
): string {
  const method = className ? `${className}.${name}` : `${name}`;
  return configName ? `workflow ${method} of instance ${configName}` : `workflow ${method}`;
}

/** The error if the workflow that has the ID is of another name, class or configured instance. */
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
 * Whether an attempt of the same call, whose answer was lost, inserted the workflow that has the ID.
 * On schemas that cannot tell, that is certain only of an ID that the call itself has made.
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

/** What others can do that leaves a workflow neither inserted nor with a visible conflict. */
export const idsTaken = "its ID or deduplication ID was taken and freed";

/**
 * The ID that a call returns a handle to, or its error. `writeAgain` is for a conflict that can no
 * longer be seen.
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

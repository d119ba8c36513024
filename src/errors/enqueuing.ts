/** Errors of workflows that cannot be enqueued because of others. */

/** The workflow ID belongs to a workflow of another name, class or configured instance. */
export class ConflictingWorkflowError extends Error {
  /** The name of the error. */
  override get name(): string {
    return "ConflictingWorkflowError";
  }

  /** Makes the error. */
  constructor(
    /** The ID of the workflow. */
    readonly workflowID: string,
    /** What the caller asked for. */
    readonly requested: string,
    /** What has the ID. */
    readonly existing: string,
  ) {
    super(`Cannot enqueue ${requested} as ${workflowID}: that is the ID of ${existing}`);
  }
}

/** The workflow ID is in use, and `workflowIDReusePolicy` is `"reject"`. */
export class WorkflowIDInUseError extends Error {
  /** The name of the error. */
  override get name(): string {
    return "WorkflowIDInUseError";
  }

  /** Makes the error. */
  constructor(
    /** The ID that is in use. */
    readonly workflowID: string,
    /** The status of the workflow that has the ID. */
    readonly status: string,
    /** The name of the workflow that has the ID. */
    readonly workflowName: string,
  ) {
    super(
      `Cannot enqueue a workflow as ${workflowID}: a workflow ${workflowName} with that ID is ` +
        `${status}`,
    );
  }
}

/** Another workflow of the queue holds the deduplication ID. */
export class QueueDuplicatedError extends Error {
  /** The name of the error. */
  override get name(): string {
    return "QueueDuplicatedError";
  }

  /** Makes the error. */
  constructor(
    /** The ID of the workflow that was not enqueued. */
    readonly workflowID: string,
    /** The queue. */
    readonly queueName: string,
    /** The deduplication ID. */
    readonly deduplicationID: string,
    /** The ID of the workflow that holds the deduplication ID. */
    readonly existingWorkflowID: string,
  ) {
    super(
      `Cannot enqueue workflow ${workflowID} on queue ${queueName}: workflow ` +
        `${existingWorkflowID} holds the deduplication ID ${deduplicationID}`,
    );
  }
}

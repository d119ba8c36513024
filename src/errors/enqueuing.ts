/** Errors of workflows that cannot be enqueued because they conflict with an existing one. */

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
    /** The workflow that was to be enqueued, such as `workflow processTask`. */
    readonly requested: string,
    /** The workflow that has the ID. */
    readonly existing: string,
  ) {
    super(`Cannot enqueue ${requested} with ID ${workflowID}: the ID is in use by ${existing}`);
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
      `Cannot enqueue a workflow with ID ${workflowID}: the ID is in use by workflow ` +
        `${workflowName}, which is ${status}`,
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
    /** The name of the queue. */
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

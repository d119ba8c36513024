/** Errors of what is not there, not as it would have to be, or not for the caller. */

/** There is no workflow with this ID, or with any of these. */
export class NonExistentWorkflowError extends Error {
  /** The name of the error. */
  override get name(): string {
    return "NonExistentWorkflowError";
  }

  /** The ID of the workflow; the first of several. */
  readonly workflowID: string;
  /** The IDs of all that are not there. */
  readonly workflowIDs: readonly string[];

  /** Makes the error; `action` is what was to be done: `send to`. */
  constructor(workflowID: string | readonly string[], action: string) {
    const workflowIDs = [workflowID].flat();
    const workflows = workflowIDs.length > 1 ? "workflows" : "workflow";
    super(`Cannot ${action} ${workflows} ${workflowIDs.join(", ")}: there is no such workflow`);
    this.workflowID = workflowIDs[0]!;
    this.workflowIDs = workflowIDs;
  }
}

/** The workflow has not ended, as it would have to. */
export class ActiveWorkflowError extends Error {
  /** The name of the error. */
  override get name(): string {
    return "ActiveWorkflowError";
  }

  /** Makes the error. */
  constructor(
    /** The ID of the workflow. */
    readonly workflowID: string,
    /** Its status: `PENDING`, `ENQUEUED` or `DELAYED`. */
    readonly status: string,
  ) {
    super(`Cannot rewind workflow ${workflowID}: it is ${status}; cancel it first`);
  }
}

/** There is no queue of this name in the system database. */
export class NonExistentQueueError extends Error {
  /** The name of the error. */
  override get name(): string {
    return "NonExistentQueueError";
  }

  /** Makes the error. */
  constructor(
    /** The name of the queue. */
    readonly queueName: string,
  ) {
    super(`Cannot update queue ${queueName}: there is no such queue`);
  }
}

/** There is no application version of this name in the system database. */
export class NonExistentVersionError extends Error {
  /** The name of the error. */
  override get name(): string {
    return "NonExistentVersionError";
  }

  /** Makes the error. */
  constructor(
    /** The name of the application version. */
    readonly versionName: string,
  ) {
    super(`Cannot make application version ${versionName} the latest: there is no such version`);
  }
}

/** There is no schedule of this name in the system database. */
export class NonExistentScheduleError extends Error {
  /** The name of the error. */
  override get name(): string {
    return "NonExistentScheduleError";
  }

  /** Makes the error. */
  constructor(
    /** The name of the schedule. */
    readonly scheduleName: string,
    /** What was to be done with it: `trigger`. */
    action: string,
  ) {
    super(`Cannot ${action} schedule ${scheduleName}: there is no such schedule`);
  }
}

/** There is a schedule of this name in the system database already. */
export class ScheduleExistsError extends Error {
  /** The name of the error. */
  override get name(): string {
    return "ScheduleExistsError";
  }

  /** Makes the error. */
  constructor(
    /** The name of the schedule. */
    readonly scheduleName: string,
  ) {
    super(`Cannot create schedule ${scheduleName}: there is one of that name`);
  }
}

/** Something that has a name of its own in the system database belongs to another application. */
export class OwnedByAnotherApplicationError extends Error {
  /** The name of the error. */
  override get name(): string {
    return "OwnedByAnotherApplicationError";
  }

  /** Makes the error. */
  constructor(
    /** What was to be done: `register queue tasks`. */
    readonly action: string,
    /** The application on whose behalf. */
    readonly applicationName: string,
    /** The application that it belongs to. */
    readonly owner: string,
  ) {
    super(
      `Cannot ${action} for application ${applicationName}: it belongs to application ${owner}`,
    );
  }
}

/** A read took longer than `observabilityQueryTimeoutMs`, and the server cancelled it. */
export class QueryTimeoutError extends Error {
  /** The name of the error. */
  override get name(): string {
    return "QueryTimeoutError";
  }

  /** Makes the error. */
  constructor(
    /** How long the read was given, in milliseconds. */
    readonly timeoutMs: number,
    options?: ErrorOptions,
  ) {
    super(
      `Cannot finish the query: it took longer than ${timeoutMs} ms. Narrow its filters, or raise ` +
        `observabilityQueryTimeoutMs`,
      options,
    );
  }
}

/** Errors of reading and managing workflows, queues, schedules and application versions. */

/** One or more workflows do not exist. */
export class NonExistentWorkflowError extends Error {
  /** The name of the error. */
  override get name(): string {
    return "NonExistentWorkflowError";
  }

  /** The ID of the missing workflow; the first one of several. */
  readonly workflowID: string;
  /** The IDs of all missing workflows. */
  readonly workflowIDs: readonly string[];

  /** Makes the error; `action` is what the call was to do, such as `send to`. */
  constructor(workflowID: string | readonly string[], action: string, options?: ErrorOptions) {
    const workflowIDs = [workflowID].flat();
    super(
      workflowIDs.length > 1
        ? `Cannot ${action} workflows ${workflowIDs.join(", ")}: there are no such workflows`
        : `Cannot ${action} workflow ${workflowIDs[0]}: there is no such workflow`,
      options,
    );
    this.workflowID = workflowIDs[0]!;
    this.workflowIDs = workflowIDs;
  }
}

/** The workflow has not ended, so it cannot be rewound. */
export class ActiveWorkflowError extends Error {
  /** The name of the error. */
  override get name(): string {
    return "ActiveWorkflowError";
  }

  /** Makes the error. */
  constructor(
    /** The ID of the workflow. */
    readonly workflowID: string,
    /** The status of the workflow: `PENDING`, `ENQUEUED` or `DELAYED`. */
    readonly status: string,
  ) {
    super(`Cannot rewind workflow ${workflowID}: it is ${status}; cancel it first`);
  }
}

/** The queue does not exist. */
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

/** The application version does not exist. */
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

/** The schedule does not exist. */
export class NonExistentScheduleError extends Error {
  /** The name of the error. */
  override get name(): string {
    return "NonExistentScheduleError";
  }

  /** Makes the error. */
  constructor(
    /** The name of the schedule. */
    readonly scheduleName: string,
    /** What the call was to do, such as `trigger`. */
    action: string,
  ) {
    super(`Cannot ${action} schedule ${scheduleName}: there is no such schedule`);
  }
}

/** A schedule of this name already exists. */
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
    super(`Cannot create schedule ${scheduleName}: a schedule of that name already exists`);
  }
}

const unreadable: Readonly<Record<string, string>> = {
  py_pickle:
    "workers in Python read it, and fire none of their schedules any more after a context " +
    'that is not a pickle. Use serializationType "py_pickle"',
  java_jackson:
    "workers in Java read it, and start no further schedule after a context that is an " +
    "object or an array without Java classes. Use a text, a number, a boolean or no context",
};

/** The context of a schedule would stop the scheduler of workers that cannot read it. */
export class UnreadableContextError extends Error {
  /** The name of the error. */
  override get name(): string {
    return "UnreadableContextError";
  }

  /** Makes the error. */
  constructor(
    /** What the call was to do, such as `create`. */
    action: string,
    /** The name of the schedule. */
    readonly scheduleName: string,
    /** The format that the workers read: `py_pickle` or `java_jackson`. */
    readonly expectedFormat: string,
  ) {
    const where = action === "resume" ? " with updateSchedule()" : "";
    super(
      `Cannot ${action} schedule ${scheduleName}: ${unreadable[expectedFormat]}${where}, or the ` +
        "applicationName of other workers, or set forceSerializationType if these run no more",
    );
  }
}

/** A queue, schedule or application version belongs to another application. */
export class OwnedByAnotherApplicationError extends Error {
  /** The name of the error. */
  override get name(): string {
    return "OwnedByAnotherApplicationError";
  }

  /** Makes the error. */
  constructor(
    /** What the call was to do, such as `register queue tasks`. */
    readonly action: string,
    /** The application that the call was made for. */
    readonly applicationName: string,
    /** The application that owns it. */
    readonly owner: string,
  ) {
    super(
      `Cannot ${action} for application ${applicationName}: it belongs to application ${owner}`,
    );
  }
}

/** A query took longer than `observabilityQueryTimeoutMs`, and the server cancelled it. */
export class QueryTimeoutError extends Error {
  /** The name of the error. */
  override get name(): string {
    return "QueryTimeoutError";
  }

  /** Makes the error. */
  constructor(
    /** The timeout, in milliseconds. */
    readonly timeoutMs: number,
    options?: ErrorOptions,
  ) {
    super(
      `Cannot complete the query: it took longer than ${timeoutMs} ms. Use narrower filters, or ` +
        "increase observabilityQueryTimeoutMs",
      options,
    );
  }
}

/** The errors that a caller may want to catch, each with what it is about. */

/** The workflow was cancelled, so that it has no result. */
export class AwaitedWorkflowCancelledError extends Error {
  /** The name of the error. */
  override get name(): string {
    return "AwaitedWorkflowCancelledError";
  }

  /** Makes the error. */
  constructor(
    /** The ID of the workflow. */
    readonly workflowID: string,
  ) {
    super(`Cannot get the result of workflow ${workflowID}: it was cancelled`);
  }
}

/** DBOS gave the workflow up after its last recovery attempt, so that it has no result. */
export class AwaitedWorkflowExceededMaxRecoveryAttemptsError extends Error {
  /** The name of the error. */
  override get name(): string {
    return "AwaitedWorkflowExceededMaxRecoveryAttemptsError";
  }

  /** Makes the error. */
  constructor(
    /** The ID of the workflow. */
    readonly workflowID: string,
  ) {
    super(
      `Cannot get the result of workflow ${workflowID}: it exceeded its maximum recovery attempts`,
    );
  }
}

/** The workflow had not ended when `timeoutSeconds` were over. */
export class ResultTimeoutError extends Error {
  /** The name of the error. */
  override get name(): string {
    return "ResultTimeoutError";
  }

  /** Makes the error. */
  constructor(
    /** The ID of the workflow. */
    readonly workflowID: string,
    /** How long was waited, in seconds. */
    readonly timeoutSeconds: number,
  ) {
    super(
      `Cannot get the result of workflow ${workflowID}: it has not ended within ` +
        `${timeoutSeconds} s`,
    );
  }
}

/** Workflows that were waited for together had not ended when `timeoutSeconds` were over. */
export class WaitTimeoutError extends Error {
  /** The name of the error. */
  override get name(): string {
    return "WaitTimeoutError";
  }

  /** Makes the error. */
  constructor(
    /** The IDs of the workflows that had not ended. */
    readonly workflowIDs: readonly string[],
    /** How long was waited, in seconds. */
    readonly timeoutSeconds: number,
  ) {
    super(
      `Cannot wait any longer for workflows: ${workflowIDs.length} not ended within ` +
        `${timeoutSeconds} s`,
    );
  }
}

/** No further value had come on the stream when `timeoutSeconds` were over. */
export class StreamTimeoutError extends Error {
  /** The name of the error. */
  override get name(): string {
    return "StreamTimeoutError";
  }

  /** Makes the error. */
  constructor(
    /** The ID of the workflow that writes the stream. */
    readonly workflowID: string,
    /** The key of the stream. */
    readonly key: string,
    /** The offset of the value that was waited for. */
    readonly offset: number,
    /** How long was waited, in seconds. */
    readonly timeoutSeconds: number,
  ) {
    super(
      `Cannot read stream ${key} of workflow ${workflowID}: its value ${offset} has not come ` +
        `within ${timeoutSeconds} s`,
    );
  }
}

/** The stream ended before the offset that was asked for. */
export class StreamEndedError extends Error {
  /** The name of the error. */
  override get name(): string {
    return "StreamEndedError";
  }

  /** Makes the error. */
  constructor(
    /** The ID of the workflow that wrote the stream. */
    readonly workflowID: string,
    /** The key of the stream. */
    readonly key: string,
    /** The offset that it did not reach. */
    readonly offset: number,
  ) {
    super(`Cannot read stream ${key} of workflow ${workflowID}: it ended before value ${offset}`);
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

/** The database has no DBOS system tables in the schema. */
export class SystemSchemaNotFoundError extends Error {
  /** The name of the error. */
  override get name(): string {
    return "SystemSchemaNotFoundError";
  }

  /** Makes the error. */
  constructor(
    /** The database that was looked at. */
    readonly database: string,
    /** The schema that was looked at. */
    readonly schema: string,
  ) {
    super(
      `Cannot find the DBOS system tables: database ${database} has no table workflow_status in ` +
        `schema ${schema}. Connect to the system database of the application (its name usually ` +
        `ends with _dbos_sys), launch the application once so that it creates the tables, or pass ` +
        `its schema as the option "schema"`,
    );
  }
}

/** The database was made by a release of DBOS that does not have what the call needs. */
export class UnsupportedFeatureError extends Error {
  /** The name of the error. */
  override get name(): string {
    return "UnsupportedFeatureError";
  }

  /** Makes the error. */
  constructor(
    /** What was asked for. */
    readonly feature: string,
    /** The table or column that it needs. */
    readonly needs: string,
    /** The first releases that create it, in words; empty if they are not known. */
    readonly firstReleases: string = "",
  ) {
    super(
      `Cannot use ${feature}: the system database has no ${needs}. Upgrade the DBOS application ` +
        `to a release that creates it${firstReleases && `: ${firstReleases} or a later one`}`,
    );
  }
}

/** A value is stored in a format that this client cannot read. */
export class UnsupportedSerializationError extends Error {
  /** The name of the error. */
  override get name(): string {
    return "UnsupportedSerializationError";
  }

  /** Makes the error. */
  constructor(
    /** The name of the format, or null where none is recorded. */
    readonly serialization: string | null,
    /** Why a value of a known format can't be read. */
    cause?: unknown,
  ) {
    super(describeUnreadable(serialization, cause), cause === undefined ? undefined : { cause });
  }
}

function describeUnreadable(serialization: string | null, cause: unknown): string {
  if (!serialization) return "Cannot read a value: no serialization format is recorded with it";
  if (cause === undefined) {
    return `Cannot read a value: its serialization format ${serialization} is not known`;
  }
  const reason = cause instanceof Error ? cause.message : String(cause);
  return `Cannot read a value of format ${serialization}: ${reason}`;
}

/** What the error of a workflow carried, as far as its serialization format keeps it. */
export interface WorkflowErrorDetails {
  /** The name of the error. */
  readonly name?: string;
  /** Where it was thrown in the worker. */
  readonly stack?: string;
  /** Its code. */
  readonly code?: unknown;
  /** Its data. */
  readonly data?: unknown;
  /** Its cause. */
  readonly cause?: unknown;
}

/** The error that a workflow ended with: its own name, message, code, data, stack and cause. */
export class WorkflowError extends Error {
  /** The `code` of the workflow's error. */
  readonly code?: unknown;
  /** The `data` of the workflow's error. */
  readonly data?: unknown;

  /** Makes the error. */
  constructor(message: string, details: WorkflowErrorDetails = {}) {
    super(message, "cause" in details ? { cause: details.cause } : undefined);
    this.name = details.name ?? "Error";
    if (details.code !== undefined) this.code = details.code;
    if (details.data !== undefined) this.data = details.data;
    if (details.stack !== undefined) this.stack = details.stack;
  }
}

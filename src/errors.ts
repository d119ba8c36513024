/** The errors that a caller may want to catch, each with what it is about. */

/** The workflow was cancelled, so that it has no result. */
export class AwaitedWorkflowCancelledError extends Error {
  static {
    this.prototype.name = "AwaitedWorkflowCancelledError";
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
  static {
    this.prototype.name = "AwaitedWorkflowExceededMaxRecoveryAttemptsError";
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
  static {
    this.prototype.name = "ResultTimeoutError";
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

/** A read took longer than `observabilityQueryTimeoutMs`, and the server cancelled it. */
export class QueryTimeoutError extends Error {
  static {
    this.prototype.name = "QueryTimeoutError";
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
  static {
    this.prototype.name = "ConflictingWorkflowError";
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
  static {
    this.prototype.name = "WorkflowIDInUseError";
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
  static {
    this.prototype.name = "QueueDuplicatedError";
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

/** There is no workflow with this ID. */
export class NonExistentWorkflowError extends Error {
  static {
    this.prototype.name = "NonExistentWorkflowError";
  }

  /** Makes the error. */
  constructor(
    /** The ID of the workflow. */
    readonly workflowID: string,
  ) {
    super(`Cannot send to workflow ${workflowID}: there is no such workflow`);
  }
}

/** The database has no DBOS system tables in the schema. */
export class SystemSchemaNotFoundError extends Error {
  static {
    this.prototype.name = "SystemSchemaNotFoundError";
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
  static {
    this.prototype.name = "UnsupportedFeatureError";
  }

  /** Makes the error. */
  constructor(
    /** What was asked for. */
    readonly feature: string,
    /** The table or column that it needs. */
    readonly needs: string,
  ) {
    super(
      `Cannot use ${feature}: the system database has no ${needs}. Upgrade the DBOS application ` +
        "to a release that creates it",
    );
  }
}

/** A value is stored in a format that this client cannot read. */
export class UnsupportedSerializationError extends Error {
  static {
    this.prototype.name = "UnsupportedSerializationError";
  }

  /** Makes the error. */
  constructor(
    /** The name of the format, or null where none is recorded. */
    readonly serialization: string | null,
  ) {
    super(
      serialization
        ? `Cannot read a value: its serialization format ${serialization} is not known`
        : "Cannot read a value: no serialization format is recorded with it",
    );
  }
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

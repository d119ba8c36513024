/** Errors of waits that end without a result. */

import type { ExplanationReason, WorkflowExplanation } from "../explanation.ts";

/** The options, unless the cause is undefined: an error would show that. */
function withCause(options: ErrorOptions | undefined): ErrorOptions | undefined {
  return options?.cause === undefined ? undefined : options;
}

/** The workflow was cancelled, so it has no result. */
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

/** DBOS stopped recovering the workflow after its last attempt, so it has no result. */
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

/** What a {@linkcode ResultTimeoutError} is made with. */
export interface ResultTimeoutErrorOptions extends ErrorOptions {
  /** Why the workflow has not ended, if the database has told. */
  readonly explanation?: WorkflowExplanation | undefined;
}

/**
 * The workflow did not end within `timeoutSeconds`. The message says why, as `explainWorkflow()` does, if
 * `timeoutSeconds` is not 0 and the database answers in time.
 */
export class ResultTimeoutError extends Error {
  /** The name of the error. */
  override get name(): string {
    return "ResultTimeoutError";
  }

  /** The status of the workflow; undefined if there is no such workflow, or without a `reason`. */
  readonly status?: string;
  /** Why the workflow has not ended; undefined if that was not found out. */
  readonly reason?: ExplanationReason;

  /** Makes the error. */
  constructor(
    /** The ID of the workflow. */
    readonly workflowID: string,
    /** The timeout, in seconds. */
    readonly timeoutSeconds: number,
    /** Its `cause` is the error of the database, if that has not answered. */
    { explanation, ...options }: ResultTimeoutErrorOptions = {},
  ) {
    super(
      `Cannot get the result of workflow ${workflowID}: it did not end within ` +
        `${timeoutSeconds} s${explanation ? `. ${explanation.message}` : ""}`,
      withCause(options),
    );
    if (explanation?.status !== undefined) this.status = explanation.status;
    if (explanation) this.reason = explanation.reason;
  }
}

/** Some of the workflows that a call waits for did not end within `timeoutSeconds`. */
export class WaitTimeoutError extends Error {
  /** The name of the error. */
  override get name(): string {
    return "WaitTimeoutError";
  }

  /** Makes the error. */
  constructor(
    /** The IDs of the workflows that did not end. */
    readonly workflowIDs: readonly string[],
    /** The timeout, in seconds. */
    readonly timeoutSeconds: number,
    /** Its `cause` is the error of the database, if that has not answered. */
    options?: ErrorOptions,
  ) {
    super(
      `Cannot wait for workflows: ${workflowIDs.length} of them did not end within ` +
        `${timeoutSeconds} s`,
      withCause(options),
    );
  }
}

/** No event of the workflow changed within `timeoutSeconds`. */
export class EventTimeoutError extends Error {
  /** The name of the error. */
  override get name(): string {
    return "EventTimeoutError";
  }

  /** Makes the error. */
  constructor(
    /** The ID of the workflow that sets the events. */
    readonly workflowID: string,
    /** The timeout, in seconds. */
    readonly timeoutSeconds: number,
    /** Its `cause` is the error of the database, if that has not answered. */
    options?: ErrorOptions,
  ) {
    super(
      `Cannot follow the events of workflow ${workflowID}: none changed within ${timeoutSeconds} s`,
      withCause(options),
    );
  }
}

/** The next value was not written to the stream within `timeoutSeconds`. */
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
    /** The offset of the value. */
    readonly offset: number,
    /** The timeout, in seconds. */
    readonly timeoutSeconds: number,
    /** Its `cause` is the error of the database, if that has not answered. */
    options?: ErrorOptions,
  ) {
    super(
      `Cannot read stream ${key} of workflow ${workflowID}: value ${offset} was not written ` +
        `within ${timeoutSeconds} s`,
      withCause(options),
    );
  }
}

/** The stream ended before the requested offset. */
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
    /** The requested offset. */
    readonly offset: number,
  ) {
    super(`Cannot read stream ${key} of workflow ${workflowID}: it ended before value ${offset}`);
  }
}

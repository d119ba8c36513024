/** Errors of waits that end without a result. */

import type { ExplanationReason, WorkflowExplanation } from "../explanation.ts";

/** The options, unless the cause is undefined: an error would show that. */
function withCause({ cause }: ErrorOptions): ErrorOptions | undefined {
  return cause === undefined ? undefined : { cause };
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

/** What the error of a wait that timed out is made with. */
export interface WaitErrorOptions extends ErrorOptions {
  /** What the workflow waits for, if the database has told. */
  readonly explanation?: WorkflowExplanation | undefined;
}

/** The message, and the explanation after it. */
function withExplanation(message: string, { explanation }: WaitErrorOptions): string {
  return explanation ? `${message}. ${explanation.message}` : message;
}

/** Sets what is known. */
function setExplanation(
  error: { status?: string; reason?: ExplanationReason },
  { explanation }: WaitErrorOptions,
): void {
  if (explanation?.status !== undefined) error.status = explanation.status;
  if (explanation) error.reason = explanation.reason;
}

/**
 * The workflow did not end in time. The message says why, as `explainWorkflow()` does, if
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
    /** The timeout in seconds, or the time until the deadline if that was shorter. */
    readonly timeoutSeconds: number,
    /** Its `cause` is the error of the database, if that has not answered. */
    options: WaitErrorOptions = {},
  ) {
    const message =
      `Cannot get the result of workflow ${workflowID}: it did not end within ${timeoutSeconds} s`;
    super(withExplanation(message, options), withCause(options));
    setExplanation(this, options);
  }
}

/**
 * Some of the workflows that a call waits for did not end in time. The message says why
 * the first of them did not, under the same conditions as that of a {@linkcode ResultTimeoutError}.
 */
export class WaitTimeoutError extends Error {
  /** The name of the error. */
  override get name(): string {
    return "WaitTimeoutError";
  }

  /**
   * The status of the first of `workflowIDs`; undefined if there is no such workflow, or without a
   * `reason`.
   */
  readonly status?: string;
  /** Why the first of `workflowIDs` has not ended; undefined if that was not found out. */
  readonly reason?: ExplanationReason;

  /** Makes the error. */
  constructor(
    /** The IDs of the workflows that did not end. */
    readonly workflowIDs: readonly string[],
    /** The timeout in seconds, or the time until the deadline if that was shorter. */
    readonly timeoutSeconds: number,
    /** Its `cause` is the error of the database, if that has not answered. */
    options: WaitErrorOptions = {},
  ) {
    const message =
      `Cannot wait for workflows: ${workflowIDs.length} of them did not end within ${timeoutSeconds} s`;
    super(withExplanation(message, options), withCause(options));
    setExplanation(this, options);
  }
}

/**
 * No event of the workflow changed in time. The message says what the workflow waits for, under the same
 * conditions as that of a {@linkcode ResultTimeoutError}.
 */
export class EventTimeoutError extends Error {
  /** The name of the error. */
  override get name(): string {
    return "EventTimeoutError";
  }

  /** The status of the workflow; undefined without a `reason`. */
  readonly status?: string;
  /** What the workflow waits for; undefined if that was not found out. */
  readonly reason?: ExplanationReason;

  /** Makes the error. */
  constructor(
    /** The ID of the workflow that sets the events. */
    readonly workflowID: string,
    /** The timeout in seconds, or the time until the deadline if that was shorter. */
    readonly timeoutSeconds: number,
    /** Its `cause` is the error of the database, if that has not answered. */
    options: WaitErrorOptions = {},
  ) {
    const message =
      `Cannot follow the events of workflow ${workflowID}: none changed within ${timeoutSeconds} s`;
    super(withExplanation(message, options), withCause(options));
    setExplanation(this, options);
  }
}

/**
 * The next value was not written to the stream in time. The message says what the
 * workflow waits for, under the same conditions as that of a {@linkcode ResultTimeoutError}.
 */
export class StreamTimeoutError extends Error {
  /** The name of the error. */
  override get name(): string {
    return "StreamTimeoutError";
  }

  /** The status of the workflow; undefined without a `reason`. */
  readonly status?: string;
  /** What the workflow waits for; undefined if that was not found out. */
  readonly reason?: ExplanationReason;

  /** Makes the error. */
  constructor(
    /** The ID of the workflow that writes the stream. */
    readonly workflowID: string,
    /** The key of the stream. */
    readonly key: string,
    /** The offset of the value. */
    readonly offset: number,
    /** The timeout in seconds, or the time until the deadline if that was shorter. */
    readonly timeoutSeconds: number,
    /** Its `cause` is the error of the database, if that has not answered. */
    options: WaitErrorOptions = {},
  ) {
    const message =
      `Cannot read stream ${key} of workflow ${workflowID}: value ${offset} was not written ` +
      `within ${timeoutSeconds} s`;
    super(withExplanation(message, options), withCause(options));
    setExplanation(this, options);
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

/** Errors of waits that end without what is waited for. */

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

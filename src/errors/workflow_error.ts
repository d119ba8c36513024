/** Properties of the error of a workflow, as far as its serialization format keeps them. */
export interface WorkflowErrorDetails {
  /** The name of the error. */
  readonly name?: string;
  /** The stack trace, from the worker. */
  readonly stack?: string;
  /** The code of the error. */
  readonly code?: unknown;
  /** The data of the error. */
  readonly data?: unknown;
  /** The cause of the error. */
  readonly cause?: unknown;
}

/** The error that a workflow ended with, with the name, message and properties of the original. */
export class WorkflowError extends Error {
  /** The code of the original error. */
  readonly code?: unknown;
  /** The data of the original error. */
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

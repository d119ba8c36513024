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

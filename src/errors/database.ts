/** Errors of a database that does not answer, or that hides rows. */

/** The database did not answer within `attemptTimeoutSeconds`, also after retries. */
export class DatabaseTimeoutError extends Error {
  /** The name of the error. */
  override get name(): string {
    return "DatabaseTimeoutError";
  }

  /** Makes the error. */
  constructor(
    /** How long the last attempt waited for an answer, in seconds. */
    readonly timeoutSeconds: number,
    options?: ErrorOptions,
  ) {
    super(
      `Cannot reach the database: no answer within ${timeoutSeconds} s. The statement may still ` +
        "take effect",
      options,
    );
  }
}

/** An ID or a name belongs to a row that row-level security hides from the role of the connection. */
export class HiddenRowError extends Error {
  /** The name of the error. */
  override get name(): string {
    return "HiddenRowError";
  }

  /** Makes the error. */
  constructor(
    /** What the call was to do, such as `enqueue workflow task-7`. */
    readonly action: string,
  ) {
    super(
      `Cannot ${action}: an ID or a name of it belongs to a row that row-level security hides from ` +
        "the database role",
    );
  }
}

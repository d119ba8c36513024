/** Errors of a database that does not answer. */

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

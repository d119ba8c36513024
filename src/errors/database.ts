/** Errors of a database that does not answer, or that refuses a statement. */

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

/** The role of the connection lacks a privilege that the call needs. */
export class InsufficientPrivilegeError extends Error {
  /** The name of the error. */
  override get name(): string {
    return "InsufficientPrivilegeError";
  }

  /** The SQLSTATE of the error. */
  readonly code = "42501";

  /** Makes the error. */
  constructor(
    /** What the privilege is missing on, such as `table dbos.workflow_status`. */
    readonly object: string,
    /**
     * The privileges that are missing there, such as `SELECT`. If the role has them on some columns, or
     * in a transaction, they are those that the call needs.
     */
    readonly privileges: readonly string[],
    /** The script of this repository that grants them. */
    readonly script: string,
    /** Its `cause` is the error of the database. */
    options?: ErrorOptions,
  ) {
    super(
      `Cannot use ${object}: the database role lacks a privilege. The call needs ` +
        `${privileges.join(" and ")} there. ${script} grants that; run it again after an upgrade ` +
        "of DBOS",
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

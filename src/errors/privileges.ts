/** The error of a missing privilege, in a file of its own because few programs load it. */

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

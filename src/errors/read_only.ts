/** The error of a write on a server that only reads, in a file of its own because few programs load it. */

/** The server or the transaction is read-only: a hot standby is, until it is promoted. */
export class ReadOnlyServerError extends Error {
  /** The name of the error. */
  override get name(): string {
    return "ReadOnlyServerError";
  }

  /** The SQLSTATE of the error. */
  readonly code = "25006";

  /** Makes the error; its `cause` is the error of the database. */
  constructor(options?: ErrorOptions) {
    super(
      "Cannot write to the database: the server or the transaction is read-only. If the server is a " +
        "hot standby, write on the primary: target_session_attrs=read-write in the URL finds it",
      options,
    );
  }
}

/** Errors of a database that does not answer, that hides rows, or that lacks tables or columns. */

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

/** The database has no DBOS system tables in the schema. */
export class SystemSchemaNotFoundError extends Error {
  /** The name of the error. */
  override get name(): string {
    return "SystemSchemaNotFoundError";
  }

  /** Makes the error. */
  constructor(
    /** The name of the database. */
    readonly database: string,
    /** The name of the schema. */
    readonly schema: string,
  ) {
    super(
      `Cannot find the DBOS system tables: database ${database} has no table workflow_status in ` +
        `schema ${schema}. Connect to the system database of the application (its name usually ` +
        `ends with _dbos_sys), launch the application once so that it creates the tables (or run ` +
        "`dbos schema` in TypeScript, `dbos migrate` in Python), or set the option `schema`",
    );
  }
}

/** The schema is of an older DBOS release, and lacks a table or column that the call needs. */
export class UnsupportedFeatureError extends Error {
  /** The name of the error. */
  override get name(): string {
    return "UnsupportedFeatureError";
  }

  /** Makes the error. */
  constructor(
    /** The option or feature that was used. */
    readonly feature: string,
    /** The table or column that it needs. */
    readonly needs: string,
    /** The first releases that create it, as text; empty if unknown. */
    readonly firstReleases: string = "",
  ) {
    super(
      `Cannot use ${feature}: the system database has no ${needs}. Upgrade the DBOS application ` +
        `to a release that creates it${firstReleases && `: ${firstReleases} or later`}`,
    );
  }
}

/** The system database is sharded, which the client does not support. */
export class ShardedDatabaseError extends Error {
  /** The name of the error. */
  override get name(): string {
    return "ShardedDatabaseError";
  }

  /** Makes the error. */
  constructor(
    /** The name of the database. */
    readonly database: string,
    /** The name of the schema. */
    readonly schema: string,
  ) {
    super(
      `Cannot use database ${database}: its tables in schema ${schema} have shard keys. Use the client ` +
        "of DBOS's SDK for Python with a shard_key, or a system database that is not sharded",
    );
  }
}

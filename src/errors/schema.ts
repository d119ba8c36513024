/** Errors of databases that lack tables or columns. */

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

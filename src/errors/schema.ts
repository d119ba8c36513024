/** Errors of databases that do not have what is needed. */

/** The database has no DBOS system tables in the schema. */
export class SystemSchemaNotFoundError extends Error {
  /** The name of the error. */
  override get name(): string {
    return "SystemSchemaNotFoundError";
  }

  /** Makes the error. */
  constructor(
    /** The database that was looked at. */
    readonly database: string,
    /** The schema that was looked at. */
    readonly schema: string,
  ) {
    super(
      `Cannot find the DBOS system tables: database ${database} has no table workflow_status in ` +
        `schema ${schema}. Connect to the system database of the application (its name usually ` +
        `ends with _dbos_sys), launch the application once so that it creates the tables, or pass ` +
        `its schema as the option "schema"`,
    );
  }
}

/** The database was made by a release of DBOS that does not have what the call needs. */
export class UnsupportedFeatureError extends Error {
  /** The name of the error. */
  override get name(): string {
    return "UnsupportedFeatureError";
  }

  /** Makes the error. */
  constructor(
    /** What was asked for. */
    readonly feature: string,
    /** The table or column that it needs. */
    readonly needs: string,
    /** The first releases that create it, in words; empty if they are not known. */
    readonly firstReleases: string = "",
  ) {
    super(
      `Cannot use ${feature}: the system database has no ${needs}. Upgrade the DBOS application ` +
        `to a release that creates it${firstReleases && `: ${firstReleases} or a later one`}`,
    );
  }
}

import { callDescription, type CallOptions, type Client, openCall } from "../client/client.ts";
import * as sql from "../../sql/applications/mod.ts";
import * as databaseSql from "../../sql/database/mod.ts";
import { toFeatures } from "../database/schema.ts";
import { SystemSchemaNotFoundError } from "../errors/database.ts";
import type { Driver } from "../drivers/driver.ts";

/** A description of the system database that a client is connected to. */
export interface SystemDatabaseDescription {
  /** The name of the database. */
  readonly database: string;
  /** The schema of the DBOS system tables. */
  readonly schema: string;
  /** The version of the schema; undefined if it records none. */
  readonly schemaVersion?: number;
  /**
   * The DBOS releases that create a schema of this version, by language, such as
   * `{ TypeScript: "5.2 to 5.3", Python: "3.2 to 3.3", Go: "1.6 to 1.7", Java: "after 1.1.0-m6",
   * Rust: "after 0.5" }`; empty without a `schemaVersion`. Patches of these releases create the same
   * one, and releases that are newer than this client may create it as well.
   * Below version 100 each language numbers its versions separately, so only one of the languages
   * created the schema.
   */
  readonly releases: Readonly<Record<string, string>>;
  /** The features that the schema has, of those newer than the oldest schema that is supported. */
  readonly features: readonly string[];
  /** The features that the schema lacks. Calls that need one throw an error, or do without it. */
  readonly missingFeatures: readonly string[];
  /** The names of the applications that registered a version, a queue or a schedule. */
  readonly applicationNames: readonly string[];
  /** The names of the registered application versions, the latest first. */
  readonly applicationVersions: readonly string[];
  /** The names of the registered queues. */
  readonly queues: readonly string[];
}

/**
 * Describes the system database that a client is connected to: the schema and the DBOS releases
 * that create it, the features that it has and lacks, and the registered versions and queues of all
 * applications.
 *
 * The description is meant for people: the names of features and releases may change in any
 * release.
 *
 * @example
 * ```ts
 * import { connect, describeSystemDatabase } from "@dbos-community/client";
 *
 * await using client = await connect();
 * const { schemaVersion, releases, missingFeatures } = await describeSystemDatabase(client);
 * console.log(`version ${schemaVersion}, as TypeScript ${releases.TypeScript} makes it`);
 * console.log(`lacks ${missingFeatures.join(", ") || "nothing"}`);
 * ```
 *
 * @param client A client, or a driver's pool, connection or transaction.
 * @param options An abort signal.
 * @returns The current description.
 * @throws {SystemSchemaNotFoundError} If the database has no DBOS system tables in the schema.
 */
export async function describeSystemDatabase(
  client: Client | Driver,
  options: CallOptions = {},
): Promise<SystemDatabaseDescription> {
  const [database] = openCall(client, "describeSystemDatabase()", callDescription, options);
  // Only this function and an error use the history, which is 0.9 KB gzipped.
  const { findReleasesOfSchema, schemaFeatures } = await import("../database/schema_history.ts");
  const { schema } = database.settings;
  const [found] = await database.run(databaseSql.findFeatures, { schema_name: schema });
  if (!found?.columns) throw new SystemSchemaNotFoundError(String(found?.database), schema);
  const present = toFeatures(found.columns);
  const [row] = await database.run(sql.describeSystemDatabase, {});
  const versions = present.has("application_versions")
    ? await database.run(sql.listApplicationVersions, {})
    : [];
  const schemaVersion = row?.schema_version == null ? undefined : Number(row.schema_version);
  const namesOf = (isPresent: boolean) =>
    schemaFeatures.filter(({ needs }) => present.has(needs) === isPresent).map(({ name }) => name);
  return {
    database: found.database,
    schema,
    ...(schemaVersion !== undefined && { schemaVersion }),
    releases: schemaVersion === undefined ? {} : findReleasesOfSchema(schemaVersion),
    features: namesOf(true),
    missingFeatures: namesOf(false),
    applicationNames: JSON.parse(row?.application_names ?? "[]"),
    applicationVersions: versions.map(({ version_name }) => version_name),
    queues: JSON.parse(row?.queues ?? "[]"),
  };
}

import { type Client, systemDatabaseOf } from "../client/client.ts";
import * as sql from "../../sql/applications/mod.ts";
import * as databaseSql from "../../sql/database/mod.ts";
import { toFeatures } from "../database/schema.ts";
import { SystemSchemaNotFoundError } from "../errors/schema.ts";
import type { Driver } from "../drivers/driver.ts";

/** What a client is connected to. */
export interface SystemDatabaseDescription {
  /** The name of the database. */
  readonly database: string;
  /** The schema of DBOS's system tables. */
  readonly schema: string;
  /** The version of the schema; undefined if it tells none. */
  readonly schemaVersion?: number;
  /**
   * The releases of DBOS that make a schema of this version, by language, such as
   * `{ TypeScript: "5.2.11 to 5.3.0", Python: "3.2.0 to 3.3.0" }`; empty without a `schemaVersion`. Below
   * version 100 each language counts for itself, so the schema is of one of them.
   */
  readonly releases: Readonly<Record<string, string>>;
  /** What the schema has of all that came after the first that this client serves. */
  readonly features: readonly string[];
  /** What of that it lacks: this client refuses, or does without, what needs it. */
  readonly missingFeatures: readonly string[];
  /** The names of the applications that registered a version, a queue or a schedule. */
  readonly applicationNames: readonly string[];
  /** The names of the application versions that are registered, the latest first. */
  readonly applicationVersions: readonly string[];
  /** The names of the queues that are registered. */
  readonly queues: readonly string[];
}

/**
 * Tells what a client is connected to: the schema and the releases of DBOS that it comes from, what
 * it has and lacks, and which applications, versions and queues are registered, of all applications.
 *
 * It is for people to read: names of features and releases may change with any release.
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
 * @returns The description, as it is now.
 * @throws {SystemSchemaNotFoundError} If the database has no DBOS system tables in the schema.
 */
export async function describeSystemDatabase(
  client: Client | Driver,
): Promise<SystemDatabaseDescription> {
  const { findReleasesOfSchema, schemaFeatures } = await import("../database/schema_history.ts");
  const database = systemDatabaseOf(client);
  const { schema } = database.settings;
  const [found] = await database.run(databaseSql.findFeatures, { schema_name: schema });
  if (!found?.columns) throw new SystemSchemaNotFoundError(String(found?.database), schema);
  const present = toFeatures(found.columns);
  const [row] = await database.run(sql.describeSystemDatabase, {});
  const versions = present.has("application_versions")
    ? await database.run(sql.listApplicationVersions, {})
    : [];
  const schemaVersion = row?.schema_version == null ? undefined : Number(row.schema_version);
  const named = (isThere: boolean) =>
    schemaFeatures.filter(({ needs }) => present.has(needs) === isThere).map(({ name }) => name);
  return {
    database: found.database,
    schema,
    ...(schemaVersion !== undefined && { schemaVersion }),
    releases: schemaVersion === undefined ? {} : findReleasesOfSchema(schemaVersion),
    features: named(true),
    missingFeatures: named(false),
    applicationNames: JSON.parse(row?.application_names ?? "[]"),
    applicationVersions: versions.map(({ version_name }) => version_name),
    queues: JSON.parse(row?.queues ?? "[]"),
  };
}

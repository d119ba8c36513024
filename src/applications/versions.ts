import { callDescription, type CallOptions, type Client, openCall } from "../client/client.ts";
import * as sql from "../../sql/applications/mod.ts";
import { toApplicationNames } from "./applications.ts";
import type { Driver } from "../drivers/driver.ts";
import { NonExistentVersionError, OwnedByAnotherApplicationError } from "../errors/managing.ts";
import { joinLists } from "../database/text_lists.ts";
import type { SystemDatabase } from "../database/system_database.ts";
import { asIndexedText, describeOptions, type OptionsDescription } from "../options.ts";
import { checkIndexed, checkText } from "../validate.ts";

/** A version of an application, which its workers register when they are launched. */
export interface ApplicationVersion {
  /** The ID of the version. */
  readonly versionId: string;
  /** The name of the version. */
  readonly versionName: string;
  /** The time at which it last became the latest version, in milliseconds since 1970. */
  readonly versionTimestamp: number;
  /** The time at which it was registered, in milliseconds since 1970. */
  readonly createdAt: number;
  /** The application that it belongs to; undefined if none. */
  readonly applicationName?: string;
}

/** The application whose versions to use. */
export interface ApplicationVersionOptions extends CallOptions {
  /**
   * The name of the application.
   *
   * @default {undefined} the application of the client, or any application if it has none
   */
  applicationName?: string;
}

const versionDescription: OptionsDescription<ApplicationVersionOptions> = describeOptions<
  ApplicationVersionOptions
>({ ...callDescription.checks, applicationName: asIndexedText });

async function findVersions(
  database: SystemDatabase,
  { applicationName }: ApplicationVersionOptions,
  limit?: number,
): Promise<ApplicationVersion[]> {
  const filter = { application_names: toApplicationNames(database, applicationName) };
  const rows = await database.run(sql.listApplicationVersions, { ...joinLists(filter), limit });
  return rows.map((row) => ({
    versionId: row.version_id,
    versionName: row.version_name,
    versionTimestamp: Number(row.version_timestamp),
    createdAt: Number(row.created_at),
    ...(row.application_name && { applicationName: row.application_name }),
  }));
}

/**
 * Lists the versions of an application, and those that belong to no application, the latest first.
 *
 * @example
 * ```ts
 * import { connect, listApplicationVersions } from "@dbos-community/client";
 *
 * await using client = await connect();
 * for (const { versionName, versionTimestamp } of await listApplicationVersions(client)) {
 *   console.log(versionName, new Date(versionTimestamp));
 * }
 * ```
 *
 * @param client A client, or a driver's pool, connection or transaction.
 * @param options The application whose versions to list.
 * @returns The versions.
 * @throws {TypeError} If `applicationName` is not a string.
 * @throws {RangeError} If `applicationName` is empty.
 * @throws {UnsupportedFeatureError} If the schema has no table for application versions.
 */
export async function listApplicationVersions(
  client: Client | Driver,
  options: ApplicationVersionOptions = {},
): Promise<ApplicationVersion[]> {
  const call = "listApplicationVersions()";
  const [database, read] = openCall(client, call, versionDescription, options);
  return await findVersions(database, read);
}

/**
 * Reads the latest version of an application. Only workers of this version run workflows that were
 * enqueued without a version.
 *
 * @example
 * ```ts
 * import { connect, getLatestApplicationVersion } from "@dbos-community/client";
 *
 * await using client = await connect();
 * console.log((await getLatestApplicationVersion(client))?.versionName);
 * ```
 *
 * @param client A client, or a driver's pool, connection or transaction.
 * @param options The application whose version to read.
 * @returns The latest version, or null if no worker has registered one.
 * @throws {TypeError} If `applicationName` is not a string.
 * @throws {RangeError} If `applicationName` is empty.
 * @throws {UnsupportedFeatureError} If the schema has no table for application versions.
 */
export async function getLatestApplicationVersion(
  client: Client | Driver,
  options: ApplicationVersionOptions = {},
): Promise<ApplicationVersion | null> {
  const call = "getLatestApplicationVersion()";
  const [database, read] = openCall(client, call, versionDescription, options);
  const [version] = await findVersions(database, read, 1);
  return version ?? null;
}

/**
 * Makes a version the latest, for example to roll an application back. From then on, workers of
 * this version run workflows without a version, including those that are already enqueued.
 *
 * A version that belongs to no application is assigned to `applicationName`.
 *
 * @example
 * ```ts
 * import {
 *   connect,
 *   listApplicationVersions,
 *   setLatestApplicationVersion,
 * } from "@dbos-community/client";
 *
 * await using client = await connect();
 * const [latest, previous = latest] = await listApplicationVersions(client);
 * if (previous) await setLatestApplicationVersion(client, previous.versionName);
 * ```
 *
 * @param client A client, or a driver's pool, connection or transaction.
 * @param versionName The name of the version.
 * @param options The application that the version belongs to.
 * @throws {TypeError} If a name is not a string.
 * @throws {RangeError} If a name is empty.
 * @throws {NonExistentVersionError} If the version does not exist.
 * @throws {OwnedByAnotherApplicationError} If the version belongs to another application.
 * @throws {UnsupportedFeatureError} If the schema has no table for application versions.
 */
export async function setLatestApplicationVersion(
  client: Client | Driver,
  versionName: string,
  options: ApplicationVersionOptions = {},
): Promise<void> {
  const call = "setLatestApplicationVersion()";
  const [database, read] = openCall(client, call, versionDescription, options);
  checkText(`versionName of ${call}`, versionName);
  const applicationName = read.applicationName ?? database.settings.applicationName;
  if (applicationName !== undefined) checkIndexed({ applicationName, versionName }, call);
  const [version] = await database.run(sql.setLatestApplicationVersion, {
    version_name: versionName,
    application_name: applicationName ?? null,
  });
  if (!version) throw new NonExistentVersionError(versionName);
  if (!version.is_set) {
    throw new OwnedByAnotherApplicationError(
      `make application version ${versionName} the latest`,
      applicationName!,
      version.application_name!,
    );
  }
}

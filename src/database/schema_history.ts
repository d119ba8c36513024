/** What each release of DBOS added to the schema, for error messages and descriptions. */

import { UnsupportedFeatureError } from "../errors/schema.ts";

/** A feature that a schema may have. */
export interface SchemaFeature {
  readonly name: string;
  /** The table or column that it needs. */
  readonly needs: string;
}

/** The features that are newer than the oldest schema that this client supports, oldest first. */
export const schemaFeatures: readonly SchemaFeature[] = [
  { name: "streams", needs: "streams" },
  { name: "queue partitions", needs: "workflow_status.queue_partition_key" },
  { name: "forks", needs: "workflow_events_history" },
  { name: "parent workflows", needs: "workflow_status.parent_workflow_id" },
  { name: "serialization formats", needs: "workflow_status.serialization" },
  { name: "schedules", needs: "workflow_schedules" },
  { name: "application versions", needs: "application_versions" },
  { name: "time zones of schedules", needs: "workflow_schedules.cron_timezone" },
  { name: "delays", needs: "workflow_status.delay_until_epoch_ms" },
  { name: "registered queues", needs: "queues" },
  { name: "completion times", needs: "workflow_status.completed_at" },
  { name: "attributes", needs: "workflow_status.attributes" },
  { name: "debouncing", needs: "workflow_status.is_debounced" },
  { name: "application names", needs: "workflow_status.application_name" },
  { name: "limits of queue partitions", needs: "queues.partition_concurrency" },
  { name: "tables for inputs and outputs", needs: "workflow_input" },
  { name: "consumers of messages", needs: "notifications.consumed_by_function_id" },
  { name: "creators of workflows", needs: "workflow_status.creator_xid" },
];

/** The version of the schema that a release creates, by language, oldest first; not of all releases. */
export const schemaReleases: Readonly<Record<string, readonly (readonly [string, number])[]>> = {
  TypeScript: [
    ["3.5.8", 24],
    ["4.0.2", 24],
    ["4.1.6", 24],
    ["4.3.8", 26],
    ["4.5.13", 30],
    ["4.7.9", 30],
    ["4.9.11", 33],
    ["4.10.15", 35],
    ["4.11.11", 37],
    ["4.12.9", 40],
    ["4.17.6", 57],
    ["4.19.8", 61],
    ["4.21.6", 63],
    ["4.24.16", 66],
    ["4.26.10", 107],
    ["4.27.6", 108],
    ["5.0.2", 114],
    ["5.1.10", 122],
    ["5.2.11", 123],
    ["5.3.0", 123],
  ],
  Python: [
    ["2.0.0", 1],
    ["2.14.0", 13],
    ["2.27.0", 42],
    ["2.28.0", 44],
    ["2.29.0", 47],
    ["2.30.0", 107],
    ["2.31.0", 108],
    ["3.0.0", 114],
    ["3.2.0", 123],
    ["3.3.0", 123],
    ["3.4.0", 125],
  ],
  Go: [["0.6.0", 1], ["0.8.0", 5], ["1.0.0", 42], ["1.1.0", 44], ["1.2.0", 107], ["1.8.0", 125]],
  Java: [["1.0.0", 40], ["1.1.0-m6", 41]],
};

/** The releases of a language that create a version of the schema, in words. */
function findReleases(releases: readonly (readonly [string, number])[], version: number): string {
  const same = releases.filter(([, made]) => made === version).map(([release]) => release);
  if (same.length > 1) return `${same[0]} to ${same.at(-1)}`;
  if (same.length === 1) return same[0]!;
  const older = releases.findLast(([, made]) => made < version)?.[0];
  const newer = releases.find(([, made]) => made > version)?.[0];
  if (older && newer) return `between ${older} and ${newer}`;
  return older ? `after ${older}` : `before ${newer}`;
}

/** The releases that create a version of the schema, by language. */
export function findReleasesOfSchema(version: number): Record<string, string> {
  return Object.fromEntries(
    Object.entries(schemaReleases).map((
      [language, releases],
    ) => [language, findReleases(releases, version)]),
  );
}

/**
 * The tables and columns that a call may need, with the version of the schema that added them, as DBOS
 * for TypeScript counts, and the first Python release that creates them: below version 100, Python
 * counts differently.
 */
const firstVersions: Readonly<Record<string, readonly [number, string]>> = {
  "workflow_status.queue_partition_key": [25, "2.2.0"],
  workflow_events_history: [30, "2.5.0"],
  "workflow_status.parent_workflow_id": [31, "2.11.0"],
  "workflow_status.serialization": [32, "2.14.0"],
  workflow_schedules: [33, "2.13.0"],
  application_versions: [35, "2.14.0"],
  "workflow_schedules.cron_timezone": [37, "2.15.0"],
  "workflow_schedules.automatic_backfill": [37, "2.15.0"],
  "workflow_status.delay_until_epoch_ms": [38, "2.16.0"],
  "workflow_schedules.queue_name": [39, "2.16.0"],
  queues: [43, "2.20.0"],
  "workflow_status.attributes": [62, "2.25.0"],
  "workflow_status.is_debounced": [64, "2.27.0"],
  "workflow_status.application_name": [100, "2.30.0"],
  "queues.application_name": [101, "2.30.0"],
  "workflow_schedules.application_name": [102, "2.30.0"],
  "operation_outputs.application_name": [104, "2.30.0"],
  "queues.partition_concurrency": [108, "2.31.0"],
};

/** The first releases that create a table or column, in words; empty if they are not known. */
function describeFirstReleases(needs: string): string {
  const [version, python] = firstVersions[needs] ?? [];
  if (version === undefined) return "";
  const typeScript = schemaReleases.TypeScript!.find(([, made]) => made >= version)?.[0];
  const schema = `version ${version} of the schema`;
  return `${typeScript ? `TypeScript ${typeScript} (${schema})` : schema}, Python ${python}`;
}

/** The error for a schema without the table or column that a feature needs. */
export function unsupportedFeature(feature: string, needs: string): UnsupportedFeatureError {
  return new UnsupportedFeatureError(feature, needs, describeFirstReleases(needs));
}

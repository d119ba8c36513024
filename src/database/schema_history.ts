/** What each release of DBOS added to the schema, for error messages and descriptions. */

import { UnsupportedFeatureError } from "../errors/database.ts";

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

/** A version of the schema, and the first and the last minor release that create it. */
type SchemaReleases = readonly [version: number, first: string, last?: string];

/**
 * The versions of the schema that releases create, by language, oldest first. These are all minor
 * releases that were published since the first one here. The patches of a minor release do not change
 * the schema.
 */
export const schemaReleases: Readonly<Record<string, readonly SchemaReleases[]>> = {
  TypeScript: [
    [24, "3.5", "4.1"],
    [26, "4.3"],
    [28, "4.4"],
    [30, "4.5", "4.7"],
    [33, "4.9"],
    [35, "4.10"],
    [37, "4.11"],
    [40, "4.12"],
    [41, "4.13", "4.15"],
    [42, "4.16"],
    [57, "4.17", "4.18"],
    [61, "4.19", "4.20"],
    [63, "4.21", "4.23"],
    [66, "4.24"],
    [69, "4.25"],
    [107, "4.26"],
    [108, "4.27"],
    [114, "5.0"],
    [122, "5.1"],
    [123, "5.2", "5.3"],
  ],
  Python: [
    [1, "2.0", "2.3"],
    [5, "2.4"],
    [6, "2.5", "2.6"],
    [7, "2.7", "2.10"],
    [8, "2.11", "2.12"],
    [10, "2.13"],
    [13, "2.14"],
    [15, "2.15"],
    [18, "2.16"],
    [19, "2.17", "2.19"],
    [35, "2.20", "2.22"],
    [39, "2.23", "2.24"],
    [41, "2.25", "2.26"],
    [42, "2.27"],
    [44, "2.28"],
    [47, "2.29"],
    [107, "2.30"],
    [108, "2.31"],
    [114, "3.0"],
    [122, "3.1"],
    [123, "3.2", "3.3"],
    [125, "3.4"],
  ],
  Go: [
    [1, "0.6", "0.7"],
    [5, "0.8"],
    [6, "0.9", "0.10"],
    [7, "0.11"],
    [14, "0.12"],
    [16, "0.13"],
    [17, "0.14"],
    [35, "0.15", "0.16"],
    [37, "0.17"],
    [40, "0.18", "0.19"],
    [41, "0.20"],
    [42, "1.0"],
    [44, "1.1"],
    [107, "1.2", "1.3"],
    [113, "1.4"],
    [121, "1.5"],
    [123, "1.6", "1.7"],
    [125, "1.8"],
  ],
  Java: [[40, "1.0"], [41, "1.1.0-m6"]],
  Rust: [[108, "0.5"]],
};

/** The releases of a language that create a version of the schema, in words. */
function describeReleases(releases: readonly SchemaReleases[], version: number): string {
  const same = releases.find(([made]) => made === version);
  if (same) return same.slice(1).join(" to ");
  const older = releases.findLast(([made]) => made < version);
  const newer = releases.find(([made]) => made > version);
  if (older && newer) return `between ${older.at(-1)} and ${newer[1]}`;
  return older ? `after ${older.at(-1)}` : `before ${newer![1]}`;
}

/** The releases that create a version of the schema, by language. */
export function findReleasesOfSchema(version: number): Record<string, string> {
  return Object.fromEntries(
    Object.entries(schemaReleases).map((
      [language, releases],
    ) => [language, describeReleases(releases, version)]),
  );
}

/**
 * The tables and columns that a call may need, with the version of the schema that added them, as DBOS
 * for TypeScript counts, and the first Python release that creates them: below version 100, Python
 * counts differently.
 */
const firstVersions: Readonly<Record<string, readonly [number, string]>> = {
  "workflow_status.queue_partition_key": [25, "2.2"],
  workflow_events_history: [30, "2.5"],
  "workflow_status.parent_workflow_id": [31, "2.11"],
  "workflow_status.serialization": [32, "2.14"],
  workflow_schedules: [33, "2.13"],
  application_versions: [35, "2.14"],
  "workflow_schedules.cron_timezone": [37, "2.15"],
  "workflow_schedules.automatic_backfill": [37, "2.15"],
  "workflow_status.delay_until_epoch_ms": [38, "2.16"],
  "workflow_schedules.queue_name": [39, "2.16"],
  queues: [43, "2.20"],
  "workflow_status.attributes": [62, "2.25"],
  "workflow_status.is_debounced": [64, "2.27"],
  "workflow_status.application_name": [100, "2.30"],
  "queues.application_name": [101, "2.30"],
  "workflow_schedules.application_name": [102, "2.30"],
  "operation_outputs.application_name": [104, "2.30"],
  "queues.partition_concurrency": [108, "2.31"],
  "workflow_status.creator_xid": [123, "3.2"],
};

/** The first releases that create a table or column, in words; empty if they are not known. */
function describeFirstReleases(needs: string): string {
  const [version, python] = firstVersions[needs] ?? [];
  if (version === undefined) return "";
  const typeScript = schemaReleases.TypeScript!.find(([made]) => made >= version)?.[1];
  const schema = `version ${version} of the schema`;
  return `${typeScript ? `TypeScript ${typeScript} (${schema})` : schema}, Python ${python}`;
}

/** The error for a schema without the table or column that a feature needs. */
export function unsupportedFeature(feature: string, needs: string): UnsupportedFeatureError {
  return new UnsupportedFeatureError(feature, needs, describeFirstReleases(needs));
}

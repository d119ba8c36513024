/** Since when there is what a call may need, for those who have to upgrade. */

/**
 * The tables and columns, each with the version of the schema that it came with, as DBOS for
 * TypeScript counts, and the first releases for TypeScript and for Python that create it.
 */
const history: Readonly<Record<string, readonly [number, string, string]>> = {
  "workflow_status.queue_partition_key": [25, "4.3.8", "2.2.0"],
  workflow_events_history: [30, "4.5.13", "2.5.0"],
  "workflow_status.parent_workflow_id": [31, "4.9.11", "2.11.0"],
  "workflow_status.serialization": [32, "4.9.11", "2.14.0"],
  workflow_schedules: [33, "4.9.11", "2.13.0"],
  application_versions: [35, "4.10.15", "2.14.0"],
  "workflow_schedules.cron_timezone": [37, "4.11.11", "2.15.0"],
  "workflow_schedules.automatic_backfill": [37, "4.11.11", "2.15.0"],
  "workflow_status.delay_until_epoch_ms": [38, "4.12.9", "2.16.0"],
  "workflow_schedules.queue_name": [39, "4.12.9", "2.16.0"],
  queues: [43, "4.17.6", "2.20.0"],
  "workflow_status.attributes": [62, "4.21.6", "2.25.0"],
  "workflow_status.is_debounced": [64, "4.24.16", "2.27.0"],
  "workflow_status.application_name": [100, "4.26.10", "2.30.0"],
  "queues.application_name": [101, "4.26.10", "2.30.0"],
  "workflow_schedules.application_name": [102, "4.26.10", "2.30.0"],
  "operation_outputs.application_name": [104, "4.26.10", "2.30.0"],
  "queues.partition_concurrency": [108, "4.27.6", "2.31.0"],
};

/** The first releases that create a table or column, in words; empty if they are not known. */
export function describeFirstReleases(needs: string): string {
  const [version, typeScript, python] = history[needs] ?? [];
  if (version === undefined) return "";
  return `TypeScript ${typeScript} (version ${version} of the schema), Python ${python}`;
}

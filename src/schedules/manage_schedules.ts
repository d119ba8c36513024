import { type Client, systemDatabaseOf } from "../client/client.ts";
import * as sql from "../../sql/schedules/mod.ts";
import { resolveNickname } from "./cron.ts";
import { retryOnConflict } from "../batching/retry_on_conflict.ts";
import type { Driver } from "../drivers/driver.ts";
import {
  NonExistentScheduleError,
  OwnedByAnotherApplicationError,
  ScheduleExistsError,
} from "../errors/managing.ts";
import {
  checkDefinition,
  checkScheduleOptions,
  requireScheduleColumns,
  type ScheduleChanges,
  type ScheduleOptions,
  type ScheduleRow,
  toScheduleRow,
} from "./schedule_options.ts";
import { codecOf } from "../serialization/mod.ts";
import { checkText } from "../validate.ts";

function checkOwner(
  action: string,
  row: ScheduleRow,
  owner: string | null | undefined,
): void {
  if (owner == null || row.application_name === undefined || owner === row.application_name) return;
  throw new OwnedByAnotherApplicationError(
    `${action} schedule ${row.schedule_name}`,
    row.application_name,
    owner,
  );
}

/**
 * Creates a schedule. Workers notice it within half a minute.
 *
 * The cron expression is accepted or refused as by the official scheduler. In an open transaction
 * the schedule is created when that commits.
 *
 * @example
 * ```ts
 * import { connect, createSchedule } from "@dbos-community/client";
 *
 * await using client = await connect();
 * await createSchedule(client, {
 *   scheduleName: "weekly-report",
 *   workflowName: "processTask",
 *   schedule: "30 2 * * mon",
 *   cronTimezone: "Europe/Berlin",
 *   context: { region: "north" },
 * });
 * ```
 *
 * @param client A client, or a driver's pool, connection or transaction.
 * @param options Which workflow to run, and when.
 * @throws {TypeError} If an option is of the wrong type or the context cannot be serialized.
 * @throws {RangeError} If an option is empty, or no cron expression or time zone.
 * @throws {ScheduleExistsError} If there is a schedule of that name.
 * @throws {OwnedByAnotherApplicationError} If there is one, and it belongs to another application.
 * @throws {UnsupportedFeatureError} If the system database has no schedules, or no column for an
 * option.
 */
export async function createSchedule(
  client: Client | Driver,
  options: ScheduleOptions,
): Promise<void> {
  checkScheduleOptions(options);
  const database = systemDatabaseOf(client);
  const row = await toScheduleRow(database, options);
  await requireScheduleColumns(database, options);
  const [existing] = await database.run(sql.createSchedule, { schedule: JSON.stringify([row]) });
  // An attempt of this very call has created it, and its answer got lost.
  if (!existing || existing.schedule_id === row.schedule_id) return;
  checkOwner("create", row, existing.application_name);
  throw new ScheduleExistsError(options.scheduleName);
}

/**
 * Creates schedules, and replaces those that have their names already: all of them, or none.
 *
 * What is replaced keeps its ID, its status and when it fired last; so it does no harm to apply the
 * same schedules each time that a program starts. In an open transaction they are written when that
 * commits.
 *
 * @example
 * ```ts
 * import { applySchedules, connect } from "@dbos-community/client";
 *
 * await using client = await connect();
 * await applySchedules(client, [
 *   { scheduleName: "nightly-report", workflowName: "processTask", schedule: "30 2 * * *" },
 *   { scheduleName: "hourly-check", workflowName: "processTask", schedule: "@hourly" },
 * ]);
 * ```
 *
 * @param client A client, or a driver's pool, connection or transaction.
 * @param schedules Which workflows to run, and when.
 * @throws {TypeError} If an option is of the wrong type or a context cannot be serialized.
 * @throws {RangeError} If an option is empty, or no cron expression or time zone, or a name is given
 * twice.
 * @throws {OwnedByAnotherApplicationError} If a schedule belongs to another application.
 * @throws {UnsupportedFeatureError} If the system database has no schedules, or no column for an
 * option.
 */
export async function applySchedules(
  client: Client | Driver,
  schedules: readonly ScheduleOptions[],
): Promise<void> {
  const names = new Set<string>();
  for (const options of schedules) {
    checkScheduleOptions(options);
    if (names.has(options.scheduleName)) {
      throw new RangeError(`Cannot apply schedule ${options.scheduleName}: it is given twice`);
    }
    names.add(options.scheduleName);
  }
  const database = systemDatabaseOf(client);
  const rows = await Promise.all(schedules.map((options) => toScheduleRow(database, options)));
  for (const options of schedules) await requireScheduleColumns(database, options);
  await retryOnConflict("apply schedules", "one was created and deleted", async () => {
    const conflicting = await database.run(sql.applySchedules, { schedules: JSON.stringify(rows) });
    for (const { schedule_name, application_name } of conflicting) {
      const row = rows.find((row) => row.schedule_name === schedule_name)!;
      checkOwner("apply", row, application_name);
    }
    return conflicting.length === 0 || undefined;
  });
}

/**
 * Changes a schedule, and leaves its status and when it fired last as they are.
 *
 * @example
 * ```ts
 * import { connect, updateSchedule } from "@dbos-community/client";
 *
 * await using client = await connect();
 * await updateSchedule(client, "nightly-report", { schedule: "0 3 * * *", cronTimezone: null });
 * ```
 *
 * @param client A client, or a driver's pool, connection or transaction.
 * @param name The name of the schedule.
 * @param changes What to change.
 * @throws {TypeError} If a change is of the wrong type or the context cannot be serialized.
 * @throws {RangeError} If a change is empty, or no cron expression or time zone.
 * @throws {NonExistentScheduleError} If there is no schedule of that name.
 * @throws {UnsupportedFeatureError} If the system database has no schedules, or no column for a
 * change.
 */
export async function updateSchedule(
  client: Client | Driver,
  name: string,
  changes: ScheduleChanges,
): Promise<void> {
  checkText("name", name);
  checkDefinition(changes);
  const database = systemDatabaseOf(client);
  const codec = await codecOf(changes.serializationType ?? "superjson");
  await requireScheduleColumns(database, changes);
  const columns = {
    schedule: changes.schedule && resolveNickname(changes.schedule),
    context: "context" in changes ? codec.serializeValue(changes.context) : undefined,
    automatic_backfill: changes.automaticBackfill,
    cron_timezone: changes.cronTimezone,
    queue_name: changes.queueName,
  };
  const [updated] = await database.run(sql.updateSchedule, {
    name,
    changes: JSON.stringify(columns),
  });
  if (!updated) throw new NonExistentScheduleError(name, "update");
}

async function setStatus(client: Client | Driver, name: string, status: string): Promise<void> {
  checkText("name", name);
  const database = systemDatabaseOf(client);
  await database.run(sql.setScheduleStatus, { name, status });
}

/**
 * Pauses a schedule, so that it fires no more until it is resumed. Workers notice it within half a
 * minute. Without a schedule of that name nothing happens.
 *
 * @example
 * ```ts
 * import { connect, pauseSchedule } from "@dbos-community/client";
 *
 * await using client = await connect();
 * await pauseSchedule(client, "nightly-report");
 * ```
 *
 * @param client A client, or a driver's pool, connection or transaction.
 * @param name The name of the schedule.
 * @throws {TypeError} If the name is not a string.
 * @throws {RangeError} If the name is empty.
 * @throws {UnsupportedFeatureError} If the system database has no schedules.
 */
export async function pauseSchedule(client: Client | Driver, name: string): Promise<void> {
  await setStatus(client, name, "PAUSED");
}

/**
 * Lets a paused schedule fire again. With `automaticBackfill` it makes up for the times that have
 * passed meanwhile. Without a schedule of that name nothing happens.
 *
 * @example
 * ```ts
 * import { connect, resumeSchedule } from "@dbos-community/client";
 *
 * await using client = await connect();
 * await resumeSchedule(client, "nightly-report");
 * ```
 *
 * @param client A client, or a driver's pool, connection or transaction.
 * @param name The name of the schedule.
 * @throws {TypeError} If the name is not a string.
 * @throws {RangeError} If the name is empty.
 * @throws {UnsupportedFeatureError} If the system database has no schedules.
 */
export async function resumeSchedule(client: Client | Driver, name: string): Promise<void> {
  await setStatus(client, name, "ACTIVE");
}

/**
 * Deletes a schedule; the workflows that it has started stay. Without a schedule of that name nothing
 * happens.
 *
 * @example
 * ```ts
 * import { connect, deleteSchedule } from "@dbos-community/client";
 *
 * await using client = await connect();
 * await deleteSchedule(client, "nightly-report");
 * ```
 *
 * @param client A client, or a driver's pool, connection or transaction.
 * @param name The name of the schedule.
 * @throws {TypeError} If the name is not a string.
 * @throws {RangeError} If the name is empty.
 * @throws {UnsupportedFeatureError} If the system database has no schedules.
 */
export async function deleteSchedule(client: Client | Driver, name: string): Promise<void> {
  checkText("name", name);
  const database = systemDatabaseOf(client);
  await database.run(sql.deleteSchedule, { name });
}

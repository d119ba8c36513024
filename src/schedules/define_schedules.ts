import { callDescription, type CallOptions, type Client, openCall } from "../client/client.ts";
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
  changesDescription,
  ownerOf,
  readSchedule,
  requireScheduleColumns,
  type ScheduleChanges,
  type ScheduleOptions,
  type ScheduleRow,
  toScheduleRow,
} from "./schedule_options.ts";
import {
  findOwners,
  leavesTrace,
  requireDays,
  serializeContext,
  toReaders,
  toStoredTimeZone,
} from "./readers.ts";
import { findTraces, forgetTraces } from "./traces.ts";
import { readOptions } from "../options.ts";
import { checkArray, checkText } from "../validate.ts";

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
 * Creates a schedule. Workers notice it within 30 seconds.
 *
 * It accepts the same cron expressions as the DBOS scheduler. In an open transaction, the schedule
 * is created when it commits.
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
 * @param callOptions An abort signal.
 * @throws {TypeError} If an option has the wrong type.
 * @throws {TypeError} If the context cannot be serialized.
 * @throws {RangeError} If an option is empty.
 * @throws {RangeError} If the cron expression or the time zone is invalid.
 * @throws {ScheduleExistsError} If a schedule of that name exists.
 * @throws {OwnedByAnotherApplicationError} If it exists and belongs to another application.
 * @throws {UnreadableContextError} If the format of the context would stop the scheduler of workers
 * that read it.
 * @throws {UnsupportedFeatureError} If the schema has no table for schedules, or no column for an
 * option.
 */
export async function createSchedule(
  client: Client | Driver,
  options: ScheduleOptions,
  callOptions: CallOptions = {},
): Promise<void> {
  const [database] = openCall(client, "createSchedule()", callDescription, callOptions);
  const read = readSchedule("createSchedule()", database, options);
  await requireScheduleColumns(database, read);
  const traces = await findTraces(client, "createSchedule()", database);
  // If a schedule of that name has another owner, the call fails anyway.
  const readers = toReaders(database, traces, ownerOf(database, read));
  const row = await toScheduleRow(database, "create", read, readers);
  const [existing] = await database.run(sql.createSchedule, { schedule: JSON.stringify([row]) });
  // The same ID means that an earlier attempt of this call created it, and its answer was lost.
  if (existing && existing.schedule_id !== row.schedule_id) {
    checkOwner("create", row, existing.application_name);
    throw new ScheduleExistsError(read.scheduleName);
  }
  if (leavesTrace(row, traces)) forgetTraces(client);
}

/**
 * Creates schedules, or replaces existing schedules of the same names: all of them, or none.
 *
 * A schedule that is replaced keeps its ID, its status and the time at which it last fired, so a
 * program can apply the same schedules each time it starts. In an open transaction, the schedules
 * are written when it commits.
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
 * @param callOptions An abort signal.
 * @throws {TypeError} If an option has the wrong type.
 * @throws {TypeError} If a context cannot be serialized.
 * @throws {RangeError} If an option is empty.
 * @throws {RangeError} If a cron expression or a time zone is invalid.
 * @throws {RangeError} If two of the schedules have the same name.
 * @throws {OwnedByAnotherApplicationError} If a schedule exists and belongs to another application.
 * @throws {UnreadableContextError} If the format of the context would stop the scheduler of workers
 * that read it.
 * @throws {UnsupportedFeatureError} If the schema has no table for schedules, or no column for an
 * option.
 */
export async function applySchedules(
  client: Client | Driver,
  schedules: readonly ScheduleOptions[],
  callOptions: CallOptions = {},
): Promise<void> {
  const [database] = openCall(client, "applySchedules()", callDescription, callOptions);
  checkArray("schedules of applySchedules()", schedules);
  const names = new Set<string>();
  const read = Array.from(schedules, (options, index) => {
    const call = `schedules[${index}] of applySchedules()`;
    const schedule = readSchedule(call, database, options);
    if (names.has(schedule.scheduleName)) {
      throw new RangeError(`Cannot apply schedule ${schedule.scheduleName}: duplicate name`);
    }
    names.add(schedule.scheduleName);
    return schedule;
  });
  for (const schedule of read) await requireScheduleColumns(database, schedule);
  const traces = await findTraces(client, "applySchedules()", database);
  const owners = await findOwners(database, traces, [...names]);
  const readers = read.map((schedule) =>
    toReaders(database, traces, owners.get(schedule.scheduleName) ?? ownerOf(database, schedule))
  );
  const rows = await Promise.all(
    read.map((schedule, index) =>
      toScheduleRow(database, "apply", schedule, readers[index]!, `schedules[${index}].`)
    ),
  );
  const parameters = { schedules: JSON.stringify(rows) };
  const cause = "one of them was created and deleted";
  await retryOnConflict(database, "apply schedules", cause, async () => {
    const conflicting = await database.run(sql.applySchedules, parameters);
    for (const { schedule_name, application_name } of conflicting) {
      const row = rows.find((row) => row.schedule_name === schedule_name)!;
      checkOwner("apply", row, application_name);
    }
    return conflicting.length === 0 || undefined;
  });
  const written = rows.map((row) => ({
    ...row,
    application_name: owners.get(row.schedule_name) ?? row.application_name,
  }));
  if (written.some((row) => leavesTrace(row, traces))) forgetTraces(client);
}

/**
 * Changes a schedule. Its status and the time at which it last fired stay unchanged.
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
 * @param changes The options to change.
 * @param options An abort signal.
 * @throws {TypeError} If the name or an option has the wrong type.
 * @throws {TypeError} If the context cannot be serialized.
 * @throws {RangeError} If the name or an option is empty.
 * @throws {RangeError} If the cron expression or the time zone is invalid.
 * @throws {NonExistentScheduleError} If the schedule does not exist.
 * @throws {UnreadableContextError} If the format of the context would stop the scheduler of workers
 * that read it.
 * @throws {UnsupportedFeatureError} If the schema has no table for schedules, or no column for an
 * option.
 */
export async function updateSchedule(
  client: Client | Driver,
  name: string,
  changes: ScheduleChanges,
  options: CallOptions = {},
): Promise<void> {
  const [database] = openCall(client, "updateSchedule()", callDescription, options);
  checkText("name of updateSchedule()", name);
  const read = readOptions("updateSchedule()", changesDescription, changes);
  // An undefined context is a new context too.
  const hasContext = changes !== undefined && "context" in changes;
  await requireScheduleColumns(database, read);
  const traces = await findTraces(client, "updateSchedule()", database);
  const owners = await findOwners(database, traces, [name]);
  const readers = toReaders(database, traces, owners.get(name));
  await requireDays(database, read.schedule, readers);
  const context = hasContext
    ? await serializeContext(database, "update", name, read, readers)
    : undefined;
  const { cronTimezone } = read;
  const columns = {
    schedule: read.schedule && resolveNickname(read.schedule),
    context,
    automatic_backfill: read.automaticBackfill,
    cron_timezone: cronTimezone === null ? toStoredTimeZone(null, readers) : cronTimezone,
    queue_name: read.queueName,
  };
  const [updated] = await database.run(sql.updateSchedule, {
    name,
    changes: JSON.stringify(columns),
  });
  if (!updated) throw new NonExistentScheduleError(name, "update");
  const written = { ...columns, application_name: owners.get(name) };
  if (leavesTrace(written, traces)) forgetTraces(client);
}

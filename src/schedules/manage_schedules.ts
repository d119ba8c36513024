import { callDescription, type CallOptions, type Client, openCall } from "../client/client.ts";
import * as sql from "../../sql/schedules/mod.ts";
import type { Driver } from "../drivers/driver.ts";
import { requireReadableContext, toReaders } from "./readers.ts";
import { resumeDescription, type ResumeScheduleOptions } from "./schedule_options.ts";
import { findTraces } from "./traces.ts";
import { checkText } from "../validate.ts";

/**
 * Pauses a schedule: it does not fire until it is resumed. Workers notice this within 30 seconds.
 * Does nothing if the schedule does not exist.
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
 * @param options An abort signal.
 * @throws {TypeError} If the name is not a string.
 * @throws {RangeError} If the name is empty.
 * @throws {UnsupportedFeatureError} If the schema has no table for schedules.
 */
export async function pauseSchedule(
  client: Client | Driver,
  name: string,
  options: CallOptions = {},
): Promise<void> {
  const [database] = openCall(client, "pauseSchedule()", callDescription, options);
  checkText("name of pauseSchedule()", name);
  await database.run(sql.setScheduleStatus, { name, status: "PAUSED" });
}

/**
 * Resumes a paused schedule. With `automaticBackfill` it also fires for the times that it missed
 * while it was paused. Does nothing if the schedule does not exist.
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
 * @param options Whether to check its context, and an abort signal.
 * @throws {TypeError} If the name is not a string, or an option has the wrong type.
 * @throws {RangeError} If the name is empty.
 * @throws {UnreadableContextError} If the format of the context would stop the scheduler of workers
 * that read it. Write it with {@linkcode updateSchedule} in the format of these workers first.
 * @throws {UnsupportedFeatureError} If the schema has no table for schedules.
 */
export async function resumeSchedule(
  client: Client | Driver,
  name: string,
  options: ResumeScheduleOptions = {},
): Promise<void> {
  const [database, read] = openCall(client, "resumeSchedule()", resumeDescription, options);
  checkText("name of resumeSchedule()", name);
  if (!read.forceSerializationType) {
    const traces = await findTraces(client, "resumeSchedule()", database);
    const { python, java } = toReaders(database, traces);
    if (python && !java) {
      // A pickle stops none of them, whoever owns the schedule, so one statement is enough.
      const [resumed] = await database.run(sql.resumePickledSchedule, { name });
      if (resumed) return;
    }
    if (python || java) await requireReadableContext(database, traces, name);
  }
  await database.run(sql.setScheduleStatus, { name, status: "ACTIVE" });
}

/**
 * Deletes a schedule, but not the workflows that it has started. Does nothing if the schedule does
 * not exist.
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
 * @param options An abort signal.
 * @throws {TypeError} If the name is not a string.
 * @throws {RangeError} If the name is empty.
 * @throws {UnsupportedFeatureError} If the schema has no table for schedules.
 */
export async function deleteSchedule(
  client: Client | Driver,
  name: string,
  options: CallOptions = {},
): Promise<void> {
  const [database] = openCall(client, "deleteSchedule()", callDescription, options);
  checkText("name of deleteSchedule()", name);
  await database.run(sql.deleteSchedule, { name });
}

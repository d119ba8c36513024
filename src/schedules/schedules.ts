import { callDescription, type CallOptions, type Client, openCall } from "../client/client.ts";
import * as sql from "../../sql/schedules/mod.ts";
import { toApplicationNames } from "../applications/applications.ts";
import type { Driver } from "../drivers/driver.ts";
import { readContext } from "./context.ts";
import { joinLists } from "../database/text_lists.ts";
import type { SystemDatabase } from "../database/system_database.ts";
import { toTexts } from "../lists/filter_parameters.ts";
import {
  asChoice,
  asChoices,
  asTextOrTexts,
  type Check,
  describeOptions,
  type OptionsDescription,
} from "../options.ts";
import { checkText } from "../validate.ts";

/** A schedule: a workflow that workers enqueue at the times of a cron expression. */
export interface WorkflowSchedule {
  /** The ID of the schedule, which never changes. */
  readonly scheduleId: string;
  /** The name of the schedule, which is unique within the system database. */
  readonly scheduleName: string;
  /** The name of the workflow. */
  readonly workflowName: string;
  /** The class that has the workflow as a method; empty for a function. */
  readonly workflowClassName: string;
  /** The cron expression. */
  readonly schedule: string;
  /** `ACTIVE` or `PAUSED`. */
  readonly status: string;
  /**
   * The second argument of the workflow; the first one is the scheduled time. It is a
   * {@linkcode SerializedValue} if this client cannot read it.
   */
  readonly context: unknown;
  /** The time at which it last fired, as ISO 8601; null if never, or not recorded. */
  readonly lastFiredAt: string | null;
  /** Whether a worker that starts also runs the workflow for the times that were missed. */
  readonly automaticBackfill: boolean;
  /** The time zone of the cron expression; null for that of the worker. */
  readonly cronTimezone: string | null;
  /** The queue that the workflow is enqueued on; null for the internal queue of DBOS. */
  readonly queueName: string | null;
  /** The application that the schedule belongs to; undefined if none. */
  readonly applicationName?: string;
}

/** Which schedules to list. A schedule must match all filters; of an array, any value. */
export interface ListSchedulesOptions extends CallOptions {
  /**
   * The status of the schedules.
   *
   * @default {undefined} any
   */
  status?: "ACTIVE" | "PAUSED" | readonly ("ACTIVE" | "PAUSED")[];
  /**
   * The names of the workflows.
   *
   * @default {undefined} any
   */
  workflowName?: string | readonly string[];
  /**
   * The names of the schedules.
   *
   * @default {undefined} any
   */
  scheduleName?: string | readonly string[];
  /**
   * Prefixes of the names of the schedules.
   *
   * @default {undefined} any
   */
  scheduleNamePrefix?: string | readonly string[];
  /**
   * The applications whose schedules to list. An empty array stands for all applications.
   *
   * @default {undefined} the application of the client, or all if it has none
   */
  applicationName?: string | readonly string[];
}

type Status = "ACTIVE" | "PAUSED";

const statuses: readonly Status[] = ["ACTIVE", "PAUSED"];

const asStatusOrStatuses: Check<Status | Status[]> = (what, value) =>
  (Array.isArray(value) ? asChoices(...statuses) : asChoice(...statuses))(what, value);

const listDescription: OptionsDescription<ListSchedulesOptions> = describeOptions<
  ListSchedulesOptions
>({
  ...callDescription.checks,
  status: asStatusOrStatuses,
  workflowName: asTextOrTexts,
  scheduleName: asTextOrTexts,
  scheduleNamePrefix: asTextOrTexts,
  applicationName: asTextOrTexts,
}, { workflowClassName: "schedules are listed by workflowName, whatever the class" });

type ScheduleRow = NonNullable<typeof sql.listSchedules.row>;
type ScheduleFilters = NonNullable<typeof sql.listSchedules.parameters>;

/** A single text, or else a list. */
function toTextOrTexts(
  value: string | readonly string[] | undefined,
): [text: string | undefined, texts: readonly string[] | undefined] {
  return typeof value === "string" ? [value, undefined] : [undefined, value];
}

function toSchedule(row: ScheduleRow, context: unknown): WorkflowSchedule {
  return {
    scheduleId: row.schedule_id,
    scheduleName: row.schedule_name,
    workflowName: row.workflow_name,
    workflowClassName: row.workflow_class_name ?? "",
    schedule: row.schedule,
    status: row.status,
    context,
    lastFiredAt: row.last_fired_at ?? null,
    automaticBackfill: row.automatic_backfill ?? false,
    // Go stores an empty text for none.
    cronTimezone: row.cron_timezone || null,
    queueName: row.queue_name ?? null,
    ...(row.application_name && { applicationName: row.application_name }),
  };
}

async function findSchedules(
  database: SystemDatabase,
  filters: ScheduleFilters,
): Promise<WorkflowSchedule[]> {
  const rows = await database.run(sql.listSchedules, filters);
  const { serializer } = database.settings;
  const contexts = await Promise.all(rows.map(({ context }) => readContext(context, serializer)));
  return rows.map((row, index) => toSchedule(row, contexts[index]));
}

/**
 * Reads a schedule, whichever application it belongs to.
 *
 * @example
 * ```ts
 * import { connect, getSchedule } from "@dbos-community/client";
 *
 * await using client = await connect();
 * const schedule = await getSchedule(client, "nightly-report");
 * console.log(schedule?.status, schedule?.lastFiredAt);
 * ```
 *
 * @param client A client, or a driver's pool, connection or transaction.
 * @param name The name of the schedule.
 * @param options An abort signal.
 * @returns The schedule, or null if it does not exist.
 * @throws {TypeError} If the name is not a string.
 * @throws {RangeError} If the name is empty.
 * @throws {UnsupportedFeatureError} If the schema has no table for schedules.
 */
export async function getSchedule(
  client: Client | Driver,
  name: string,
  options: CallOptions = {},
): Promise<WorkflowSchedule | null> {
  const [database] = openCall(client, "getSchedule()", callDescription, options);
  checkText("name of getSchedule()", name);
  const [schedule] = await findSchedules(database, { name });
  return schedule ?? null;
}

/**
 * Lists the schedules of one or more applications, and those that belong to no application, sorted
 * by name.
 *
 * @example
 * ```ts
 * import { connect, listSchedules } from "@dbos-community/client";
 *
 * await using client = await connect();
 * for (const { scheduleName, schedule } of await listSchedules(client, { status: "ACTIVE" })) {
 *   console.log(scheduleName, schedule);
 * }
 * ```
 *
 * @param client A client, or a driver's pool, connection or transaction.
 * @param options Which schedules to list.
 * @returns The schedules that match all filters.
 * @throws {TypeError} If a filter has the wrong type.
 * @throws {RangeError} If a filter is or contains an empty string, or an unknown status.
 * @throws {UnsupportedFeatureError} If the schema has no table for schedules.
 */
export async function listSchedules(
  client: Client | Driver,
  options: ListSchedulesOptions = {},
): Promise<WorkflowSchedule[]> {
  const [database, read] = openCall(client, "listSchedules()", listDescription, options);
  const [name, names] = toTextOrTexts(read.scheduleName);
  const [prefix, prefixes] = toTextOrTexts(read.scheduleNamePrefix);
  const lists = joinLists({
    names,
    prefixes,
    statuses: toTexts(read.status),
    workflow_names: toTexts(read.workflowName),
    application_names: toApplicationNames(database, read.applicationName),
  });
  return await findSchedules(database, { name, prefix, ...lists });
}

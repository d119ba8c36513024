import { checkTimeZone, parseCron, resolveNickname } from "./cron.ts";
import { codecOf } from "../serialization/mod.ts";
import type { SystemDatabase } from "../database/system_database.ts";
import { uuidV7 } from "../uuid_v7.ts";
import { checkBoolean, checkChoice, checkOptionalText, checkText } from "../validate.ts";

/** Which workflow to run, and when. */
export interface ScheduleOptions {
  /** The name of the schedule, of which there is one in a system database. */
  scheduleName: string;
  /** The name that the application registered the workflow under. */
  workflowName: string;
  /**
   * The class that has the workflow as a static method.
   *
   * @default {undefined}
   */
  workflowClassName?: string;
  /**
   * When to run it: a cron expression of 5 fields, or of 6 with seconds first, or a nickname such as
   * `@daily`. A day has to agree with both the day of the month and the day of the week. Workers of
   * TypeScript before 5.2 hang on an `L`.
   */
  schedule: string;
  /**
   * The second argument of the workflow, after the time that it is scheduled for.
   *
   * @default {undefined}
   */
  context?: unknown;
  /**
   * Whether a worker that starts makes up for the times that have passed since it fired last.
   *
   * @default {false}
   */
  automaticBackfill?: boolean;
  /**
   * The time zone of the cron expression, such as `Europe/Berlin`.
   *
   * @default {undefined} that of the worker
   */
  cronTimezone?: string;
  /**
   * The queue to put the workflow on.
   *
   * @default {undefined} one of DBOS's own
   */
  queueName?: string;
  /**
   * The application whose workers run it.
   *
   * @default {undefined} that of the client; without one, every application of the system database
   */
  applicationName?: string;
  /**
   * The format of the context. Nothing records it, so it must be the one that the workers are set
   * to: TypeScript's read `"superjson"`, those of other languages `"portable"`, if they are set to
   * portable serialization, and else nothing that this client writes.
   *
   * @default {"superjson"} whatever the `serializationType` of the client
   */
  serializationType?: "portable" | "superjson" | "native";
}

/** What to change of a schedule: all that is given; the rest stays as it is. */
export interface ScheduleChanges {
  /**
   * Another cron expression.
   *
   * @default {undefined}
   */
  schedule?: string;
  /**
   * Another context; it is replaced also by undefined, if that is given.
   *
   * @default {undefined}
   */
  context?: unknown;
  /**
   * Whether to make up for the times that were missed.
   *
   * @default {undefined}
   */
  automaticBackfill?: boolean;
  /**
   * Another time zone, or null for that of the worker.
   *
   * @default {undefined}
   */
  cronTimezone?: string | null;
  /**
   * Another queue, or null for DBOS's own.
   *
   * @default {undefined}
   */
  queueName?: string | null;
  /**
   * The format of the context, as for {@linkcode createSchedule}.
   *
   * @default {"superjson"}
   */
  serializationType?: "portable" | "superjson" | "native";
}

/** Refuses options that make no sense in a schedule or in a change of it. */
export function checkDefinition(definition: ScheduleOptions | ScheduleChanges): void {
  const { schedule, automaticBackfill, cronTimezone, queueName, serializationType } = definition;
  if (schedule !== undefined) parseCron(schedule);
  checkBoolean("automaticBackfill", automaticBackfill);
  if (cronTimezone != null) checkTimeZone("cronTimezone", cronTimezone);
  if (queueName != null) checkText("queueName", queueName);
  checkChoice("serializationType", serializationType, ["portable", "superjson", "native"]);
}

/** Refuses options of which no schedule can be made. */
export function checkScheduleOptions(options: ScheduleOptions): void {
  checkText("scheduleName", options.scheduleName);
  checkText("workflowName", options.workflowName);
  checkOptionalText("workflowClassName", options.workflowClassName);
  checkText("schedule", options.schedule);
  checkOptionalText("applicationName", options.applicationName);
  checkDefinition(options);
}

/** The options that not every schema version has a column for. */
const neededColumns = {
  automaticBackfill: "workflow_schedules.automatic_backfill",
  cronTimezone: "workflow_schedules.cron_timezone",
  queueName: "workflow_schedules.queue_name",
  applicationName: "workflow_schedules.application_name",
} as const;

/** Refuses options that the schema has no column for. */
export async function requireScheduleColumns(
  database: SystemDatabase,
  options: Partial<ScheduleOptions> | ScheduleChanges,
): Promise<void> {
  for (const [option, column] of Object.entries(neededColumns)) {
    if (option in options && options[option as keyof typeof options]) {
      await database.requireColumn(option, column);
    }
  }
}

/** A schedule as sql/schedules/create_schedule.sql and sql/schedules/apply_schedules.sql read it. */
export interface ScheduleRow {
  schedule_id: string;
  schedule_name: string;
  workflow_name: string;
  workflow_class_name: string | null;
  schedule: string;
  context: string;
  automatic_backfill: boolean;
  cron_timezone: string | undefined;
  queue_name: string | undefined;
  application_name: string | undefined;
}

/** The row of a new schedule. */
export async function toScheduleRow(
  database: SystemDatabase,
  options: ScheduleOptions,
): Promise<ScheduleRow> {
  const { serializationType = "superjson" } = options;
  const codec = await codecOf(serializationType);
  return {
    schedule_id: uuidV7(),
    schedule_name: options.scheduleName,
    workflow_name: options.workflowName,
    // Where there is no class TypeScript's workers need empty text, and others need nothing.
    workflow_class_name: options.workflowClassName ??
      (serializationType === "portable" ? null : ""),
    schedule: resolveNickname(options.schedule),
    context: codec.serializeValue(options.context),
    automatic_backfill: options.automaticBackfill ?? false,
    cron_timezone: options.cronTimezone,
    queue_name: options.queueName,
    application_name: options.applicationName ?? database.settings.applicationName,
  };
}

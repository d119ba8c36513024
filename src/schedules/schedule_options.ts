import { checkTimeZone, parseCron, resolveNickname } from "./cron.ts";
import { codecOf } from "../serialization/mod.ts";
import type { SystemDatabase } from "../database/system_database.ts";
import { uuidV7 } from "../uuid_v7.ts";
import {
  asAnything,
  asBoolean,
  asChoice,
  asIndexedText,
  asShortText,
  asText,
  type Check,
  describeOptions,
  type OptionsDescription,
  orNull,
} from "../options.ts";
import { checkIndexed, checkText } from "../validate.ts";

/** A schedule: which workflow to run, and when. */
export interface ScheduleOptions {
  /** The name of the schedule, which is unique within the system database. */
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
   * When to run it: a cron expression of 5 fields, or of 6 with seconds first, or a nickname such
   * as `@daily`. A day must match both the day of the month and the day of the week. TypeScript
   * workers before 5.2 hang on an `L`.
   */
  schedule: string;
  /**
   * The second argument of the workflow; the first one is the scheduled time.
   *
   * @default {undefined}
   */
  context?: unknown;
  /**
   * Whether a worker that starts also runs the workflow for the times that were missed since the
   * schedule last fired.
   *
   * @default {false}
   */
  automaticBackfill?: boolean;
  /**
   * The time zone of the cron expression, such as `Europe/Berlin`.
   *
   * @default {undefined} the time zone of the worker
   */
  cronTimezone?: string;
  /**
   * The queue to put the workflow on.
   *
   * @default {undefined} the internal queue of DBOS
   */
  queueName?: string;
  /**
   * The application whose workers run the workflow.
   *
   * @default {undefined} the application of the client, or every application if it has none
   */
  applicationName?: string;
  /**
   * The format of the context. The system database does not record it, so it must be the format
   * that the workers are configured for. TypeScript workers read `"superjson"`. Workers of other
   * languages read `"portable"` if they are configured for portable serialization, and otherwise no
   * format that this client writes.
   *
   * @default {"superjson"} regardless of the `serializationType` of the client
   */
  serializationType?: "portable" | "superjson" | "native";
}

/** Changes to a schedule. Options that are left out stay unchanged. */
export interface ScheduleChanges {
  /**
   * The new cron expression.
   *
   * @default {undefined} unchanged
   */
  schedule?: string;
  /**
   * The new context. An explicit undefined replaces the context too.
   *
   * @default {undefined} unchanged if left out
   */
  context?: unknown;
  /**
   * Whether a worker that starts also runs the workflow for the times that were missed.
   *
   * @default {undefined} unchanged
   */
  automaticBackfill?: boolean;
  /**
   * The new time zone, or null for that of the worker.
   *
   * @default {undefined} unchanged
   */
  cronTimezone?: string | null;
  /**
   * The new queue, or null for the internal queue of DBOS.
   *
   * @default {undefined} unchanged
   */
  queueName?: string | null;
  /**
   * The format of the context, as for {@linkcode createSchedule}.
   *
   * @default {"superjson"}
   */
  serializationType?: "portable" | "superjson" | "native";
}

const asScheduleName: Check<string> = (what, value) => {
  const name = asIndexedText(what, value);
  // The longest ID of a run.
  checkIndexed({ [what]: `sched-${name}-trigger-2026-01-01T00:00:00.000Z` });
  return name;
};

const asCron: Check<string> = (what, value) => {
  checkText(what, value);
  parseCron(value);
  return value;
};

const asTimeZone: Check<string> = (what, value) => {
  checkText(what, value);
  checkTimeZone(what, value);
  return value;
};

/** The options of a new schedule. */
export const scheduleDescription: OptionsDescription<ScheduleOptions> = describeOptions<
  ScheduleOptions
>({
  scheduleName: { required: asScheduleName },
  workflowName: { required: asText },
  workflowClassName: asShortText,
  schedule: { required: asCron },
  context: asAnything,
  automaticBackfill: asBoolean,
  cronTimezone: asTimeZone,
  queueName: asIndexedText,
  applicationName: asIndexedText,
  serializationType: asChoice("portable", "superjson", "native"),
});

/** The changes of a schedule. */
export const changesDescription: OptionsDescription<ScheduleChanges> = describeOptions<
  ScheduleChanges
>({
  schedule: asCron,
  context: asAnything,
  automaticBackfill: asBoolean,
  cronTimezone: orNull(asTimeZone),
  queueName: orNull(asIndexedText),
  serializationType: asChoice("portable", "superjson", "native"),
});

/** The options whose column of workflow_schedules older schemas lack. */
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

/** A row as create_schedule.sql and apply_schedules.sql take it. */
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

/** Makes the row of a new schedule. The path precedes the name of its context in errors. */
export async function toScheduleRow(
  database: SystemDatabase,
  options: ScheduleOptions,
  path = "",
): Promise<ScheduleRow> {
  const { serializationType = "superjson" } = options;
  const codec = await codecOf(serializationType);
  return {
    schedule_id: uuidV7(),
    schedule_name: options.scheduleName,
    workflow_name: options.workflowName,
    // Without a class, TypeScript workers need an empty string, and other workers null.
    workflow_class_name: options.workflowClassName ??
      (serializationType === "portable" ? null : ""),
    schedule: resolveNickname(options.schedule),
    context: codec.serializeValue(options.context, `${path}context`),
    automatic_backfill: options.automaticBackfill ?? false,
    cron_timezone: options.cronTimezone,
    queue_name: options.queueName,
    application_name: options.applicationName ?? database.settings.applicationName,
  };
}

import { callDescription, type CallOptions } from "../client/client.ts";
import { checkTimeZone, parseCron, resolveNickname } from "./cron.ts";
import {
  type Readers,
  requireDays,
  serializeContext,
  toStoredClassName,
  toStoredTimeZone,
} from "./readers.ts";
import type { SerializationType } from "../serialization/write.ts";
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
  readOptions,
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
   * as `@daily`. A day must match both the day of the month and the day of the week. Days such
   * as `L`, `15W`, `1#2` and `?` end TypeScript workers before 5.2 or mean others, so they are
   * refused on the schema of these. Workers in Go fire only schedules of 6 fields.
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
   * The time zone of the cron expression, such as `Europe/Berlin`. The scheduler of a worker in Go
   * stops at a schedule without one, unless the system database shows that there are workers in Go.
   *
   * @default {undefined} the time zone of the worker; in Python, UTC
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
   * that the workers are configured for: `"superjson"` for TypeScript, `"py_pickle"` for Python,
   * `"portable"` for Go and for workers that are configured for portable serialization. Workers that
   * have a serializer read what the same `serializer` of the client writes.
   *
   * The scheduler of a Python worker reads the contexts of all schedules of its application, and
   * those of no application. At one that is not in its format it stops, and none of its schedules
   * fires any more. So where schedules or recent workflows show that such workers read it, another
   * format is refused. A client reads these traces of workers once in 30 seconds, and in an open
   * transaction at each call.
   *
   * @default {undefined} that of the client's `serializer` or, without one, what the workers read
   * that have left traces in the system database; if there are none, `"superjson"`
   */
  serializationType?: Exclude<SerializationType, "DBOS_JSON" | "rust_serde">;
  /**
   * Write the context even in a format that stops the scheduler of workers which have left traces
   * in the system database, because none of them runs any more.
   *
   * @default {false}
   */
  forceSerializationType?: boolean;
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
   * @default {undefined} that of the client's `serializer` or, without one, what the workers read
   * that have left traces in the system database
   */
  serializationType?: Exclude<SerializationType, "DBOS_JSON" | "rust_serde">;
  /**
   * Write the context even in a format that stops workers, as for {@linkcode createSchedule}.
   *
   * @default {false}
   */
  forceSerializationType?: boolean;
}

/** Whether to check the context of a schedule that is resumed. */
export interface ResumeScheduleOptions extends CallOptions {
  /**
   * Resume the schedule even if its context is in a format that stops the scheduler of workers which
   * have left traces in the system database, because none of them runs any more.
   *
   * @default {false}
   */
  forceSerializationType?: boolean;
}

const contextFormats = ["portable", "superjson", "native", "py_pickle"] as const;

const asScheduleName: Check<string> = (what, value) => {
  const name = asIndexedText(what, value);
  // The longest ID of a run.
  checkIndexed({ [what]: `sched-${name}-trigger-2026-01-01T00:00:00.000Z` });
  return name;
};

const asCron: Check<string> = (what, value) => {
  checkText(what, value);
  parseCron(value, what);
  return value;
};

const asTimeZone: Check<string> = (what, value) => {
  checkText(what, value);
  checkTimeZone(what, value);
  return value;
};

const scheduleDescription: OptionsDescription<ScheduleOptions> = describeOptions<
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
  serializationType: asChoice(...contextFormats),
  forceSerializationType: asBoolean,
}, { workflowConfigName: "a schedule runs a function or a static method" });

/** Reads the options of a new schedule. Refuses one whose workflow no index could hold. */
export function readSchedule(
  call: string,
  database: SystemDatabase,
  options: ScheduleOptions,
): ScheduleOptions {
  const read = readOptions(call, scheduleDescription, options);
  const { queueName, applicationName = database.settings.applicationName } = read;
  checkIndexed({ queueName, applicationName }, call);
  return read;
}

/** The changes of a schedule. */
export const changesDescription: OptionsDescription<ScheduleChanges> = describeOptions<
  ScheduleChanges
>({
  schedule: asCron,
  context: asAnything,
  automaticBackfill: asBoolean,
  cronTimezone: orNull(asTimeZone),
  queueName: orNull(asIndexedText),
  serializationType: asChoice(...contextFormats),
  forceSerializationType: asBoolean,
});

/** The options of a schedule that is resumed. */
export const resumeDescription: OptionsDescription<ResumeScheduleOptions> = describeOptions<
  ResumeScheduleOptions
>({ ...callDescription.checks, forceSerializationType: asBoolean });

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

/** The application that a schedule becomes that of if it belongs to none. */
export function ownerOf(
  { settings }: SystemDatabase,
  options: ScheduleOptions,
): string | undefined {
  return options.applicationName ?? settings.applicationName;
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
  cron_timezone: string | null;
  queue_name: string | undefined;
  application_name: string | undefined;
}

/** Makes the row of a new schedule. The path precedes the name of its context in errors. */
export async function toScheduleRow(
  database: SystemDatabase,
  action: string,
  options: ScheduleOptions,
  readers: Readers,
  path = "",
): Promise<ScheduleRow> {
  await requireDays(database, options.schedule, readers);
  const context = await serializeContext(
    database,
    action,
    options.scheduleName,
    options,
    readers,
    `${path}context`,
  );
  return {
    schedule_id: uuidV7(),
    schedule_name: options.scheduleName,
    workflow_name: options.workflowName,
    workflow_class_name: toStoredClassName(options.workflowClassName, context, readers),
    schedule: resolveNickname(options.schedule),
    context,
    automatic_backfill: options.automaticBackfill ?? false,
    cron_timezone: toStoredTimeZone(options.cronTimezone, readers),
    queue_name: options.queueName,
    application_name: ownerOf(database, options),
  };
}

/**
 * The workers that read a schedule, and what they can read of it. Their scheduler reads all schedules
 * of their application. One that it fails at can stop it for all the others:
 *
 * - in Python, a context that is not a pickle, unless another serializer is configured. It is read only
 *   while the schedule is active;
 * - in Java, a context that is an object or an array without Java classes, and a missing class name;
 * - in Go, a missing time zone;
 * - in TypeScript before 5.2, a day that is not a number, such as `L`; in 4.9 and 4.10, also a class
 *   name that is null. These end the process of the worker.
 */

import * as sql from "../../sql/schedules/mod.ts";
import { abortable } from "../promises.ts";
import type { SystemDatabase } from "../database/system_database.ts";
import { joinLists } from "../database/text_lists.ts";
import { UnreadableContextError } from "../errors/managing.ts";
import { codecOf, type SerializationType } from "../serialization/write.ts";
import { isPickle } from "./context.ts";
import { hasSpecialDay } from "./cron.ts";
import type { Trace } from "./traces.ts";

/** Which languages the workers that read a schedule are written in, as far as rows show it. */
export interface Readers {
  readonly typeScript: boolean;
  readonly python: boolean;
  readonly java: boolean;
  readonly go: boolean;
}

/**
 * The readers of a schedule: the workers of the application that owns it, or of every application if
 * none does. Traces of no application may be theirs too.
 */
export function toReaders(
  database: SystemDatabase,
  traces: readonly Trace[],
  owner?: string | null,
): Readers {
  // Only Python 2.13 has schedules, but no column for formats.
  const isPython213 = !database.hasColumn("workflow_status.serialization");
  // Other than Python 2.14, only TypeScript 4.9 and 4.10 have schedules without this column.
  const isOld = !database.hasColumn("workflow_schedules.cron_timezone");
  const found = traces
    .filter(({ application_name: name }) => owner == null || name === null || name === owner)
    .map(({ format }) => format);
  const { serializer } = database.settings;
  const python = isPython213 || found.includes("py_pickle");
  return {
    typeScript: found.includes("js_superjson") || (isOld && !python) ||
      serializer?.argsFormat === "typescript",
    python,
    java: found.includes("java_jackson"),
    go: found.some((format) => format.startsWith("DBOS_")),
  };
}

/** Finds the applications that own schedules, by the names of these, if the readers depend on that. */
export async function findOwners(
  database: SystemDatabase,
  traces: readonly Trace[],
  names: readonly string[],
): Promise<Map<string, string | null>> {
  if (!traces.some(({ application_name }) => application_name !== null)) return new Map();
  const rows = await database.run(sql.findOwners, joinLists({ names }));
  return new Map(rows.map((row) => [row.schedule_name, row.application_name]));
}

/**
 * The format that readers expect of a context which stops them; undefined if they can read it. Readers
 * that have left native formats do not read one of the user's own.
 */
function findExpectedFormat(
  text: string,
  { python, java }: Readers,
  isCustom = false,
): string | undefined {
  if (python) return isPickle(text) && !isCustom ? undefined : "py_pickle";
  const isUnreadable = isCustom || isPickle(text) || (/^[{[]/.test(text) && !isJackson(text));
  return java && isUnreadable ? "java_jackson" : undefined;
}

/** Whether a context is an object or an array with Java classes. */
function isJackson(text: string): boolean {
  return /^(\{"@class"|\["[a-z]+(\.\w+)+",)/.test(text);
}

/** Refuses to resume a schedule whose context would stop readers that skip it while it is paused. */
export async function requireReadableContext(
  database: SystemDatabase,
  traces: readonly Trace[],
  name: string,
): Promise<void> {
  const [row] = await database.run(sql.listSchedules, { name });
  if (!row) return;
  const readers = toReaders(database, traces, row.application_name);
  const expected = findExpectedFormat(row.context, readers);
  if (expected) throw new UnreadableContextError("resume", name, expected);
}

/** A format that stops none of the readers and that, of such formats, most of them can read. */
function chooseFormat({ typeScript, python, java, go }: Readers): SerializationType {
  if (python) return "py_pickle";
  return java || (go && !typeScript) ? "portable" : "superjson";
}

/** A context, and how to write it. */
interface ContextOptions {
  readonly context?: unknown;
  readonly serializationType?: SerializationType;
  readonly forceSerializationType?: boolean;
}

/**
 * Writes a context for readers, in the format of the client's serializer if it has one, and refuses a
 * format that would stop them. The path names the context in errors.
 */
export async function serializeContext(
  { settings }: SystemDatabase,
  action: string,
  scheduleName: string,
  { context, serializationType, forceSerializationType }: ContextOptions,
  readers: Readers,
  path = "context",
): Promise<string> {
  const writesOwn = !serializationType && !settings.serializationType;
  const custom = writesOwn ? settings.serializer : undefined;
  const codec = await (custom?.load() ?? codecOf(serializationType ?? chooseFormat(readers)));
  const text = await abortable(
    custom?.signal,
    async () => await codec.serializeValue(context, path),
  );
  const expected = forceSerializationType
    ? undefined
    : findExpectedFormat(text, readers, custom !== undefined);
  if (expected) throw new UnreadableContextError(action, scheduleName, expected);
  return text;
}

/** A schedule as it was written, as far as it may be a trace. */
interface Written {
  readonly context?: string | undefined;
  readonly cron_timezone?: string | null | undefined;
  readonly application_name?: string | null | undefined;
}

/** Whether a schedule that was written is a trace, by the rules of find_traces.sql, that was not known. */
export function leavesTrace(
  { context = "", cron_timezone, application_name = null }: Written,
  traces: readonly Trace[],
): boolean {
  const isKnown = (format: string) =>
    traces.some((trace) => trace.format === format && trace.application_name === application_name);
  if (isPickle(context)) return !isKnown("py_pickle");
  if (isJackson(context)) return !isKnown("java_jackson");
  return cron_timezone === "" && !isKnown("DBOS_JSON");
}

/** The time zone to store: Go stores an empty text for none, at which Java fails. */
export function toStoredTimeZone(
  cronTimezone: string | null | undefined,
  { go, java }: Readers,
): string | null {
  return cronTimezone ?? (go && !java ? "" : null);
}

/**
 * The class to store. For a function, workers in TypeScript and Java need an empty text, and workers
 * in other languages need null.
 */
export function toStoredClassName(
  className: string | undefined,
  context: string,
  { typeScript, python, java }: Readers,
): string | null {
  if (className !== undefined) return className;
  const isSuperjson = context.includes('"__dbos_serializer":"superjson"');
  return isSuperjson || (!python && (typeScript || java)) ? "" : null;
}

/** Refuses days that end the process of TypeScript workers before 5.2, if they may read them. */
export async function requireDays(
  database: SystemDatabase,
  schedule: string | undefined,
  { typeScript, python, java, go }: Readers,
): Promise<void> {
  if (!schedule || !hasSpecialDay(schedule)) return;
  if (!typeScript && (python || java || go)) return;
  await database.requireColumn("L, W, # or ? in a schedule", "workflow_status.creator_xid");
}

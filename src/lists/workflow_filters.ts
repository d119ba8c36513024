/** Which workflows a list or a count is about. */

import type { listWorkflows } from "../../sql/lists/mod.ts";
import { serializeAttributes } from "../workflows/attributes.ts";
import { joinLists } from "../database/text_lists.ts";
import { checkBoolean, checkChoice, checkText } from "../validate.ts";

/**
 * What to filter workflows by. A filter that is left out lets all of them pass; of several values
 * one must match, and of no values none does.
 *
 * Times are ISO 8601 texts, dates or milliseconds since 1970, and match as well.
 */
export interface WorkflowFilters {
  /** Their IDs. */
  workflowIDs?: readonly string[];
  /** How their IDs begin. */
  workflow_id_prefix?: string | readonly string[];
  /** The names that they are registered under. */
  workflowName?: string | readonly string[];
  /** The classes that have them as methods. */
  className?: string | readonly string[];
  /** The configured instances that have them as methods. */
  configName?: string | readonly string[];
  /**
   * `PENDING` (running), `ENQUEUED`, `DELAYED`, `SUCCESS`, `ERROR`, `CANCELLED` or
   * `MAX_RECOVERY_ATTEMPTS_EXCEEDED`.
   */
  status?: string | readonly string[];
  /** The queues that they are or were on. */
  queueName?: string | readonly string[];
  /** Only those of queues that wait or run: `ENQUEUED`, `PENDING` or `DELAYED`. */
  queuesOnly?: boolean;
  /** The deduplication IDs that they hold. */
  deduplicationID?: string | readonly string[];
  /** Whether they were enqueued by a debouncer. */
  isDebounced?: boolean;
  /** The users on whose behalf they run. */
  authenticatedUser?: string | readonly string[];
  /** The workers that run or ran them. */
  executorId?: string | readonly string[];
  /** The application versions that run, ran or shall run them. */
  applicationVersion?: string | readonly string[];
  /**
   * The applications that they belong to. Those that belong to none belong to each. An empty list
   * stands for all applications.
   *
   * @default {undefined} that of the client if it has one, unless `workflowIDs` are given
   */
  applicationName?: string | readonly string[];
  /** The workflows that they are forks of. */
  forkedFrom?: string | readonly string[];
  /** Whether they are forks. */
  isFork?: boolean;
  /** Whether there are forks of them. */
  wasForkedFrom?: boolean;
  /** The workflows that started them. */
  parentWorkflowID?: string | readonly string[];
  /** Whether another workflow started them. */
  hasParent?: boolean;
  /** The schedules that started them. */
  scheduleName?: string | readonly string[];
  /** What their attributes contain, at least; nothing lets all of them pass. */
  attributes?: Readonly<Record<string, unknown>>;
  /** The earliest time at which they were enqueued or started. */
  startTime?: string | Date | number;
  /** The latest time at which they were enqueued or started. */
  endTime?: string | Date | number;
  /** The earliest time at which a worker took them from their queue. */
  dequeuedAfter?: string | Date | number;
  /** The latest time at which a worker took them from their queue. */
  dequeuedBefore?: string | Date | number;
  /** The earliest time at which they ended. */
  completedAfter?: string | Date | number;
  /** The latest time at which they ended. */
  completedBefore?: string | Date | number;
}

/** Parameters of sql/lists/list_workflows.sql. */
export type ListParameters = NonNullable<typeof listWorkflows.parameters>;

const lists = {
  workflowIDs: "workflow_ids",
  workflowName: "names",
  className: "class_names",
  configName: "config_names",
  queueName: "queue_names",
  deduplicationID: "deduplication_ids",
  authenticatedUser: "authenticated_users",
  executorId: "executor_ids",
  applicationVersion: "application_versions",
  forkedFrom: "forked_from",
  parentWorkflowID: "parent_workflow_ids",
  scheduleName: "schedule_names",
} as const;

const flags = {
  isDebounced: "is_debounced",
  isFork: "is_fork",
  wasForkedFrom: "was_forked_from",
  hasParent: "has_parent",
} as const;

const times = {
  startTime: "created_from",
  endTime: "created_until",
  dequeuedAfter: "dequeued_from",
  dequeuedBefore: "dequeued_until",
  completedAfter: "completed_from",
  completedBefore: "completed_until",
} as const;

const inFlight = ["ENQUEUED", "PENDING"];
const unfinished = [...inFlight, "DELAYED"];
const failed = ["ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"];
const statuses = [...unfinished, ...failed, "SUCCESS"];

function entriesOf<Table extends object>(table: Table): [keyof Table, Table[keyof Table]][] {
  return Object.entries(table) as [keyof Table, Table[keyof Table]][];
}

/** A text or a list of them as a list, checked. */
export function toTexts(
  what: string,
  value: string | readonly string[] | undefined,
): readonly string[] | undefined {
  if (value === undefined) return undefined;
  const texts = typeof value === "string" ? [value] : value;
  if (!Array.isArray(texts)) checkText(what, texts);
  for (const text of texts) checkText(what, text);
  return texts;
}

function toFlag(what: string, value: boolean | undefined): number | undefined {
  checkBoolean(what, value);
  return value === undefined ? undefined : Number(value);
}

/** A time in milliseconds since 1970. */
export function toEpochMs(
  what: string,
  value: string | Date | number | undefined,
): number | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== "string" && typeof value !== "number" && !(value instanceof Date)) {
    throw new TypeError(
      `Cannot use a value of type ${typeof value} as ${what}: expected a time as an ISO 8601 ` +
        "text, a date or milliseconds since 1970",
    );
  }
  // A date holds whole milliseconds of some 270,000 years.
  const timeMs = new Date(value).getTime();
  if (Number.isNaN(timeMs)) throw new RangeError(`Cannot use the given ${what}: it is not a time`);
  return timeMs;
}

function toStatusParameters({ status, queuesOnly }: WorkflowFilters): ListParameters {
  let wanted: readonly string[] | undefined = toTexts("status", status);
  wanted?.forEach((name) => checkChoice("status", name, statuses));
  if (toFlag("queuesOnly", queuesOnly)) {
    wanted = unfinished.filter((name) => wanted?.includes(name) ?? true);
  }
  if (!wanted) return {};
  const parameters: ListParameters = {
    is_queued: queuesOnly ? 1 : undefined,
    is_selective: wanted.every((name) => unfinished.includes(name)) ? 1 : undefined,
  };
  if (wanted.length === 1) return { ...parameters, status: wanted[0] };
  const among = (group: string[]) => wanted.filter((name) => group.includes(name)).join();
  return {
    ...parameters,
    one_of_statuses: 1,
    in_flight_statuses: among(inFlight) || undefined,
    is_delayed: wanted.includes("DELAYED") ? 1 : undefined,
    failed_statuses: among(failed) || undefined,
    is_successful: wanted.includes("SUCCESS") ? 1 : undefined,
  };
}

/**
 * The range that has all texts with one of the prefixes, in the order of their bytes. Only what is
 * ASCII counts, since that is the same in every encoding.
 */
function toRange(prefixes: readonly string[]): ListParameters {
  // deno-lint-ignore no-control-regex
  const heads = prefixes.map((prefix) => /^[\x01-\x7d]*/.exec(prefix)![0]).sort();
  if (!heads[0]) return {};
  // What follows "a" comes after what follows "ab".
  const ends = heads.map((head) =>
    head.slice(0, -1) + String.fromCharCode(head.charCodeAt(head.length - 1) + 1)
  ).sort();
  return { id_from: heads[0], id_until: ends.at(-1) };
}

/** Patterns that match what begins with the prefixes. */
export function toPatterns(prefixes: readonly string[] | undefined): string[] | undefined {
  return prefixes?.map((prefix) => `${prefix.replace(/[\\%_]/g, "\\$&")}%`);
}

/** The filters as parameters of sql/lists/list_workflows.sql and sql/lists/count_workflows.sql. */
export function toFilterParameters(
  filters: WorkflowFilters,
  ownApplication: string | undefined,
): ListParameters {
  const texts: Record<string, readonly string[] | undefined> = {};
  for (const [option, parameter] of entriesOf(lists)) {
    texts[parameter] = toTexts(option, filters[option]);
  }
  const prefixes = toTexts("workflow_id_prefix", filters.workflow_id_prefix);
  texts.id_patterns = toPatterns(prefixes);
  const application = filters.applicationName ?? (texts.workflow_ids ? undefined : ownApplication);
  const applications = toTexts("applicationName", application);
  texts.application_names = applications?.length ? applications : undefined;

  const parameters: ListParameters = {
    ...joinLists(texts),
    ...(prefixes && toRange(prefixes)),
    ...toStatusParameters(filters),
  };
  for (const [option, parameter] of entriesOf(flags)) {
    parameters[parameter] = toFlag(option, filters[option]);
  }
  for (const [option, parameter] of entriesOf(times)) {
    parameters[parameter] = toEpochMs(option, filters[option]);
  }
  if (filters.attributes !== undefined) {
    const text = serializeAttributes(filters.attributes);
    if (text !== "{}") parameters.attributes = text;
  }
  return parameters;
}

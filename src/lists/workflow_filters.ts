/** The filters of lists and counts of workflows, and the parameters that they become. */

import type { listWorkflows } from "../../sql/lists/mod.ts";
import { serializeAttributes } from "../workflows/attributes.ts";
import { joinLists } from "../database/text_lists.ts";
import { checkBoolean, checkChoice, checkText } from "../validate.ts";

/**
 * Filters for workflows. A workflow must match all filters that are given. A filter with an array
 * matches any of its values; an empty array matches no workflow.
 *
 * Times are ISO 8601 strings, dates or milliseconds since 1970. Both ends of a time range are
 * included.
 */
export interface WorkflowFilters {
  /**
   * The IDs of the workflows.
   *
   * @default {undefined} any
   */
  workflowIDs?: readonly string[];
  /**
   * Prefixes of the IDs of the workflows.
   *
   * @default {undefined} any
   */
  workflow_id_prefix?: string | readonly string[];
  /**
   * The names that the workflows are registered under.
   *
   * @default {undefined} any
   */
  workflowName?: string | readonly string[];
  /**
   * The classes that have the workflows as methods.
   *
   * @default {undefined} any
   */
  className?: string | readonly string[];
  /**
   * The configured instances that have the workflows as methods.
   *
   * @default {undefined} any
   */
  configName?: string | readonly string[];
  /**
   * The statuses: `PENDING` (running), `ENQUEUED`, `DELAYED`, `SUCCESS`, `ERROR`, `CANCELLED` or
   * `MAX_RECOVERY_ATTEMPTS_EXCEEDED`.
   *
   * @default {undefined} any
   */
  status?: string | readonly string[];
  /**
   * The queues that the workflows are or were on.
   *
   * @default {undefined} any
   */
  queueName?: string | readonly string[];
  /**
   * Whether to include only the unfinished workflows of queues: those with status `ENQUEUED`,
   * `PENDING` (running) or `DELAYED`.
   *
   * @default {false}
   */
  queuesOnly?: boolean;
  /**
   * The deduplication IDs that the workflows hold.
   *
   * @default {undefined} any
   */
  deduplicationID?: string | readonly string[];
  /**
   * Whether a debouncer enqueued the workflows.
   *
   * @default {undefined} both
   */
  isDebounced?: boolean;
  /**
   * The users on whose behalf the workflows run.
   *
   * @default {undefined} any
   */
  authenticatedUser?: string | readonly string[];
  /**
   * The workers that run or ran the workflows.
   *
   * @default {undefined} any
   */
  executorId?: string | readonly string[];
  /**
   * The application versions that run, ran or are to run the workflows.
   *
   * @default {undefined} any
   */
  applicationVersion?: string | readonly string[];
  /**
   * The applications that the workflows belong to. Workflows that belong to no application match
   * every one. An empty array stands for all applications.
   *
   * @default {undefined} the application of the client; all if it has none or `workflowIDs` is
   * given
   */
  applicationName?: string | readonly string[];
  /**
   * The IDs of the workflows that the workflows were forked from.
   *
   * @default {undefined} any
   */
  forkedFrom?: string | readonly string[];
  /**
   * Whether the workflows are forks.
   *
   * @default {undefined} both
   */
  isFork?: boolean;
  /**
   * Whether the workflows have forks.
   *
   * @default {undefined} both
   */
  wasForkedFrom?: boolean;
  /**
   * The IDs of the parent workflows, which started the workflows.
   *
   * @default {undefined} any
   */
  parentWorkflowID?: string | readonly string[];
  /**
   * Whether another workflow started the workflows.
   *
   * @default {undefined} both
   */
  hasParent?: boolean;
  /**
   * The names of the schedules that started the workflows.
   *
   * @default {undefined} any
   */
  scheduleName?: string | readonly string[];
  /**
   * Attributes that the workflows have, among others. An empty object matches all workflows.
   *
   * @default {undefined} any
   */
  attributes?: Readonly<Record<string, unknown>>;
  /**
   * The earliest time at which the workflows were enqueued or started.
   *
   * @default {undefined} any
   */
  startTime?: string | Date | number;
  /**
   * The latest time at which the workflows were enqueued or started.
   *
   * @default {undefined} any
   */
  endTime?: string | Date | number;
  /**
   * The earliest time at which a worker dequeued the workflows.
   *
   * @default {undefined} any
   */
  dequeuedAfter?: string | Date | number;
  /**
   * The latest time at which a worker dequeued the workflows.
   *
   * @default {undefined} any
   */
  dequeuedBefore?: string | Date | number;
  /**
   * The earliest time at which the workflows ended.
   *
   * @default {undefined} any
   */
  completedAfter?: string | Date | number;
  /**
   * The latest time at which the workflows ended.
   *
   * @default {undefined} any
   */
  completedBefore?: string | Date | number;
}

/** The parameters of sql/lists/list_workflows.sql. */
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

/** Checks a string or an array of strings, and returns it as an array. */
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

/** Checks a time, and returns it in milliseconds since 1970. */
export function toEpochMs(
  what: string,
  value: string | Date | number | undefined,
): number | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== "string" && typeof value !== "number" && !(value instanceof Date)) {
    throw new TypeError(
      `Cannot use a value of type ${typeof value} as ${what}: expected an ISO 8601 string, a ` +
        "Date or milliseconds since 1970",
    );
  }
  // A Date truncates numbers to whole milliseconds, and is invalid some 270,000 years from 1970.
  const timeMs = new Date(value).getTime();
  if (Number.isNaN(timeMs)) throw new RangeError(`Cannot use the given ${what}: invalid time`);
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
  const selectFrom = (group: string[]) => wanted.filter((name) => group.includes(name)).join();
  return {
    ...parameters,
    one_of_statuses: 1,
    in_flight_statuses: selectFrom(inFlight) || undefined,
    is_delayed: wanted.includes("DELAYED") ? 1 : undefined,
    failed_statuses: selectFrom(failed) || undefined,
    is_successful: wanted.includes("SUCCESS") ? 1 : undefined,
  };
}

/**
 * A range, in byte order, that contains every text with one of the prefixes. It is made of the
 * ASCII characters that the prefixes begin with, since their bytes are the same in every encoding.
 */
function toRange(prefixes: readonly string[]): ListParameters {
  // deno-lint-ignore no-control-regex
  const starts = prefixes.map((prefix) => /^[\x01-\x7d]*/.exec(prefix)![0]).sort();
  if (!starts[0]) return {};
  // Sorted again, since "a" precedes "ab", but the end of "a" ("b") follows that of "ab" ("ac").
  const ends = starts.map((start) =>
    start.slice(0, -1) + String.fromCharCode(start.charCodeAt(start.length - 1) + 1)
  ).sort();
  return { id_from: starts[0], id_until: ends.at(-1) };
}

/** Patterns for `like` that match texts with the prefixes. */
export function toPatterns(prefixes: readonly string[] | undefined): string[] | undefined {
  return prefixes?.map((prefix) => `${prefix.replace(/[\\%_]/g, "\\$&")}%`);
}

/** Checks filters, and returns them as parameters of list_workflows.sql and count_workflows.sql. */
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

/** Turns filters into the parameters of the statements that list and count workflows. */

import type { listWorkflows } from "../../sql/lists/mod.ts";
import { joinLists } from "../database/text_lists.ts";
import {
  asBoolean,
  asPlainObject,
  asTextOrTexts,
  asTexts,
  type Check,
  describeOptions,
  type OptionsDescription,
} from "../options.ts";
import { checkChoice, refuseType } from "../validate.ts";
import { serializeAttributes } from "../serialization/write_portable_json.ts";
import type { WorkflowFilters } from "./workflow_filters.ts";

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

/** Filters on columns that older schemas lack. */
export const newerFilters = [
  "is_debounced",
  "application_names",
  "forked_from",
  "is_fork",
  "was_forked_from",
  "parent_workflow_ids",
  "has_parent",
  "schedule_names",
  "attributes",
  "completed_from",
  "completed_until",
] as const;

function entriesOf<Table extends object>(table: Table): [keyof Table, Table[keyof Table]][] {
  return Object.entries(table) as [keyof Table, Table[keyof Table]][];
}

/** A time, in milliseconds since 1970. */
export const asTime: Check<number> = (what, value) => {
  if (typeof value !== "string" && typeof value !== "number" && !(value instanceof Date)) {
    refuseType(what, value, "an ISO 8601 string, a Date or milliseconds since 1970");
  }
  // A Date truncates numbers to whole milliseconds, and is invalid some 270,000 years from 1970.
  const timeMs = new Date(value).getTime();
  if (Number.isNaN(timeMs)) throw new RangeError(`Cannot use the given ${what}: invalid time`);
  return timeMs;
};

const asStatuses: Check<string | string[]> = (what, value) => {
  const names = asTextOrTexts(what, value);
  for (const name of toTexts(names)!) checkChoice(what, name, statuses);
  return names;
};

function checksOf<Table extends object, Value>(
  table: Table,
  check: Check<Value>,
): { [Name in keyof Table]: Check<Value> } {
  const checks = Object.keys(table).map((name) => [name, check]);
  return Object.fromEntries(checks) as { [Name in keyof Table]: Check<Value> };
}

/** The filters of all lists and counts of workflows. */
export const filterDescription: OptionsDescription<WorkflowFilters> = describeOptions<
  WorkflowFilters
>({
  ...checksOf(lists, asTextOrTexts),
  ...checksOf(flags, asBoolean),
  ...checksOf(times, asTime),
  workflowIDs: asTexts,
  workflow_id_prefix: asTextOrTexts,
  applicationName: asTextOrTexts,
  status: asStatuses,
  queuesOnly: asBoolean,
  attributes: asPlainObject,
});

/** What to use in place of names that a contract of a workflow may have. */
export const filterReplacements: Readonly<Record<string, string>> = {
  workflowClassName: "use className instead",
  workflowConfigName: "use configName instead",
};

/** One or several texts as an array. */
export function toTexts(
  value: string | readonly string[] | undefined,
): readonly string[] | undefined {
  return typeof value === "string" ? [value] : value;
}

function toFlag(value: boolean | undefined): number | undefined {
  return value === undefined ? undefined : Number(value);
}

function toStatusParameters({ status, queuesOnly }: WorkflowFilters): ListParameters {
  let wanted = toTexts(status);
  if (queuesOnly) {
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

/** Turns filters into parameters of list_workflows.sql and count_workflows.sql. */
export function toFilterParameters(
  filters: WorkflowFilters,
  ownApplication: string | undefined,
): ListParameters {
  const texts: Record<string, readonly string[] | undefined> = {};
  for (const [option, parameter] of entriesOf(lists)) {
    texts[parameter] = toTexts(filters[option]);
  }
  const prefixes = toTexts(filters.workflow_id_prefix);
  texts.id_patterns = toPatterns(prefixes);
  const application = filters.applicationName ?? (texts.workflow_ids ? undefined : ownApplication);
  const applications = toTexts(application);
  texts.application_names = applications?.length ? applications : undefined;

  const parameters: ListParameters = {
    ...joinLists(texts),
    ...(prefixes && toRange(prefixes)),
    ...toStatusParameters(filters),
  };
  for (const [option, parameter] of entriesOf(flags)) {
    parameters[parameter] = toFlag(filters[option]);
  }
  for (const [option, parameter] of entriesOf(times)) {
    parameters[parameter] = filters[option] as number | undefined;
  }
  if (filters.attributes !== undefined) {
    const text = serializeAttributes(filters.attributes);
    if (text !== "{}") parameters.attributes = text;
  }
  if (newerFilters.some((name) => parameters[name] !== undefined)) {
    parameters.filters_newer_columns = 1;
  }
  return parameters;
}

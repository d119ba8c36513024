/**
 * Compares the outcomes of the same call with two clients, and the rows that each left in its
 * database. What differs between any two runs, such as times and new UUIDs, is handled here only.
 */
import { assertEquals } from "@std/assert";

/** A row: the text of each column. */
export type TextRow = Record<string, string | null>;

/** The outcome of a call, and all rows of its database afterwards. */
export interface CallState {
  outcome: Outcome;
  tables: Record<string, TextRow[]>;
}

export type Outcome = { value: unknown } | { error: Record<string, unknown> };

export interface Difference {
  /** `table.column`, `table` for a missing row, `value.field` or `error.field`. */
  path: string;
  official: unknown;
  ours: unknown;
}

export interface Baseline {
  /** The UUIDs in the prepared database: all others were made during the call. */
  knownIDs: ReadonlySet<string>;
  /** When the case began, in epoch milliseconds: times from then on were taken during the case. */
  since: number;
}

// Each client makes its own UUIDs: workflow IDs, message IDs, and creator_xid, by which an attempt
// recognizes its own row. They are numbered, so that references between rows are compared as well.
const uuidPattern = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;

// The two calls are not made in the same millisecond, and our client stamps the rows of a statement
// a millisecond apart to keep their order. The tolerance is far larger than that.
const timePattern = /(?<![\d.])\d{13}(?!\d)|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/g;
const timeToleranceMs = 10_000;

// Our error classes have other names and other messages. Each official class has a counterpart.
const errorClasses: Record<string, string> = {
  DBOSAwaitedWorkflowCancelledError: "AwaitedWorkflowCancelledError",
  DBOSAwaitedWorkflowExceededMaxRecoveryAttempts: "AwaitedWorkflowExceededMaxRecoveryAttemptsError",
  DBOSConflictingWorkflowError: "ConflictingWorkflowError",
  DBOSNonExistentWorkflowError: "NonExistentWorkflowError",
  DBOSQueueDuplicatedError: "QueueDuplicatedError",
  DBOSStreamTimeoutError: "StreamTimeoutError",
  DBOSWorkflowIDInUseError: "WorkflowIDInUseError",
};
// The official client has no class that corresponds to StreamEndedError.
const ownErrorClasses = new Set([...Object.values(errorClasses), "StreamEndedError"]);

/** The value or error of a call, in a form that can be compared. */
export async function outcomeOf(call: () => Promise<unknown>): Promise<Outcome> {
  try {
    return { value: toPlain(await call()) };
  } catch (error) {
    return { error: describeError(error) };
  }
}

function describeError(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { thrown: toPlain(error) };
  const className = error.constructor.name;
  const counterpart = errorClasses[className];
  if (counterpart || ownErrorClasses.has(className)) return { class: counterpart ?? className };
  // An error of the workflow: the class with which it is rethrown does not matter.
  const { name, message, code, data, cause, stack } = error as unknown as Record<string, unknown>;
  return { name, message, code, data, cause: toPlain(cause), stack };
}

function toPlain(value: unknown): unknown {
  if (typeof value !== "object" || value === null || value instanceof Date) return value;
  if (value instanceof Error) return describeError(value);
  if (value instanceof Map) return { map: [...value].map(toPlain) };
  if (value instanceof Set) return { set: [...value].map(toPlain) };
  if (Array.isArray(value)) return value.map(toPlain);
  // A handle: everything else in it is a function or a connection.
  if ("getResult" in value && "workflowID" in value) return { handle: value.workflowID };
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, toPlain(item)]));
}

/**
 * Removes the inputs that are also in `workflow_status`. The official client does not write them
 * there, so older workers on the same database find none.
 */
function withoutCopiedInputs({ outcome, tables }: CallState): CallState {
  const { workflow_status: statuses = [], workflow_input: payloads = [] } = tables;
  const inputs = new Map(payloads.map((row) => [row.workflow_uuid, row.inputs]));
  const withoutCopy = (row: TextRow) =>
    row.inputs === inputs.get(row.workflow_uuid!) ? { ...row, inputs: null } : row;
  return { outcome, tables: { ...tables, workflow_status: statuses.map(withoutCopy) } };
}

/** Lists the differences between the two, apart from times and new UUIDs. */
export function compare(official: CallState, ours: CallState, baseline: Baseline): Difference[] {
  const differences: Difference[] = [];
  const [left, right] = [official, ours].map((state) =>
    numberIDs(withoutCopiedInputs(state), baseline)
  ) as [CallState, CallState];
  compareValues("", left.outcome, right.outcome);
  for (const [table, rows] of Object.entries(left.tables)) {
    const others = right.tables[table]!;
    for (let index = 0; index < Math.max(rows.length, others.length); index++) {
      const [row, other] = [rows[index], others[index]];
      if (row && other) compareValues(table, row, other);
      else differences.push({ path: table, official: row, ours: other });
    }
  }
  return differences;

  function compareValues(path: string, a: unknown, b: unknown): void {
    if (isRecord(a) && isRecord(b)) {
      // An undefined field and a missing field are the same to the caller.
      for (const key of new Set([...Object.keys(a), ...Object.keys(b)])) {
        compareValues(path ? `${path}.${key}` : key, a[key], b[key]);
      }
    } else if (Array.isArray(a) && Array.isArray(b) && a.length === b.length) {
      a.forEach((item, index) => compareValues(path, item, b[index]));
    } else if (!isSame(a, b, baseline.since)) {
      differences.push({ path, official: a, ours: b });
    }
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value) &&
    !(value instanceof Date);
}

function isSame(a: unknown, b: unknown, since: number): boolean {
  if (typeof a === "number" && typeof b === "number") return isSameTime(a, b, since);
  if (a instanceof Date && b instanceof Date) return isSameTime(+a, +b, since);
  if (typeof a === "string" && typeof b === "string") return isSameText(a, b, since);
  try {
    assertEquals(a, b);
    return true;
  } catch {
    return false;
  }
}

function isSameTime(a: number, b: number, since: number): boolean {
  return Object.is(a, b) || (a >= since && b >= since && Math.abs(a - b) <= timeToleranceMs);
}

function isSameText(a: string, b: string, since: number): boolean {
  if (a === b) return true;
  const [times, otherTimes] = [a, b].map((text) => text.match(timePattern) ?? []);
  return maskTimes(a) === maskTimes(b) &&
    times!.every((time, index) =>
      isSameTime(toEpochMs(time), toEpochMs(otherTimes![index]!), since)
    );
}

function toEpochMs(time: string): number {
  return time.includes("T") ? Date.parse(time) : Number(time);
}

function maskTimes(text: string): string {
  return text.replace(timePattern, "<time>");
}

/** Numbers the IDs of the call by the content of their rows, and sorts the rows. */
function numberIDs({ outcome, tables }: CallState, { knownIDs }: Baseline): CallState {
  const isNewID = (id: string) => !knownIDs.has(id);
  const mask = (text: string) =>
    maskTimes(text.replace(uuidPattern, (id) => isNewID(id) ? "<id>" : id));

  const occurrences = new Map<string, string[]>();
  for (const [table, rows] of Object.entries(tables)) {
    for (const row of rows) {
      const maskedRow = mask(JSON.stringify(row));
      for (const [column, text] of Object.entries(row)) {
        for (const id of (text?.match(uuidPattern) ?? []).filter(isNewID)) {
          if (!occurrences.has(id)) occurrences.set(id, []);
          occurrences.get(id)!.push(`${table}.${column} ${maskedRow}`);
        }
      }
    }
  }
  const signatures = [...occurrences].map(([id, places]) => ({ id, places: places.sort().join() }));
  signatures.sort((a, b) => compareTexts(a.places, b.places));
  const names = new Map(signatures.map(({ id }, index) => [id, `<id ${index + 1}>`]));

  const rename = (value: unknown): unknown => {
    if (typeof value === "string") {
      return value.replace(uuidPattern, (id) => isNewID(id) ? names.get(id) ?? "<new id>" : id);
    }
    if (Array.isArray(value)) return value.map(rename);
    if (!isRecord(value)) return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [rename(key), rename(item)]),
    );
  };
  const sortKey = (row: TextRow) => maskTimes(JSON.stringify(row));
  const sorted = Object.entries(tables).map(([table, rows]) => {
    const renamed = rows.map((row) => rename(row) as TextRow);
    // The IDs of scheduled runs have times, which are masked: they decide where all else is equal.
    renamed.sort((a, b) =>
      compareTexts(sortKey(a), sortKey(b)) || compareTexts(JSON.stringify(a), JSON.stringify(b))
    );
    return [table, renamed];
  });
  return { outcome: rename(outcome) as Outcome, tables: Object.fromEntries(sorted) };
}

function compareTexts(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The UUIDs in all rows of a database. */
export function findIDs(tables: Record<string, TextRow[]>): Set<string> {
  return new Set(JSON.stringify(tables).match(uuidPattern));
}

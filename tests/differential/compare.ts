/**
 * Compares what two clients gave and left behind. What must differ between any two runs is set
 * apart here, and nowhere else.
 */
import { assertEquals } from "@std/assert";

/** A row as text, column by column. */
export type TextRow = Record<string, string | null>;

/** What a call gave, and all that its database then holds. */
export interface Aftermath {
  outcome: Outcome;
  tables: Record<string, TextRow[]>;
}

export type Outcome = { value: unknown } | { error: Record<string, unknown> };

export interface Difference {
  /** `table.column`, `table` for a row that is not there, `value.field` or `error.field`. */
  path: string;
  official: unknown;
  ours: unknown;
}

export interface Ground {
  /** The UUIDs of the prepared database: all others were made during the call. */
  knownIDs: ReadonlySet<string>;
  /** When the case began, in milliseconds since 1970: times from then on were taken during it. */
  since: number;
}

// Each client makes UUIDs of its own: workflow IDs, message IDs and creator_xid, by which an attempt
// knows its own row. They are compared as "the first", "the second" …, so that what refers to what
// is compared as well.
const uuidPattern = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;

// The calls are not made in the same millisecond. As ours spaces the rows of one statement a
// millisecond apart to keep their order, it is a tolerance too, though far from needed in full.
const timePattern = /(?<![\d.])\d{13}(?!\d)|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/g;
const timeToleranceMs = 10_000;

// Our classes and messages have names and words of their own; the classes correspond.
const errorClasses: Record<string, string> = {
  DBOSAwaitedWorkflowCancelledError: "AwaitedWorkflowCancelledError",
  DBOSAwaitedWorkflowExceededMaxRecoveryAttempts: "AwaitedWorkflowExceededMaxRecoveryAttemptsError",
  DBOSConflictingWorkflowError: "ConflictingWorkflowError",
  DBOSNonExistentWorkflowError: "NonExistentWorkflowError",
  DBOSQueueDuplicatedError: "QueueDuplicatedError",
  DBOSStreamTimeoutError: "StreamTimeoutError",
  DBOSWorkflowIDInUseError: "WorkflowIDInUseError",
};
// And one that the official client has no class of its own for.
const ownErrorClasses = new Set([...Object.values(errorClasses), "StreamEndedError"]);

/** What a call gave, as it can be compared. */
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
  // An error of the workflow: the class with which it is thrown again does not matter.
  const { name, message, code, data, cause, stack } = error as unknown as Record<string, unknown>;
  return { name, message, code, data, cause: toPlain(cause), stack };
}

function toPlain(value: unknown): unknown {
  if (typeof value !== "object" || value === null || value instanceof Date) return value;
  if (value instanceof Error) return describeError(value);
  if (value instanceof Map) return { map: [...value].map(toPlain) };
  if (value instanceof Set) return { set: [...value].map(toPlain) };
  if (Array.isArray(value)) return value.map(toPlain);
  // A handle: all else that it has are functions and a connection.
  if ("getResult" in value && "workflowID" in value) return { handle: value.workflowID };
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, toPlain(item)]));
}

/**
 * Without the inputs that a workflow's status repeats: the official client leaves them out, so that
 * older workers of the same database see none.
 */
function withoutCopiedInputs({ outcome, tables }: Aftermath): Aftermath {
  const { workflow_status: statuses = [], workflow_input: payloads = [] } = tables;
  const inputs = new Map(payloads.map((row) => [row.workflow_uuid, row.inputs]));
  const withoutCopy = (row: TextRow) =>
    row.inputs === inputs.get(row.workflow_uuid!) ? { ...row, inputs: null } : row;
  return { outcome, tables: { ...tables, workflow_status: statuses.map(withoutCopy) } };
}

/** All that differs between the two, apart from what must. */
export function compare(official: Aftermath, ours: Aftermath, ground: Ground): Difference[] {
  const differences: Difference[] = [];
  const [left, right] = [official, ours].map((aftermath) =>
    numberIDs(withoutCopiedInputs(aftermath), ground)
  ) as [Aftermath, Aftermath];
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
      // A field that is undefined and one that is not there are the same to whoever reads it.
      for (const key of new Set([...Object.keys(a), ...Object.keys(b)])) {
        compareValues(path ? `${path}.${key}` : key, a[key], b[key]);
      }
    } else if (Array.isArray(a) && Array.isArray(b) && a.length === b.length) {
      a.forEach((item, index) => compareValues(path, item, b[index]));
    } else if (!isSame(a, b, ground.since)) {
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
  return blankTimes(a) === blankTimes(b) &&
    times!.every((time, index) =>
      isSameTime(toEpochMs(time), toEpochMs(otherTimes![index]!), since)
    );
}

function toEpochMs(time: string): number {
  return time.includes("T") ? Date.parse(time) : Number(time);
}

function blankTimes(text: string): string {
  return text.replace(timePattern, "<time>");
}

/** Numbers the IDs that were made during the call by what their rows hold, and sorts the rows. */
function numberIDs({ outcome, tables }: Aftermath, { knownIDs }: Ground): Aftermath {
  const hasFreshID = (id: string) => !knownIDs.has(id);
  const blank = (text: string) =>
    blankTimes(text.replace(uuidPattern, (id) => hasFreshID(id) ? "<id>" : id));

  const occurrences = new Map<string, string[]>();
  for (const [table, rows] of Object.entries(tables)) {
    for (const row of rows) {
      const blankRow = blank(JSON.stringify(row));
      for (const [column, text] of Object.entries(row)) {
        for (const id of (text?.match(uuidPattern) ?? []).filter(hasFreshID)) {
          if (!occurrences.has(id)) occurrences.set(id, []);
          occurrences.get(id)!.push(`${table}.${column} ${blankRow}`);
        }
      }
    }
  }
  const signatures = [...occurrences].map(([id, places]) => ({ id, places: places.sort().join() }));
  signatures.sort((a, b) => compareTexts(a.places, b.places));
  const names = new Map(signatures.map(({ id }, index) => [id, `<id ${index + 1}>`]));

  const rename = (value: unknown): unknown => {
    if (typeof value === "string") {
      return value.replace(uuidPattern, (id) => hasFreshID(id) ? names.get(id) ?? "<new id>" : id);
    }
    if (Array.isArray(value)) return value.map(rename);
    if (!isRecord(value)) return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [rename(key), rename(item)]),
    );
  };
  const sortKey = (row: TextRow) => blankTimes(JSON.stringify(row));
  const sorted = Object.entries(tables).map(([table, rows]) => {
    const renamed = rows.map((row) => rename(row) as TextRow);
    return [table, renamed.sort((a, b) => compareTexts(sortKey(a), sortKey(b)))];
  });
  return { outcome: rename(outcome) as Outcome, tables: Object.fromEntries(sorted) };
}

function compareTexts(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The UUIDs in all that a database holds. */
export function findIDs(tables: Record<string, TextRow[]>): Set<string> {
  return new Set(JSON.stringify(tables).match(uuidPattern));
}

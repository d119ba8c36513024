/** Flags and arguments that several commands have. */

import { UsageError } from "./errors.ts";
import type { FormatFlags } from "./table.ts";

/** Where to find the system database. */
export interface ConnectionFlags {
  readonly databaseUrl?: string | undefined;
  readonly schema?: string | undefined;
  readonly applicationName?: string | undefined;
}

/** The flags of every command that uses the database. */
export interface CommonFlags extends ConnectionFlags, FormatFlags {}

/** Returns the text as it is. */
export function asText(text: string): string {
  return text;
}

/** A parser of integers of a range. */
export function asInteger(min: number, max: number = Number.MAX_SAFE_INTEGER) {
  return (text: string): number => {
    const value = Number(text);
    if (/^-?\d+$/.test(text) && value >= min && value <= max) return value;
    throw new UsageError(
      `expected an integer ${
        max < Number.MAX_SAFE_INTEGER ? `from ${min} to ${max}` : `of at least ${min}`
      }`,
    );
  };
}

const unitMs: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

function parseDuration(text: string): number | undefined {
  const [, amount, unit] = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(text) ?? [];
  return amount === undefined ? undefined : Number(amount) * unitMs[unit!]!;
}

/** Parses a number of seconds, also as `90s`, `5m`, `2h` or `1d`. */
export function asSeconds(text: string): number {
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text);
  const durationMs = parseDuration(text);
  if (durationMs !== undefined) return durationMs / 1000;
  throw new UsageError("expected a number of seconds, or a duration such as 90s, 5m, 2h or 1d");
}

/** Parses a time: ISO 8601 or milliseconds since 1970. */
function parseTime(text: string, alternative: string): number {
  const time = /^\d+$/.test(text) ? Number(text) : Date.parse(text);
  if (!Number.isNaN(time)) return time;
  throw new UsageError(
    `expected a time such as 2026-01-31T12:00:00Z, milliseconds since 1970, or ${alternative}, such as 2h`,
  );
}

/** Parses a time: ISO 8601, milliseconds since 1970, or how long ago, such as `2h`. */
export function asTime(text: string): number {
  const agoMs = parseDuration(text);
  return agoMs === undefined ? parseTime(text, "how long ago") : Date.now() - agoMs;
}

/** Parses a deadline: ISO 8601, milliseconds since 1970, or how long from now, such as `2h`. */
export function asDeadline(text: string): number {
  const aheadMs = parseDuration(text);
  return aheadMs === undefined ? parseTime(text, "how long from now") : Date.now() + aheadMs;
}

interface TextFlag {
  readonly kind: "parsed";
  readonly parse: (text: string) => string;
  readonly optional: true;
  readonly brief: string;
  readonly placeholder: string;
}

/** A flag with a text. */
export function textFlag(brief: string, placeholder = "name"): TextFlag {
  return { kind: "parsed", parse: asText, optional: true, brief, placeholder };
}

/** A flag with a text, which can be given several times. */
export function textsFlag(brief: string, placeholder = "name"): TextFlag & {
  readonly variadic: true;
} {
  return { ...textFlag(brief, placeholder), variadic: true };
}

interface ParsedFlag {
  readonly kind: "parsed";
  readonly parse: (text: string) => number;
  readonly optional: true;
  readonly brief: string;
  readonly placeholder: string;
}

/** A flag with a number. */
export function numberFlag(
  brief: string,
  placeholder: string,
  parse: (text: string) => number = asInteger(0),
): ParsedFlag {
  return { kind: "parsed", parse, optional: true, brief, placeholder };
}

interface SwitchFlag {
  readonly kind: "boolean";
  readonly optional: true;
  readonly withNegated: false;
  readonly brief: string;
}

/** A flag without a value. */
export function switchFlag(brief: string): SwitchFlag {
  return { kind: "boolean", optional: true, withNegated: false, brief };
}

interface NegatableFlag {
  readonly kind: "boolean";
  readonly optional: true;
  readonly brief: string;
}

export const formatFlags: { readonly json: NegatableFlag } = {
  json: {
    kind: "boolean",
    optional: true,
    brief: "Print JSON, one object a line; the default unless stdout is a terminal",
  },
};

export const commonFlags: {
  readonly databaseUrl: TextFlag;
  readonly schema: TextFlag;
  readonly applicationName: TextFlag;
  readonly json: NegatableFlag;
} = {
  ...formatFlags,
  databaseUrl: textFlag(
    "The system database; by default DBOS_SYSTEM_DATABASE_URL, which no list of processes shows",
    "url",
  ),
  schema: textFlag("The schema of the DBOS system tables, by default dbos"),
  applicationName: textFlag("The application; by default all, or any", "name"),
};

export const commonAliases = { D: "databaseUrl" } as const;

/** The parameter for the ID of a workflow. */
export const workflowIDParameter: {
  readonly parse: (text: string) => string;
  readonly brief: string;
  readonly placeholder: string;
} = { parse: asText, brief: "The ID of the workflow", placeholder: "workflow-id" };

/** The options of a call: the flags that are given, without those that the program has for itself. */
export function pickOptions<Flags extends object, Name extends keyof Flags>(
  flags: Flags,
  ...names: readonly Name[]
): { [Key in Name]: Exclude<Flags[Key], undefined> } {
  const picked = names.filter((name) => flags[name] !== undefined)
    .map((name) => [name, flags[name]]);
  return Object.fromEntries(picked);
}

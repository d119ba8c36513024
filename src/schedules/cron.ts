/** Parses cron expressions, and finds their times, exactly as the DBOS scheduler does. */

import { checkText } from "../validate.ts";

/** A number, or a day that depends on the month, such as `L`, `LW`, `L-3`, `15W`, `5L` or `1#2`. */
type Value = number | string;

interface Field {
  readonly name: string;
  readonly min: number;
  readonly max: number;
  /** Names for the numbers, beginning with that for `min`. */
  readonly names?: readonly string[];
  /** Values that are not numbers. */
  readonly special?: RegExp;
  /** Another number that means `min`. */
  readonly alias?: number;
}

const fields: readonly Field[] = [
  { name: "second", min: 0, max: 59 },
  { name: "minute", min: 0, max: 59 },
  { name: "hour", min: 0, max: 23 },
  {
    name: "day of month",
    min: 1,
    max: 31,
    special: /^(?:L|LW|L-(?:0?[1-9]|[12]\d|30)|(?:0?[1-9]|[12]\d|3[01])W)$/i,
  },
  {
    name: "month",
    min: 1,
    max: 12,
    names: [
      ...["january", "february", "march", "april", "may", "june", "july"],
      ...["august", "september", "october", "november", "december"],
    ],
  },
  {
    name: "day of week",
    min: 0,
    max: 6,
    names: ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"],
    special: /^[0-7](?:L|#[1-5])$/i,
    alias: 7,
  },
];

const nicknames: Readonly<Record<string, string>> = {
  "@yearly": "0 0 1 1 *",
  "@annually": "0 0 1 1 *",
  "@monthly": "0 0 1 * *",
  "@weekly": "0 0 * * 0",
  "@daily": "0 0 * * *",
  "@midnight": "0 0 * * *",
  "@hourly": "0 * * * *",
};

const leapYearMonths = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** Replaces names by their numbers, even within a word. */
function replaceNames(text: string, { names, min }: Field): string {
  if (!names) return text;
  const short = names.map((name) => name.slice(0, 3));
  const pattern = new RegExp([...names, ...short].join("|"), "gi");
  return text.replace(
    pattern,
    (name) => `${short.indexOf(name.slice(0, 3).toLowerCase()) + min}`,
  );
}

/**
 * The values from `first` to `last`. If `first` is greater, the range wraps around at the maximum.
 */
function expandRange(first: number, last: number, step: number, field: Field): number[] {
  const size = field.max - field.min + 1;
  const isInverted = first > last;
  const span = isInverted ? ((last - first) % size + size) % size : last - first;
  const values = [];
  // A range of more values than the field has is invalid anyway, and could be huge.
  for (let offset = 0; step > 0 && offset <= span && values.length <= size + 1; offset += step) {
    const value = first + offset;
    values.push(isInverted && value > field.max ? value - size : value);
  }
  return values;
}

/** The values of one item of a list; empty if the item is invalid. */
function parseItem(item: string, field: Field): Value[] {
  if (field.special?.test(item)) {
    return [item.toUpperCase().replace(/0(?=[1-9])/, "").replace(/^7(?=[L#])/, "0")];
  }
  // An asterisk is replaced even after a digit: the hours 2* become 20-23.
  const range = item.replace("*", `${field.min}-${field.max}`);
  const match = /^(\d+)(?:-(\d+)(?:\/(\d+))?)?$/.exec(range);
  if (!match) return [];
  const [, first, last = first, step = 1] = match;
  const values = expandRange(Number(first), Number(last), Number(step), field)
    .map((value) => value === field.alias ? field.min : value);
  return values.every((value) => value >= field.min && value <= field.max) ? values : [];
}

function refuse(what: string, expression: string, reason: string): never {
  throw new RangeError(`Cannot use "${expression}" as ${what}: ${reason}`);
}

/** The expression that a nickname stands for. TypeScript workers before 5.2 end at a nickname. */
export function resolveNickname(expression: string): string {
  return nicknames[expression.trim().toLowerCase()] ?? expression;
}

/**
 * The values of the six fields of a cron expression. Refuses one that the DBOS scheduler refuses.
 */
export function parseCron(expression: string, what = "schedule"): Value[][] {
  checkText(what, expression);
  const resolved = resolveNickname(expression);
  if (!/^[a-zA-Z0-9*/,#? -]+$/.test(resolved)) {
    refuse(what, expression, "invalid character");
  }
  const texts = resolved.trim().split(/ +/);
  if (texts.length === 5) texts.unshift("0");
  if (texts.length !== 6) refuse(what, expression, "expected 5 or 6 fields");
  const parsed = fields.map((field, index) => {
    const text = texts[index]!;
    if (text === "?" && field.special) return parseItem("*", field);
    const values = replaceNames(text, field).split(",").flatMap((item) => {
      const values = parseItem(item, field);
      return values.length > 0
        ? values
        : refuse(what, expression, `invalid ${field.name} "${item}"`);
    });
    return [...new Set(values)];
  });
  if (!hasDay(parsed[3]!, parsed[4]!)) {
    refuse(what, expression, "the day exists in none of the months");
  }
  return parsed;
}

/** Whether an expression has a day such as `L`, `15W`, `5L`, `1#2` or `?`, not only numbers. */
export function hasSpecialDay(expression: string): boolean {
  return expression.includes("?") || parseCron(expression).flat().some((day) => isNaN(Number(day)));
}

function hasDay(days: readonly Value[], months: readonly Value[]): boolean {
  const longest = Math.max(...months.map(lengthOf));
  return days.some((day) => typeof day === "string" || day <= longest);
}

/** The number of days of a month in a leap year. */
function lengthOf(month: Value): number {
  return leapYearMonths[Number(month) - 1]!;
}

/** The name of a time zone as JavaScript writes it. Refuses an unknown time zone. */
function nameTimeZone(what: string, timeZone: string): string {
  try {
    return Intl.DateTimeFormat(undefined, { timeZone }).resolvedOptions().timeZone;
  } catch {
    throw new RangeError(`Cannot use "${timeZone}" as ${what}: unknown time zone`);
  }
}

/**
 * Refuses an unknown time zone, and one that only JavaScript knows: an offset, or a name in other
 * letter case. At these, the schedulers of workers in Python and Java stop.
 */
export function checkTimeZone(what: string, timeZone: string): void {
  checkText(what, timeZone);
  const known = nameTimeZone(what, timeZone);
  if (/^[+-]/.test(timeZone)) {
    throw new RangeError(`Cannot use "${timeZone}" as ${what}: expected a name`);
  }
  if (known !== timeZone && known.toLowerCase() === timeZone.toLowerCase()) {
    throw new RangeError(`Cannot use "${timeZone}" as ${what}: write it as "${known}"`);
  }
}

// A pattern of croner must list its years one by one.
const years = Array.from({ length: 400 }, (_, index) => 1970 + index);

function isLeapYear(year: number): boolean {
  return new Date(Date.UTC(year, 1, 29)).getUTCMonth() === 1;
}

/** Days, months and years that together mean the day `count` days before the last of a month. */
function findDaysBeforeLast(count: number, months: readonly Value[]): Value[][][] {
  const ofLength = (length: number) => months.filter((month) => lengthOf(month) === length);
  const day = (length: number) => length > count ? [length - count] : [];
  return [
    [day(31), ofLength(31), ["*"]],
    [day(30), ofLength(30), ["*"]],
    [day(29), ofLength(29), years.filter(isLeapYear)],
    [day(28), ofLength(29), years.filter((year) => !isLeapYear(year))],
  ];
}

/**
 * Patterns of croner that together have the times of a cron expression.
 *
 * croner does not support `L-3`, and `LW` only without other days. Where daylight saving time
 * begins or ends, croner moves or drops a time of day, while the DBOS scheduler runs it as often as
 * it occurs: never or twice. With a step among the hours, croner does the same.
 */
function toPatterns([seconds, minutes, hours, days, months, weekdays]: Value[][]): string[] {
  const hoursInSteps = [...hours!, `${hours![0]}-${hours![0]}/1`];
  const lastWeekdays = weekdays!.map((day) => `${day}`.replace("L", "#L"));
  const alternatives: Value[][][] = [
    [days!.filter((day) => !/^L[W-]/.test(`${day}`)), months!, ["*"]],
    [days!.filter((day) => day === "LW"), months!, ["*"]],
    ...days!.filter((day) => /^L-/.test(`${day}`))
      .flatMap((day) => findDaysBeforeLast(Number(`${day}`.slice(2)), months!)),
  ];
  return alternatives
    .filter((alternative) => alternative.every((values) => values.length > 0))
    .map(([days, months, years]) =>
      [seconds, minutes, hoursInSteps, days, months, lastWeekdays, years].join(" ")
    );
}

/**
 * Makes a function that returns the first time of a cron expression after a given time; undefined
 * if there is none.
 *
 * Without a time zone, the time zone of the process is used, as by the DBOS scheduler.
 */
export async function createTicker(
  expression: string,
  timeZone?: string,
): Promise<(after: Date) => Date | undefined> {
  if (timeZone) nameTimeZone("cronTimezone", timeZone);
  const { Cron } = await import("croner");
  const options = { domAndDow: true, mode: "7-part", paused: true } as const;
  const crons = toPatterns(parseCron(expression))
    .map((pattern) => new Cron(pattern, timeZone ? { ...options, timezone: timeZone } : options));
  return (after) => {
    const times = crons.map((cron) => cron.nextRun(after)).filter((time) => time !== null);
    return times.length > 0 ? new Date(Math.min(...times.map(Number))) : undefined;
  };
}

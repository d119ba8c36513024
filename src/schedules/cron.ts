/** Cron expressions, accepted and understood exactly as the scheduler of DBOS does. */

import { checkText } from "../validate.ts";

/** A number, or a day that depends on the month: `L`, `LW`, `L-3`, `15W`, `5L`, `1#2`. */
type Value = number | string;

interface Field {
  readonly name: string;
  readonly min: number;
  readonly max: number;
  /** What stands for the numbers from `min` on. */
  readonly names?: readonly string[];
  /** Values that are not numbers. */
  readonly special?: RegExp;
  /** Another number for `min`. */
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

/** The text with numbers in the place of names, wherever in a word they stand. */
function replaceNames(text: string, { names, min }: Field): string {
  if (!names) return text;
  const short = names.map((name) => name.slice(0, 3));
  const pattern = new RegExp([...names, ...short].join("|"), "gi");
  return text.replace(
    pattern,
    (name) => `${short.indexOf(name.slice(0, 3).toLowerCase()) + min}`,
  );
}

/** From `first` to `last`, past the greatest value and on from the min one if need be. */
function expandRange(first: number, last: number, step: number, field: Field): number[] {
  const size = field.max - field.min + 1;
  const isInverted = first > last;
  const span = isInverted ? ((last - first) % size + size) % size : last - first;
  const values = [];
  // More values than a field has are refused anyway.
  for (let offset = 0; step > 0 && offset <= span && values.length <= size + 1; offset += step) {
    const value = first + offset;
    values.push(isInverted && value > field.max ? value - size : value);
  }
  return values;
}

/** The values of one part of a list; none if it makes no sense. */
function parseItem(item: string, field: Field): Value[] {
  if (field.special?.test(item)) {
    return [item.toUpperCase().replace(/0(?=[1-9])/, "").replace(/^7(?=[L#])/, "0")];
  }
  // An asterisk is a range wherever it stands: the hours 2* are those from 20 to 23.
  const range = item.replace("*", `${field.min}-${field.max}`);
  const match = /^(\d+)(?:-(\d+)(?:\/(\d+))?)?$/.exec(range);
  if (!match) return [];
  const [, first, last = first, step = 1] = match;
  const values = expandRange(Number(first), Number(last), Number(step), field)
    .map((value) => value === field.alias ? field.min : value);
  return values.every((value) => value >= field.min && value <= field.max) ? values : [];
}

function refuse(expression: string, reason: string): never {
  throw new RangeError(`Cannot use "${expression}" as schedule: ${reason}`);
}

/** The expression that a nickname stands for: workers before TypeScript 5.2 hang on a nickname. */
export function resolveNickname(expression: string): string {
  return nicknames[expression.trim().toLowerCase()] ?? expression;
}

/** The values of the six fields of a cron expression; refuses one that the scheduler refuses. */
export function parseCron(expression: string): Value[][] {
  checkText("schedule", expression);
  const resolved = resolveNickname(expression);
  if (!/^[a-zA-Z0-9*/,#? -]+$/.test(resolved)) {
    refuse(expression, "it contains a character that has no meaning");
  }
  const texts = resolved.trim().split(/ +/);
  if (texts.length === 5) texts.unshift("0");
  if (texts.length !== 6) refuse(expression, "it has not 5 or 6 fields");
  const parsed = fields.map((field, index) => {
    const text = texts[index]!;
    if (text === "?" && field.special) return parseItem("*", field);
    const values = replaceNames(text, field).split(",").flatMap((item) => {
      const values = parseItem(item, field);
      return values.length > 0 ? values : refuse(expression, `"${item}" is no ${field.name}`);
    });
    return [...new Set(values)];
  });
  if (!hasDay(parsed[3]!, parsed[4]!)) refuse(expression, "no such month has such a day");
  return parsed;
}

function hasDay(days: readonly Value[], months: readonly Value[]): boolean {
  const longest = Math.max(...months.map(lengthOf));
  return days.some((day) => typeof day === "string" || day <= longest);
}

/** How many days a month has, in a leap year. */
function lengthOf(month: Value): number {
  return leapYearMonths[Number(month) - 1]!;
}

/** Refuses what is not the name of a time zone. */
export function checkTimeZone(what: string, timeZone: string): void {
  checkText(what, timeZone);
  try {
    Intl.DateTimeFormat(undefined, { timeZone });
  } catch {
    throw new RangeError(`Cannot use "${timeZone}" as ${what}: it is no time zone`);
  }
}

// croner wants the years of a pattern one by one.
const years = Array.from({ length: 400 }, (_, index) => 1970 + index);

function isLeapYear(year: number): boolean {
  return new Date(Date.UTC(year, 1, 29)).getUTCMonth() === 1;
}

/** Days, months and years that mean the day so many before the last one of a month. */
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
 * Patterns of croner that together mean the same.
 *
 * croner has no `L-3`, and `LW` only alone. At a change of the clocks it moves or drops a time of
 * day, while the scheduler of DBOS runs it as often as the clock shows it: never or twice. A step
 * makes croner do likewise.
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
 * A function that gives the first time after another that a cron expression means, if there is one.
 *
 * Without a time zone the clock is that of the process, as for the scheduler of DBOS.
 */
export async function createTicker(
  expression: string,
  timeZone?: string,
): Promise<(after: Date) => Date | undefined> {
  const { Cron } = await import("croner");
  const options = { domAndDow: true, mode: "7-part", paused: true } as const;
  const crons = toPatterns(parseCron(expression))
    .map((pattern) => new Cron(pattern, timeZone ? { ...options, timezone: timeZone } : options));
  return (after) => {
    const times = crons.map((cron) => cron.nextRun(after)).filter((time) => time !== null);
    return times.length > 0 ? new Date(Math.min(...times.map(Number))) : undefined;
  };
}

import { assert, assertEquals, assertGreater, assertThrows } from "@std/assert";
import {
  TimeMatcher,
  validateCrontab,
  // deno-lint-ignore no-import-prefix -- the import maps of the tests have no subpaths of packages
} from "npm:@dbos-inc/dbos-sdk@5.3.0/internal/scheduler/crontab";
import { checkTimeZone, createTicker, hasSpecialDay, parseCron } from "../src/schedules/cron.ts";

/** A deterministic generator of random numbers. */
function createRandom(seed: number) {
  const next = () => {
    seed = (seed * 1664525 + 1013904223) >>> 0;
    return seed / 2 ** 32;
  };
  const integer = (min: number, max: number) => min + Math.floor(next() * (max - min + 1));
  const pick = <Item>(items: readonly Item[]) => items[integer(0, items.length - 1)]!;
  const list = <Item>(maxLength: number, make: () => Item) =>
    Array.from({ length: integer(1, maxLength) }, make);
  return { next, integer, pick, list };
}

const unusualFields = [
  ...["*", "?", "*/5", "*/0", "2*", "1*", "*1", "**", "1-5", "5-1", "5-7", "6-8", "22-2", "99-1"],
  ...[
    "1-30/7",
    "0-70/50",
    "31-0",
    "1-2-3",
    "0-0/1",
    "5/5",
    "10-6",
    "0",
    "00",
    "07",
    "7",
    "8",
    "12",
  ],
  ...[
    "13",
    "23",
    "24",
    "31",
    "32",
    "59",
    "60",
    "1,2",
    "1,,2",
    ",",
    "",
    "-1",
    "1-",
    "a",
    "1.5",
    "\t",
  ],
  ...[
    "L",
    "l",
    "LW",
    "W",
    "0W",
    "15w",
    "31W",
    "32W",
    "1-15W",
    "L-3",
    "l-05",
    "L-0",
    "L-30",
    "L-31",
  ],
  ...[
    "5L",
    "7l",
    "8L",
    "friL",
    "1#2",
    "7#5",
    "1#6",
    "8#1",
    "FRI#1",
    "5#L",
    "tue#L",
    "L,15",
    "1W,LW",
  ],
  ...["fri", "Monday", "SUN", "sunday", "jan", "December", "may", "sunsat", "janfeb", "mon-fri"],
  ...["wed-mon/2", "sept", "tues", "sep-feb", "9007199254740993"],
] as const;

function isAccepted(parse: (expression: string) => unknown, expression: string): boolean {
  try {
    parse(expression);
    return true;
  } catch {
    return false;
  }
}

Deno.test("parseCron() accepts the same expressions as the official scheduler", () => {
  const { next, integer, pick, list } = createRandom(1);
  const usualFields = ["*", "0", "1", "5", "*/2", "1-5"];
  const makeField = () => {
    if (next() < 0.7) return pick(usualFields);
    return next() < 0.5 ? pick(unusualFields) : list(3, () => pick(unusualFields)).join();
  };
  const makeExpression = () => {
    const fields = Array.from({ length: pick([5, 5, 5, 6, 6, 6, 4, 7]) }, makeField);
    const text = fields.join(pick([" ", " ", "  "]));
    if (next() < 0.9) return text;
    const index = integer(0, text.length);
    return text.slice(0, index) + pick([..." 0*/,-#?LW@_é\n"]) + text.slice(index + integer(0, 1));
  };
  const nicknames = ["@daily", " @HOURLY ", "@reboot", "@weekly 1", "@yearly", "@annually"];
  const expressions = [
    ...[...nicknames, "@monthly", "@midnight", "@", "", " ", "* * * * * ", "0 0 30 2 *"],
    ...Array.from({ length: 10_000 }, makeExpression),
  ];
  let accepted = 0;
  for (const expression of expressions) {
    const expected = isAccepted(validateCrontab, expression);
    assertEquals(isAccepted(parseCron, expression), expected, JSON.stringify(expression));
    if (expected) accepted++;
  }
  assertGreater(accepted, 1000);
  assertGreater(expressions.length - accepted, 1000);
});

Deno.test("parseCron() says why an expression is invalid", () => {
  const reasons = {
    "* * * *": "expected 5 or 6 fields",
    "0 0 1,32 * *": 'invalid day of month "32"',
    "0 24 * * *": 'invalid hour "24"',
    "* * * * fry": 'invalid day of week "fry"',
    "0 0 31 4,6 *": "the day exists in none of the months",
    "0 0 * * 1.5": "invalid character",
  };
  for (const [expression, reason] of Object.entries(reasons)) {
    assertThrows(
      () => parseCron(expression),
      RangeError,
      `Cannot use "${expression}" as schedule: ${reason}`,
    );
  }
  assertThrows(() => parseCron(7 as never), TypeError);
  // The official scheduler expands the whole range before it checks the numbers.
  assertThrows(() => parseCron("0-99999999999999999999 * * * *"), RangeError, "invalid minute");
});

const zones = [
  ...["UTC", "America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "Asia/Kolkata"],
  ...[
    "Pacific/Apia",
    "Africa/Casablanca",
    "America/Sao_Paulo",
    "Pacific/Chatham",
    "America/St_Johns",
  ],
  ...["Antarctica/Troll", "Africa/Cairo", "America/Havana", "Asia/Beirut", "Etc/GMT+5", "est5edt"],
];

/** The start of the next day in which the offset of a zone changes, if it does within a year. */
function findOffsetChange(timeZone: string, from: number): number | undefined {
  const format = new Intl.DateTimeFormat("en", { timeZone, timeZoneName: "longOffset" });
  const offsetAt = (time: number) =>
    format.formatToParts(time).find(({ type }) => type === "timeZoneName")!.value;
  for (let day = from; day < from + 366 * 86_400_000; day += 86_400_000) {
    if (offsetAt(day) !== offsetAt(day + 86_400_000)) return day;
  }
  return undefined;
}

Deno.test("createTicker() returns the same times as the official scheduler", async () => {
  const { next, integer, pick, list } = createRandom(2);
  const makeField = (min: number, max: number) => {
    const kind = next();
    if (kind < 0.35) return "*";
    if (kind < 0.6) return list(3, () => integer(min, max)).join();
    if (kind < 0.75) return `*/${integer(1, max)}`;
    const range = `${integer(min, max)}-${integer(min, max)}`;
    return kind < 0.9 ? range : `${range}/${integer(1, 9)}`;
  };
  const makeDays = () => {
    if (next() < 0.6) return makeField(1, 31);
    const days = ["L", "LW", `${integer(1, 31)}W`, `L-${integer(1, 30)}`, `${integer(1, 31)}`];
    return list(3, () => pick(days)).join();
  };
  const makeWeekdays = () => {
    if (next() < 0.6) return makeField(0, 7);
    const day = integer(0, 7);
    return list(2, () => pick([`${day}L`, `${day}#${integer(1, 5)}`, `${integer(0, 7)}`])).join();
  };
  let compared = 0;
  for (let count = 0; count < 600; count++) {
    const expression = [
      ...[next() < 0.5 ? "0" : makeField(0, 59), makeField(0, 59), makeField(0, 23)],
      ...[makeDays(), makeField(1, 12), makeWeekdays()],
    ].join(" ");
    if (!isAccepted(validateCrontab, expression)) continue;
    const timeZone = pick(zones);
    const january = Date.UTC(integer(2005, 2040), 0);
    const change = next() < 0.6 ? findOffsetChange(timeZone, january) : undefined;
    const start = (change ?? january) + integer(0, 86_400_000);

    const official = new TimeMatcher(expression, timeZone);
    const nextTime = await createTicker(expression, timeZone);
    let time = new Date(start);
    for (let tick = 0; tick < 6; tick++) {
      const expected = official.nextWakeupTime(time);
      const actual = nextTime(time);
      // The official one searches 100 years ahead, and then returns a time that does not match.
      if (!official.match(expected)) {
        assert(!actual || actual > expected, `${expression} ${timeZone} ${time.toISOString()}`);
        break;
      }
      assertEquals(actual, expected, `${expression} in ${timeZone} after ${time.toISOString()}`);
      time = expected;
      compared++;
    }
  }
  assertGreater(compared, 2000);
});

Deno.test("createTicker() uses the time zone of the process by default", async () => {
  const nextTime = await createTicker("30 2 * * *");
  const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
  const nextTimeInZone = await createTicker("30 2 * * *", timeZone);
  const now = new Date();
  assertEquals(nextTime(now), nextTimeInZone(now));
});

Deno.test("hasSpecialDay() finds the days that are no numbers", () => {
  for (const days of ["L * *", "lw * *", "L-3 * *", "15W * *", "* * 5L", "* * 1#2", "? * 1"]) {
    assert(hasSpecialDay(`0 0 ${days}`), days);
  }
  for (const days of ["* * *", "1,15 jul wed", "1-7 * mon-fri", "*/2 jan-apr sun,sat"]) {
    assert(!hasSpecialDay(`0 0 ${days}`), days);
  }
});

Deno.test("checkTimeZone() throws on an invalid time zone", () => {
  for (const zone of ["UTC", "Europe/Berlin", "Asia/Kolkata", "Etc/GMT-14"]) {
    checkTimeZone("zone", zone);
  }
  for (const zone of ["", "Europe/Atlantis", "CEST2", "Europe/Berlin ", "utc", "+01:00"]) {
    assertThrows(() => checkTimeZone("zone", zone), RangeError);
  }
});

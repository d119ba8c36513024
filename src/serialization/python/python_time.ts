/** Python's dates and times, which it pickles as packed bytes. */

import { PyObject } from "./pickle_machine.ts";

const microsecondsOfDay = 86_400_000_000;

function pad(value: number, length = 2): string {
  return String(value).padStart(length, "0");
}

function requireBytes(packed: unknown, length: number): Uint8Array {
  if (packed instanceof Uint8Array && packed.length === length) return packed;
  throw new TypeError("it has a date or time that is none");
}

function requireRange(value: number, least: number, most: number): number {
  if (value >= least && value <= most) return value;
  throw new RangeError("it has a date or time that is none");
}

function unpackDate(bytes: Uint8Array): string {
  const year = requireRange(bytes[0]! * 256 + bytes[1]!, 1, 9999);
  // The highest bit of the month tells the second of two hours of the same name.
  const month = requireRange(bytes[2]! & 127, 1, 12);
  return `${pad(year, 4)}-${pad(month)}-${pad(requireRange(bytes[3]!, 1, 31))}`;
}

function unpackTime(bytes: Uint8Array): string {
  const [hour, minute, second] = [bytes[0]! & 127, bytes[1]!, bytes[2]!];
  const time = [requireRange(hour, 0, 23), requireRange(minute, 0, 59), requireRange(second, 0, 59)]
    .map((part) => pad(part)).join(":");
  const microseconds = bytes[3]! * 65_536 + bytes[4]! * 256 + bytes[5]!;
  return microseconds ? `${time}.${pad(requireRange(microseconds, 0, 999_999), 6)}` : time;
}

/** Microseconds, exactly: a hundred million days are more than a number has room for. */
function unpackTimedelta(args: unknown[]): bigint {
  const [days = 0, seconds = 0, microseconds = 0] = args;
  if (![days, seconds, microseconds].every(Number.isSafeInteger)) {
    throw new TypeError("it has a timedelta that is none");
  }
  return (BigInt(days as number) * 86_400n + BigInt(seconds as number)) * 1_000_000n +
    BigInt(microseconds as number);
}

/** `2026-01-02` */
export function readDate(packed: unknown): string {
  return unpackDate(requireBytes(packed, 4));
}

/** `03:04:05.000006+01:00`, as Python's `isoformat()` */
export function readTime(packed: unknown, zone: unknown): string {
  return unpackTime(requireBytes(packed, 6)) + (zone == null ? "" : offsetOrName(zone));
}

/**
 * A Date, which has milliseconds; without a time zone it is in UTC, as in DBOS's portable JSON. In
 * a time zone that has only a name it is a text: `2026-01-02T03:04:05[Europe/Paris]`.
 */
export function readDatetime(packed: unknown, zone: unknown): Date | string {
  const bytes = requireBytes(packed, 10);
  const text = `${unpackDate(bytes)}T${unpackTime(bytes.subarray(4))}`;
  if (zone != null && !isFixed(zone)) return text + offsetOrName(zone);
  const date = new Date(`${text.slice(0, 23)}Z`);
  const microseconds = zone == null ? 0n : offsetMicroseconds(zone as PyObject);
  date.setTime(date.getTime() - Math.trunc(Number(microseconds) / 1000));
  if (Number.isNaN(date.getTime())) throw new RangeError("it has a date or time that is none");
  return date;
}

/** An ISO 8601 duration of days and seconds: `-P1DT2.5S` */
export function readTimedelta(args: unknown[]): string {
  const total = unpackTimedelta(args);
  const absolute = total < 0n ? -total : total;
  const days = absolute / BigInt(microsecondsOfDay);
  const rest = Number(absolute % BigInt(microsecondsOfDay));
  const fraction = rest % 1_000_000;
  const seconds = Math.floor(rest / 1_000_000) +
    (fraction ? `.${pad(fraction, 6).replace(/0+$/, "")}` : "");
  const time = rest === 0 && days > 0n ? "" : `T${seconds}S`;
  return `${total < 0n ? "-" : ""}P${days > 0n ? `${days}D` : ""}${time}`;
}

function isFixed(zone: unknown): zone is PyObject {
  return zone instanceof PyObject && zone.type === "datetime.timezone";
}

function offsetMicroseconds(zone: PyObject): bigint {
  const offset = zone.args?.[0];
  if (!(offset instanceof PyObject && offset.type === "datetime.timedelta")) {
    throw new TypeError("it has a time zone that is none");
  }
  const microseconds = unpackTimedelta(offset.args ?? []);
  requireRange(Math.abs(Number(microseconds)), 0, microsecondsOfDay - 1);
  return microseconds;
}

/** `+01:00`; of a part of a minute also the seconds */
export function utcOffset(zone: PyObject): string {
  const microseconds = Number(offsetMicroseconds(zone));
  const total = Math.floor(Math.abs(microseconds) / 1_000_000);
  const parts = [Math.floor(total / 3600), Math.floor(total / 60) % 60, total % 60];
  if (parts[2] === 0) parts.pop();
  return (microseconds < 0 ? "-" : "+") + parts.map((part) => pad(part)).join(":");
}

function offsetOrName(zone: unknown): string {
  if (isFixed(zone)) return utcOffset(zone);
  const isNamed = zone instanceof PyObject && zone.type === "zoneinfo.ZoneInfo._unpickle";
  const name = isNamed ? zone.args?.[0] : undefined;
  if (typeof name !== "string") throw new TypeError("it has a time zone that is not known");
  return `[${name}]`;
}

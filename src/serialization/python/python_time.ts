/** Reads dates and times, which Python pickles as packed bytes. */

import { PyObject } from "./pickle_machine.ts";

const microsecondsOfDay = 86_400_000_000;

function pad(value: number, length = 2): string {
  return String(value).padStart(length, "0");
}

function requireBytes(packed: unknown, length: number): Uint8Array {
  if (packed instanceof Uint8Array && packed.length === length) return packed;
  throw new TypeError("invalid date or time");
}

function requireRange(value: number, min: number, max: number): number {
  if (value >= min && value <= max) return value;
  throw new RangeError("invalid date or time");
}

function unpackDate(bytes: Uint8Array): string {
  const year = requireRange(bytes[0]! * 256 + bytes[1]!, 1, 9999);
  // The highest bit of the month is `fold`: the second of two equal local times (PEP 495).
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

/** Returns microseconds as a bigint: beyond about a hundred thousand days a number is not exact. */
function unpackTimedelta(args: unknown[]): bigint {
  const [days = 0, seconds = 0, microseconds = 0] = args;
  if (![days, seconds, microseconds].every(Number.isSafeInteger)) {
    throw new TypeError("invalid timedelta");
  }
  return (BigInt(days as number) * 86_400n + BigInt(seconds as number)) * 1_000_000n +
    BigInt(microseconds as number);
}

/** Reads a date: `2026-01-02`. */
export function readDate(packed: unknown): string {
  return unpackDate(requireBytes(packed, 4));
}

/** Reads a time in the form of Python's `isoformat()`: `03:04:05.000006+01:00`. */
export function readTime(packed: unknown, zone: unknown): string {
  return unpackTime(requireBytes(packed, 6)) + (zone == null ? "" : offsetOrName(zone));
}

/**
 * Reads a datetime as a Date, which has only milliseconds. Without a time zone it is in UTC, as in
 * DBOS's portable JSON. In a named time zone it is a text: `2026-01-02T03:04:05[Europe/Paris]`.
 */
export function readDatetime(packed: unknown, zone: unknown): Date | string {
  const bytes = requireBytes(packed, 10);
  const text = `${unpackDate(bytes)}T${unpackTime(bytes.subarray(4))}`;
  if (zone != null && !isFixedOffset(zone)) return text + offsetOrName(zone);
  const date = new Date(`${text.slice(0, 23)}Z`);
  const microseconds = zone == null ? 0n : offsetMicroseconds(zone as PyObject);
  date.setTime(date.getTime() - Math.trunc(Number(microseconds) / 1000));
  if (Number.isNaN(date.getTime())) throw new RangeError("invalid date or time");
  return date;
}

/** Reads a timedelta as an ISO 8601 duration of days and seconds: `-P1DT2.5S`. */
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

function isFixedOffset(zone: unknown): zone is PyObject {
  return zone instanceof PyObject && zone.type === "datetime.timezone";
}

function offsetMicroseconds(zone: PyObject): bigint {
  const offset = zone.args?.[0];
  if (!(offset instanceof PyObject && offset.type === "datetime.timedelta")) {
    throw new TypeError("invalid time zone");
  }
  const microseconds = unpackTimedelta(offset.args ?? []);
  requireRange(Math.abs(Number(microseconds)), 0, microsecondsOfDay - 1);
  return microseconds;
}

/** Reads a time zone: `+01:00`, with seconds only if they are not zero. */
export function utcOffset(zone: PyObject): string {
  const microseconds = Number(offsetMicroseconds(zone));
  const total = Math.floor(Math.abs(microseconds) / 1_000_000);
  const parts = [Math.floor(total / 3600), Math.floor(total / 60) % 60, total % 60];
  if (parts[2] === 0) parts.pop();
  return (microseconds < 0 ? "-" : "+") + parts.map((part) => pad(part)).join(":");
}

function offsetOrName(zone: unknown): string {
  if (isFixedOffset(zone)) return utcOffset(zone);
  const isNamed = zone instanceof PyObject && zone.type === "zoneinfo.ZoneInfo._unpickle";
  const name = isNamed ? zone.args?.[0] : undefined;
  if (typeof name !== "string") throw new TypeError("unknown time zone");
  return `[${name}]`;
}

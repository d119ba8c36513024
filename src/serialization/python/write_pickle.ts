/**
 * Writes `py_pickle` for Python workers that are too old for portable JSON: plain data only, in
 * protocol 4, which Python 3.4 and later can read.
 *
 * Safe integers and bigints become `int`; other numbers `float`; a Uint8Array `bytes`; an array
 * `list`; an object or a Map `dict`; a Set `set`; a Date `datetime` in UTC. As in JSON, undefined
 * becomes null, and is omitted from objects. Shared collections stay shared, so they may
 * contain themselves. Everything else is rejected, since a worker cannot start a workflow if it
 * cannot unpickle the arguments.
 */

import { UnsupportedSerializationError } from "../../errors/reading.ts";
import { toBinary, toUtf8Binary } from "../binary.ts";
import type { Codec } from "../codec.ts";
import { pyPickle } from "./py_pickle.ts";

// A worker cannot pickle a result that is nested deeper than about 490 levels.
const maxDepth = 450;

function refuse(what: string, reason?: string): never {
  throw new TypeError(`Cannot serialize ${what} as py_pickle${reason ? `: ${reason}` : ""}`);
}

function littleEndian(value: number, length: number): string {
  const bytes = Array.from({ length }, (_, i) => Math.floor(value / 256 ** i) % 256);
  return String.fromCharCode(...bytes);
}

/** Writes the short operation if the length fits into one byte, and otherwise the long one. */
function withLength(short: string, long: string, binary: string): string {
  const { length } = binary;
  return (length < 256 ? short + littleEndian(length, 1) : long + littleEndian(length, 4)) + binary;
}

function writeText(text: string): string {
  return withLength("\x8c", "X", toUtf8Binary(text));
}

/** Writes an integer in two's complement. The length leaves room for the sign bit. */
function writeLong(value: bigint): string {
  const digits = (value < 0n ? ~value : value).toString(16).length;
  const length = Math.floor(digits / 2) + 1;
  const hex = BigInt.asUintN(length * 8, value).toString(16).padStart(length * 2, "0");
  const bytes = Array.from(hex.match(/../g)!, (pair) => parseInt(pair, 16)).reverse();
  return withLength("\x8a", "\x8b", toBinary(Uint8Array.from(bytes)));
}

function writeInteger(value: number | bigint): string {
  if (value >= 0 && value < 2 ** 8) return "K" + littleEndian(Number(value), 1);
  if (value >= 0 && value < 2 ** 16) return "M" + littleEndian(Number(value), 2);
  if (value >= -(2 ** 31) && value < 2 ** 31) return "J" + littleEndian(Number(value) >>> 0, 4);
  return writeLong(BigInt(value));
}

function writeNumber(value: number): string {
  if (Number.isSafeInteger(value) && !Object.is(value, -0)) return writeInteger(value);
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  return "G" + toBinary(new Uint8Array(view.buffer));
}

function packDatetime(date: Date): string {
  const year = date.getUTCFullYear();
  if (Number.isNaN(year)) refuse("an invalid Date");
  if (year < 1 || year > 9999) {
    refuse(`a Date in the year ${year}`, "Python supports the years 1 to 9999");
  }
  const microseconds = date.getUTCMilliseconds() * 1000;
  return String.fromCharCode(
    ...[year >> 8, year & 255, date.getUTCMonth() + 1, date.getUTCDate()],
    ...[date.getUTCHours(), date.getUTCMinutes(), date.getUTCSeconds()],
    ...[microseconds >> 16, microseconds >> 8 & 255, microseconds & 255],
  );
}

/** Returns the same text for all keys that are equal in Python, such as 1, 1.0 and True. */
function equalityKeyOf(key: unknown, collection: string): string {
  if (key === null || key === undefined) return "None";
  if (typeof key === "string") return `text ${key}`;
  if (key instanceof Uint8Array) return `bytes ${toBinary(key)}`;
  if (key instanceof Date) return `date ${key.getTime()}`;
  if (typeof key === "bigint" || typeof key === "boolean" || Number.isInteger(key)) {
    return `number ${BigInt(key as number)}`;
  }
  if (typeof key === "number") return `number ${key}`;
  refuse(`a ${collection}`, `Python cannot hash ${describe(key)}`);
}

function checkKeys(keys: Iterable<unknown>, collection: string): void {
  const seen = new Set<string>();
  for (const key of keys) {
    const equalityKey = equalityKeyOf(key, collection);
    if (seen.has(equalityKey)) {
      refuse(`a ${collection}`, `${describe(key)} equals another entry in Python`);
    }
    seen.add(equalityKey);
  }
}

function describe(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (typeof value !== "object") return `a ${typeof value}`;
  const name = value.constructor?.name;
  return `an object${name ? ` of class ${name}` : ""}`;
}

function requirePlainObject(value: object): void {
  const prototype = Object.getPrototypeOf(value);
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null) refuse(describe(value));
}

// The memo key of the time zone, which is written once for all dates.
const utc = {};

const utcOpcodes = "cdatetime\ntimezone\ncdatetime\ntimedelta\nK\0\x85R\x85R";

function writeDatetime(date: Date, timeZone: string): string {
  return "cdatetime\ndatetime\n" + withLength("C", "B", packDatetime(date)) + timeZone + "\x86R";
}

function createPickler(): (value: unknown) => string {
  const memo = new Map<object, number>();
  let depth = 0;

  /** Calls `write` for an object the first time, and returns a reference to it after that. */
  function writeOnce(object: object, write: () => string): string {
    const index = memo.get(object);
    if (index !== undefined) {
      return index < 256 ? "h" + littleEndian(index, 1) : "j" + littleEndian(index, 4);
    }
    return write();
  }

  function memoize(object: object): string {
    memo.set(object, memo.size);
    return "\x94";
  }

  function writeUtc(): string {
    return utcOpcodes + memoize(utc);
  }

  function writeDate(date: Date): string {
    return writeDatetime(date, writeOnce(utc, writeUtc));
  }

  function writeContent(object: object, empty: string, content: unknown[], end: string): string {
    if (++depth > maxDepth) {
      throw new RangeError(
        `Cannot serialize a value as py_pickle: it is nested deeper than ${maxDepth} levels`,
      );
    }
    let result = empty + memoize(object);
    if (content.length > 0) {
      result += "(";
      for (const item of content) result += write(item);
      result += end;
    }
    depth--;
    return result;
  }

  function writeObject(object: object): string {
    if (object instanceof Date) return writeDate(object);
    if (object instanceof Uint8Array) return withLength("C", "B", toBinary(object));
    if (Array.isArray(object)) return writeContent(object, "]", object, "e");
    if (object instanceof Set) {
      checkKeys(object, "Set");
      return writeContent(object, "\x8f", [...object], "\x90");
    }
    if (object instanceof Map) {
      checkKeys(object.keys(), "Map");
      return writeContent(object, "}", [...object].flat(), "u");
    }
    requirePlainObject(object);
    const entries = Object.entries(object).filter(([, value]) => value !== undefined);
    return writeContent(object, "}", entries.flat(), "u");
  }

  function write(value: unknown): string {
    switch (typeof value) {
      case "undefined":
        return "N";
      case "boolean":
        return value ? "\x88" : "\x89";
      case "number":
        return writeNumber(value);
      case "bigint":
        return writeInteger(value);
      case "string":
        return writeText(value);
      case "object":
        return value === null ? "N" : writeOnce(value, () => writeObject(value));
      default:
        refuse(describe(value));
    }
  }
  return write;
}

function encode(body: string): string {
  return btoa(`\x80\x04${body}.`);
}

export const pyPickleWriter: Codec = {
  ...pyPickle,
  serializeValue: (value) => encode(createPickler()(value)),
  serializeArgs(args, namedArgs = {}) {
    const write = createPickler();
    const tuple = `(${Array.from(args, write).join("")}t`;
    return encode(`}(${writeText("args")}${tuple}${writeText("kwargs")}${write(namedArgs)}u`);
  },
};

/**
 * A codec for the runs of a schedule whose context is this pickle. It passes the context on as it is,
 * since it may contain objects of classes, which only Python can write.
 */
export function pickleRunsWith(context: string): Codec {
  const pickle = atob(context);
  if (!pickle.endsWith(".")) throw new UnsupportedSerializationError("py_pickle");
  const protocol = pickle.slice(0, 2);
  // The length of a frame counts the end of the pickle, which is not passed on.
  const opcodes = pickle.slice(pickle[2] === "\x95" ? 11 : 2, -1);
  return {
    ...pyPickleWriter,
    // Nothing before the context is memoized, since the context counts what it memoizes from zero.
    serializeArgs: ([time]) =>
      btoa(
        `${protocol}}(${writeText("kwargs")}}${writeText("args")}` +
          `${writeDatetime(time as Date, utcOpcodes)}${opcodes}\x86u.`,
      ),
  };
}

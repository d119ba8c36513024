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
import type { WritingCodec } from "../codec.ts";
import { type Path, pathToText } from "../write_json.ts";

// A worker cannot pickle a result that is nested deeper than about 490 levels.
const maxDepth = 450;

/** Why a value cannot be written. */
class Refusal {
  constructor(readonly reason: string, readonly errorClass: typeof TypeError | typeof RangeError) {}
}

function refuse(what: string, reason?: string): never {
  throw new Refusal(`it is ${what}${reason ? `; ${reason}` : ""}`, TypeError);
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

interface Pickler {
  /** Where the value is that is being written. */
  readonly path: Path;
  writeArgs(args: readonly unknown[]): string;
  writeAt(step: string, value: unknown): string;
  write(value: unknown): string;
}

function createPickler(): Pickler {
  const memo = new Map<object, number>();
  const path: (string | number)[] = [];
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

  function writeAt(step: string | number, value: unknown): string {
    path.push(step);
    const written = write(value);
    path.pop();
    return written;
  }

  function writeEach(items: readonly unknown[]): string {
    const written = [];
    for (let index = 0; index < items.length; index++) {
      if (!(index in items)) refuse("a sparse array", `there is no value at index ${index}`);
      written.push(writeAt(index, items[index]));
    }
    return written.join("");
  }

  function writeItems(object: object, empty: string, items: unknown[], end: string): string {
    const start = empty + memoize(object);
    return items.length === 0 ? start : start + "(" + writeEach(items) + end;
  }

  function writeEntries(object: object, entries: [unknown, unknown][]): string {
    const start = "}" + memoize(object);
    if (entries.length === 0) return start;
    const written = entries.map(([key, value]) => {
      const step = typeof key === "string" ? key : describe(key);
      return writeAt(step, key) + writeAt(step, value);
    });
    return start + "(" + written.join("") + "u";
  }

  function writeObject(object: object): string {
    if (object instanceof Date) return writeDate(object);
    if (object instanceof Uint8Array) return withLength("C", "B", toBinary(object));
    if (Array.isArray(object)) return writeItems(object, "]", object, "e");
    if (object instanceof Set) {
      checkKeys(object, "Set");
      return writeItems(object, "\x8f", [...object], "\x90");
    }
    if (object instanceof Map) {
      checkKeys(object.keys(), "Map");
      return writeEntries(object, [...object]);
    }
    requirePlainObject(object);
    const entries = Object.entries(object).filter(([, value]) => value !== undefined);
    return writeEntries(object, entries);
  }

  /** Writes arguments as a tuple. */
  function writeArgs(args: readonly unknown[]): string {
    path.push("args");
    const items = writeEach(args);
    path.pop();
    return `(${items}t`;
  }

  function writeNested(object: object): string {
    if (++depth > maxDepth) {
      throw new Refusal(`it is nested deeper than ${maxDepth} levels`, RangeError);
    }
    const written = writeObject(object);
    depth--;
    return written;
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
        return value === null ? "N" : writeOnce(value, () => writeNested(value));
      default:
        refuse(describe(value));
    }
  }
  return { path, writeArgs, writeAt, write };
}

/** Encodes what `write` writes. An error names what cannot be written, as `nameOf` names its path. */
function encode(write: (pickler: Pickler) => string, nameOf: (path: Path) => string): string {
  const pickler = createPickler();
  try {
    return btoa(`\x80\x04${write(pickler)}.`);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const { reason, errorClass } = error;
    throw new errorClass(`Cannot serialize ${nameOf(pickler.path)} as py_pickle: ${reason}`);
  }
}

export const pyPickleWriter: WritingCodec = {
  name: "py_pickle",
  serializeValue: (value, name = "value") =>
    encode(({ write }) => write(value), (path) => name + pathToText(path)),
  serializeArgs: (args, namedArgs = {}, prefix = "") =>
    encode(
      ({ writeArgs, writeAt }) => {
        const tuple = writeArgs(args);
        const kwargs = writeAt("namedArgs", namedArgs);
        return `}(${writeText("args")}${tuple}${writeText("kwargs")}${kwargs}u`;
      },
      // Without the dot that such a path begins with.
      (path) => prefix + pathToText(path).slice(1),
    ),
};

/**
 * A codec for the runs of a schedule whose context is this pickle. It passes the context on as it is,
 * since it may contain objects of classes, which only Python can write.
 */
export function pickleRunsWith(context: string): WritingCodec {
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

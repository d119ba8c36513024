/** Makes the values that superjson's types stand for, from JSON that may be of any kind. */

import { isObject, parseBigint, setHidden, setProperty } from "./decoding.ts";
import { toText } from "./stored_error.ts";

/** Reads the part of the JSON that is in `parent` under `key`. */
export type ReadPart = (parent: object, key: string | number) => unknown;

/** A value that contains others. It is created before them, since it may contain itself. */
export interface Container {
  value: object;
  /** Reads the next part into the value. Returns false after the last one. */
  readNext(read: ReadPart): boolean;
}

function invalid(type: string): never {
  throw new TypeError(`invalid ${type}`);
}

function requireArray(json: object, type: string): unknown[] {
  return Array.isArray(json) ? json : invalid(type);
}

/** Reads the elements of an array in turn. */
function createList(json: unknown[], value: object, add: (item: unknown) => void): Container {
  let next = 0;
  return {
    value,
    readNext(read) {
      if (next === json.length) return false;
      add(read(json, next++));
      return true;
    },
  };
}

export function createArray(json: unknown[]): Container & { value: unknown[] } {
  const value: unknown[] = [];
  return { ...createList(json, value, (item) => value.push(item)), value };
}

function createSet(json: object): Container {
  const value = new Set();
  return createList(requireArray(json, "Set"), value, (item) => value.add(item));
}

function createObject(json: object): Container {
  const value = {};
  const keys = Object.keys(json);
  let next = 0;
  return {
    value,
    readNext(read) {
      const key = keys[next++];
      if (key === undefined) return false;
      setProperty(value, key, read(json, key));
      return true;
    },
  };
}

function createMap(json: object): Container {
  const entries = requireArray(json, "Map");
  const value = new Map();
  let next = 0;
  let key: unknown;
  return {
    value,
    // Keys and values in turn.
    readNext(read) {
      const entry = entries[next >> 1];
      if (entry === undefined) return false;
      if (!Array.isArray(entry) || entry.length !== 2) invalid("Map");
      if (next++ % 2 === 0) key = read(entry, 0);
      else value.set(key, read(entry, 1));
      return true;
    },
  };
}

function createError(json: object): Container {
  const { name = "Error", message = "" } = json as { name?: unknown; message?: unknown };
  const value = new Error(toText(message));
  value.name = toText(name);
  setHidden(value, "stack", undefined); // It is not stored, and the one of this program misleads.
  let hasCause = Object.hasOwn(json, "cause");
  return {
    value,
    readNext(read) {
      if (!hasCause) return false;
      hasCause = false;
      setHidden(value, "cause", read(json, "cause"));
      return true;
    },
  };
}

/** Creates a value that contains others. Returns undefined if the type is not one of these. */
export function createContainer(json: object, type: unknown): Container | undefined {
  switch (type) {
    case undefined:
      return Array.isArray(json) ? createArray(json) : createObject(json);
    case "set":
      return createSet(json);
    case "map":
      return createMap(json);
    case "Error":
      return createError(json);
  }
}

function requireText(json: unknown, type: string): string {
  return typeof json === "string" ? json : invalid(type);
}

function readDate(json: unknown): Date {
  const date = new Date(requireText(json, "Date"));
  return Number.isNaN(date.getTime()) ? invalid("Date") : date;
}

function readRegExp(json: unknown): RegExp {
  const text = requireText(json, "RegExp");
  const end = text.lastIndexOf("/");
  try {
    return new RegExp(text.slice(1, end), text.slice(end + 1));
  } catch {
    return invalid("RegExp"); // The engine's error quotes the text.
  }
}

function readUrl(json: unknown): URL {
  const text = requireText(json, "URL");
  // It is stored as ASCII. Any other host of 100,000 characters takes 10 s.
  if (!/^[\0-\x7f]*$/.test(text) || !URL.canParse(text)) invalid("URL");
  return new URL(text);
}

function readNumber(json: unknown): number {
  const numbers: Record<string, number> = { NaN, Infinity, "-Infinity": -Infinity, "-0": -0 };
  const text = requireText(json, "number");
  return Object.hasOwn(numbers, text) ? numbers[text]! : invalid("number");
}

const readers: Record<string, (json: unknown) => unknown> = {
  undefined: () => undefined,
  bigint: parseBigint,
  Date: readDate,
  regexp: readRegExp,
  URL: readUrl,
  number: readNumber,
};

const typedArrays = [
  Int8Array,
  Uint8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  Float32Array,
  Float64Array,
];

// Floats that are not finite are stored as null, and superjson reads that as 0.
function readTypedArray(json: unknown, name: unknown): ArrayBufferView {
  const type = typedArrays.find((type) => type.name === name);
  if (!type) throw new TypeError(`unknown typed array ${describeName(name)}`);
  const isNumber = (item: unknown) => typeof item === "number" || item === null;
  if (!Array.isArray(json) || !json.every(isNumber)) invalid(type.name);
  return new type(json as number[]);
}

/**
 * Reads the types that the DBOS SDK adds to those of superjson. A Buffer is read as a Uint8Array,
 * since not every runtime has Buffer.
 */
function readCustom(json: unknown, name: unknown): unknown {
  if (name === "Buffer") return readTypedArray(json, "Uint8Array");
  if (name !== "DBOS.WorkflowHandle") {
    throw new TypeError(`unknown custom type ${describeName(name)}`);
  }
  const workflowID = isObject(json) && json.wfid;
  return typeof workflowID === "string" ? { workflowID } : invalid("WorkflowHandle");
}

function describeName(name: unknown): string {
  return typeof name === "string" ? name.slice(0, 100) : typeof name;
}

/** Reads a value that is no container. */
export function readLeaf(json: unknown, type: unknown): unknown {
  if (type === undefined) return json;
  if (typeof type === "string" && Object.hasOwn(readers, type)) return readers[type]!(json);
  const [kind, name] = Array.isArray(type) ? type : [type];
  if (kind === "custom") return readCustom(json, name);
  if (kind === "typed-array") return readTypedArray(json, name);
  throw new TypeError(`unknown type ${describeName(kind)}`);
}

/** Makes text of stored values. */

import { toBinary } from "../serialization/binary.ts";
import { escapeLines, escapeText, unsafe } from "./escape.ts";

function quote(text: string): string {
  return JSON.stringify(text).replace(
    unsafe,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

const maxDepth = 500;

/** The object or array that stands for an object which JSON does not have. */
function toPlain(object: object): unknown {
  if (object instanceof Date) {
    return Number.isNaN(object.getTime()) ? "Invalid Date" : object.toISOString();
  }
  if (object instanceof RegExp || object instanceof URL) return String(object);
  if (object instanceof Error) {
    const { name, message, cause, code, data } = object as Error & Record<string, unknown>;
    return { name, message, code, data, cause };
  }
  if (object instanceof Set) return [...object];
  if (object instanceof Map) {
    const entries = [...object];
    const isRecord = entries.every(([key]) => typeof key === "string");
    return isRecord ? Object.fromEntries(entries) : entries;
  }
  if (object instanceof Uint8Array) return btoa(toBinary(object));
  if (object instanceof ArrayBuffer) return btoa(toBinary(new Uint8Array(object)));
  if (ArrayBuffer.isView(object)) {
    return object instanceof DataView ? {} : Array.from(object as unknown as ArrayLike<unknown>);
  }
  return object;
}

/**
 * Writes a value as JSON. A bigint becomes a number with all its digits, a date an ISO 8601 text, a Map
 * an object, or an array of pairs if not all its keys are texts, a Set an array, and bytes base64. NaN,
 * infinities and whatever else JSON lacks become texts.
 *
 * @param indent The spaces per level; 0 for one line.
 */
export function toJson(value: unknown, indent = 0): string {
  const ancestors = new Set<object>();

  function join(parts: string[], [open, close]: readonly [string, string]): string {
    if (parts.length === 0) return open + close;
    if (indent === 0) return open + parts.join(",") + close;
    const margin = "\n" + " ".repeat(indent * ancestors.size);
    return `${open}${margin}${parts.join(`,${margin}`)}${margin.slice(0, -indent)}${close}`;
  }

  function writeObject(object: object): string {
    if (ancestors.has(object)) return quote("[Circular]");
    if (ancestors.size >= maxDepth) return quote("[Nested too deeply]");
    const plain = toPlain(object);
    if (typeof plain !== "object" || plain === null) return write(plain);
    ancestors.add(object);
    const separator = indent === 0 ? ":" : ": ";
    const text = Array.isArray(plain) ? join(plain.map(write), ["[", "]"]) : join(
      Object.entries(plain).filter(([, value]) => value !== undefined)
        .map(([key, value]) => quote(key) + separator + write(value)),
      ["{", "}"],
    );
    ancestors.delete(object);
    return text;
  }

  function write(value: unknown): string {
    switch (typeof value) {
      case "string":
        return quote(value);
      case "number":
        return Number.isFinite(value) ? String(value) : quote(String(value));
      case "boolean":
      case "bigint":
        return String(value);
      case "undefined":
        return "null";
      case "object":
        return value === null ? "null" : writeObject(value);
      default:
        return quote(String(value));
    }
  }
  return write(value);
}

/** A value for people: a text as it is, anything else as JSON on several lines. */
export function toReadable(value: unknown): string {
  return typeof value === "string" ? escapeLines(value) : toJson(value, 2);
}

/** A value for people, in a line. */
export function toReadableLine(value: unknown): string {
  return typeof value === "string" ? escapeText(value) : toJson(value);
}

/** The error of a workflow or a step, in one line or more. */
export function formatError(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : toReadableLine(error);
}

/** A time of milliseconds since 1970, without the fractions of the second. */
export function formatTime(epochMs: number | null | undefined): string {
  if (epochMs === null || epochMs === undefined) return "";
  const date = new Date(epochMs);
  if (Number.isNaN(date.getTime())) return `${epochMs} ms after 1970`;
  return date.toISOString().replace("T", " ").replace(/\.\d+Z$/, "Z");
}

const units: readonly (readonly [ms: number, unit: string])[] = [
  [86_400_000, "d"],
  [3_600_000, "h"],
  [60_000, "min"],
  [1000, "s"],
];

/** A duration in its two largest units, such as `2 h 5 min`. */
export function formatDuration(durationMs: number | null | undefined): string {
  if (durationMs === null || durationMs === undefined) return "";
  if (Math.abs(durationMs) < 1000) return `${Math.round(durationMs)} ms`;
  if (Math.abs(durationMs) < 60_000) return `${(durationMs / 1000).toFixed(1)} s`;
  const index = units.findIndex(([ms]) => Math.abs(durationMs) >= ms);
  const [[ms, unit], [nextMs, nextUnit]] = [units[index]!, units[index + 1]!];
  const rest = Math.floor(Math.abs(durationMs) % ms / nextMs);
  return `${Math.trunc(durationMs / ms)} ${unit}${rest ? ` ${rest} ${nextUnit}` : ""}`;
}

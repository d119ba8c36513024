/**
 * Reads `java_jackson`, the default format of Java workers: JSON with class names. The class is the
 * property `@class` of an object, or the first element of an array of two, followed by the value.
 * The class names are dropped.
 */

import { WorkflowError } from "../../errors/workflow_error.ts";
import type { ReadingCodec } from "../codec.ts";
import { parseLossless, toNumberOrBigint } from "../lossless_json.ts";
import { decodeBase64, requireArgs, setProperty, wrapErrors } from "../decoding.ts";
import { toText } from "../stored_error.ts";

/** A number as it was written, such as `1.10`. */
class NumberLiteral {
  constructor(readonly text: string) {}
}

const maxDepth = 500;

const dateTypes = new Set([
  "java.util.Date",
  "java.sql.Timestamp",
  "java.time.Instant",
  "java.time.OffsetDateTime",
  "java.time.ZonedDateTime",
]);

function isSet(type: string): boolean {
  return /^java\.util\.(concurrent\.)?(\w+\$)*\w*(Set|SetN|Set12|KeySetView)(<.*>)?$/.test(type);
}

/** Whether a type is one of Jackson's JSON trees, whose contents have no class names. */
function isJsonNode(type: unknown): boolean {
  return typeof type === "string" && /^tools\.jackson\.databind\.node\.\w+Node$/.test(type);
}

// A time outside the range of Date stays a text.
function toDate(text: string): Date | string {
  const date = new Date(text.replace(/([+-]\d\d)(\d\d)$/, "$1:$2"));
  return Number.isNaN(date.getTime()) ? text : date;
}

function readScalar(value: unknown, type?: string): unknown {
  if (typeof value === "number" || value instanceof NumberLiteral) {
    const text = value instanceof NumberLiteral ? value.text : String(value);
    // A text keeps all digits, as for Python's Decimal.
    return type === "java.math.BigDecimal" ? text : toNumberOrBigint(text);
  }
  if (typeof value !== "string" || !type) return value;
  if (type === "[B") return decodeBase64(value);
  if (dateTypes.has(type)) return toDate(value);
  if (type === "java.lang.Double" || type === "java.lang.Float") return Number(value);
  return value;
}

function isWrapper(value: unknown[]): value is [type: string, content: unknown] {
  return value.length === 2 && typeof value[0] === "string" &&
    /^(\[+[A-Z]|[\p{L}_$][\p{L}\d_$]*(\.[\p{L}_$]|$))/u.test(value[0]);
}

function readObject(object: object, depth: number, isTyped: boolean): unknown {
  const result = {};
  const entries = Object.entries(object);
  const type = isTyped && entries.find(([key]) => key === "@class")?.[1];
  for (const [key, value] of entries) {
    if (key === "@class" && isTyped) continue;
    setProperty(result, key, read(value, depth + 1, isTyped && !isJsonNode(type)));
  }
  return result;
}

function readElements(elements: unknown[], type: string, depth: number): unknown {
  // Only the elements of an array of a primitive type have no class names.
  const isPrimitive = /^\[[ZCSIJFD]$/.test(type);
  const numberType = /^\[[FD]$/.test(type) ? "java.lang.Double" : undefined;
  const items = elements.map((item) =>
    isPrimitive ? readScalar(item, numberType) : read(item, depth + 1)
  );
  return isSet(type) ? new Set(items) : items;
}

function read(value: unknown, depth = 0, isTyped = true): unknown {
  if (depth > maxDepth) throw new RangeError(`nested deeper than ${maxDepth} levels`);
  if (Array.isArray(value)) {
    if (!isTyped) return value.map((item) => read(item, depth + 1, false));
    if (!isWrapper(value)) throw new TypeError("array without a type");
    const [type, content] = value;
    if (isJsonNode(type)) return read(content, depth + 1, false);
    if (Array.isArray(content)) return readElements(content, type, depth);
    return isPlainObject(content) ? readObject(content, depth, true) : readScalar(content, type);
  }
  return isPlainObject(value) ? readObject(value, depth, isTyped) : readScalar(value);
}

function isPlainObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !(value instanceof NumberLiteral);
}

function deserializeValue(text: string): unknown {
  return read(parseLossless(text, (literal) => new NumberLiteral(literal)));
}

interface Throwable {
  type?: unknown;
  message?: unknown;
  causeType?: unknown;
  stackPreview?: unknown;
}

// The error is also stored in Java's own serialization, which is not read.
function deserializeError(text: string): WorkflowError {
  const { type, message, causeType, stackPreview } = (deserializeValue(text) ?? {}) as Throwable;
  if (typeof type !== "string") throw new TypeError("invalid error");
  const description = typeof message === "string" ? message : "";
  const frames = Array.isArray(stackPreview) ? stackPreview : [];
  return new WorkflowError(description, {
    name: type.replace(/^.*[.$]/, ""),
    stack: [`${type}: ${description}`, ...frames.map((frame) => `    at ${toText(frame)}`)].join(
      "\n",
    ),
    ...(typeof causeType === "string" &&
      { cause: new WorkflowError("", { name: causeType.replace(/^.*[.$]/, "") }) }),
  });
}

export const javaJackson: ReadingCodec = wrapErrors({
  name: "java_jackson",
  deserializeValue,
  deserializeArgs: (text) => requireArgs(deserializeValue(text)),
  deserializeError,
});

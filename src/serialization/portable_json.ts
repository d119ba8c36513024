/**
 * `portable_json`: the JSON that the workers of every language read.
 *
 * Not every language keeps all of it. A lone surrogate comes back as it was from TypeScript only: Go
 * and Java put another character in its place, and a workflow of Python whose result has one never
 * ends. Go and Java have an order of their own for the keys of an object. A workflow of Python fails
 * where a value is nested several hundred levels deep. JSON itself has no -0, NaN or Infinity.
 */

import { WorkflowError } from "../errors/workflow_error.ts";
import type { Codec } from "./codec.ts";

function fromMap(map: Map<unknown, unknown>): Record<string, unknown> {
  for (const key of map.keys()) {
    if (typeof key !== "string") {
      throw new TypeError(
        `Cannot serialize a Map as portable JSON: one of its keys is of type ${typeof key}, not string`,
      );
    }
  }
  return Object.fromEntries(map as Map<string, unknown>);
}

// Dates need no case: their toJSON() has made them ISO strings before the replacer sees them.
function replace(_key: string, value: unknown): unknown {
  if (typeof value === "bigint") return value.toString();
  if (typeof value === "function" || typeof value === "symbol") {
    throw new TypeError(`Cannot serialize a ${typeof value} as portable JSON`);
  }
  if (value instanceof Map) return fromMap(value);
  if (value instanceof Set) return [...value];
  if (value instanceof Error) return { name: value.name, message: value.message };
  return value;
}

// A value that contains itself is deeper.
const maxDepth = 100;

/** Whether there is nothing in a value that `replace` would change or refuse; if it is deep, it is not said. */
function isPlain(value: unknown, depth = 0): boolean {
  if (typeof value !== "object" || value === null) {
    return !["bigint", "function", "symbol"].includes(typeof value);
  }
  const isKnown = Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype;
  return isKnown && depth < maxDepth &&
    Object.values(value).every((item) => isPlain(item, depth + 1));
}

function isCircularReferenceError(error: unknown): boolean {
  return error instanceof TypeError && /circular|cyclic/i.test(error.message);
}

function stringify(value: unknown): string {
  try {
    // A replacer takes several times as long, so it is used where it is needed.
    return JSON.stringify(value ?? null, isPlain(value) ? undefined : replace);
  } catch (error) {
    if (isCircularReferenceError(error)) {
      throw new TypeError("Cannot serialize a value as portable JSON: it contains itself");
    }
    throw error;
  }
}

interface PortableError {
  name?: string;
  message?: string;
  code?: string | number;
  data?: unknown;
}

function toWorkflowError(value: unknown): WorkflowError {
  if (typeof value !== "object" || value === null) return new WorkflowError(String(value));
  const { message, ...details } = value as PortableError;
  return new WorkflowError(message ?? "", details);
}

function deserializeArgs(text: string): unknown[] {
  const value = JSON.parse(text);
  const isEnvelope = typeof value === "object" && value !== null && !Array.isArray(value) &&
    Object.keys(value).every((key) => key === "positionalArgs" || key === "namedArgs");
  // Go before 1.8 writes the one argument of a portable workflow's child as it is.
  return isEnvelope ? value.positionalArgs ?? [] : [value];
}

export const portableJson: Codec = {
  name: "portable_json",
  serializeValue: stringify,
  serializeArgs: (args, namedArgs) => stringify({ positionalArgs: args, namedArgs }),
  deserializeValue: (text) => JSON.parse(text),
  deserializeArgs,
  deserializeError: (text) => toWorkflowError(JSON.parse(text)),
};

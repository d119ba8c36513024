/**
 * `portable_json`: JSON that workers in every language can read.
 *
 * Not every language preserves every value:
 *
 * - Only TypeScript keeps a lone surrogate. Go and Java replace it, and a Python workflow whose
 *   result contains one never ends.
 * - Go and Java reorder the keys of an object.
 * - A Python workflow fails if a value is nested several hundred levels deep.
 * - JSON has no -0, NaN or Infinity.
 */

import type { Codec } from "./codec.ts";
import { portableJsonReader } from "./read_portable_json.ts";

function fromMap(map: Map<unknown, unknown>): Record<string, unknown> {
  for (const key of map.keys()) {
    if (typeof key !== "string") {
      throw new TypeError(
        `Cannot serialize a Map as portable JSON: expected string keys, found type ${typeof key}`,
      );
    }
  }
  return Object.fromEntries(map as Map<string, unknown>);
}

// Dates need no case: toJSON() turns them into ISO strings before the replacer is called.
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

// Deeper values, and so those with a circular reference, are not checked further.
const maxDepth = 100;

/** Whether `replace` would neither change nor refuse anything. False beyond `maxDepth`. */
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
    // A replacer takes several times as long, so it is only used for values that need it.
    return JSON.stringify(value ?? null, isPlain(value) ? undefined : replace);
  } catch (error) {
    if (isCircularReferenceError(error)) {
      throw new TypeError("Cannot serialize a value as portable JSON: it has a circular reference");
    }
    throw error;
  }
}

export const portableJson: Codec = {
  ...portableJsonReader,
  serializeValue: stringify,
  serializeArgs: (args, namedArgs) => stringify({ positionalArgs: args, namedArgs }),
};

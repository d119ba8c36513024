/**
 * Writes `portable_json`: JSON that workers in every language can read.
 *
 * Not every language preserves every value:
 *
 * - Go and Java reorder the keys of an object.
 * - A Python workflow fails if a value is nested several hundred levels deep.
 * - JSON has no -0, NaN or Infinity.
 */

import type { WritingCodec } from "./codec.ts";
import { stringify, toJsonArray, toJsonObject, toJsonValue } from "./write_json.ts";

const format = { name: "portable JSON" };

function serializeValue(value: unknown, path = "value"): string {
  const given = value ?? null;
  return stringify(given, () => toJsonValue(given, format, path));
}

function serializeArgs(
  args: readonly unknown[],
  namedArgs?: Readonly<Record<string, unknown>>,
  path = "",
): string {
  return stringify({ positionalArgs: args, namedArgs }, () => ({
    positionalArgs: toJsonArray(args, format, `${path}args`),
    namedArgs: namedArgs && toJsonObject(namedArgs, format, `${path}namedArgs`),
  }));
}

// Postgres rejects this escape when it parses JSON into values. Only an even number of backslashes in
// front makes it an escape; otherwise it is text that looks like one.
const nulEscape = /(?<!\\)(?:\\\\)*\\u0000/;

/** Serializes attributes as JSON. Refuses attributes that Postgres cannot store. */
export function serializeAttributes(attributes: object, path = "attributes"): string {
  const json = stringify(attributes, () => toJsonObject(attributes, format, path));
  if (nulEscape.test(json)) {
    throw new RangeError(`Cannot use the given ${path}: they contain a NUL character`);
  }
  return json;
}

export const portableJsonWriter: WritingCodec = {
  name: "portable_json",
  serializeValue,
  serializeArgs,
};

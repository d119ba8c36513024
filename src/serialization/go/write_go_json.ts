/**
 * Writes `DBOS_JSON`, for Go workers too old for portable JSON: the same JSON, as base64, of the
 * one argument that a workflow of Go has. An integer that a number is not exact for comes back as
 * the bigint that it is in Go, for Go's own integers are exact.
 */

import { toUtf8Binary } from "../binary.ts";
import type { Codec } from "../codec.ts";
import { goJson } from "./go_json.ts";
import { portableJson } from "../portable_json.ts";

const nil = "__DBOS_NIL";

// JSON.stringify() escapes no other surrogates. What precedes the backslash tells an escape from
// text that looks like one.
const loneSurrogate = /(?<!\\)(?:\\\\)*\\ud[89a-f]/;

function serializeValue(value: unknown): string {
  if (value === null || value === undefined) return nil;
  const json = portableJson.serializeValue(value);
  if (loneSurrogate.test(json)) {
    throw new RangeError(
      "Cannot serialize a value as DBOS_JSON: it contains a lone surrogate, which Go replaces",
    );
  }
  return btoa(toUtf8Binary(json));
}

export const goJsonWriter: Codec = {
  ...goJson,
  serializeValue,
  serializeArgs(args, namedArgs) {
    if (namedArgs) throw new TypeError("Cannot serialize namedArgs as DBOS_JSON: it has none");
    if (args.length > 1) {
      throw new TypeError(
        `Cannot serialize ${args.length} arguments as DBOS_JSON: a workflow of Go has one`,
      );
    }
    return serializeValue(args[0]);
  },
};

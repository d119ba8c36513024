/**
 * Writes `DBOS_JSON` for Go workers that are too old for portable JSON. It is portable JSON,
 * encoded as base64. Workflows in Go have only one argument. A number that is an unsafe integer is
 * read back as a bigint, since integers in Go are exact.
 */

import { toUtf8Binary } from "../binary.ts";
import type { Codec } from "../codec.ts";
import { goJson } from "./go_json.ts";
import { portableJson } from "../portable_json.ts";

const nil = "__DBOS_NIL";

// JSON.stringify() escapes only lone surrogates. An even number of backslashes precedes an escape;
// after an odd number, the text only looks like one.
const loneSurrogate = /(?<!\\)(?:\\\\)*\\ud[89a-f]/;

function serializeValue(value: unknown): string {
  if (value === null || value === undefined) return nil;
  const json = portableJson.serializeValue(value);
  if (loneSurrogate.test(json)) {
    throw new RangeError(
      "Cannot serialize a value as DBOS_JSON: it contains a lone surrogate, which Go would replace",
    );
  }
  return btoa(toUtf8Binary(json));
}

export const goJsonWriter: Codec = {
  ...goJson,
  serializeValue,
  serializeArgs(args, namedArgs) {
    if (namedArgs) {
      throw new TypeError(
        "Cannot serialize namedArgs as DBOS_JSON: workflows in Go have no named arguments",
      );
    }
    if (args.length > 1) {
      throw new TypeError(
        `Cannot serialize ${args.length} arguments as DBOS_JSON: workflows in Go have only one`,
      );
    }
    return serializeValue(args[0]);
  },
};

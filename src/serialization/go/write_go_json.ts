/**
 * Writes `DBOS_JSON` for Go workers that are too old for portable JSON. It is portable JSON,
 * encoded as base64. Workflows in Go have only one argument. A number that is an unsafe integer is
 * read back as a bigint, since integers in Go are exact.
 */

import { toUtf8Binary } from "../binary.ts";
import type { WritingCodec } from "../codec.ts";
import { portableJsonWriter } from "../write_portable_json.ts";

const nil = "__DBOS_NIL";

function serializeValue(value: unknown, path = "value"): string {
  if (value === null || value === undefined) return nil;
  return btoa(toUtf8Binary(portableJsonWriter.serializeValue(value, path)));
}

export const goJsonWriter: WritingCodec = {
  name: "DBOS_JSON",
  serializeValue,
  serializeArgs(args, namedArgs, path = "") {
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
    return serializeValue(args[0], `${path}args[0]`);
  },
};

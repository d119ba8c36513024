/**
 * Writes `rust_serde`, the format of Rust workers: the JSON that serde_json reads. It is portable JSON,
 * with a bigint as an integer. Workflows in Rust have one argument; several are a tuple, and none is
 * `null`.
 */

import type { WritingCodec } from "../codec.ts";
import { type JsonFormat, stringify, toJsonArray, toJsonValue } from "../write_json.ts";

// The limits of i128 and u128.
const minInteger = -(2n ** 127n);
const maxInteger = 2n ** 128n - 1n;

/** Writes a value, which `convert` copies if it is not plain. */
function write(value: unknown, convert: (format: JsonFormat) => unknown): string {
  // Random, so that no text of the value begins with it.
  const prefix = crypto.randomUUID();
  let hasBigint = false;
  const text = stringify(value, () =>
    convert({
      name: "rust_serde",
      // serde_json reads 127 levels.
      maxDepth: 127,
      fromBigint(integer, refuse) {
        if (integer < minInteger || integer > maxInteger) {
          refuse("it is a bigint of more than 128 bits, the longest integer of Rust");
        }
        hasBigint = true;
        return `${prefix}${integer}`;
      },
    }));
  return hasBigint ? text.replaceAll(new RegExp(`"${prefix}(-?\\d+)"`, "g"), "$1") : text;
}

function serializeValue(value: unknown, path = "value"): string {
  const given = value ?? null;
  return write(given, (format) => toJsonValue(given, format, path));
}

export const rustSerdeWriter: WritingCodec = {
  name: "rust_serde",
  serializeValue,
  serializeArgs(args, namedArgs, path = "") {
    if (namedArgs) {
      throw new TypeError(
        "Cannot serialize namedArgs as rust_serde: workflows in Rust have no named arguments",
      );
    }
    if (args.length < 2) return serializeValue(args[0], `${path}args[0]`);
    return write(args, (format) => toJsonArray(args, format, `${path}args`));
  },
};

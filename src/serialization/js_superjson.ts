/**
 * Writes `js_superjson`, the default format of TypeScript workers: superjson with the property
 * `__dbos_serializer`.
 *
 * superjson rejects the keys `__proto__`, `constructor` and `prototype`. It mixes up the entries of
 * a Map if one of its keys is an object, or NaN, that also occurs elsewhere in the value. The DBOS
 * SDK uses an older superjson, which cannot read back the dates, maps and so on that it writes
 * under a key with a dot.
 */

import SuperJSON from "superjson";
import type { Codec } from "./codec.ts";
import { superjsonReader } from "./read_superjson.ts";

const superjson = new SuperJSON();

// The DBOS SDK for TypeScript adds this type to those of superjson.
superjson.registerCustom<Uint8Array, number[]>({
  isApplicable: (value): value is Uint8Array =>
    value instanceof Uint8Array && value.constructor.name === "Buffer",
  serialize: (bytes) => Array.from(bytes),
  deserialize: (bytes) => Uint8Array.from(bytes),
}, "Buffer");

// superjson passes functions and symbols through, and JSON.stringify() would drop them silently.
function refuseUnserializable(_key: string, value: unknown): unknown {
  if (typeof value === "function" || typeof value === "symbol") {
    throw new TypeError(`Cannot serialize a ${typeof value} as superjson`);
  }
  return value;
}

function serialize(value: unknown): string {
  const { json, meta } = superjson.serialize(value);
  // The SDK's older superjson neither escapes backslashes in paths nor has a version for paths.
  const olderMeta = meta &&
    JSON.parse(JSON.stringify({ ...meta, v: undefined }).replaceAll("\\\\\\\\", "\\\\"));
  return JSON.stringify(
    { json, meta: olderMeta, __dbos_serializer: "superjson" },
    refuseUnserializable,
  );
}

export const jsSuperjson: Codec = {
  ...superjsonReader,
  serializeValue: serialize,
  serializeArgs(args, namedArgs) {
    if (namedArgs) {
      throw new TypeError(
        'Cannot serialize namedArgs with serializationType "superjson": use "portable" or ' +
          '"py_pickle"',
      );
    }
    return serialize(args);
  },
};

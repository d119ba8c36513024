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
import type { WritingCodec } from "./codec.ts";
import { toJsonValue } from "./write_json.ts";

const superjson = new SuperJSON();

// The DBOS SDK for TypeScript adds this type to those of superjson.
superjson.registerCustom<Uint8Array, number[]>({
  isApplicable: (value): value is Uint8Array =>
    value instanceof Uint8Array && value.constructor.name === "Buffer",
  serialize: (bytes) => Array.from(bytes),
  deserialize: (bytes) => Uint8Array.from(bytes),
}, "Buffer");

/** The first index without a value; -1 if the array is not sparse. */
function findGap(array: readonly unknown[]): number {
  for (let index = 0; index < array.length; index++) if (!(index in array)) return index;
  return -1;
}

// superjson drops the gaps after the last value. This type keeps the first gap of an array, so that
// the array is refused with its path.
superjson.registerCustom<unknown[], never[]>({
  isApplicable: (value): value is unknown[] => Array.isArray(value) && findGap(value) >= 0,
  serialize(array) {
    const gap = findGap(array);
    const start = array.slice(0, gap);
    start[gap + 1] = null;
    return start as never[];
  },
  deserialize: (array) => array,
}, "sparse array");

// Only TypeScript reads superjson, and it keeps lone surrogates.
const format = { name: "superjson", allowsLoneSurrogates: true, hasOwnTypes: true };

function toSuperJson(value: unknown, path: string): ReturnType<typeof superjson.serialize> {
  try {
    return superjson.serialize(value);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    // It calls itself for each level.
    if (error instanceof RangeError && /call stack/.test(error.message)) {
      throw new RangeError(`Cannot serialize ${path} as superjson: it is nested too deeply`, {
        cause: error,
      });
    }
    // Its words for a key such as __proto__.
    if (!/prototype pollution/.test(error.message)) throw error;
    throw new TypeError(
      `Cannot serialize ${path} as superjson: a key is __proto__, constructor or prototype`,
      { cause: error },
    );
  }
}

function serialize(value: unknown, path = "value"): string {
  const { json, meta } = toSuperJson(value, path);
  // The SDK's older superjson neither escapes backslashes in paths nor has a version for paths.
  const olderMeta = meta &&
    JSON.parse(JSON.stringify({ ...meta, v: undefined }).replaceAll("\\\\\\\\", "\\\\"));
  return JSON.stringify({
    // superjson passes on what it does not know, such as functions and objects of classes.
    json: toJsonValue(json, format, path),
    meta: olderMeta,
    __dbos_serializer: "superjson",
  });
}

export const superjsonWriter: WritingCodec = {
  name: "js_superjson",
  serializeValue: serialize,
  serializeArgs(args, namedArgs, path = "") {
    if (namedArgs) {
      throw new TypeError(
        'Cannot serialize namedArgs with serializationType "superjson": use "portable" or ' +
          '"py_pickle"',
      );
    }
    return serialize(args, `${path}args`);
  },
};

/** Finds the codec that writes a value. All but that of portable JSON are loaded on demand. */

import { onDemand } from "../promises.ts";
import type { WritingCodec } from "./codec.ts";
import { portableJsonWriter } from "./write_portable_json.ts";

/**
 * The format that values are written in.
 *
 * - `"portable"`: JSON that workers in every language can read, from TypeScript 4.9, Python 2.14, Go
 *   0.12 and Java 0.8 on.
 * - `"superjson"`: keeps `Date`, `Map`, `Set`, `bigint`, `undefined` and more, but only TypeScript
 *   workers can read it, from 3.5 on.
 * - `"native"`: DBOS's own name for `"superjson"`.
 * - `"py_pickle"`: for Python workers that are too old for portable JSON, from 2.0 on. It is Python's
 *   pickle, which keeps plain data, `Date`, `Map`, `Set`, `bigint` and `Uint8Array`.
 * - `"DBOS_JSON"`: for Go workers that are too old for portable JSON, from 0.8 on. It is
 *   base64-encoded JSON, and holds only one argument.
 * - `"rust_serde"`: for workflows in Rust, from 0.5 on, whose parameter is of a type of their own: they
 *   cannot read portable arguments. It is JSON, with a `bigint` as an integer. Several arguments are
 *   a tuple.
 */
export type SerializationType =
  | "portable"
  | "superjson"
  | "native"
  | "py_pickle"
  | "DBOS_JSON"
  | "rust_serde";

/** All values of {@linkcode SerializationType}. */
export const serializationTypes: readonly SerializationType[] = [
  "portable",
  "superjson",
  "native",
  "py_pickle",
  "DBOS_JSON",
  "rust_serde",
];

// Loaded on demand: most programs write only portable JSON, and the largest of these is 7 KB gzipped.
const loadSuperjson = onDemand(async () => (await import("./write_superjson.ts")).superjsonWriter);

const writers: Record<SerializationType, () => WritingCodec | Promise<WritingCodec>> = {
  portable: () => portableJsonWriter,
  superjson: loadSuperjson,
  native: loadSuperjson,
  py_pickle: onDemand(async () => (await import("./python/write_pickle.ts")).pyPickleWriter),
  DBOS_JSON: onDemand(async () => (await import("./go/write_go_json.ts")).goJsonWriter),
  rust_serde: onDemand(async () => (await import("./rust/write_rust_serde.ts")).rustSerdeWriter),
};

/** Returns the codec that writes `type`, as a promise only if it must be loaded. */
export function codecOf(type: SerializationType): WritingCodec | Promise<WritingCodec> {
  return writers[type]();
}

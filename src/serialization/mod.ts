/** Finds the codec for a value. All codecs but that of portable JSON are loaded on demand. */

import type { Codec, ReadingCodec } from "./codec.ts";
import { portableJson } from "./portable_json.ts";

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
 */
export type SerializationType = "portable" | "superjson" | "native" | "py_pickle" | "DBOS_JSON";

/** All values of {@linkcode SerializationType}. */
export const serializationTypes: readonly SerializationType[] = [
  "portable",
  "superjson",
  "native",
  "py_pickle",
  "DBOS_JSON",
];

// Base64 of JSON or of a gob never starts like this.
const jsonStart = /^[\s{["\d-]|^(?:null|true|false)$/;

/** Finds the codec that reads a stored text. */
export async function findCodec(
  serialization: string | null | undefined,
  text: string,
): Promise<ReadingCodec> {
  // Go before 1.8 records portable_json for some values in its own format.
  if (serialization === "portable_json" && jsonStart.test(text)) return portableJson;
  // With what it loads, it is up to 9 KB gzipped.
  return await (await import("./native_codecs.ts")).findNativeCodec(serialization, text);
}

// Loaded on demand: most programs write only portable JSON, and the largest of these is 7 KB gzipped.
async function loadSuperjson(): Promise<Codec> {
  return (await import("./js_superjson.ts")).jsSuperjson;
}

const writingCodecs: Record<Exclude<SerializationType, "portable">, () => Promise<Codec>> = {
  superjson: loadSuperjson,
  native: loadSuperjson,
  py_pickle: async () => (await import("./python/write_pickle.ts")).pyPickleWriter,
  DBOS_JSON: async () => (await import("./go/write_go_json.ts")).goJsonWriter,
};

const loadedCodecs = new Map<SerializationType, Codec>([["portable", portableJson]]);

async function load(type: Exclude<SerializationType, "portable">): Promise<Codec> {
  const codec = await writingCodecs[type]();
  loadedCodecs.set(type, codec);
  return codec;
}

/** Returns the codec that writes `type`, as a promise only if it must be loaded. */
export function codecOf(type: SerializationType): Codec | Promise<Codec> {
  return loadedCodecs.get(type) ?? load(type as Exclude<SerializationType, "portable">);
}

/** Deserializes a stored text. Returns null for null. */
export async function deserializeValue(
  text: string | null,
  serialization: string | null | undefined,
): Promise<unknown> {
  if (text === null) return null;
  return (await findCodec(serialization, text)).deserializeValue(text);
}

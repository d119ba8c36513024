/** Finds the codec for a value; those that are heavy or seldom met are loaded when they are. */

import type { Codec, ReadingCodec } from "./codec.ts";
import { portableJson } from "./portable_json.ts";

/**
 * The format that values are written in: `"portable"` is JSON that the workers of every language
 * read; `"superjson"` keeps `Date`, `Map`, `Set`, `bigint`, `undefined` and more, but only TypeScript
 * workers read it. `"native"` is DBOS's own name for `"superjson"`.
 *
 * Two more are for workers too old for portable JSON: `"py_pickle"` is Python's own pickle, which
 * keeps plain data, `Date`, `Map`, `Set`, `bigint` and `Uint8Array`; `"DBOS_JSON"` is Go's own form
 * of the JSON, of one argument.
 */
export type SerializationType = "portable" | "superjson" | "native" | "py_pickle" | "DBOS_JSON";

/** Each {@linkcode SerializationType}. */
export const serializationTypes: readonly SerializationType[] = [
  "portable",
  "superjson",
  "native",
  "py_pickle",
  "DBOS_JSON",
];

// No base64 of JSON or of a gob starts as JSON does.
const jsonStart = /^[\s{["\d-]|^(?:null|true|false)$/;

/** The codec that reads a stored text. */
export async function findCodec(
  serialization: string | null | undefined,
  text: string,
): Promise<ReadingCodec> {
  // Not all that is said to be portable JSON is.
  if (serialization === "portable_json" && jsonStart.test(text)) return portableJson;
  return await (await import("./native_codecs.ts")).findNativeCodec(serialization, text);
}

async function loadSuperjson(): Promise<Codec> {
  return (await import("./js_superjson.ts")).jsSuperjson;
}

const writingCodecs: Record<Exclude<SerializationType, "portable">, () => Promise<Codec>> = {
  superjson: loadSuperjson,
  native: loadSuperjson,
  py_pickle: async () => (await import("./python/write_pickle.ts")).pyPickleWriter,
  DBOS_JSON: async () => (await import("./go/write_go_json.ts")).goJsonWriter,
};

/** The codec that writes `type`; a promise only where it has to be loaded. */
export function codecOf(type: SerializationType): Codec | Promise<Codec> {
  return type === "portable" ? portableJson : writingCodecs[type]();
}

/** The value of a stored text; null where there is none. */
export async function deserializeValue(
  text: string | null,
  serialization: string | null | undefined,
): Promise<unknown> {
  if (text === null) return null;
  return (await findCodec(serialization, text)).deserializeValue(text);
}

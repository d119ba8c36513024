/** Finds the codec for a value; those that are heavy or seldom met are loaded when they are. */

import { UnsupportedSerializationError, type WorkflowError } from "../errors.ts";
import type { Codec, ReadingCodec } from "./codec.ts";
import { portableJson } from "./portable_json.ts";

/**
 * The format that values are written in: `"portable"` is JSON that the workers of every language
 * read; `"native"` is superjson, which keeps `Date`, `Map`, `Set`, `bigint`, `undefined` and more,
 * but for TypeScript workers only.
 *
 * Two more are for workers too old for portable JSON: `"py_pickle"` is Python's own pickle, which
 * keeps plain data, `Date`, `Map`, `Set`, `bigint` and `Uint8Array`; `"DBOS_JSON"` is Go's own form
 * of the JSON, of one argument.
 */
export type SerializationType = "portable" | "native" | "py_pickle" | "DBOS_JSON";

/** Each {@linkcode SerializationType}. */
export const serializationTypes: readonly SerializationType[] = [
  "portable",
  "native",
  "py_pickle",
  "DBOS_JSON",
];

/** A value that this client cannot read, as it is stored: in an unknown format, or damaged. */
export class SerializedValue {
  /** Labels a stored value with its format. */
  constructor(
    /** The name of the format, or null where none is recorded. */
    readonly serialization: string | null,
    /** The value as it is stored. */
    readonly text: string,
  ) {}
}

async function loadJsSuperjson(): Promise<Codec> {
  return (await import("./js_superjson.ts")).jsSuperjson;
}

// Releases that record no format leave it to the value: TypeScript's bears the name of its own.
function isMarkedSuperjson(text: string): boolean {
  try {
    return JSON.parse(text)?.__dbos_serializer === "superjson";
  } catch {
    return false;
  }
}

/** How to read the native formats of the workers in other languages. */
const foreignCodecs: Record<string, () => Promise<ReadingCodec>> = {
  py_pickle: async () => (await import("./py_pickle.ts")).pyPickle,
  DBOS_JSON: async () => (await import("./go_json.ts")).goJson,
  java_jackson: async () => (await import("./java_jackson.ts")).javaJackson,
};

// No base64 of JSON or of a gob starts as JSON does.
const jsonStart = /^[\s{["\d-]|^(?:null|true|false)$/;

async function findCodec(serialization: string | null, text: string): Promise<ReadingCodec> {
  if (serialization === "portable_json") {
    // Go before 1.8 says so of the children of portable workflows too, whose format is its own.
    return jsonStart.test(text) ? portableJson : await foreignCodecs.DBOS_JSON!();
  }
  if (!serialization) {
    return isMarkedSuperjson(text)
      ? await loadJsSuperjson()
      : (await import("./unnamed.ts")).unnamed;
  }
  if (serialization === "js_superjson") return await loadJsSuperjson();
  if (Object.hasOwn(foreignCodecs, serialization)) return await foreignCodecs[serialization]!();
  throw new UnsupportedSerializationError(serialization);
}

const writingCodecs: Record<Exclude<SerializationType, "portable">, () => Promise<Codec>> = {
  native: loadJsSuperjson,
  py_pickle: async () => (await import("./write_pickle.ts")).pyPickleWriter,
  DBOS_JSON: async () => (await import("./write_go_json.ts")).goJsonWriter,
};

/** The codec that writes `type`; a promise only where it has to be loaded. */
export function codecOf(type: SerializationType): Codec | Promise<Codec> {
  return type === "portable" ? portableJson : writingCodecs[type]();
}

/** The value of a stored text; null where there is none. */
export async function deserializeValue(
  text: string | null,
  serialization: string | null,
): Promise<unknown> {
  if (text === null) return null;
  return (await findCodec(serialization, text)).deserializeValue(text);
}

/** The error of a stored text. */
export async function deserializeError(
  text: string,
  serialization: string | null,
): Promise<WorkflowError> {
  return (await findCodec(serialization, text)).deserializeError(text);
}

/**
 * Reads a stored text with `read`, or gives it as a {@linkcode SerializedValue} where that cannot
 * be done, so that one such value does not hide all else that is known.
 */
export async function deserializeIfKnown<Value>(
  text: string | null | undefined,
  serialization: string | null,
  read: (codec: ReadingCodec, text: string) => Value,
): Promise<Value | SerializedValue | undefined> {
  if (text === null || text === undefined) return undefined;
  try {
    return read(await findCodec(serialization, text), text);
  } catch {
    return new SerializedValue(serialization || null, text);
  }
}

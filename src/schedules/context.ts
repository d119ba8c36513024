/** The context of a schedule as it is stored, which is not recorded together with its format. */

import { UnsupportedSerializationError } from "../errors/reading.ts";
import type { Codec } from "../serialization/codec.ts";
import { codecOf } from "../serialization/mod.ts";
import { SerializedValue } from "../serialization/serialized_value.ts";

/** Whether a context is a pickle of protocol 2 or later, in base64. JSON never begins like this. */
export function isPickle(text: string): boolean {
  return /^gA[I-X]/.test(text);
}

/** The codec that a context was written with. Of the others than pickles, only superjson marks it. */
export async function codecOfContext(text: string): Promise<Codec> {
  if (isPickle(text)) return await codecOf("py_pickle");
  let value;
  try {
    value = JSON.parse(text);
  } catch {
    throw new UnsupportedSerializationError(null, new SyntaxError("invalid JSON"));
  }
  return await codecOf(value?.__dbos_serializer === "superjson" ? "superjson" : "portable");
}

/** Reads a context. Returns a {@linkcode SerializedValue} if that is not possible. */
export async function readContext(text: string): Promise<unknown> {
  try {
    return (await codecOfContext(text)).deserializeValue(text);
  } catch {
    return new SerializedValue(null, text);
  }
}

/**
 * The codec that writes the arguments of runs: the time and a context. One that cannot be read, or not
 * be written again, is unsupported.
 */
export async function codecOfRuns(context: string): Promise<Codec> {
  let codec = await codecOfContext(context);
  codec.deserializeValue(context);
  if (isPickle(context)) {
    codec = (await import("../serialization/python/write_pickle.ts")).pickleRunsWith(context);
  }
  return {
    ...codec,
    serializeArgs(args) {
      try {
        return codec.serializeArgs(args);
      } catch (cause) {
        throw new UnsupportedSerializationError(codec.name, cause);
      }
    },
  };
}

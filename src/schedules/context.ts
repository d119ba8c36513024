/** The context of a schedule as it is stored, which is not recorded together with its format. */

import { UnsupportedSerializationError } from "../errors/reading.ts";
import type { WritingCodec } from "../serialization/codec.ts";
import { deserializeValue } from "../serialization/read.ts";
import { SerializedValue } from "../serialization/serialized_value.ts";
import { codecOf } from "../serialization/write.ts";

/** Whether a context is a pickle of protocol 2 or later, in base64. JSON never begins like this. */
export function isPickle(text: string): boolean {
  return /^gA[I-X]/.test(text);
}

/** The format that a context was written in. Of the others than pickles, only superjson marks it. */
function formatOf(text: string): "py_pickle" | "js_superjson" | "portable_json" {
  if (isPickle(text)) return "py_pickle";
  let value;
  try {
    value = JSON.parse(text);
  } catch {
    throw new UnsupportedSerializationError(null, new SyntaxError("invalid JSON"));
  }
  return value?.__dbos_serializer === "superjson" ? "js_superjson" : "portable_json";
}

/** Reads a context. Returns a {@linkcode SerializedValue} if that is not possible. */
export async function readContext(text: string): Promise<unknown> {
  try {
    return await deserializeValue(text, formatOf(text));
  } catch {
    return new SerializedValue(null, text);
  }
}

/**
 * Reads a context, with the codec that writes it together with a time: the arguments of a run. One that
 * cannot be read, or not be written again, is unsupported.
 */
export async function openContext(
  text: string,
): Promise<{ context: unknown; codec: WritingCodec }> {
  const format = formatOf(text);
  const context = await deserializeValue(text, format);
  const codec = format === "py_pickle"
    ? (await import("../serialization/python/write_pickle.ts")).pickleRunsWith(text)
    : await codecOf(format === "js_superjson" ? "superjson" : "portable");
  return {
    context,
    codec: {
      ...codec,
      serializeArgs(args) {
        try {
          return codec.serializeArgs(args);
        } catch (cause) {
          throw new UnsupportedSerializationError(codec.name, cause);
        }
      },
    },
  };
}

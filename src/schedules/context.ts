/** The context of a schedule as it is stored, which is not recorded together with its format. */

import { abortable } from "../promises.ts";
import { UnsupportedSerializationError } from "../errors/reading.ts";
import type { CustomCodec, WritingCodec } from "../serialization/codec.ts";
import { deserializeValue, readStored } from "../serialization/read.ts";
import { SerializedValue } from "../serialization/serialized_value.ts";
import type { CustomFormat } from "../serialization/custom_format.ts";
import { codecOf } from "../serialization/write.ts";

type NativeFormat = "py_pickle" | "js_superjson" | "portable_json";

/** Whether a context is a pickle of protocol 2 or later, in base64. JSON never begins like this. */
export function isPickle(text: string): boolean {
  return /^gA[I-X]/.test(text);
}

/**
 * The format that a context was written in, undefined if it is none of these. Of the others than
 * pickles, only superjson marks it.
 */
function formatOf(text: string): NativeFormat | undefined {
  if (isPickle(text)) return "py_pickle";
  let value;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  return value?.__dbos_serializer === "superjson" ? "js_superjson" : "portable_json";
}

/**
 * Like {@linkcode formatOf}, but does not parse what ends as superjson, which most contexts are: if it is
 * JSON, its last property is the marker.
 */
function presumeFormat(text: string): NativeFormat | undefined {
  return text.endsWith(',"__dbos_serializer":"superjson"}') ? "js_superjson" : formatOf(text);
}

/** Reads a context in the client's own format, as the SDKs do, or else in that which the text shows. */
async function deserializeContext(
  text: string,
  custom: CustomFormat | undefined,
): Promise<{ context: unknown; format: NativeFormat | CustomFormat }> {
  const format = formatOf(text);
  if (custom && format !== "js_superjson") {
    try {
      return { context: await deserializeValue(text, custom.name, custom), format: custom };
    } catch (error) {
      custom.signal?.throwIfAborted();
      if (!format) throw error;
    }
  }
  if (!format) throw new UnsupportedSerializationError(null, new SyntaxError("invalid JSON"));
  return { context: await deserializeValue(text, format), format };
}

/**
 * Reads a context. Returns a {@linkcode SerializedValue} if that is not possible, and a promise only
 * where something is to be waited for.
 */
export function readContext(text: string, custom: CustomFormat | undefined): unknown {
  const toUnreadable = () => {
    custom?.signal?.throwIfAborted();
    return new SerializedValue(null, text);
  };
  try {
    const format = custom ? undefined : presumeFormat(text);
    const value = format
      ? readStored(text, format, undefined, (codec) => codec.deserializeValue(text))
      : deserializeContext(text, custom).then(({ context }) => context);
    return value instanceof Promise ? value.catch(toUnreadable) : value;
  } catch {
    return toUnreadable();
  }
}

/**
 * Reads a context, to write it together with a time: the arguments of a run. One that cannot be read, or
 * not be written again, is unsupported.
 */
export async function openContext(
  text: string,
  custom: CustomFormat | undefined,
): Promise<{ serializeRun(time: Date): Promise<string>; serialization: string }> {
  const { context, format } = await deserializeContext(text, custom);
  const codec = await codecFor(format, text);
  return {
    serialization: codec.name,
    async serializeRun(time) {
      try {
        return await abortable(
          custom?.signal,
          async () => await codec.serializeArgs([time, context]),
        );
      } catch (cause) {
        custom?.signal?.throwIfAborted();
        throw new UnsupportedSerializationError(codec.name, cause);
      }
    },
  };
}

async function codecFor(
  format: NativeFormat | CustomFormat,
  text: string,
): Promise<WritingCodec | CustomCodec> {
  if (typeof format === "object") return await format.load();
  return format === "py_pickle"
    ? (await import("../serialization/python/write_pickle.ts")).pickleRunsWith(text)
    : await codecOf(format === "js_superjson" ? "superjson" : "portable");
}

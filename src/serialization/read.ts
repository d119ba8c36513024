/** Finds the codec that reads a stored text. */

import { abortable, onDemand } from "../promises.ts";
import type { CustomCodec, ReadingCodec } from "./codec.ts";
import { portableJsonReader } from "./read_portable_json.ts";
import type { CustomFormat } from "./custom_format.ts";

// With what they load, they are up to 9 KB gzipped.
const loadNativeCodecs = onDemand(() => import("./native_codecs.ts"));

// Base64 of JSON or of a gob never starts like this. An error of Rust starts with a capital letter.
const portableStart = /^(?!{"[A-Z])[\s{["\d-]|^(?:null|true|false)$/;

/**
 * Finds the codec that reads a stored text; returns a promise until it is loaded. `custom` is the
 * client's own format, if it has one.
 */
export function findCodec(
  serialization: string | null | undefined,
  text: string,
  custom?: CustomFormat,
): ReadingCodec | CustomCodec | Promise<ReadingCodec | CustomCodec> {
  // Go before 1.8 records portable_json for some values in its own format, and Rust for its errors.
  if (serialization === "portable_json" && portableStart.test(text)) return portableJsonReader;
  // As in the SDKs, a value without a name is that of the serializer that is configured.
  if (custom && (!serialization || serialization === custom.name)) return custom.load();
  const loading = loadNativeCodecs();
  return loading instanceof Promise
    ? loading.then(({ findNativeCodec }) => findNativeCodec(serialization, text))
    : loading.findNativeCodec(serialization, text);
}

/**
 * Reads a stored text with its codec. If the signal of the call is aborted, it rejects with the reason.
 * Where nothing is to be waited for, there is no promise, of which a long list would need many.
 */
export function readStored<Value>(
  text: string,
  serialization: string | null | undefined,
  custom: CustomFormat | undefined,
  read: (codec: ReadingCodec | CustomCodec, text: string) => Value | Promise<Value>,
): Value | Promise<Value> {
  if (custom?.signal) {
    return abortable(
      custom.signal,
      async () => await read(await findCodec(serialization, text, custom), text),
    );
  }
  const codec = findCodec(serialization, text, custom);
  return codec instanceof Promise ? codec.then((codec) => read(codec, text)) : read(codec, text);
}

/** Deserializes a stored text. Returns null for null. */
export async function deserializeValue(
  text: string | null,
  serialization: string | null | undefined,
  custom?: CustomFormat,
): Promise<unknown> {
  if (text === null) return null;
  return await readStored(text, serialization, custom, (codec) => codec.deserializeValue(text));
}

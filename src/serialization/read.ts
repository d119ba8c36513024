/** Finds the codec that reads a stored text. */

import { onDemand } from "../on_demand.ts";
import type { ReadingCodec } from "./codec.ts";
import { portableJsonReader } from "./read_portable_json.ts";

// With what they load, they are up to 9 KB gzipped.
const loadNativeCodecs = onDemand(() => import("./native_codecs.ts"));

// Base64 of JSON or of a gob never starts like this. An error of Rust starts with a capital letter.
const portableStart = /^(?!{"[A-Z])[\s{["\d-]|^(?:null|true|false)$/;

/** Finds the codec that reads a stored text. */
export async function findCodec(
  serialization: string | null | undefined,
  text: string,
): Promise<ReadingCodec> {
  // Go before 1.8 records portable_json for some values in its own format, and Rust for its errors.
  if (serialization === "portable_json" && portableStart.test(text)) return portableJsonReader;
  return await (await loadNativeCodecs()).findNativeCodec(serialization, text);
}

/** Deserializes a stored text. Returns null for null. */
export async function deserializeValue(
  text: string | null,
  serialization: string | null | undefined,
): Promise<unknown> {
  if (text === null) return null;
  return (await findCodec(serialization, text)).deserializeValue(text);
}

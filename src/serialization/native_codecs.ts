/** Finds the codec that reads a native format, of the workers in one language; loads it then. */

import { UnsupportedSerializationError } from "../errors/reading.ts";
import type { ReadingCodec } from "./codec.ts";

// Releases that record no format leave it to the value: TypeScript's bears the name of its own.
function isMarkedSuperjson(text: string): boolean {
  try {
    return JSON.parse(text)?.__dbos_serializer === "superjson";
  } catch {
    return false;
  }
}

async function loadGoJson(): Promise<ReadingCodec> {
  return (await import("./go/go_json.ts")).goJson;
}

const codecs: Record<string, () => Promise<ReadingCodec>> = {
  js_superjson: async () => (await import("./js_superjson.ts")).jsSuperjson,
  py_pickle: async () => (await import("./python/py_pickle.ts")).pyPickle,
  DBOS_JSON: loadGoJson,
  java_jackson: async () => (await import("./java/java_jackson.ts")).javaJackson,
  // Go before 1.8 says so of the children of portable workflows too, whose format is its own.
  portable_json: loadGoJson,
};

/** The codec for a text that is not portable JSON, whatever `serialization` says of it. */
export async function findNativeCodec(
  serialization: string | null | undefined,
  text: string,
): Promise<ReadingCodec> {
  if (!serialization) {
    return isMarkedSuperjson(text)
      ? await codecs.js_superjson!()
      : (await import("./unlabelled.ts")).unlabelled;
  }
  if (Object.hasOwn(codecs, serialization)) return await codecs[serialization]!();
  throw new UnsupportedSerializationError(serialization);
}

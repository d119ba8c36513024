/** Finds and loads the codec of a native format, which only workers in one language use. */

import { UnsupportedSerializationError } from "../errors/reading.ts";
import { onDemand } from "../promises.ts";
import type { ReadingCodec } from "./codec.ts";
import { wrapErrors } from "./decoding.ts";

// Older releases record no format, but the values of TypeScript workers contain its name.
function isMarkedAsSuperjson(text: string): boolean {
  try {
    return JSON.parse(text)?.__dbos_serializer === "superjson";
  } catch {
    return false;
  }
}

type Load = () => ReadingCodec | Promise<ReadingCodec>;

// Loaded on demand: gzipped, Python's is 5.8 KB, Go's 3.4, TypeScript's 2.0, Java's 1.9 and Rust's
// 1.4.
const loadGoJson: Load = onDemand(async () => (await import("./go/go_json.ts")).goJson);

const loadPortableOfRust: Load = onDemand(async () =>
  (await import("./rust/rust_serde.ts")).portableOfRust
);

const loadPortableOfGo: Load = onDemand(async () =>
  wrapErrors({ ...await loadGoJson(), name: "portable_json" })
);

const loadUnlabelled: Load = onDemand(async () => (await import("./unlabelled.ts")).unlabelled);

const codecs: Record<string, (text: string) => ReadingCodec | Promise<ReadingCodec>> = {
  js_superjson: onDemand(async () => (await import("./read_superjson.ts")).superjsonReader),
  py_pickle: onDemand(async () => (await import("./python/py_pickle.ts")).pyPickle),
  DBOS_JSON: loadGoJson,
  java_jackson: onDemand(async () => (await import("./java/java_jackson.ts")).javaJackson),
  rust_serde: onDemand(async () => (await import("./rust/rust_serde.ts")).rustSerde),
  // Go before 1.8 also records this name for children of portable workflows, but writes its own
  // JSON. Rust records it for errors that are not portable.
  portable_json: (text) => text.startsWith("{") ? loadPortableOfRust() : loadPortableOfGo(),
};

/**
 * Finds the codec for a text that is not portable JSON, even if it is recorded as such. Returns a promise
 * until it is loaded.
 */
export function findNativeCodec(
  serialization: string | null | undefined,
  text: string,
): ReadingCodec | Promise<ReadingCodec> {
  if (!serialization) {
    return isMarkedAsSuperjson(text) ? codecs.js_superjson!(text) : loadUnlabelled();
  }
  if (Object.hasOwn(codecs, serialization)) return codecs[serialization]!(text);
  throw new UnsupportedSerializationError(serialization);
}

/** The format of a serializer of the user's own, whose codec is loaded on demand. */

import { onDemand } from "../promises.ts";
import type { CustomCodec } from "./codec.ts";
import type { DBOSSerializer } from "./serializer.ts";

/** The format of a client's serializer. */
export interface CustomFormat {
  readonly name: string;
  readonly argsFormat: "typescript" | "python";
  /** The signal of the call for which values are read and written. */
  readonly signal?: AbortSignal;
  /** Loads the codec, once. */
  load(): CustomCodec | Promise<CustomCodec>;
}

/** The format for one call, whose signal ends it, because a serializer may never settle. */
export function formatForCall(
  format: CustomFormat | undefined,
  signal: AbortSignal | undefined,
): CustomFormat | undefined {
  return format && signal ? { ...format, signal } : format;
}

/** The format of a serializer that `asSerializer` has read. */
export function toCustomFormat(serializer: DBOSSerializer): CustomFormat {
  return {
    name: serializer.name(),
    argsFormat: serializer.argsFormat ?? "typescript",
    // Few programs need it: with what it loads, it is 1.4 KB gzipped.
    load: onDemand(async () => (await import("./custom_codec.ts")).createCustomCodec(serializer)),
  };
}

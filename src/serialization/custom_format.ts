/** A serializer of the user's own, and its format, whose codec is loaded on demand. */

import type { Check } from "../options.ts";
import { onDemand } from "../promises.ts";
import { checkChoice, checkFunction, checkText, refuseType, refuseValue } from "../validate.ts";
import type { CustomCodec, DBOSSerializer } from "./codec.ts";

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

// What the library reads in its own way, whichever serializer a client has.
const knownFormats = [
  ...["portable_json", "js_superjson", "py_pickle", "java_jackson", "rust_serde"],
  ...["DBOS_JSON", "DBOS_GOB"],
];

/** Reads a serializer: its name once, and its methods, which may belong to a class. */
export const asSerializer: Check<DBOSSerializer> = (what, value) => {
  if (typeof value !== "object" || value === null) {
    refuseType(what, value, "an object with name(), stringify() and parse()");
  }
  const serializer = value as DBOSSerializer;
  const { stringify, parse, argsFormat = "typescript" } = serializer;
  for (const [method, given] of Object.entries({ name: serializer.name, stringify, parse })) {
    checkFunction(`${method} of ${what}`, given);
  }
  checkChoice(`argsFormat of ${what}`, argsFormat, ["typescript", "python"]);
  const name = serializer.name();
  checkText(`name() of ${what}`, name);
  if (knownFormats.includes(name)) {
    refuseValue(`name() of ${what}`, name, "another name than that of a format of DBOS");
  }
  return {
    name: () => name,
    stringify: (value) => stringify.call(serializer, value),
    parse: (text) => parse.call(serializer, text),
    argsFormat,
  };
};

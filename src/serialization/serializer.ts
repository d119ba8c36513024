/** A serializer of the user's own. */

import type { Check } from "../options.ts";
import { checkChoice, checkFunction, checkText, refuseType, refuseValue } from "../validate.ts";

/**
 * A serializer of your own, as the option `serializer` of the official clients and workers takes it.
 * Pass the one that your workers use, for instance to encrypt what is stored. A call that waits for it
 * also ends with its `signal`.
 *
 * @example
 * ```ts
 * import { connect, type DBOSSerializer, enqueue } from "@dbos-community/client";
 *
 * const serializer: DBOSSerializer = {
 *   name: () => "base64_json",
 *   stringify: (value) => btoa(encodeURIComponent(JSON.stringify(value))),
 *   parse: (text) => JSON.parse(decodeURIComponent(atob(text))),
 * };
 * await using client = await connect(undefined, { serializer });
 * await enqueue(client, { workflowName: "processTask", queueName: "tasks" }, { id: 7 });
 * ```
 */
export interface DBOSSerializer {
  /** Returns the name of the format, which is stored together with each value. */
  name(): string;
  /**
   * Converts a value to text, at once or asynchronously. Undefined is passed as null. The text must
   * not contain a NUL character or a lone surrogate, which Postgres cannot store.
   */
  stringify(value: unknown): string | Promise<string>;
  /** Converts a text back to the value, at once or asynchronously. */
  parse(text: string): unknown;
  /**
   * What `stringify()` gets for the arguments of a workflow: `"typescript"` for an array, as workers
   * in TypeScript and Java read it, or `"python"` for an object `{ args, kwargs }`, as those in Python
   * do. Both are read.
   *
   * @default {"typescript"}
   */
  readonly argsFormat?: "typescript" | "python";
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

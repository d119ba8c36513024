import { serializeObject } from "../serialization/write_portable_json.ts";
import { checkPlainObject } from "../validate.ts";

// Postgres rejects this escape when it parses JSON into values. Only an even number of backslashes in
// front makes it an escape; otherwise it is text that looks like one.
const nulEscape = /(?<!\\)(?:\\\\)*\\u0000/;

/** Serializes attributes as JSON. Refuses attributes that Postgres cannot store. */
export function serializeAttributes(attributes: unknown): string {
  checkPlainObject("attributes", attributes);
  const json = serializeObject(attributes, "attributes");
  if (nulEscape.test(json)) {
    throw new RangeError("Cannot use the given attributes: they contain a NUL character");
  }
  return json;
}

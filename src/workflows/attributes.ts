import { serializeObject } from "../serialization/write_portable_json.ts";

// Postgres rejects this escape when it parses JSON into values. Only an even number of backslashes in
// front makes it an escape; otherwise it is text that looks like one.
const nulEscape = /(?<!\\)(?:\\\\)*\\u0000/;

/** Serializes attributes as JSON. Refuses attributes that Postgres cannot store. */
export function serializeAttributes(attributes: object, path = "attributes"): string {
  const json = serializeObject(attributes, path);
  if (nulEscape.test(json)) {
    throw new RangeError(`Cannot use the given ${path}: they contain a NUL character`);
  }
  return json;
}

import { portableJson } from "../serialization/portable_json.ts";
import { checkPlainObject } from "../validate.ts";

// Postgres refuses both in JSON that it takes apart. What precedes the backslash tells an escape from
// text that looks like one.
const unstorableEscape = /(?<!\\)(?:\\\\)*\\u(?:0000|d[89a-f])/;

/** The JSON of attributes; refuses those that Postgres cannot store. */
export function serializeAttributes(attributes: unknown): string {
  checkPlainObject("attributes", attributes);
  const json = portableJson.serializeValue(attributes);
  if (unstorableEscape.test(json)) {
    throw new RangeError(
      "Cannot use the given attributes: they contain a NUL character or a lone surrogate",
    );
  }
  return json;
}

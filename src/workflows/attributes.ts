import { portableJson } from "../serialization/portable_json.ts";
import { checkPlainObject } from "../validate.ts";

// Postgres rejects these escapes when it parses JSON into values. Only an even number of
// backslashes in front makes them escapes; otherwise they are text that looks like one.
const unstorableEscape = /(?<!\\)(?:\\\\)*\\u(?:0000|d[89a-f])/;

/** Serializes attributes as JSON. Refuses attributes that Postgres cannot store. */
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

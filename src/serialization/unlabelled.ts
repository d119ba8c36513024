/**
 * What releases wrote that recorded no format. It is told by the text, for no text of one language
 * is one of another: TypeScript wrote JSON; Python and Go wrote base64, of pickles, which begin with
 * a mark, and of JSON. What no reader understands is refused.
 */

import type { ReadingCodec } from "./codec.ts";
import { goJson } from "./go/go_json.ts";
import { legacyJson } from "./legacy_json.ts";
import { pyPickle } from "./python/py_pickle.ts";
import { wrapErrors } from "./decoding.ts";

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

// None that is base64 of JSON, or is an error of Go, is JSON itself, unless the error says so little
// that it reads the same.
function findCodec(text: string): ReadingCodec {
  // The first byte of a pickle is 0x80, the second its protocol, from 2 to 5.
  if (/^gA[I-X]/.test(text)) return pyPickle;
  return isJson(text) ? legacyJson : goJson;
}

export const unlabelled: ReadingCodec = wrapErrors({
  name: "",
  deserializeValue: (text) => findCodec(text).deserializeValue(text),
  deserializeArgs: (text) => findCodec(text).deserializeArgs(text),
  deserializeError: (text) => findCodec(text).deserializeError(text),
});

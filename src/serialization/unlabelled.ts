/**
 * Reads values of releases that recorded no format. The text shows which language wrote it:
 * TypeScript wrote JSON; Python wrote base64 of pickles, which start with a distinctive byte; Go
 * wrote base64 of JSON. A text that no codec can read is rejected.
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

// Base64 of JSON is never JSON itself. An error message of Go is JSON only if it is as trivial as
// `7`, and then both codecs read it in the same way.
function findCodec(text: string): ReadingCodec {
  // The first byte of a pickle is 0x80, the second is the protocol, from 2 to 5.
  if (/^gA[I-X]/.test(text)) return pyPickle;
  return isJson(text) ? legacyJson : goJson;
}

export const unlabelled: ReadingCodec = wrapErrors({
  name: "",
  deserializeValue: (text) => findCodec(text).deserializeValue(text),
  deserializeArgs: (text) => findCodec(text).deserializeArgs(text),
  deserializeError: (text) => findCodec(text).deserializeError(text),
});

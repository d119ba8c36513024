/** `DBOS_JSON`: what Go workers write by default, JSON as base64. It is only read here. */

import { WorkflowError } from "../errors.ts";
import type { ReadingCodec } from "./codec.ts";
import { parseExactly, toNumberOrBigint } from "./exact_json.ts";
import { decodeBase64, refusing } from "./refuse.ts";

const nil = "__DBOS_NIL";

function deserializeValue(text: string): unknown {
  if (text === nil) return null;
  const json = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(
    decodeBase64(text),
  );
  return parseExactly(json, toNumberOrBigint);
}

// A gob is a row of messages, each after its length: one byte, or a negated count and that many.
function isGob(bytes: Uint8Array): boolean {
  let messages = 0;
  for (let position = 0; position < bytes.length; messages++) {
    let length = bytes[position++]!;
    if (length > 127) {
      const count = 256 - length;
      if (count > 8) return false;
      length = bytes.subarray(position, position + count)
        .reduce((sum, byte) => sum * 256 + byte, 0);
      position += count;
    }
    if (length === 0 || length > bytes.length - position) return false;
    position += length;
  }
  return messages > 0;
}

function decodeGob(text: string): Uint8Array | undefined {
  try {
    const bytes = decodeBase64(text);
    return isGob(bytes) ? bytes : undefined;
  } catch {
    return undefined;
  }
}

// Whatever the column says, an error is a gob if its type can be one, or its message.
function deserializeError(text: string): WorkflowError {
  if (decodeGob(text)) throw new TypeError("it is an error of a Go type, stored as a gob");
  return new WorkflowError(text);
}

export const goJson: ReadingCodec = refusing({
  name: "DBOS_JSON",
  deserializeValue,
  // A workflow of Go has one argument.
  deserializeArgs: (text) => [deserializeValue(text)],
  deserializeError,
});

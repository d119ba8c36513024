/** Functions that several codecs use to read values. */

import { UnsupportedSerializationError } from "../errors/reading.ts";
import type { ReadingCodec } from "./codec.ts";

/** Wraps every error of a codec in an {@linkcode UnsupportedSerializationError}. */
export function wrapErrors(codec: ReadingCodec): ReadingCodec {
  function guard<Result>(read: (text: string) => Result): (text: string) => Result {
    return (text) => {
      try {
        return read(text);
      } catch (error) {
        throw new UnsupportedSerializationError(codec.name || null, error);
      }
    };
  }
  return {
    name: codec.name,
    deserializeValue: guard(codec.deserializeValue),
    deserializeArgs: guard(codec.deserializeArgs),
    deserializeError: guard(codec.deserializeError),
  };
}

/** Returns the value if it is a list of arguments, and throws otherwise. */
export function requireArgs(value: unknown): unknown[] {
  if (!Array.isArray(value)) throw new TypeError("missing arguments");
  return value;
}

// Far above anything that workers write.
const maxBase64Length = 96 * 2 ** 20;

/** Decodes a base64 text. */
export function decodeBase64(text: string): Uint8Array<ArrayBuffer> {
  if (text.length > maxBase64Length) {
    throw new RangeError(`longer than ${maxBase64Length} characters`);
  }
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}

/** Sets a property, even `__proto__`: an assignment to that would set the prototype. */
export function setProperty(target: object, key: string, value: unknown): void {
  Object.defineProperty(target, key, {
    value,
    configurable: true,
    enumerable: true,
    writable: true,
  });
}

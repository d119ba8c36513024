/** What the codecs have in common that only read: they refuse what they do not understand. */

import { UnsupportedSerializationError } from "../errors/reading.ts";
import type { ReadingCodec } from "./codec.ts";

/** The codec with any failure of it as an {@linkcode UnsupportedSerializationError}. */
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

/** A value as the arguments that it must be. */
export function requireArgs(value: unknown): unknown[] {
  if (!Array.isArray(value)) throw new TypeError("it has no arguments");
  return value;
}

// Workers write nothing near this limit.
const maxBase64Length = 96 * 2 ** 20;

/** The bytes of a base64 text. */
export function decodeBase64(text: string): Uint8Array<ArrayBuffer> {
  if (text.length > maxBase64Length) {
    throw new RangeError(`it is longer than ${maxBase64Length} characters`);
  }
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}

/** Sets a property, `__proto__` too, which assignment would take for the prototype. */
export function setProperty(target: object, key: string, value: unknown): void {
  Object.defineProperty(target, key, {
    value,
    configurable: true,
    enumerable: true,
    writable: true,
  });
}

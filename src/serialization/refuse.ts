/** What the codecs have in common that only read: they refuse what they do not understand. */

import { UnsupportedSerializationError } from "../errors.ts";
import type { ReadingCodec } from "./codec.ts";

function unreadable(serialization: string, cause: unknown): UnsupportedSerializationError {
  const error = new UnsupportedSerializationError(serialization || null);
  error.cause = cause;
  if (!serialization) return error;
  const reason = cause instanceof Error ? cause.message : String(cause);
  const message = `Cannot read a value of format ${serialization}: ${reason}`;
  if (error.stack) error.stack = error.stack.replace(error.message, () => message);
  error.message = message;
  return error;
}

/** The codec with any failure of it as an {@linkcode UnsupportedSerializationError}. */
export function refusing(codec: ReadingCodec): ReadingCodec {
  function guard<Result>(read: (text: string) => Result): (text: string) => Result {
    return (text) => {
      try {
        return read(text);
      } catch (error) {
        throw unreadable(codec.name, error);
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

/** The bytes of a base64 text. */
export function decodeBase64(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
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

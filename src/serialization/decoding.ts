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
        const cause = error instanceof UnsupportedSerializationError ? error.cause : error;
        throw new UnsupportedSerializationError(codec.name || null, cause);
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

/** The error of a parser. That of the engine for JSON is not passed on: its message quotes the text. */
export function withoutText(error: unknown): unknown {
  return error instanceof SyntaxError ? new SyntaxError("invalid JSON") : error;
}

/** Parses JSON. */
export function parseJson(
  text: string,
  revive?: (key: string, value: unknown) => unknown,
): unknown {
  try {
    return JSON.parse(text, revive);
  } catch (error) {
    throw withoutText(error);
  }
}

/** Whether a value is an object, an array or the like. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

// Far above what is written. The time to parse an integer grows faster than its length: for 100,000
// digits it is 7 ms in V8, and 400 ms in Bun.
const maxDigits = 10_000;

/** Parses the decimal digits of a bigint. */
export function parseBigint(digits: unknown): bigint {
  if (typeof digits !== "string" || !/^-?\d+$/.test(digits)) throw new TypeError("invalid bigint");
  if (digits.length > maxDigits) throw new RangeError(`bigint of more than ${maxDigits} digits`);
  return BigInt(digits);
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

/**
 * Sets a property, also one whose name is inherited: an assignment to `__proto__` would set the
 * prototype.
 */
export function setProperty(target: object, key: string, value: unknown): void {
  if (!(key in target)) {
    // Several times as fast.
    (target as Record<string, unknown>)[key] = value;
    return;
  }
  Object.defineProperty(target, key, {
    value,
    configurable: true,
    enumerable: true,
    writable: true,
  });
}

/** Sets a property that is not enumerable, like those of an error. */
export function setHidden(target: object, key: string, value: unknown): void {
  Object.defineProperty(target, key, { value, configurable: true, writable: true });
}

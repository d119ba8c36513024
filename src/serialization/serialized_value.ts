import type { CustomCodec, ReadingCodec } from "./codec.ts";
import { isObject } from "./decoding.ts";
import { readStored } from "./read.ts";
import type { CustomFormat } from "./custom_format.ts";

/** A stored value that this client cannot read: its format is unknown, or it is damaged. */
export class SerializedValue {
  /** Creates a serialized value. */
  constructor(
    /** The name of the format, or null if none is recorded. */
    readonly serialization: string | null,
    /** The stored text. */
    readonly text: string,
  ) {}
}

/**
 * Reads a stored text with `read`. Returns a {@linkcode SerializedValue} if that fails, so that one
 * unreadable value does not hide the rest of the result. There is no promise where `readStored()` needs
 * none.
 */
export function deserializeIfKnown<Value>(
  text: string | null | undefined,
  serialization: string | null | undefined,
  custom: CustomFormat | undefined,
  read: (codec: ReadingCodec | CustomCodec, text: string) => Value | Promise<Value>,
): Value | SerializedValue | undefined | Promise<Value | SerializedValue> {
  if (text === null || text === undefined) return undefined;
  const keepText = (): SerializedValue => {
    custom?.signal?.throwIfAborted();
    return new SerializedValue(serialization || null, text);
  };
  try {
    const value = readStored(text, serialization, custom, read);
    return value instanceof Promise ? value.catch(keepText) : value;
  } catch {
    return keepText();
  }
}

/** Reads a stored value, as `deserializeIfKnown()` does. */
export function deserializeValueIfKnown(
  text: string | null | undefined,
  serialization: string | null | undefined,
  custom?: CustomFormat,
): unknown {
  return deserializeIfKnown(
    text,
    serialization,
    custom,
    (codec, text) => codec.deserializeValue(text),
  );
}

/** Reads a stored error, as `deserializeIfKnown()` does. */
export function deserializeErrorIfKnown(
  text: string | null | undefined,
  serialization: string | null | undefined,
  custom: CustomFormat | undefined,
): unknown {
  return deserializeIfKnown(
    text,
    serialization,
    custom,
    (codec, text) => codec.deserializeError(text),
  );
}

function parseIfValid(
  text: string | null | undefined,
  isValid: (value: unknown) => boolean,
): unknown {
  if (!text || text === "null") return undefined;
  try {
    const value = JSON.parse(text);
    if (isValid(value)) return value;
  } catch {
    // It is not valid.
  }
  return new SerializedValue(null, text);
}

/** Parses a stored list of roles. */
export function parseRoles(
  text: string | null | undefined,
): string[] | SerializedValue | undefined {
  return parseIfValid(
    text,
    (value) => Array.isArray(value) && value.every((role) => typeof role === "string"),
  ) as string[] | SerializedValue | undefined;
}

/** Parses the stored attributes of a workflow. */
export function parseAttributes(
  text: string | null | undefined,
): Record<string, unknown> | SerializedValue | undefined {
  return parseIfValid(text, (value) => isObject(value) && !Array.isArray(value)) as
    | Record<string, unknown>
    | SerializedValue
    | undefined;
}

import type { ReadingCodec } from "./codec.ts";
import { findCodec } from "./mod.ts";

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
 * unreadable value does not hide the rest of the result.
 */
export async function deserializeIfKnown<Value>(
  text: string | null | undefined,
  serialization: string | null | undefined,
  read: (codec: ReadingCodec, text: string) => Value,
): Promise<Value | SerializedValue | undefined> {
  if (text === null || text === undefined) return undefined;
  try {
    return read(await findCodec(serialization, text), text);
  } catch {
    return new SerializedValue(serialization || null, text);
  }
}

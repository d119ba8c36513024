import type { ReadingCodec } from "./codec.ts";
import { findCodec } from "./mod.ts";

/** A value that this client cannot read, as it is stored: in an unknown format, or damaged. */
export class SerializedValue {
  /** Labels a stored value with its format. */
  constructor(
    /** The name of the format, or null where none is recorded. */
    readonly serialization: string | null,
    /** The value as it is stored. */
    readonly text: string,
  ) {}
}

/**
 * Reads a stored text with `read`, or gives it as a {@linkcode SerializedValue} where that cannot
 * be done, so that one such value does not hide all else that is known.
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

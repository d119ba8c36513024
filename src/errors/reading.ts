/** Errors of stored values that cannot be read. */

/** A value is stored in a format that this client cannot read. */
export class UnsupportedSerializationError extends Error {
  /** The name of the error. */
  override get name(): string {
    return "UnsupportedSerializationError";
  }

  /** Makes the error. */
  constructor(
    /** The name of the format, or null if none is recorded. */
    readonly serialization: string | null,
    /** Why a value of a known format cannot be read. */
    cause?: unknown,
    /** The reason in the message, if it is not the message of the cause. */
    reason?: string,
  ) {
    super(
      describeUnreadable(serialization, cause, reason),
      cause === undefined ? undefined : { cause },
    );
  }
}

function describeUnreadable(
  serialization: string | null,
  cause: unknown,
  reason: string | undefined,
): string {
  if (!serialization) return "Cannot read a value: no serialization format is recorded with it";
  if (cause === undefined && reason === undefined) {
    return `Cannot read a value: unknown serialization format ${serialization.slice(0, 100)}`;
  }
  const why = reason ?? (cause instanceof Error ? cause.message : String(cause));
  return `Cannot read a value of format ${serialization}: ${why}`;
}

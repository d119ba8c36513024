/** A row has the key of another one. */
export const uniqueViolation = "23505";
/** The statement writes, but the server or the transaction is read-only. */
export const readOnly = "25006";

/**
 * The SQLSTATE of a driver's error; undefined if the server did not send the error. No SQLSTATE begins
 * with E, as the codes of operating systems do.
 */
export function sqlStateOf(error: unknown): string | undefined {
  if (typeof error !== "object" || error === null) return undefined;
  const { errno, code, fields } = error as Record<string, unknown>;
  const candidates = [errno, code, (fields as { code?: unknown } | undefined)?.code];
  return candidates.find((value): value is string =>
    typeof value === "string" && /^[0-9A-DF-Z][0-9A-Z]{4}$/.test(value)
  );
}

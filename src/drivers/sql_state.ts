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

// Class 08 and 57P0x: the server ends the session; 25006: it is read-only, as the primary of yesterday
// is after a failover.
const lostSession = /^(08...|57P0[123]|25006)$/;

/** Whether the connection is of no use after an error: it is lost, or leads to the wrong server. */
export function losesConnection(error: unknown): boolean {
  const state = sqlStateOf(error);
  return state === undefined || lostSession.test(state);
}

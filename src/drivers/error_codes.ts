/** What the errors of drivers, of the server and of runtimes mean. */

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

/** The code of an error, as text; empty if it has none. */
export function codeOf(error: unknown): string {
  return String((error as { code?: unknown } | undefined)?.code ?? "");
}

// Node's codes, which Deno and Bun use for Node's sockets. ERR_SOCKET_CLOSED is what Bun says of one
// that the server closes while TLS starts.
const codes = new Set([
  "EAI_AGAIN",
  "ECONNABORTED",
  "ECONNREFUSED",
  "ECONNRESET",
  "EHOSTUNREACH",
  "ENETUNREACH",
  // The name of a server that is only just being set up.
  "ENOTFOUND",
  "EPIPE",
  "ERR_SOCKET_CLOSED",
  "ETIMEDOUT",
]);
// Deno's error classes.
const names = new Set([
  "BrokenPipe",
  "ConnectionAborted",
  "ConnectionRefused",
  "ConnectionReset",
  "UnexpectedEof",
]);

/** Whether an error of the runtime means that the connection was lost or refused. */
export function isLostSocket(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return codes.has(codeOf(error)) || names.has(error.name) ||
    (error instanceof AggregateError && error.errors.some(isLostSocket));
}

// The words of npm:pg.
const lostConnectionMessage =
  /^(Connection terminated|Client has encountered a connection error|timeout exceeded when trying to connect|timeout expired$)/;

/** Whether an error of npm:pg means that the connection was lost or refused. */
export function isLostPgConnection(error: unknown): boolean {
  return isLostSocket(error) ||
    (error instanceof Error && lostConnectionMessage.test(error.message));
}

/** Makes an error of the event with which Neon's driver, made from it, rejects if its WebSocket fails. */
export function toError(error: unknown): unknown {
  const isEvent = !(error instanceof Error) && (error as Event | undefined)?.type === "error";
  if (!isEvent) return error;
  return new Error("Connection terminated: the WebSocket to the proxy of the database has failed");
}

// Class 08, 57P0x and 25P0x: the server ends the session; 25006: it is read-only, as the old primary is
// after a failover.
const lostSession = /^(08...|57P0[1-5]|25P0[34]|25006)$/;

/** Whether the connection is of no use after an error: it is lost, or leads to the wrong server. */
export function losesConnection(error: unknown): boolean {
  const state = sqlStateOf(error);
  return state === undefined || lostSession.test(state);
}

/** The function of the server that raised an error: it tells errors of one SQLSTATE apart. */
function routineOf(error: unknown): string | undefined {
  const { routine, fields } = (error ?? {}) as Record<string, unknown>;
  return (routine ?? (fields as { routine?: string } | undefined)?.routine) as string | undefined;
}

const insufficientPrivilege = "42501";

/** Whether an error means that a privilege is missing, and not that a row is refused. */
export function isPrivilegeMissing(error: unknown): error is Error {
  if (sqlStateOf(error) !== insufficientPrivilege || !(error instanceof Error)) return false;
  const routine = routineOf(error);
  // Row-level security and triggers have the same SQLSTATE.
  return routine ? routine.startsWith("aclcheck") : /^permission denied for /.test(error.message);
}

const word = /^\w{1,50}$/;

/** Names an error in a few words. Its message is left out, since it may quote a value or a URL. */
export function toFaultText(error: unknown): string {
  const state = sqlStateOf(error);
  if (state) return `SQLSTATE ${state}`;
  const name = error instanceof Error && error.name !== "Error" ? error.name : "";
  return [codeOf(error), name].find((text) => word.test(text)) ?? "an error without a code";
}

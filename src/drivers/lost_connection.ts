/** How runtimes and Postgres report a lost or refused connection. Drivers have errors of their own. */

import { sqlStateOf } from "./sql_state.ts";

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

/** The code of an error, as text; empty if it has none. */
export function codeOf(error: unknown): string {
  return String((error as { code?: unknown } | undefined)?.code ?? "");
}

/** Whether an error of the runtime means that the connection was lost or refused. */
export function isLostSocket(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return codes.has(codeOf(error)) || names.has(error.name) ||
    (error instanceof AggregateError && error.errors.some(isLostSocket));
}

// Class 08, 57P0x and 25P0x: the server ends the session; 25006: it is read-only, as the old primary is
// after a failover.
const lostSession = /^(08...|57P0[1-5]|25P0[34]|25006)$/;

/** Whether the connection is of no use after an error: it is lost, or leads to the wrong server. */
export function losesConnection(error: unknown): boolean {
  const state = sqlStateOf(error);
  return state === undefined || lostSession.test(state);
}

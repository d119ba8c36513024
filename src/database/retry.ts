/** Which faults pass by themselves, and how long to try again. */

import { sqlStateOf } from "./sql_state.ts";

// Deno, Node and Bun, npm:pg, npm:postgres and Bun.sql each have their own words for a lost or
// refused connection.
const lostConnectionCodes = new Set([
  "CONNECTION_CLOSED",
  "CONNECTION_DESTROYED",
  "CONNECT_TIMEOUT",
  "EAI_AGAIN",
  "ECONNABORTED",
  "ECONNREFUSED",
  "ECONNRESET",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "EPIPE",
  "ETIMEDOUT",
  "ERR_POSTGRES_CONNECTION_CLOSED",
  "ERR_POSTGRES_CONNECTION_FAILED",
  "ERR_POSTGRES_CONNECTION_TIMEOUT",
]);
const lostConnectionNames = new Set([
  "BrokenPipe",
  "ConnectionAborted",
  "ConnectionError",
  "ConnectionRefused",
  "ConnectionReset",
  "UnexpectedEof",
]);
const lostConnectionMessage = /^(Connection terminated|timeout exceeded when trying to connect)/;

// Class 08 and 57P0x: the server closes the connection or does not take one; 53300: it has none left.
const connectionStates = /^(08...|57P0[123]|53300)$/;
// 40001 and 40P01: the transaction lost against another one.
const rollbackStates = /^(40001|40P01)$/;

function isLostConnection(error: unknown): boolean {
  const state = sqlStateOf(error);
  if (state) return connectionStates.test(state);
  if (!(error instanceof Error)) return false;
  return lostConnectionCodes.has(String((error as { code?: unknown }).code)) ||
    lostConnectionNames.has(error.name) || lostConnectionMessage.test(error.message) ||
    (error instanceof AggregateError && error.errors.some(isLostConnection));
}

/** Whether the same statement may succeed when it is sent again. */
export function isTransient(error: unknown, canReconnect: boolean): boolean {
  if (rollbackStates.test(sqlStateOf(error) ?? "")) return true;
  return canReconnect && isLostConnection(error);
}

const firstDelayMs = 10;
const maxDelayMs = 1000;

/**
 * Runs `attempt` again after an `error`, until it succeeds, fails for good or the time is
 * `giveUpAtMs` of performance.now(). Before each attempt it waits, at first for some 10 ms, then twice
 * as long each time up to a second.
 */
export async function retryAfter<Result>(
  error: unknown,
  attempt: () => Promise<Result>,
  isRetriable: (error: unknown) => boolean,
  giveUpAtMs: number,
): Promise<Result> {
  let fault = error;
  for (let delayMs = firstDelayMs;; delayMs = Math.min(2 * delayMs, maxDelayMs)) {
    // Jitter, so that the clients of a restarted server do not return all at once.
    const jitteredMs = delayMs * (0.5 + Math.random());
    if (performance.now() + jitteredMs > giveUpAtMs || !isRetriable(fault)) throw fault;
    await new Promise((resolve) => setTimeout(resolve, jitteredMs));
    try {
      return await attempt();
    } catch (error) {
      fault = error;
    }
  }
}

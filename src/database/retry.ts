/** Which faults pass by themselves, and how long to try again. */

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

/** The SQLSTATE of a driver's error, if the server sent one. */
export function sqlStateOf(error: unknown): string | undefined {
  if (typeof error !== "object" || error === null) return undefined;
  const { errno, code, fields } = error as Record<string, unknown>;
  const candidates = [errno, code, (fields as { code?: unknown } | undefined)?.code];
  return candidates.find((value): value is string =>
    typeof value === "string" && /^[0-9A-Z]{5}$/.test(value) && !lostConnectionCodes.has(value)
  );
}

function isLostConnection(error: unknown): boolean {
  const state = sqlStateOf(error);
  if (state) return connectionStates.test(state);
  if (!(error instanceof Error)) return false;
  return lostConnectionCodes.has(String((error as { code?: unknown }).code)) ||
    lostConnectionNames.has(error.name) || lostConnectionMessage.test(error.message) ||
    (error instanceof AggregateError && error.errors.some(isLostConnection));
}

/** Whether the same statement may succeed when it is sent again. */
export function isTransient(error: unknown, reconnects: boolean): boolean {
  if (rollbackStates.test(sqlStateOf(error) ?? "")) return true;
  return reconnects && isLostConnection(error);
}

const firstDelayMs = 10;
const longestDelayMs = 1000;

/**
 * Runs `attempt` until it succeeds, fails for good or `timeoutMs` are over. Between attempts it
 * waits, at first for some 10 ms, then twice as long each time up to a second.
 */
export async function retry<Result>(
  attempt: () => Promise<Result>,
  isWorthRetrying: (error: unknown) => boolean,
  timeoutMs: number,
): Promise<Result> {
  const giveUpAt = performance.now() + timeoutMs;
  for (let delayMs = firstDelayMs;; delayMs = Math.min(2 * delayMs, longestDelayMs)) {
    try {
      return await attempt();
    } catch (error) {
      // Jitter, so that the clients of a restarted server do not return all at once.
      const jitteredMs = delayMs * (0.5 + Math.random());
      if (performance.now() + jitteredMs > giveUpAt || !isWorthRetrying(error)) throw error;
      await new Promise((resolve) => setTimeout(resolve, jitteredMs));
    }
  }
}

/** Tries again what somebody else has come in the way of. */

// Each time, whoever is in the way has come or gone since the last: a few times is much already.
const maxAttempts = 20;

/**
 * Calls `attempt` until it gives a result. Without one, somebody has interfered meanwhile; if that
 * does not end, the error says what could not be done (`action`) and what they did (`cause`).
 */
export async function retryOnConflict<Result>(
  action: string,
  cause: string,
  attempt: () => Promise<Result | undefined>,
): Promise<Result> {
  for (let count = 1; count <= maxAttempts; count++) {
    const result = await attempt();
    if (result !== undefined) return result;
  }
  throw new Error(`Cannot ${action}: ${cause} ${maxAttempts} times meanwhile`);
}

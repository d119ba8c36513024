// Every attempt means that somebody has interfered again, so a few are many.
const maxAttempts = 20;

/**
 * Repeats `attempt` until it returns a result. No result means that somebody has interfered
 * meanwhile. If that does not end, the error says that the `action` cannot be done because of the
 * `cause`.
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

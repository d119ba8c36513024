import { isRowSecurityActive } from "../../sql/database/mod.ts";
import type { SystemDatabase } from "../database/system_database.ts";
import { HiddenRowError } from "../errors/database.ts";

// Every attempt means that somebody has interfered again, so a few are many.
const maxAttempts = 20;

/**
 * Repeats `attempt` until it returns a result. No result means that somebody has interfered
 * meanwhile. If that does not end, the error says that the `action` cannot be done because of the
 * `cause`. The second time it may also mean that row-level security hides what is in the way.
 */
export async function retryOnConflict<Result>(
  database: SystemDatabase,
  action: string,
  cause: string,
  attempt: () => Promise<Result | undefined>,
): Promise<Result> {
  for (let count = 1; count <= maxAttempts; count++) {
    const result = await attempt();
    if (result !== undefined) return result;
    if (count !== 2) continue;
    const [row] = await database.run(isRowSecurityActive, {});
    if (row!.is_active) throw new HiddenRowError(action);
  }
  throw new Error(`Cannot ${action}: ${cause} ${maxAttempts} times meanwhile`);
}

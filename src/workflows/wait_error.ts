import type { SystemDatabase } from "../database/system_database.ts";
import type { WaitErrorOptions } from "../errors/waiting.ts";
import type { Waiter } from "../polling/waiter.ts";

/**
 * What the error of a wait says of a workflow, after the timeout of the waiter. If the signal is aborted
 * meanwhile, it throws the reason.
 */
export async function readErrorOptions(
  database: SystemDatabase,
  workflowID: string,
  signal: AbortSignal | undefined,
  { timeoutSeconds, error: cause, giveUpAt }: Waiter<unknown>,
): Promise<WaitErrorOptions> {
  // A timeout of 0 is for programs that poll themselves, and one query is enough for them.
  if (timeoutSeconds === 0 || cause !== undefined) return { cause };
  // Loaded on demand: 4 KB gzipped, and for the message of an error.
  const explanation = await import("./explain_timeout.ts").then(
    ({ explainTimeout }) => explainTimeout(database, workflowID, giveUpAt, signal),
    () => undefined,
  );
  signal?.throwIfAborted();
  return { explanation };
}

/** Explains a workflow in the error of a wait. Loaded on demand. */

import { onAbort } from "../promises.ts";
import { type SystemDatabase, withSignal } from "../database/system_database.ts";
import type { WorkflowExplanation } from "../explanation.ts";
import { maxTimerMs } from "../event_loop.ts";
import { explain } from "./explain_workflow.ts";

// Thousands of waits may time out together, and a pool has some ten connections.
const maxInFlight = 20;
const inFlight = new WeakMap<SystemDatabase, number>();

/**
 * Explains a workflow, if that works at the first attempt and before `giveUpAt`, a time of
 * performance.now(). Otherwise, or if the signal is aborted or the client is closed first, it settles to
 * undefined: it is for an error, which it must neither replace nor delay.
 */
export async function explainTimeout(
  database: SystemDatabase,
  workflowID: string,
  giveUpAt: number,
  signal: AbortSignal | undefined,
): Promise<WorkflowExplanation | undefined> {
  const remainingMs = Math.min(giveUpAt - performance.now(), maxTimerMs);
  const others = inFlight.get(database) ?? 0;
  const isOver = database.closed.aborted || signal?.aborted;
  if (isOver || remainingMs <= 0 || others >= maxInFlight) return undefined;
  inFlight.set(database, others + 1);
  const over = new AbortController();
  const end = () => over.abort();
  const timer = setTimeout(end, remainingMs);
  const stops = [database.closed, ...(signal ? [signal] : [])].map((signal) =>
    onAbort(signal, end)
  );
  try {
    // No retries: their time begins with `since`.
    return await explain(withSignal(database, over.signal), workflowID, { since: -Infinity });
  } catch {
    return undefined;
  } finally {
    clearTimeout(timer);
    stops.forEach((stop) => stop());
    inFlight.set(database, inFlight.get(database)! - 1);
  }
}

import { type Client, systemDatabaseOf } from "../client/client.ts";
import type { SystemDatabase } from "../database/system_database.ts";
import type { Driver } from "../drivers/driver.ts";
import { ResultTimeoutError } from "../errors/waiting.ts";
import { readOptions } from "../options.ts";
import { timeoutOf, waitDescription, waitFor, type WaitOptions } from "../polling/waiter.ts";
import { checkText } from "../validate.ts";
import { outcomesQuery, toResult } from "./outcome.ts";

/** The error of a wait that must be over at `giveUpAt`, a time of performance.now(). */
async function createTimeoutError(
  database: SystemDatabase,
  workflowID: string,
  timeoutSeconds: number,
  signal: AbortSignal | undefined,
  cause: unknown,
  giveUpAt: number,
): Promise<ResultTimeoutError> {
  // A timeout of 0 is for programs that poll themselves, and one query is enough for them.
  const isExplained = timeoutSeconds > 0 && cause === undefined;
  // Loaded on demand: 4 KB gzipped, and for the message of an error.
  const load = () => import("./explain_timeout.ts");
  const explanation = isExplained
    ? await load().then(
      ({ explainTimeout }) => explainTimeout(database, workflowID, giveUpAt, signal),
      () => undefined,
    )
    : undefined;
  signal?.throwIfAborted();
  return new ResultTimeoutError(workflowID, timeoutSeconds, { cause, explanation });
}

/** Waits for a result. A handle that is bound to the connection of a transaction may only poll once. */
export async function waitForResult<Result>(
  client: Client | Driver,
  workflowID: string,
  options: WaitOptions | undefined,
  isBound: boolean,
): Promise<Result> {
  const database = systemDatabaseOf(client);
  checkText("workflowID of getResult()", workflowID);
  const read = readOptions("getResult()", waitDescription, options);
  const timeoutSeconds = timeoutOf(read);
  if (isBound && timeoutSeconds > 0) {
    throw new TypeError(
      `Cannot wait with this handle to workflow ${workflowID}: it was made in a transaction, and ` +
        "belongs to its connection. After the commit, use retrieveWorkflow(pool, workflowID)",
    );
  }
  const { attemptTimeoutSeconds } = database.settings;
  const giveUpAt = performance.now() + 1000 * (timeoutSeconds + attemptTimeoutSeconds);
  const target = { item: workflowID };
  const outcome = await waitFor(database, outcomesQuery, target, read, async (cause) => {
    throw await createTimeoutError(
      database,
      workflowID,
      timeoutSeconds,
      read.signal,
      cause,
      giveUpAt,
    );
  });
  return await toResult(workflowID, outcome, database.settings.serializer) as Result;
}

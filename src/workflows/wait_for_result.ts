import { type Client, runInSpan, systemDatabaseOf, tracingOf } from "../client/client.ts";
import { type ContractField, contractIn } from "../contracts/contract.ts";
import type { Driver } from "../drivers/driver.ts";
import { ResultTimeoutError } from "../errors/waiting.ts";
import { readOptions } from "../options.ts";
import { createWaiter, timeoutOf, waitDescription, type WaitOptions } from "../polling/waiter.ts";
import type { Tracing } from "../tracing/tracing.ts";
import { checkText } from "../validate.ts";
import { formatForCall } from "../serialization/custom_format.ts";
import { outcomesQuery, toResult } from "./outcome.ts";
import { readErrorOptions } from "./wait_error.ts";

/** Waits for a result in a span of its own. */
async function waitInSpan<Result>(
  tracing: Tracing,
  workflowID: string,
  options: WaitOptions,
  isBound: boolean,
  field: ContractField | undefined,
): Promise<Result> {
  const call = { name: "getResult()", details: { workflowID } };
  const waitUntraced = (client: Client) =>
    waitForResult<Result>(client, workflowID, options, isBound, field);
  return await runInSpan(tracing, call, waitUntraced);
}

/**
 * Waits for a result. A handle that is bound to the connection of a transaction may only poll once. The
 * contract is that of the options or else of the handle.
 */
export async function waitForResult<Result>(
  client: Client | Driver,
  workflowID: string,
  options: WaitOptions | undefined,
  isBound: boolean,
  field: ContractField | undefined,
): Promise<Result> {
  const database = systemDatabaseOf(client);
  checkText("workflowID of getResult()", workflowID);
  const read = readOptions("getResult()", waitDescription, options);
  const tracing = tracingOf(database, client);
  if (tracing) return await waitInSpan(tracing, workflowID, read, isBound, field);
  const timeoutSeconds = timeoutOf(read);
  if (isBound && timeoutSeconds > 0) {
    throw new TypeError(
      `Cannot wait with this handle to workflow ${workflowID}: it was made in a transaction, and ` +
        "belongs to its connection. After the commit, use retrieveWorkflow(pool, workflowID)",
    );
  }
  const target = { item: workflowID, workflowID };
  const waiter = createWaiter(database, outcomesQuery, read);
  // Each function that waits takes half a kilobyte, and there may be 100,000 calls at once.
  const [outcome] = await waiter.next([target]) ?? [];
  if (!outcome) {
    const details = await readErrorOptions(database, workflowID, read.signal, waiter);
    throw new ResultTimeoutError(workflowID, timeoutSeconds, details);
  }
  const serializer = formatForCall(database.settings.serializer, read.signal);
  const { result = field } = contractIn(read) ?? {};
  return await toResult(workflowID, outcome, serializer, result, read.signal) as Result;
}

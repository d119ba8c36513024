import type { Client } from "../client/client.ts";
import type { ContractKey } from "../contracts/contract.ts";
import type { Driver } from "../drivers/driver.ts";
import { onDemand } from "../promises.ts";
import type { WaitOptions } from "../polling/waiter.ts";

// Many programs only enqueue and send. Waiting is 5 KB gzipped.
const loadWaiting = onDemand(() => import("./wait_for_event.ts"));

/**
 * Waits until a workflow has set an event, and returns the latest value of the event.
 *
 * @example
 * ```ts
 * import { connect, getEvent } from "@dbos-community/client";
 *
 * await using client = await connect();
 * console.log(await getEvent<number>(client, "task-7", "progress", { timeoutSeconds: 5 }));
 * ```
 *
 * @param client A client, or a driver's pool, connection or transaction.
 * @param workflowID The ID of the workflow.
 * @param key The key of the event; of a contract, it types the value.
 * @param options How long to wait, and how, or only the timeout in seconds. The default timeout is
 * 60 s, unless there is a deadline.
 * @returns The value, or null if the event was not set within the timeout.
 * @throws {TypeError} If the ID or the key is not a string.
 * @throws {TypeError} If a transaction is open on the client, unless `timeoutSeconds` is 0.
 * @throws {RangeError} If the ID or the key is empty, or the timeout is negative.
 * @throws {DatabaseTimeoutError} If the database has not answered within the timeout. Its `cause` is
 * the error of the database.
 * @throws {UnsupportedSerializationError} If the value is in an unknown format, or damaged.
 * @throws {ContractError} If the contract does not allow the value.
 */
export function getEvent<Value = unknown>(
  client: Client | Driver,
  workflowID: string,
  key: string | ContractKey<"event", Value>,
  options: number | WaitOptions = {},
): Promise<Value | null> {
  const loading = loadWaiting();
  // Only awaited if necessary, so that waits that begin in the same tick share a poll.
  return loading instanceof Promise
    ? loading.then(({ waitForEvent }) => waitForEvent(client, workflowID, key, options))
    : loading.waitForEvent(client, workflowID, key, options);
}

import { type Client, systemDatabaseOf } from "../client/client.ts";
import * as sql from "../../sql/messages/mod.ts";
import type { Driver } from "../drivers/driver.ts";
import { deserializeValue } from "../serialization/mod.ts";
import { checkText } from "../validate.ts";
import { pollObjects } from "../polling/poller.ts";
import { waitFor, type WaitOptions } from "../polling/waiter.ts";

const eventsQuery = pollObjects(sql.findEvents);
const defaultTimeoutSeconds = 60;

/**
 * The latest value that a workflow has set for an event; waits for it to be set.
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
 * @param key The key of the event.
 * @param options How long to wait, and how, or the timeout in seconds alone; 60 s without.
 * @returns The value, or null if it was not set in time.
 * @throws {TypeError} If the ID or the key is not a string.
 * @throws {RangeError} If the ID or the key is empty, or the timeout negative.
 * @throws {UnsupportedSerializationError} If the value is in a format that is not known.
 */
export async function getEvent<Value = unknown>(
  client: Client | Driver,
  workflowID: string,
  key: string,
  options: number | WaitOptions = {},
): Promise<Value | null> {
  checkText("workflowID", workflowID);
  checkText("key", key);
  const waitOptions = typeof options === "number" ? { timeoutSeconds: options } : options;
  const target = {
    item: JSON.stringify({ workflow_id: workflowID, key }),
    notification: `${workflowID}::${key}`,
  };
  const event = await waitFor(systemDatabaseOf(client), eventsQuery, target, {
    timeoutSeconds: defaultTimeoutSeconds,
    ...waitOptions,
  });
  return event ? await deserializeValue(event.value, event.serialization) as Value : null;
}

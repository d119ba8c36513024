import { type Client, systemDatabaseOf } from "../client/client.ts";
import * as sql from "../../sql/messages/mod.ts";
import type { Driver } from "../drivers/driver.ts";
import { DatabaseTimeoutError } from "../errors/database.ts";
import { deserializeValue } from "../serialization/mod.ts";
import { readOptions } from "../options.ts";
import { checkText } from "../validate.ts";
import { pollObjects } from "../polling/poll_query.ts";
import { waitDescription, waitFor, type WaitOptions } from "../polling/waiter.ts";

const eventsQuery = pollObjects(sql.findEvents);
const defaultTimeoutSeconds = 60;

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
 * @param key The key of the event.
 * @param options How long to wait, and how, or only the timeout in seconds. The default timeout is
 * 60 s.
 * @returns The value, or null if the event was not set within the timeout.
 * @throws {TypeError} If the ID or the key is not a string.
 * @throws {TypeError} If a transaction is open on the client, unless `timeoutSeconds` is 0.
 * @throws {RangeError} If the ID or the key is empty, or the timeout is negative.
 * @throws {DatabaseTimeoutError} If the database has not answered within the timeout. Its `cause` is
 * the error of the database.
 * @throws {UnsupportedSerializationError} If the value is in an unknown format, or damaged.
 */
export async function getEvent<Value = unknown>(
  client: Client | Driver,
  workflowID: string,
  key: string,
  options: number | WaitOptions = {},
): Promise<Value | null> {
  const database = systemDatabaseOf(client);
  checkText("workflowID of getEvent()", workflowID);
  checkText("key of getEvent()", key);
  const { timeoutSeconds = defaultTimeoutSeconds, ...waitOptions } = readOptions(
    "getEvent()",
    waitDescription,
    typeof options === "number" ? { timeoutSeconds: options } : options,
  );
  const target = {
    item: JSON.stringify({ workflow_id: workflowID, key }),
    notification: `${workflowID}::${key}`,
  };
  const event = await waitFor(
    database,
    eventsQuery,
    target,
    { ...waitOptions, timeoutSeconds },
    (cause) => {
      if (cause === undefined) return null;
      throw new DatabaseTimeoutError(database.settings.attemptTimeoutSeconds, { cause });
    },
  );
  return event && await deserializeValue(event.value, event.serialization) as Value;
}

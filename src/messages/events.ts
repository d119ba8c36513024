import { type Client, systemDatabaseOf } from "../../client.ts";
import { findEvents, getAllEvents as getAllEventsStatement } from "../../sql/messages/mod.ts";
import type { Driver } from "../drivers/adapter.ts";
import { deserializeValue } from "../serialization/mod.ts";
import { deserializeIfKnown } from "../serialization/serialized_value.ts";
import { checkText } from "../validate.ts";
import { waitFor, type WaitOptions } from "../database/wait.ts";

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
  const awaited = {
    item: JSON.stringify({ workflow_id: workflowID, key }),
    notification: `${workflowID}::${key}`,
  };
  const event = await waitFor(systemDatabaseOf(client), findEvents, awaited, {
    timeoutSeconds: defaultTimeoutSeconds,
    ...waitOptions,
  });
  return event ? await deserializeValue(event.value, event.serialization) as Value : null;
}

/**
 * The latest values of all events that a workflow has set, by their keys; none if there is no such
 * workflow. A value that this client cannot read is a {@linkcode SerializedValue}.
 *
 * @example
 * ```ts
 * import { connect, getAllEvents } from "@dbos-community/client";
 *
 * await using client = await connect();
 * for (const [key, value] of Object.entries(await getAllEvents(client, "task-7"))) {
 *   console.log(key, value);
 * }
 * ```
 *
 * @param client A client, or a driver's pool, connection or transaction.
 * @param workflowID The ID of the workflow.
 * @returns The values.
 * @throws {TypeError} If the ID is not a string.
 * @throws {RangeError} If the ID is empty.
 */
export async function getAllEvents(
  client: Client | Driver,
  workflowID: string,
): Promise<Record<string, unknown>> {
  checkText("workflowID", workflowID);
  const rows = await systemDatabaseOf(client).run(getAllEventsStatement, {
    workflow_id: workflowID,
  });
  const values = rows.map(({ key, value, serialization }) =>
    deserializeIfKnown(value, serialization, (codec, text) => codec.deserializeValue(text))
      .then((value) => [key, value])
  );
  return Object.fromEntries(await Promise.all(values));
}

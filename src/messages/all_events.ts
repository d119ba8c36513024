import { callDescription, type CallOptions, type Client, openCall } from "../client/client.ts";
import * as sql from "../../sql/messages/mod.ts";
import type { Driver } from "../drivers/driver.ts";
import { deserializeValueIfKnown } from "../serialization/serialized_value.ts";
import { checkText } from "../validate.ts";

/**
 * Returns the latest values of all events that a workflow has set. A value that this client cannot
 * read is a {@linkcode SerializedValue}.
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
 * @param options An abort signal.
 * @returns The values by the keys of the events; empty if there is no such workflow.
 * @throws {TypeError} If the ID is not a string.
 * @throws {RangeError} If the ID is empty.
 */
export async function getAllEvents(
  client: Client | Driver,
  workflowID: string,
  options: CallOptions = {},
): Promise<Record<string, unknown>> {
  const [database] = openCall(client, "getAllEvents()", callDescription, options);
  checkText("workflowID of getAllEvents()", workflowID);
  const rows = await database.run(sql.getAllEvents, { workflow_id: workflowID });
  const values = rows.map(({ key, value, serialization }) =>
    deserializeValueIfKnown(value, serialization, database.settings.serializer)
      .then((value) => [key, value])
  );
  return Object.fromEntries(await Promise.all(values));
}

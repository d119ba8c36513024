import { callDescription, type CallOptions, type Client, openCall } from "../client/client.ts";
import * as sql from "../../sql/messages/mod.ts";
import type { Driver } from "../drivers/driver.ts";
import { readInSlices } from "../read_in_slices.ts";
import { deserializeValueIfKnown } from "../serialization/serialized_value.ts";
import { checkText } from "../validate.ts";
import { nullTopic } from "./messages.ts";
import { readPages } from "./pages.ts";

/** A message that was sent to a workflow. */
export interface WorkflowNotification {
  /** The topic, or null for a message without one. */
  readonly topic: string | null;
  /** The message. */
  readonly message: unknown;
  /** When it was sent, in milliseconds since 1970. */
  readonly createdAtEpochMs: number;
  /**
   * Whether the workflow has received it. On schemas without a column for that it is false, because
   * workflows delete a message as they receive it.
   */
  readonly consumed: boolean;
}

/**
 * Returns all messages that were sent to a workflow, in the order in which they were sent, whether it has
 * received them or not. A message that this client cannot read is a {@linkcode SerializedValue}.
 *
 * They are read in several queries if there are more than a thousand messages or a megabyte. A message
 * that is sent meanwhile may be among them.
 *
 * @example
 * ```ts
 * import { connect, getAllNotifications } from "@dbos-community/client";
 *
 * await using client = await connect();
 * for (const { topic, message, consumed } of await getAllNotifications(client, "task-7")) {
 *   if (!consumed) console.log("not received yet:", topic, message);
 * }
 * ```
 *
 * @param client A client, or a driver's pool, connection or transaction.
 * @param workflowID The ID of the workflow.
 * @param options An abort signal.
 * @returns The messages; none if there is no such workflow.
 * @throws {TypeError} If the ID is not a string.
 * @throws {RangeError} If the ID is empty.
 */
export async function getAllNotifications(
  client: Client | Driver,
  workflowID: string,
  options: CallOptions = {},
): Promise<WorkflowNotification[]> {
  const [database] = openCall(client, "getAllNotifications()", callDescription, options);
  checkText("workflowID of getAllNotifications()", workflowID);
  type Row = NonNullable<typeof sql.getAllNotifications.row>;
  const rows = await readPages<Row>((size, last) =>
    database.run(sql.getAllNotifications, {
      ...size,
      workflow_id: workflowID,
      after_time: last?.created_at,
      after_id: last?.message_id,
    })
  );
  const { serializer } = database.settings;
  const messages = await readInSlices(
    rows,
    database.signal,
    (row) => deserializeValueIfKnown(row.message, row.serialization, serializer),
  );
  return rows.map((row, index) => ({
    topic: row.topic === nullTopic ? null : row.topic,
    message: messages[index],
    createdAtEpochMs: Number(row.created_at),
    consumed: row.consumed,
  }));
}

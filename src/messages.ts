import { type Client, systemDatabaseOf } from "../client.ts";
import { send as sendStatement } from "../sql/mod.ts";
import { createBatcher, toPositionedArray, type Write } from "./batch.ts";
import type { Driver } from "./drivers/adapter.ts";
import { NonExistentWorkflowError } from "./errors.ts";
import { codecOf, type SerializationType } from "./serialization/mod.ts";
import type { SystemDatabase } from "./system_database.ts";
import { uuidV7 } from "./uuid_v7.ts";
import { checkChoice, checkOptionalText, checkText } from "./validate.ts";

/** How to send a message. */
export interface SendOptions {
  /**
   * The topic on which the workflow receives the message.
   *
   * @default {undefined} the one that a receive without a topic reads
   */
  topic?: string;
  /**
   * Of all messages with the same key to the same workflow, one is delivered.
   *
   * @default {undefined} every call delivers one
   */
  idempotencyKey?: string;
  /**
   * The format of the message.
   *
   * @default {"portable"} or the `serializationType` of the client
   */
  serializationType?: SerializationType;
}

// What DBOS stores for a message without a topic.
const nullTopic = "__null__topic__";

const writers = new WeakMap<SystemDatabase, Write<boolean>>();

/** Writes a message, and tells whether its destination is there. */
function writerOf(database: SystemDatabase): Write<boolean> {
  let write = writers.get(database);
  if (!write) {
    write = createBatcher(database, async (messages, backlogMs) => {
      const undelivered = await database.run(sendStatement, {
        messages: toPositionedArray(messages),
        backlog_ms: backlogMs,
      });
      const isDelivered = new Array<boolean>(messages.length).fill(true);
      for (const { position } of undelivered) isDelivered[position] = false;
      return isDelivered;
    });
    writers.set(database, write);
  }
  return write;
}

/**
 * Sends a message to a workflow, in one round trip.
 *
 * However often the library has to try again, the message is delivered once. Give an
 * `idempotencyKey` where your own program may call again. Concurrent calls on one client go together
 * as one statement. In an open transaction the message is delivered when that commits.
 *
 * @example
 * ```ts
 * import { connect, send } from "@dbos-community/client";
 *
 * await using client = await connect();
 * await send(client, "task-7", { approved: true }, { topic: "approval", idempotencyKey: "ok-7" });
 * ```
 *
 * @param client A client, or a driver's pool, connection or transaction.
 * @param destinationID The ID of the workflow.
 * @param message The message; undefined is sent as null.
 * @param options The topic, the idempotency key and the format.
 * @throws {TypeError} If an option is of the wrong type or the message cannot be serialized.
 * @throws {RangeError} If an option is empty.
 * @throws {NonExistentWorkflowError} If there is no such workflow.
 */
export async function send(
  client: Client | Driver,
  destinationID: string,
  message: unknown,
  options: SendOptions = {},
): Promise<void> {
  const { topic, idempotencyKey, serializationType } = options;
  checkText("destinationID", destinationID);
  checkOptionalText("topic", topic);
  checkOptionalText("idempotencyKey", idempotencyKey);
  checkChoice("serializationType", serializationType, ["portable", "native"]);
  const database = systemDatabaseOf(client);
  // Not awaited in vain, so that calls reach the batch in their order.
  const codecFound = codecOf(serializationType ?? database.settings.serializationType);
  const codec = codecFound instanceof Promise ? await codecFound : codecFound;
  const isDelivered = await writerOf(database)(JSON.stringify({
    message_id: idempotencyKey ? `${idempotencyKey}::${destinationID}` : uuidV7(),
    destination_id: destinationID,
    topic: topic ?? nullTopic,
    message: codec.serializeValue(message),
    serialization: codec.name,
  }));
  if (!isDelivered) throw new NonExistentWorkflowError(destinationID);
}

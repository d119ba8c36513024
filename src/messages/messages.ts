import {
  callDescription,
  type CallOptions,
  type Client,
  runInSpan,
  systemDatabaseOf,
  tracingOf,
} from "../client/client.ts";
import * as sql from "../../sql/messages/mod.ts";
import { addInBatches, type Batcher, createBatcher } from "../batching/batcher.ts";
import type { Batch, Item, Single } from "../batching/item_writer.ts";
import { mapItems } from "../batching/map_items.ts";
import { abortable } from "../promises.ts";
import { fieldIn, type MessageOption, type NotInferred } from "../contracts/contract.ts";
import type { Driver } from "../drivers/driver.ts";
import { sqlStateOf } from "../drivers/error_codes.ts";
import { type SerializationType, serializationTypes } from "../serialization/write.ts";
import {
  needsFormatColumn,
  requireFormatColumn,
  type Serialized,
  serializeValue,
} from "../client/writing_codec.ts";
import type { SystemDatabase } from "../database/system_database.ts";
import { uuidV7 } from "../uuid_v7.ts";
import {
  asAnything,
  asBoolean,
  asChoice,
  asText,
  describeOptions,
  type OptionsDescription,
  readOptions,
} from "../options.ts";
import { areShort, checkArray, checkIndexed, checkText } from "../validate.ts";

/** What DBOS stores as the topic of a message without one. */
export const nullTopic = "__null__topic__";

/** How to send messages. */
export interface SendManyOptions extends CallOptions {
  /**
   * The format of the messages.
   *
   * @default {"portable"} or that of the client
   */
  serializationType?: SerializationType;
  /**
   * Also send each message to the existing forks of its destination, to their forks and so on.
   *
   * @default {false}
   */
  sendToForks?: boolean;
}

/** How to send a message. */
export interface SendOptions extends SendManyOptions {
  /**
   * The topic on which the workflow receives the message.
   *
   * @default {undefined} the workflow receives it without a topic
   */
  topic?: string;
  /**
   * Of all messages with the same key to the same workflow, only one is delivered.
   *
   * @default {undefined} every call delivers a message
   */
  idempotencyKey?: string;
}

/** One of several messages. */
export interface Message<Value = unknown> extends Pick<SendOptions, "topic" | "idempotencyKey"> {
  /** The ID of the workflow to send it to. */
  destinationID: string;
  /** The message; undefined is sent as null. */
  message: Value;
}

/** The outcome of one of several messages. */
export interface MessageOutcome {
  /** The ID of the workflow that it was sent to. */
  readonly destinationID: string;
  /** Whether it was delivered; false if there is no such workflow. */
  readonly isDelivered: boolean;
}

// What a message has besides its text, and the names of its columns.
const usualCharacters = 250;

// Schemas with this column have the unique index on the ID, which came before it.
const serializationColumn = "notifications.serialization";

// The destination was deleted after the statement began.
const foreignKeyViolation = "23503";

const sendManyDescription: OptionsDescription<SendManyOptions> = describeOptions<SendManyOptions>({
  ...callDescription.checks,
  serializationType: asChoice(...serializationTypes),
  sendToForks: asBoolean,
});

const sendDescription: OptionsDescription<SendOptions> = describeOptions<SendOptions>({
  ...sendManyDescription.checks,
  topic: asText,
  idempotencyKey: asText,
});

const messageDescription: OptionsDescription<Message> = describeOptions<Message>({
  destinationID: { required: asText },
  message: { required: asAnything },
  topic: asText,
  idempotencyKey: asText,
}, { serializationType: "pass it to sendMany(), for all messages" });

interface Batchers {
  readonly direct: Batcher<boolean>;
  readonly toForks: Batcher<boolean>;
}

const batchers = new WeakMap<SystemDatabase, Batchers>();

/** A batcher that sends messages with `statement`. An outcome is whether the destination exists. */
function createMessageBatcher(
  database: SystemDatabase,
  statement: typeof sql.send | typeof sql.sendToForks,
): Batcher<boolean> {
  /** Repeats a statement during which a destination was deleted, so that it is reported as missing. */
  async function repeatIfDeleted<Result>(run: () => Promise<Result>): Promise<Result> {
    try {
      return await run();
    } catch (error) {
      // The error has aborted a transaction of the caller.
      const isAborted = database.adapter.transactionStatus() !== "none";
      if (isAborted || sqlStateOf(error) !== foreignKeyViolation) throw error;
      return await run();
    }
  }

  async function sendBatch({ after, items, count, checkConflicts, options }: Batch) {
    const parameters = { messages: items, after, count, check_conflicts: checkConflicts };
    const rows = await repeatIfDeleted(() => database.run(statement, parameters, options));
    const outcomes = new Array<boolean>(count).fill(true);
    for (const { position } of rows) if (position !== null) outcomes[position] = false;
    const { server_ms, last_created_at } = rows.at(-1)!;
    return { outcomes, serverMs: server_ms!, lastCreatedAt: last_created_at };
  }

  async function sendSingle({ columns, requestedAt, checkConflicts, options }: Single) {
    // The statement neither checks for conflicts nor makes a creation time, and relies on the unique index.
    if (checkConflicts || requestedAt === undefined || !database.hasColumn(serializationColumn)) {
      return undefined;
    }
    const parameters = {
      ...columns as Omit<NonNullable<typeof sql.sendOne.parameters>, "requested_at">,
      requested_at: requestedAt,
    };
    try {
      const [row] = await database.run(sql.sendOne, parameters, options);
      return { outcomes: [row !== undefined], serverMs: row?.server_ms, lastCreatedAt: null };
    } catch (error) {
      if (sqlStateOf(error) !== foreignKeyViolation) throw error;
    }
  }

  // A workflow receives the first message that it sees, so none may become visible out of order.
  return createBatcher(
    database,
    statement === sql.send ? { sendBatch, sendSingle } : { sendBatch },
    { what: "messages", inOrder: true },
  );
}

function batcherOf(database: SystemDatabase, sendToForks = false): Batcher<boolean> {
  let found = batchers.get(database);
  if (!found) {
    found = {
      direct: createMessageBatcher(database, sql.send),
      toForks: createMessageBatcher(database, sql.sendToForks),
    };
    batchers.set(database, found);
  }
  return sendToForks ? found.toForks : found.direct;
}

/** Refuses what the indexes of notifications cannot hold together. */
function checkIndexes(call: string, { destinationID, topic, idempotencyKey }: Message): void {
  if (areShort(destinationID, topic, idempotencyKey)) return;
  checkIndexed({ destinationID, topic }, call);
  checkIndexed({ destinationID, idempotencyKey }, call);
}

/** The ID of a message with an idempotency key. */
export function toMessageID(idempotencyKey: string, destinationID: string): string {
  return `${idempotencyKey}::${destinationID}`;
}

/** Makes the columns of a message that sql/messages/send.sql reads. */
function toItem(
  { destinationID, topic = nullTopic, idempotencyKey }: Message,
  { text: message, serialization }: Serialized,
  sendToForks: boolean,
): Item {
  const key = idempotencyKey ?? uuidV7();
  return {
    columns: {
      message_id: idempotencyKey === undefined ? key : toMessageID(key, destinationID),
      fork_prefix: sendToForks ? `${key}::` : undefined,
      destination_id: destinationID,
      topic,
      message,
      serialization,
    },
    characters: message.length + usualCharacters,
    hasFreshID: idempotencyKey === undefined,
  };
}

/** Serializes messages. Returns a promise only if there are many, or texts must be waited for. */
function serializeMessages(
  database: SystemDatabase,
  messages: readonly Message[],
  type: SendManyOptions["serializationType"],
): Serialized[] | Promise<Serialized[]> {
  const texts = mapItems(database, messages, (message, index) => {
    const path = `messages[${index}].message`;
    const text = serializeValue(database, fieldIn(message), type, message.message, path);
    // Avoids an unhandled rejection if a later message is refused at once.
    if (text instanceof Promise) text.catch(() => {});
    return text;
  });
  if (texts instanceof Promise) return texts.then((texts) => Promise.all(texts));
  const areReady = texts.every((text) => !(text instanceof Promise));
  return areReady ? texts as Serialized[] : Promise.all(texts);
}

/** The error of a message to a workflow that does not exist. */
async function missingWorkflow(workflowID: string, options?: ErrorOptions): Promise<Error> {
  // Loaded on demand: 0.9 KB gzipped with the other errors there.
  const { NonExistentWorkflowError } = await import("../errors/managing.ts");
  return new NonExistentWorkflowError(workflowID, "send to", options);
}

/**
 * Sends a message to a workflow in one round trip.
 *
 * The message is delivered once, however often the library retries. Pass an `idempotencyKey` if
 * your own program may repeat the call. Concurrent calls on one client are sent together in one
 * statement. In an open transaction the message is delivered when the transaction commits.
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
 * @param options The topic, which may be one of a contract, the idempotency key, the format, whether
 * forks also get it, and an abort signal.
 * @throws {TypeError} If the ID or an option has the wrong type, or the message cannot be
 * serialized.
 * @throws {RangeError} If the ID or an option is empty.
 * @throws {ContractError} If the contract does not allow the message.
 * @throws {NonExistentWorkflowError} If there is no such workflow.
 * @throws {UnsupportedFeatureError} If the system database has no column for the format.
 */
export async function send<Value = unknown>(
  client: Client | Driver,
  destinationID: string,
  message: NotInferred<Value>,
  options: SendOptions & MessageOption<Value> = {},
): Promise<void> {
  const database = systemDatabaseOf(client);
  checkText("destinationID of send()", destinationID);
  const read = readOptions("send()", sendDescription, options);
  const tracing = tracingOf(database, client);
  if (tracing) {
    const call = { name: "send()", isSending: true, details: { destinationID } };
    return await runInSpan(tracing, call, (client) => send(client, destinationID, message, read));
  }
  const { signal, sendToForks = false, serializationType } = read;
  const addressed: Message = { ...read, destinationID, message };
  checkIndexes("send()", addressed);
  const ownDatabase = systemDatabaseOf(client, signal);
  const field = fieldIn(addressed);
  const writing = serializeValue(ownDatabase, field, serializationType, message, "message");
  // Only awaited if necessary, so that calls made in the same tick reach the batcher in order.
  const serialized = writing instanceof Promise ? await writing : writing;
  if (needsFormatColumn(database, serializationType)) {
    await requireFormatColumn(ownDatabase, serializationType);
  }
  const item = toItem(addressed, serialized, sendToForks);
  const { add } = batcherOf(database, sendToForks);
  let isDelivered: boolean;
  try {
    isDelivered = await add(item, signal);
  } catch (error) {
    // Only in a transaction of the caller.
    if (sendToForks || sqlStateOf(error) !== foreignKeyViolation) throw error;
    throw await missingWorkflow(destinationID, { cause: error });
  }
  if (!isDelivered) throw await missingWorkflow(destinationID);
}

/**
 * Sends messages to workflows in one statement, or in several if they exceed a megabyte in total.
 *
 * A destination that does not exist does not affect the other messages: check the outcomes. A
 * workflow receives its messages of one statement in order. Each message is delivered once, however
 * often the library retries. In an open transaction they are delivered when it commits.
 *
 * @example
 * ```ts
 * import { connect, sendMany } from "@dbos-community/client";
 *
 * await using client = await connect();
 * const outcomes = await sendMany(client, [
 *   { destinationID: "task-7", message: { approved: true }, topic: "approval" },
 *   { destinationID: "task-8", message: { approved: false }, topic: "approval" },
 * ]);
 * for (const { destinationID, isDelivered } of outcomes) {
 *   if (!isDelivered) console.error("There is no workflow", destinationID);
 * }
 * ```
 *
 * @param client A client, or a driver's pool, connection or transaction.
 * @param messages The messages.
 * @param options The format of the messages, whether forks also get them, and an abort signal.
 * @returns An outcome for each message, in order.
 * @throws {TypeError} If an ID or an option has the wrong type, or a message cannot be serialized.
 * @throws {RangeError} If an ID, a topic or an idempotency key is empty.
 * @throws {ContractError} If a contract does not allow a message.
 * @throws {UnsupportedFeatureError} If the system database has no column for the format.
 */
export async function sendMany<Value = unknown>(
  client: Client | Driver,
  messages: readonly (Message<NotInferred<Value>> & MessageOption<Value>)[],
  options: SendManyOptions = {},
): Promise<MessageOutcome[]> {
  const database = systemDatabaseOf(client);
  checkArray("messages of sendMany()", messages);
  const read = readOptions("sendMany()", sendManyDescription, options);
  // A copy, because the caller may reuse the array meanwhile.
  const checking = mapItems(database, Array.from(messages), (message, index) => {
    const call = `messages[${index}] of sendMany()`;
    const read = readOptions(call, messageDescription, message);
    checkIndexes(call, read);
    return read;
  });
  const checked = checking instanceof Promise ? await checking : checking;
  const tracing = tracingOf(database, client);
  if (tracing) {
    const call = { name: "sendMany()", isSending: true, details: { count: checked.length } };
    return await runInSpan(tracing, call, (client) => sendMany(client, checked, read));
  }
  const { signal, sendToForks = false, serializationType } = read;
  const ownDatabase = systemDatabaseOf(client, signal);
  const writing = serializeMessages(ownDatabase, checked, serializationType);
  // Only awaited if necessary, so that calls made in the same tick reach the batcher in order.
  const texts = writing instanceof Promise ? await writing : writing;
  if (needsFormatColumn(database, serializationType)) {
    await requireFormatColumn(ownDatabase, serializationType);
  }
  const making = mapItems(
    database,
    texts,
    (text, index) => toItem(checked[index]!, text, sendToForks),
  );
  const items = making instanceof Promise ? await making : making;
  const areDelivered = await abortable(
    signal,
    () => addInBatches(database, batcherOf(database, sendToForks), items, signal),
  );
  return checked.map(({ destinationID }, index) => ({
    destinationID,
    isDelivered: areDelivered[index]!,
  }));
}

import { type Message, send, sendMany, type SendOptions } from "../../mod.ts";
import type { Query } from "./databases.ts";
import { type DifferentialCase, type OfficialOptions, testDifferential } from "./differential.ts";

/** Sends the messages one by one with the official client, and all at once with ours. */
function sendAll(
  messages: Message[],
  options: OfficialOptions<Pick<SendOptions, "serializationType">> = {},
): Pick<DifferentialCase, "official" | "ours"> {
  return {
    async official(client) {
      for (const { destinationID, message, topic, idempotencyKey } of messages) {
        await client.send(destinationID, message, topic, idempotencyKey, options);
      }
    },
    async ours(client) {
      await sendMany(client, messages, { serializationType: "native", ...options });
    },
  };
}

function toWaiting(...messages: unknown[]): Message[] {
  return messages.map((message) => ({ destinationID: "waiting", message }));
}

testDifferential("sendMany()", [
  { name: "no message", ...sendAll([]) },
  { name: "one message", ...sendAll(toWaiting("hello")) },
  { name: "several to one workflow", ...sendAll(toWaiting("a", { b: [null] }, 3)) },
  {
    name: "several in portable format",
    ...sendAll(toWaiting("a", { b: [null] }, new Date(5)), { serializationType: "portable" }),
  },
  {
    name: "to several workflows, on topics and with idempotency keys",
    ...sendAll([
      { destinationID: "waiting", message: 1, topic: "approval", idempotencyKey: "k" },
      { destinationID: "delayed", message: 2, topic: "approval", idempotencyKey: "k" },
      { destinationID: "succeeded", message: 3, idempotencyKey: "k" },
      { destinationID: "cancelled", message: 4, topic: "other" },
    ]),
  },
  {
    name: "twice with the same idempotency key",
    ...sendAll([
      { destinationID: "waiting", message: 1, idempotencyKey: "k" },
      { destinationID: "waiting", message: 2, idempotencyKey: "k", topic: "approval" },
    ]),
  },
  {
    name: "to an unknown workflow among others",
    official: async (client) => {
      await client.send("waiting", 1);
      const isDelivered = await client.send("nobody", 2).then(() => true, () => false);
      await client.send("delayed", 3);
      return [
        { destinationID: "waiting", isDelivered: true },
        { destinationID: "nobody", isDelivered },
        { destinationID: "delayed", isDelivered: true },
      ];
    },
    ours: (client) =>
      sendMany(client, [
        { destinationID: "waiting", message: 1 },
        { destinationID: "nobody", message: 2 },
        { destinationID: "delayed", message: 3 },
      ], { serializationType: "native" }),
  },
]);

/** Inserts two forks of the workflow `waiting`, and a fork of one of them. */
async function insertForks(query: Query): Promise<void> {
  for (const [id, origin] of [["left", "waiting"], ["right", "waiting"], ["leaf", "left"]]) {
    await query(
      `insert into dbos.workflow_status (workflow_uuid, status, name, created_at, updated_at,
        forked_from) values ($1, 'PENDING', 'echo', 1, 1, $2)`,
      [id, origin],
    );
  }
}

/**
 * Sends the same message with the same key to each fork, as the Python client does. Without a key
 * the message IDs differ: our client derives those for forks from one ID, so that a retried call
 * delivers each message once.
 */
function sendToForks(
  workflowIDs: [destinationID: string, ...forks: string[]],
  options: SendOptions,
): Pick<DifferentialCase, "official" | "ours"> {
  const { topic, idempotencyKey } = options;
  return {
    async official(client) {
      for (const workflowID of workflowIDs) {
        await client.send(workflowID, "hello", topic, idempotencyKey);
      }
    },
    ours: (client) =>
      send(client, workflowIDs[0], "hello", {
        serializationType: "native",
        sendToForks: true,
        ...options,
      }),
  };
}

testDifferential("send() with sendToForks", [
  {
    name: "with an idempotency key",
    prepare: insertForks,
    ...sendToForks(["waiting", "leaf", "left", "right"], { topic: "t", idempotencyKey: "k" }),
  },
  {
    name: "to a fork that has forks",
    prepare: insertForks,
    ...sendToForks(["left", "leaf"], { idempotencyKey: "k" }),
  },
  { name: "to a workflow without forks", ...sendToForks(["succeeded"], { topic: "t" }) },
  { name: "to an unknown workflow", ...sendToForks(["nobody"], {}) },
]);

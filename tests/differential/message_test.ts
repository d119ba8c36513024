import { send, type SendOptions } from "../../mod.ts";
import { type DifferentialCase, type OfficialOptions, testDifferential } from "./differential.ts";

interface Message {
  to?: string;
  message?: unknown;
  options?: OfficialOptions<SendOptions>;
}

/** Sends the messages one after another, by default in native format. */
function sendAll(...messages: Message[]): Pick<DifferentialCase, "official" | "ours"> {
  return {
    async official(client) {
      for (const { to = "waiting", message = "hello", options = {} } of messages) {
        const { topic, idempotencyKey, ...rest } = options;
        await client.send(to, message, topic, idempotencyKey, rest);
      }
    },
    async ours(client) {
      for (const { to = "waiting", message = "hello", options } of messages) {
        await send(client, to, message, { serializationType: "native", ...options });
      }
    },
  };
}

const portable = { serializationType: "portable" } as const;
const values = [
  "text",
  7,
  null,
  ["\0 ' \" \\ \\ud800 $1 😀"],
  { at: new Date(5), of: 2n ** 70n, all: new Set([1]), by: new Map([["a", undefined]]) },
];

testDifferential("send()", [
  { name: "without a topic", ...sendAll({}) },
  { name: "with a topic", ...sendAll({ options: { topic: "approval" } }) },
  { name: "with an idempotency key", ...sendAll({ options: { idempotencyKey: "k" } }) },
  {
    name: "twice with the same idempotency key",
    ...sendAll(
      { message: 1, options: { idempotencyKey: "k" } },
      { message: 2, options: { idempotencyKey: "k", topic: "approval" } },
    ),
  },
  {
    name: "with the same idempotency key to two workflows",
    ...sendAll(
      { options: { idempotencyKey: "k" } },
      { to: "delayed", options: { idempotencyKey: "k" } },
    ),
  },
  { name: "in portable format", ...sendAll({ options: portable }) },
  {
    name: "values in native format",
    ...sendAll(...values.map((message) => ({ message }))),
  },
  {
    name: "values in portable format",
    ...sendAll(...values.map((message) => ({ message, options: portable }))),
  },
  { name: "to a workflow that has ended", ...sendAll({ to: "succeeded" }) },
  { name: "to a workflow that was cancelled", ...sendAll({ to: "cancelled" }) },
  { name: "to an unknown workflow", ...sendAll({ to: "nobody" }) },
  {
    name: "with an idempotency key to an unknown workflow",
    ...sendAll({ to: "nobody", options: { idempotencyKey: "k" } }),
  },
]);

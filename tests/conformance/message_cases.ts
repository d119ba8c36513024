import { assertEquals, assertRejects } from "@std/assert";
import { type Cases, newID } from "./target.ts";

export const messageCases: Cases = {
  async "send() delivers a message with or without a topic"({ library, client }) {
    for (const topic of ["approval", undefined]) {
      const receiver = { workflowName: "waitForMessage", queueName: "tasks" };
      const handle = await library.enqueue(client, receiver, topic, 60);
      await library.send(client, handle.workflowID, { approved: true }, topic ? { topic } : {});
      assertEquals(await handle.getResult({ timeoutSeconds: 600 }), { approved: true });
    }
  },

  async "send() in native format delivers values that JSON cannot hold"({ library, client }) {
    const receiver = {
      workflowName: "waitForMessage",
      queueName: "tasks",
      serializationType: "native",
    } as const;
    const handle = await library.enqueue(client, receiver, "topic", 60);
    const message = { at: new Date(5), all: new Set([1n]) };
    await library.send(client, handle.workflowID, message, {
      topic: "topic",
      serializationType: "native",
    });
    assertEquals(await handle.getResult({ timeoutSeconds: 600 }), message);
  },

  async "send() delivers concurrent messages in the order of the calls, and each key once"(
    { library, client },
  ) {
    const collector = { workflowName: "collect", queueName: "tasks" };
    const handle = await library.enqueue(client, collector, 3, "topic");
    const send = (message: string, idempotencyKey?: string) =>
      library.send(client, handle.workflowID, message, {
        topic: "topic",
        ...(idempotencyKey && { idempotencyKey }),
      });
    await Promise.all([send("first", "one"), send("again", "one"), send("second")]);
    await send("again", "one");
    await send("third");
    assertEquals(await handle.getResult({ timeoutSeconds: 600 }), ["first", "second", "third"]);
  },

  async "send() to an unknown workflow throws an error, and concurrent calls succeed"(
    { library, client },
  ) {
    const handle = await library.enqueue(client, {
      workflowName: "waitForMessage",
      queueName: "tasks",
    });
    const unknownID = newID();
    const [error] = await Promise.all([
      assertRejects(
        () => library.send(client, unknownID, 1),
        library.NonExistentWorkflowError,
        `Cannot send to workflow ${unknownID}: there is no such workflow`,
      ),
      library.send(client, handle.workflowID, "hello"),
    ]);
    assertEquals(error.workflowID, unknownID);
    assertEquals(await handle.getResult({ timeoutSeconds: 600 }), "hello");
  },
};

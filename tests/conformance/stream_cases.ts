import { assertEquals } from "@std/assert";
import { type Cases, newID } from "./target.ts";

async function collect<Value>(values: AsyncIterable<Value>): Promise<Value[]> {
  const collected: Value[] = [];
  for await (const value of values) collected.push(value);
  return collected;
}

const timeout = { timeoutSeconds: 600 };

export const streamCases: Cases = {
  async "readStream() yields the values of a stream, in either format"({ library, client }) {
    for (const serializationType of ["portable", "native"] as const) {
      const options = { workflowName: "relay", queueName: "tasks", serializationType };
      const { workflowID } = await library.enqueue(client, options, "log");
      const values = library.readStream(client, workflowID, "log", timeout);
      const message = { values: ["one", { two: [2, null] }, "' \\ \u{1f600}"], end: "close" };
      await library.send(client, workflowID, message, { topic: "relay", serializationType });
      assertEquals(await collect(values), message.values);
      assertEquals(await library.readStreamOffset(client, workflowID, "log", 0), "one");
    }
  },

  async "readStream() with snapshot yields the values that exist, from the offset on"(
    { library, client },
  ) {
    const { workflowID } = await library.enqueue(
      client,
      { workflowName: "writeNumbers", queueName: "tasks" },
      "log",
      103,
    );
    await library.getResult(client, workflowID, timeout);
    const options = { snapshot: true, offset: 1 };
    const numbers = await collect(library.readStream(client, workflowID, "log", options));
    assertEquals(numbers, Array.from({ length: 102 }, (_, index) => index + 1));
  },

  async "a negative offset of a stream counts from its end"({ library, client }) {
    const options = { workflowName: "writeNumbers", queueName: "tasks" };
    const handle = await library.enqueue(client, options, "log", 12);
    await handle.getResult(timeout);
    const { workflowID } = handle;
    const values = library.readStream(client, workflowID, "log", { offset: -2, snapshot: true });
    assertEquals(await collect(values), [10, 11]);
    assertEquals(await library.readStreamOffset(client, workflowID, "log", -3), 9);
  },

  async "getAllStreamEntries() and getAllNotifications() return what was written"(
    { library, client },
  ) {
    const { workflowID } = await library.enqueue(
      client,
      { workflowName: "relay", queueName: "tasks" },
      "log",
    );
    const message = { values: ["' \\ \u{1f600}", null], end: "close" };
    await library.send(client, workflowID, message, { topic: "relay" });
    await library.getResult(client, workflowID, timeout);
    const [found, ...others] = await library.getAllNotifications(client, workflowID);
    assertEquals([found?.topic, found?.message, found?.consumed], ["relay", message, true]);
    assertEquals(typeof found?.createdAtEpochMs, "number");
    assertEquals(others, []);
    assertEquals(await library.getAllStreamEntries(client, workflowID), {
      log: {
        entries: message.values.map((value, offset) => ({ offset, value })),
        isClosed: true,
      },
    });
  },

  async "followEvents() yields the events until the workflow has ended"({ library, client }) {
    const options = { workflowName: "publish", queueName: "tasks" };
    const value = { text: "' \\ \u{1f600}" };
    const { workflowID } = await library.enqueue(client, options, "progress", value);
    assertEquals(await collect(library.followEvents(client, workflowID, timeout)), [
      { key: "progress", value },
    ]);
  },

  async "waitFirst(), waitAll() and waitEach() wait for many workflows"({ library, client }) {
    const workflowIDs = Array.from({ length: 20 }, () => newID());
    const first = library.waitFirst(client, workflowIDs, timeout);
    const all = library.waitAll(client, workflowIDs, timeout);
    const outcomes = collect(library.waitEach(client, workflowIDs, timeout));
    for (const workflowID of workflowIDs) {
      const options = { workflowName: "echo", queueName: "tasks", workflowID };
      await library.enqueue(client, options, workflowID);
    }
    assertEquals(workflowIDs.includes((await first).workflowID), true);
    assertEquals((await all).map(({ workflowID }) => workflowID), workflowIDs);
    const results = (await outcomes).map((outcome) =>
      outcome.status === "SUCCESS" ? outcome.result as unknown[] : []
    );
    assertEquals(results.flat().sort(), workflowIDs.toSorted());
  },

  async "sendMany() delivers messages in order"({ library, client }) {
    const options = { workflowName: "collect", queueName: "tasks" };
    const handle = await library.enqueue(client, options, 30);
    const messages = Array.from({ length: 30 }, (_, message) => ({
      destinationID: handle.workflowID,
      message,
    }));
    const missing = { destinationID: newID(), message: "to nobody" };
    const outcomes = await library.sendMany(client, [missing, ...messages], { sendToForks: true });
    assertEquals(outcomes.map(({ isDelivered }) => isDelivered), [
      false,
      ...messages.map(() => true),
    ]);
    assertEquals(await handle.getResult(timeout), messages.map(({ message }) => message));
  },

  async "getAllEvents() returns all events of a workflow"({ library, client }) {
    const options = { workflowName: "publish", queueName: "tasks" };
    const handle = await library.enqueue(client, options, "progress", { done: 7 });
    await handle.getResult(timeout);
    assertEquals(await library.getAllEvents(client, handle.workflowID), { progress: { done: 7 } });
  },
};

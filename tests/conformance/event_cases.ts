import { assert, assertEquals } from "@std/assert";
import { type Cases, newID } from "./target.ts";

export const eventCases: Cases = {
  async "getEvent() returns the value of an event, in any format"({ library, client }) {
    for (const serializationType of ["portable", "superjson", "native"] as const) {
      const handle = await library.enqueue(
        client,
        { workflowName: "publish", queueName: "tasks", serializationType },
        "progress",
        { done: 7 },
      );
      const event = library.getEvent(client, handle.workflowID, "progress", {
        timeoutSeconds: 600,
      });
      assertEquals(await event, { done: 7 });
    }
  },

  async "getEvent() returns null after timeoutSeconds, and polls once if it is 0"(
    { library, client },
  ) {
    for (const timeoutSeconds of [0, 0.2]) {
      const startedAt = performance.now();
      assertEquals(await library.getEvent(client, newID(), "key", timeoutSeconds), null);
      assert(performance.now() - startedAt >= timeoutSeconds * 1000);
    }
    const handle = await library.enqueue(
      client,
      { workflowName: "publish", queueName: "tasks" },
      "key",
      1,
    );
    await handle.getResult({ timeoutSeconds: 600 });
    assertEquals(await library.getEvent(client, handle.workflowID, "key", 0), 1);
  },

  async "getEvent() and getResult() wait for many workflows at the same time"({ library, client }) {
    const publisher = { workflowName: "publish", queueName: "tasks" };
    const workflowIDs = Array.from({ length: 10 }, () => newID());
    const found = workflowIDs.map((workflowID) =>
      Promise.all([
        library.getEvent(client, workflowID, "key", 600),
        library.getResult(client, workflowID, { timeoutSeconds: 600 }),
      ])
    );
    for (const workflowID of workflowIDs) {
      await library.enqueue(client, { ...publisher, workflowID }, "key", workflowID);
    }
    assertEquals(await Promise.all(found), workflowIDs.map((id): [unknown, unknown] => [id, id]));
  },

  async "getEvent() rejects with the reason of its signal"({ library, client }) {
    const controller = new AbortController();
    const event = library.getEvent(client, newID(), "key", { signal: controller.signal });
    controller.abort("enough");
    assertEquals(await event.catch((reason) => reason), "enough");
  },
};

import { assert, assertEquals, assertRejects } from "@std/assert";
import { type Cases, idleQueue, newID } from "./lane.ts";

const task = { workflowName: "echo", queueName: "tasks" };
const idleTask = { workflowName: "echo", queueName: idleQueue };

export const transactionCases: Cases = {
  async "a transaction's workflows and messages appear when it commits"(lane) {
    const { library, client } = lane;
    const receiver = { workflowName: "waitForMessage", queueName: "tasks" };
    const { workflowID } = await library.enqueue(client, receiver);
    const enqueuedID = newID();
    await lane.transaction(async (transaction) => {
      await library.enqueue(transaction, { ...task, workflowID: enqueuedID }, "in transaction");
      await library.send(transaction, workflowID, "in transaction");
      assertEquals((await library.getStatus(transaction, enqueuedID))?.status, "ENQUEUED");
    });
    assertEquals(await library.getResult(client, enqueuedID, { timeoutSeconds: 30 }), [
      "in transaction",
    ]);
    assertEquals(
      await library.getResult(client, workflowID, { timeoutSeconds: 30 }),
      "in transaction",
    );
  },

  async "a transaction's workflows vanish when it rolls back"(lane) {
    const workflowID = newID();
    await assertRejects(
      () =>
        lane.transaction(async (transaction) => {
          await lane.library.enqueue(transaction, { ...idleTask, workflowID });
          throw new Error("changed my mind");
        }),
      Error,
      "changed my mind",
    );
    assertEquals(await lane.library.getStatus(lane.client, workflowID), null);
  },

  async "a transaction stays usable after every error of ours"(lane) {
    const { library, client } = lane;
    const deduplicationID = newID();
    const holder = await library.enqueue(client, { ...idleTask, deduplicationID });
    const workflowID = newID();
    await lane.transaction(async (transaction) => {
      const duplicate = { ...idleTask, deduplicationID };
      await assertRejects(
        () => library.enqueue(transaction, duplicate),
        library.QueueDuplicatedError,
      );
      const existing = await library.enqueue(transaction, {
        ...duplicate,
        duplicationPolicy: "return-existing",
      });
      assertEquals(existing.workflowID, holder.workflowID);
      await assertRejects(
        () =>
          library.enqueue(transaction, {
            ...idleTask,
            workflowName: "other",
            workflowID: holder.workflowID,
          }),
        library.ConflictingWorkflowError,
      );
      await assertRejects(
        () => library.send(transaction, newID(), "nobody"),
        library.NonExistentWorkflowError,
      );
      await library.enqueue(transaction, { ...idleTask, workflowID });
    });
    assert(await library.getStatus(client, workflowID));
  },

  async "a transaction's concurrent calls are written in their order"(lane) {
    const workflowIDs = Array.from({ length: 5 }, () => newID());
    await lane.transaction(async (transaction) => {
      await Promise.all(
        workflowIDs.map((workflowID) =>
          lane.library.enqueue(transaction, { ...idleTask, workflowID })
        ),
      );
    });
    const rows = await lane.query(
      `select workflow_uuid from ${lane.schema}.workflow_status
      where workflow_uuid in (select json_array_elements_text($1::text::json))
      order by created_at`,
      [JSON.stringify(workflowIDs)],
    );
    assertEquals(rows.map((row) => row.workflow_uuid), workflowIDs);
  },
};

import { assert, assertEquals, assertRejects } from "@std/assert";
import { type Cases, idleQueue, newID } from "./target.ts";

const task = { workflowName: "echo", queueName: "tasks" };
const idleTask = { workflowName: "echo", queueName: idleQueue };

export const transactionCases: Cases = {
  async "workflows and messages of a transaction take effect when it commits"(target) {
    const { library, client } = target;
    const receiver = { workflowName: "waitForMessage", queueName: "tasks" };
    const { workflowID } = await library.enqueue(client, receiver);
    const enqueuedID = newID();
    await target.transaction(async (transaction) => {
      await library.enqueue(transaction, { ...task, workflowID: enqueuedID }, "in transaction");
      await library.send(transaction, workflowID, "in transaction");
      assertEquals((await library.getStatus(transaction, enqueuedID))?.status, "ENQUEUED");
    });
    assertEquals(await library.getResult(client, enqueuedID, { timeoutSeconds: 600 }), [
      "in transaction",
    ]);
    assertEquals(
      await library.getResult(client, workflowID, { timeoutSeconds: 600 }),
      "in transaction",
    );
  },

  async "workflows of a transaction are discarded when it rolls back"(target) {
    const workflowID = newID();
    await assertRejects(
      () =>
        target.transaction(async (transaction) => {
          await target.library.enqueue(transaction, { ...idleTask, workflowID });
          throw new Error("changed my mind");
        }),
      Error,
      "changed my mind",
    );
    assertEquals(await target.library.getStatus(target.client, workflowID), null);
  },

  async "a transaction stays usable after every error of the library"(target) {
    const { library, client } = target;
    const deduplicationID = newID();
    const holder = await library.enqueue(client, { ...idleTask, deduplicationID });
    const workflowID = newID();
    await target.transaction(async (transaction) => {
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

  async "concurrent calls in a transaction are written in the order of the calls"(target) {
    const workflowIDs = Array.from({ length: 5 }, () => newID());
    await target.transaction(async (transaction) => {
      await Promise.all(
        workflowIDs.map((workflowID) =>
          target.library.enqueue(transaction, { ...idleTask, workflowID })
        ),
      );
    });
    const rows = await target.query(
      `select workflow_uuid from ${target.schema}.workflow_status
      where workflow_uuid in (select json_array_elements_text($1::text::json))
      order by created_at`,
      [JSON.stringify(workflowIDs)],
    );
    assertEquals(rows.map((row) => row.workflow_uuid), workflowIDs);
  },
};

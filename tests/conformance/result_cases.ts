import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { type Cases, idleQueue, newID } from "./target.ts";

const task = { workflowName: "echo", queueName: "tasks" };
const idleTask = { workflowName: "echo", queueName: idleQueue };

export const resultCases: Cases = {
  async "getResult() throws the error of the workflow with all fields, in either format"(
    { library, client },
  ) {
    for (const serializationType of ["portable", "native"] as const) {
      const handle = await library.enqueue(
        client,
        { workflowName: "fail", queueName: "tasks", serializationType },
        "no such order",
        "E7",
        { order: 7 },
      );
      const error = await assertRejects(
        () => handle.getResult({ timeoutSeconds: 600 }),
        library.WorkflowError,
      );
      assertEquals(error.name, "CustomError");
      assertEquals(error.message, "no such order");
      assertEquals(error.code, "E7");
      assertEquals(error.data, { order: 7 });
      // That of the function in the worker.
      if (serializationType === "native") assertMatch(error.stack ?? "", /\bfail \(/);
      const status = await handle.getStatus();
      assertEquals(status?.status, "ERROR");
      assertEquals((status?.error as Error).message, "no such order");
    }
  },

  async "getResult() returns null or undefined if the workflow returns nothing"(
    { library, client },
  ) {
    const nothing = { workflowName: "nothing", queueName: "tasks" };
    const portable = await library.enqueue(client, nothing);
    const native = await library.enqueue(client, { ...nothing, serializationType: "native" });
    assertEquals(await portable.getResult({ timeoutSeconds: 600 }), null);
    assertEquals(await native.getResult({ timeoutSeconds: 600 }), undefined);
  },

  async "getResult() throws different errors for a cancelled workflow and one that DBOS gave up"(
    target,
  ) {
    const { library, client } = target;
    const { workflowID } = await library.enqueue(client, idleTask);
    for (
      const [status, error] of [
        ["CANCELLED", library.AwaitedWorkflowCancelledError],
        [
          "MAX_RECOVERY_ATTEMPTS_EXCEEDED",
          library.AwaitedWorkflowExceededMaxRecoveryAttemptsError,
        ],
      ] as const
    ) {
      await target.query(
        `update ${target.schema}.workflow_status set status = $1 where workflow_uuid = $2`,
        [status, workflowID],
      );
      const thrown = await assertRejects(() => library.getResult(client, workflowID), error);
      assertEquals(thrown.workflowID, workflowID);
    }
  },

  async "getResult() throws after timeoutSeconds, and polls once if it is 0"({ library, client }) {
    const { workflowID } = await library.enqueue(client, idleTask);
    for (const timeoutSeconds of [0, 0.2]) {
      const startedAt = performance.now();
      const error = await assertRejects(
        () => library.getResult(client, workflowID, { timeoutSeconds }),
        library.ResultTimeoutError,
      );
      assertEquals(error.timeoutSeconds, timeoutSeconds);
      assert(performance.now() - startedAt >= timeoutSeconds * 1000);
    }
    const done = await library.enqueue(client, task, 1);
    await done.getResult({ timeoutSeconds: 600 });
    assertEquals(await done.getResult({ timeoutSeconds: 0 }), [1]);
  },

  async "explain() of a handle tells why a workflow is not run"({ library, client }) {
    const handle = await library.enqueue(client, { ...idleTask, delaySeconds: 3600 });
    const delayed = await handle.explain();
    assertEquals([delayed.status, delayed.reason], ["DELAYED", "delayed"]);
    assertEquals(delayed.delayUntilEpochMS, (await handle.getStatus())?.delayUntilEpochMS);
    const enqueued = await library.enqueue(client, { ...task, queueName: `task-${newID()}` });
    const explained = await enqueued.explain();
    assertEquals(explained.reason, "queue_not_registered");
    assertEquals(explained.priority, 0);
    const done = await library.enqueue(client, task, 1);
    await done.getResult({ timeoutSeconds: 600 });
    assertEquals((await done.explain()).reason, "succeeded");
  },

  async "getResult() waits for a workflow that does not exist yet"({ library, client }) {
    const workflowID = newID();
    const result = library.getResult(client, workflowID, { timeoutSeconds: 600 });
    await library.enqueue(client, { ...task, workflowID }, "here");
    assertEquals(await result, ["here"]);
  },

  async "getResult() rejects with the reason of its signal"({ library, client }) {
    const reason = new Error("enough");
    const controller = new AbortController();
    const result = library.getResult(client, newID(), { signal: controller.signal });
    controller.abort(reason);
    assertEquals(await result.catch((error) => error), reason);
    assertEquals(
      await library.getResult(client, newID(), { signal: controller.signal }).catch((error) =>
        error
      ),
      reason,
    );
  },

  async "getResult() throws an error that names an unknown serialization format"(target) {
    const { library, client } = target;
    const { workflowID } = await library.enqueue(client, idleTask);
    await target.query(
      `update ${target.schema}.workflow_status
      set status = 'SUCCESS', output = '"7"', serialization = 'abacus' where workflow_uuid = $1`,
      [workflowID],
    );
    const error = await assertRejects(
      () => library.getResult(client, workflowID),
      library.UnsupportedSerializationError,
      "unknown serialization format abacus",
    );
    assertEquals(error.serialization, "abacus");
    const status = await library.getStatus(client, workflowID);
    assertEquals(status?.output, new library.SerializedValue("abacus", '"7"'));
  },

  async "the empty error that Go's workers write for a success is no error"(target) {
    const { library, client, query, schema } = target;
    const { workflowID } = await library.enqueue(client, idleTask);
    await query(
      `update ${schema}.workflow_status set status = 'SUCCESS', output = '7', error = ''
      where workflow_uuid = $1`,
      [workflowID],
    );
    await query(
      `insert into ${schema}.operation_outputs
        (workflow_uuid, function_id, function_name, output, error, serialization)
      values ($1, 0, $1, '8', '', 'portable_json')`,
      [workflowID],
    );
    const [listed] = await library.listWorkflows(client, { workflowIDs: [workflowID] });
    for (const status of [await library.getStatus(client, workflowID), listed]) {
      assert(status);
      assertEquals([status.output, "error" in status], [7, false]);
    }
    const steps = await library.listWorkflowSteps(client, workflowID);
    assertEquals(steps?.map(({ output, error }) => [output, error]), [[8, null]]);
    const filters = { name: workflowID, groupBy: ["status" as const] };
    assertEquals((await library.countSteps(client, filters)).map(({ status }) => status), [
      "SUCCESS",
    ]);
    assertEquals((await library.countSteps(client, { ...filters, status: "ERROR" })).length, 0);
    const outcomes = library.waitEach(client, [workflowID]);
    assertEquals((await outcomes.next()).value, { workflowID, status: "SUCCESS", result: 7 });
    await outcomes.return();
  },

  async "getStatus() returns null if there is no such workflow"({ library, client }) {
    assertEquals(await library.getStatus(client, newID()), null);
    assertEquals(await library.retrieveWorkflow(client, newID()).getStatus(), null);
  },

  async "getStatus() returns all fields of a workflow that has ended"({ library, client }) {
    const handle = await library.enqueue(client, { ...task, attributes: { a: 1 } }, "in");
    await handle.getResult({ timeoutSeconds: 600 });
    const status = await library.retrieveWorkflow(client, handle.workflowID).getStatus();
    assert(status);
    assertEquals(status.status, "SUCCESS");
    assertEquals(status.workflowName, "echo");
    assertEquals(status.queueName, "tasks");
    assertEquals(status.input, ["in"]);
    assertEquals(status.output, ["in"]);
    assertEquals(status.attributes, { a: 1 });
    assertEquals(status.applicationVersion, "test-1");
    assert(status.createdAt <= status.completedAt!);
    assert(status.dequeuedAt! <= status.completedAt!);
  },
};

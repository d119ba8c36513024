import { assert, assertEquals, assertRejects } from "@std/assert";
import { type Cases, idleQueue, newID } from "./target.ts";

const idleTask = { workflowName: "echo", queueName: idleQueue };

async function collect<Value>(values: AsyncIterable<Value>): Promise<Value[]> {
  const collected: Value[] = [];
  for await (const value of values) collected.push(value);
  return collected;
}

/** Calls whose outcome depends on a boolean, a number or the name of a column that is returned. */
export const manageCases: Cases = {
  async "forkWorkflow() forks a workflow, and refuses one that does not exist or an ID in use"(
    { library, client },
  ) {
    const { workflowID } = await library.enqueue(client, idleTask, "original");
    const options = { queueName: idleQueue };
    const fork = await library.forkWorkflow(client, workflowID, 0, options);
    const status = await fork.getStatus();
    assertEquals([status?.forkedFrom, status?.input], [workflowID, ["original"]]);
    const missingID = newID();
    const missing = await assertRejects(
      () => library.forkWorkflow(client, missingID, 0, options),
      library.NonExistentWorkflowError,
    );
    assertEquals(missing.message.includes(missingID), true);
    const taken = { ...options, newWorkflowID: workflowID };
    await assertRejects(
      () => library.forkWorkflow(client, fork.workflowID, 0, taken),
      library.WorkflowIDInUseError,
    );
  },

  async "cancelWorkflow(), resumeWorkflow(), rewindWorkflow() and deleteWorkflow() tell what they found"(
    { library, client },
  ) {
    const handle = await library.enqueue(client, idleTask);
    const { workflowID } = handle;
    await assertRejects(
      () => library.rewindWorkflow(client, workflowID, { queueName: idleQueue }),
      library.ActiveWorkflowError,
    );
    await library.cancelWorkflow(client, workflowID, { cancelChildren: true });
    assertEquals((await handle.getStatus())?.status, "CANCELLED");
    await library.rewindWorkflow(client, workflowID, { queueName: idleQueue });
    assertEquals((await handle.getStatus())?.status, "ENQUEUED");
    await library.resumeWorkflow(client, workflowID, { queueName: idleQueue });
    await library.deleteWorkflow(client, workflowID);
    assertEquals(await handle.getStatus(), null);
    await assertRejects(
      () => library.resumeWorkflow(client, workflowID),
      library.NonExistentWorkflowError,
    );
  },

  async "debounce() extends a delay, and starts anew after it"({ library, client }) {
    const key = newID();
    const first = await library.debounce(client, idleTask, key, 3_600_000, 1);
    const second = await library.debounce(client, idleTask, key, 3_600_000, 2);
    assertEquals(second.workflowID, first.workflowID);
    assertEquals((await first.getStatus())?.input, [2]);
    await library.cancelWorkflow(client, first.workflowID);
    const third = await library.debounce(client, idleTask, key, 3_600_000, 3);
    assertEquals(third.workflowID === first.workflowID, false);
  },

  async "schedules are created, found, paused and deleted"({ library, client }) {
    const scheduleName = newID();
    const options = { scheduleName, workflowName: "echo", schedule: "0 0 1 1 *" };
    await library.createSchedule(client, options);
    await assertRejects(
      () => library.createSchedule(client, options),
      library.ScheduleExistsError,
    );
    await library.updateSchedule(client, scheduleName, { automaticBackfill: true });
    await library.pauseSchedule(client, scheduleName);
    const schedule = await library.getSchedule(client, scheduleName);
    assertEquals([schedule?.status, schedule?.automaticBackfill], ["PAUSED", true]);
    await library.deleteSchedule(client, scheduleName);
    assertEquals(await library.getSchedule(client, scheduleName), null);
  },

  async "queues are registered, changed and deleted"({ library, client }) {
    const name = newID();
    const queue = await library.registerQueue(client, name, { globalConcurrency: 3 });
    assertEquals([queue.globalConcurrency, queue.workerConcurrency], [3, undefined]);
    const changed = await library.updateQueue(client, name, { workerConcurrency: 2 });
    assertEquals([changed.globalConcurrency, changed.workerConcurrency], [3, 2]);
    await assertRejects(
      () => library.updateQueue(client, name, { workerConcurrency: 4 }),
      RangeError,
    );
    await library.deleteQueue(client, name);
    assertEquals(await library.retrieveQueue(client, name), null);
  },

  async "lists and counts return every field as its documented type"({ library, client }) {
    const workflowName = newID();
    const workflowIDs: string[] = [];
    for (const priority of [1, 2, 3]) {
      const options = { ...idleTask, workflowName, priority, attributes: { priority } };
      workflowIDs.push((await library.enqueue(client, options, priority, "\ufefftext")).workflowID);
    }
    const pages = library.iterateWorkflows(client, { workflowName, pageSize: 2 });
    const found = await collect(pages);
    assertEquals(found.map(({ workflowID }) => workflowID), workflowIDs);
    assertEquals(
      found.map((
        { priority, input, attributes, wasForkedFrom, recoveryAttempts },
      ) => [priority, input, attributes, wasForkedFrom, recoveryAttempts]),
      [1, 2, 3].map((priority) => [priority, [priority, "\ufefftext"], { priority }, false, 0]),
    );
    assertEquals(
      await library.countWorkflows(client, { workflowName, groupBy: ["status", "workflowName"] }),
      [{ status: "ENQUEUED", workflowName, count: 3 }],
    );
    assertEquals(await library.listWorkflowSteps(client, workflowIDs[0]!), []);
    assertEquals(await library.listWorkflowSteps(client, newID()), null);
    const { schemaVersion, features } = await library.describeSystemDatabase(client);
    // The SDK keeps the version elsewhere if there is a quote in the name of the schema.
    assert(["number", "undefined"].includes(typeof schemaVersion));
    assert(features.includes("attributes"));
  },
};

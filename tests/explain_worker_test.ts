/** Tests explanations with real workers: what holds a workflow back, and that nothing else does. */
import { assert, assertEquals, assertGreater, assertMatch } from "@std/assert";
import {
  type Client,
  connect,
  enqueue,
  type EnqueueOptions,
  explainWorkflow,
  type ExplanationReason,
  registerQueue,
  resumeWorkflow,
  send,
  setWorkflowDelay,
  updateQueue,
  type WorkflowExplanation,
  type WorkflowHandle,
} from "../mod.ts";
import { finalStatuses } from "../src/http/final_statuses.ts";
import { createTestDatabase, execute } from "./support/database.ts";
import { startWorker } from "./support/start_worker.ts";
import { until } from "./support/until.ts";

const timeoutSeconds = 600;
const minPollingIntervalMs = 50;
const task = { workflowName: "echo", queueName: "tasks" };

async function openFixture() {
  const resources = new AsyncDisposableStack();
  const { url } = resources.use(await createTestDatabase());
  resources.use(await startWorker({ systemDatabaseUrl: url }));
  const client = resources.use(await connect(url));
  return { url, client, [Symbol.asyncDispose]: () => resources.disposeAsync() };
}

/** Waits until a worker has looked at all queues after this call. */
async function untilWorkerPolled(client: Client): Promise<void> {
  const queueName = `look-${crypto.randomUUID()}`;
  await registerQueue(client, queueName, { minPollingIntervalMs });
  const handle = await enqueue(client, { workflowName: "echo", queueName });
  await handle.getResult({ timeoutSeconds });
}

/** Enqueues a workflow that runs until it gets a message. */
async function startWaiting(
  client: Client,
  options: Partial<EnqueueOptions> & { queueName: string },
): Promise<WorkflowHandle> {
  return await enqueue(client, { workflowName: "waitForMessage", ...options }, "finish", 600);
}

async function finish(client: Client, ...handles: WorkflowHandle[]): Promise<void> {
  for (const { workflowID } of handles) await send(client, workflowID, "done", { topic: "finish" });
  for (const handle of handles) await handle.getResult({ timeoutSeconds });
}

async function untilReason(
  handle: WorkflowHandle,
  reason: ExplanationReason,
): Promise<WorkflowExplanation> {
  let explanation!: WorkflowExplanation;
  await until(async () => {
    explanation = await handle.explain();
    return explanation.reason === reason || finalStatuses.includes(explanation.status!);
  });
  assertEquals(explanation.reason, reason, explanation.message);
  return explanation;
}

/** Checks that a worker does not take a workflow, and why. */
async function assertHeld(
  client: Client,
  handle: WorkflowHandle,
  reason: ExplanationReason,
): Promise<WorkflowExplanation> {
  await untilWorkerPolled(client);
  const explanation = await handle.explain();
  assertEquals([explanation.status, explanation.reason], ["ENQUEUED", reason], explanation.message);
  assertEquals(explanation, await explainWorkflow(client, handle.workflowID));
  return explanation;
}

Deno.test("an explanation names what holds a workflow back: without it, a worker runs it", async (test) => {
  await using fixture = await openFixture();
  const { url, client } = fixture;

  await test.step("a queue that no application has registered", async () => {
    const handle = await enqueue(client, { ...task, queueName: "task" }, 7);
    const held = await assertHeld(client, handle, "queue_not_registered");
    assertEquals([held.queueName, held.nearestQueueName], ["task", "tasks"]);
    assertMatch(held.message, /no application has registered that queue .*registered is tasks/);
    await registerQueue(client, "task", { minPollingIntervalMs });
    assertEquals(await handle.getResult({ timeoutSeconds }), [7]);
  });

  await test.step("an application that has registered nothing", async () => {
    const handle = await enqueue(client, { ...task, applicationName: "tes-app" }, 7);
    const held = await assertHeld(client, handle, "application_not_registered");
    assertEquals([held.applicationName, held.nearestApplicationName], ["tes-app", "test-app"]);
    await execute(url, "update dbos.workflow_status set application_name = 'test-app'");
    assertEquals(await handle.getResult({ timeoutSeconds }), [7]);
  });

  await test.step("a queue of another application", async () => {
    await registerQueue(client, "foreign", { applicationName: "bank", minPollingIntervalMs });
    const options = { ...task, queueName: "foreign", applicationName: "test-app" };
    const handle = await enqueue(client, options, 7);
    const held = await assertHeld(client, handle, "queue_of_another_application");
    assertMatch(held.message, /application test-app, and queue foreign to application bank/);
    await execute(url, "update dbos.queues set application_name = null where name = 'foreign'");
    assertEquals(await handle.getResult({ timeoutSeconds }), [7]);
  });

  await test.step("no partition key on a partitioned queue", async () => {
    const handle = await enqueue(client, { ...task, queueName: "partitioned" }, 7);
    const held = await assertHeld(client, handle, "partition_key_missing");
    assertEquals(held.queuePartitionKey, undefined);
    await updateQueue(client, "partitioned", { partitionConcurrency: null });
    assertEquals(await handle.getResult({ timeoutSeconds }), [7]);
  });

  await test.step("no worker takes it while globalConcurrency is reached", async () => {
    const queueName = "prioritized";
    const first = await startWaiting(client, { queueName });
    await untilReason(first, "pending");
    const second = await startWaiting(client, { queueName });
    const third = await startWaiting(client, { queueName });
    const held = await assertHeld(client, third, "concurrency_limit");
    assertEquals(held.limits, [{ name: "globalConcurrency", max: 1, used: 1 }]);
    assertEquals(held.workflowsAhead, 1);
    assertMatch(held.message, /, behind 1 other: 1 workflow of queue prioritized is PENDING/);
    await updateQueue(client, queueName, { globalConcurrency: null });
    await untilReason(third, "pending");
    await finish(client, first, second, third);
  });

  await test.step("no worker takes it while workerConcurrency is reached, or 0", async () => {
    const first = await startWaiting(client, { queueName: "single" });
    await untilReason(first, "pending");
    const second = await startWaiting(client, { queueName: "single" });
    const held = await assertHeld(client, second, "concurrency_limit");
    assertEquals(held.limits, [
      { name: "workerConcurrency", max: 1, used: 1 },
      { name: "globalConcurrency", max: 1, used: 1 },
    ]);
    assertMatch(held.message, /on every worker that runs any, and workerConcurrency allows 1/);
    await finish(client, first);
    await untilReason(second, "pending");
    await finish(client, second);

    await updateQueue(client, "single", { workerConcurrency: 0 });
    await untilWorkerPolled(client);
    const third = await enqueue(client, { ...task, queueName: "single" }, 7);
    const paused = await assertHeld(client, third, "concurrency_limit");
    assertMatch(paused.message, /workerConcurrency of queue single is 0/);
    await updateQueue(client, "single", { workerConcurrency: 1 });
    assertEquals(await third.getResult({ timeoutSeconds }), [7]);
  });

  await test.step("no worker takes it while a limit of its partition is reached", async () => {
    for (const name of ["partitionConcurrency", "partitionWorkerConcurrency"] as const) {
      const queueName = name;
      await registerQueue(client, queueName, { [name]: 1, minPollingIntervalMs });
      const north = await startWaiting(client, { queueName, queuePartitionKey: "north" });
      const south = await startWaiting(client, { queueName, queuePartitionKey: "south" });
      await untilReason(north, "pending");
      await untilReason(south, "pending");
      const next = await startWaiting(client, { queueName, queuePartitionKey: "north" });
      const held = await assertHeld(client, next, "concurrency_limit");
      assertEquals(held.limits, [{ name, max: 1, used: 1 }]);
      assertMatch(held.message, /partition north of queue/);
      await finish(client, north);
      await untilReason(next, "pending");
      await finish(client, next, south);
    }
  });

  await test.step("no worker takes it while a rate limit is reached", async () => {
    const periodSec = 3600;
    const limit = { limitPerPeriod: 2, periodSec };
    await registerQueue(client, "slow", { rateLimit: limit, minPollingIntervalMs });
    await registerQueue(client, "slow regions", {
      partitionRateLimit: limit,
      minPollingIntervalMs,
    });
    for (
      const [name, options] of [
        ["rateLimit", { ...task, queueName: "slow" }],
        ["partitionRateLimit", { ...task, queueName: "slow regions", queuePartitionKey: "north" }],
      ] as const
    ) {
      const first = await enqueue(client, options);
      await first.getResult({ timeoutSeconds });
      const second = await enqueue(client, options);
      await second.getResult({ timeoutSeconds });
      const third = await enqueue(client, options, 7);
      const held = await assertHeld(client, third, "rate_limit");
      const freeAt = (await first.getStatus())!.dequeuedAt! + periodSec * 1000;
      assertEquals(held.limits, [{ name, max: 2, used: 2, freeAt }]);
      assert(held.message.endsWith(`started at ${new Date(freeAt).toISOString()}`), held.message);
      await updateQueue(client, options.queueName, { [name]: { limitPerPeriod: 3, periodSec } });
      assertEquals(await third.getResult({ timeoutSeconds }), [7]);
    }
  });

  await test.step("a partition key on a queue without partitions holds nothing back", async () => {
    const handle = await enqueue(client, { ...task, queuePartitionKey: "north" }, 7);
    assertEquals(await handle.getResult({ timeoutSeconds }), [7]);
  });

  await test.step("a delay", async () => {
    const handle = await enqueue(client, { ...task, delaySeconds: 3600 }, 7);
    const held = await handle.explain();
    assertEquals([held.status, held.reason], ["DELAYED", "delayed"]);
    assertEquals(held.delayUntilEpochMS, (await handle.getStatus())!.delayUntilEpochMS);
    assert(
      held.message.endsWith(`DELAYED until ${new Date(held.delayUntilEpochMS!).toISOString()}`),
    );
    await setWorkflowDelay(client, handle.workflowID, 0);
    assertEquals(await handle.getResult({ timeoutSeconds }), [7]);
  });

  await test.step("nothing, while a worker runs it, or after it has ended", async () => {
    const handle = await startWaiting(client, { queueName: "tasks", workflowTimeoutMS: 3_600_000 });
    const pending = await untilReason(handle, "pending");
    const status = await handle.getStatus();
    assertEquals(pending.since, status!.dequeuedAt);
    assertEquals([pending.executorId, pending.applicationVersion], ["local", "test-1"]);
    assertEquals(pending.recoveryAttempts, 1);
    assertEquals(pending.deadlineEpochMS, status!.deadlineEpochMS);
    assertMatch(pending.message, /worker local of version test-1 .* DBOS cancels it at 20/);
    await finish(client, handle);
    const ended = await handle.explain();
    assertEquals([ended.status, ended.reason], ["SUCCESS", "succeeded"]);
    assertEquals(ended.since, (await handle.getStatus())!.completedAt);

    const failing = await enqueue(client, { ...task, workflowName: "fail" }, "no");
    const failed = await untilReason(failing, "failed");
    assertEquals(failed.status, "ERROR");
  });

  await test.step("a workflow that the worker does not know stays PENDING", async () => {
    const handle = await enqueue(client, { ...task, workflowName: "nobody's" });
    const pending = await untilReason(handle, "pending");
    assertMatch(pending.message, /does not know a workflow of the name nobody's/);
  });
});

Deno.test("an explanation tells which application version takes a workflow", async (test) => {
  await using database = await createTestDatabase();
  const systemDatabaseUrl = database.url;
  const old = await startWorker({ systemDatabaseUrl, applicationVersion: "v1" });
  await using client = await connect(database.url);
  await using _worker = await startWorker({ systemDatabaseUrl, applicationVersion: "v2" });
  await old[Symbol.asyncDispose]();

  await test.step("one that no worker has registered", async () => {
    const handle = await enqueue(client, { ...task, appVersion: "v3" }, 7);
    const held = await assertHeld(client, handle, "version_not_registered");
    assertEquals([held.applicationVersion, held.latestApplicationVersion], ["v3", "v2"]);
    await using _worker = await startWorker({ systemDatabaseUrl, applicationVersion: "v3" });
    assertEquals(await handle.getResult({ timeoutSeconds }), [7]);
  });

  await test.step("one that is not the latest", async () => {
    const handle = await enqueue(client, { ...task, appVersion: "v1" }, 7);
    // The worker of v2 still runs, so this one tells that it has looked at the queue.
    const other = await enqueue(client, { ...task, appVersion: "v2" });
    await other.getResult({ timeoutSeconds });
    const held = await handle.explain();
    assertEquals(held.reason, "version_not_latest");
    assertEquals([held.applicationVersion, held.latestApplicationVersion], ["v1", "v3"]);
    await using _worker = await startWorker({ systemDatabaseUrl, applicationVersion: "v1" });
    assertEquals(await handle.getResult({ timeoutSeconds }), [7]);
  });

  await test.step("the latest, which no worker runs", async () => {
    const handle = await enqueue(client, task, 7);
    const other = await enqueue(client, { ...task, appVersion: "v2" });
    await other.getResult({ timeoutSeconds });
    const waiting = await handle.explain();
    assertEquals([waiting.reason, waiting.latestApplicationVersion], ["waiting_for_worker", "v3"]);
    assertMatch(waiting.message, /a worker of application test-app of version v3 takes it/);
  });
});

Deno.test("an explanation is true while no worker runs, and says what one will do", async () => {
  await using database = await createTestDatabase();
  const systemDatabaseUrl = database.url;
  await startWorker({ systemDatabaseUrl }).then((worker) => worker[Symbol.asyncDispose]());
  await using client = await connect(database.url);

  const waiting = await enqueue(client, task, 7);
  const second = await enqueue(client, task, 8);
  const waits = await second.explain();
  assertEquals([waits.reason, waits.workflowsAhead], ["waiting_for_worker", 1]);
  assertMatch(waits.message, /If none does, no such worker is running/);

  const delayed = await enqueue(client, { ...task, delaySeconds: 0.001 }, 9);
  await until(async () => /although its delay ended/.test((await delayed.explain()).message));
  // A worker may take this workflow before it looks for deadlines: it must not end by itself.
  const expired = await startWaiting(client, {
    queueName: "tasks",
    deadlineEpochMS: Date.now() - 1000,
  });
  const passed = await expired.explain();
  assertEquals([passed.status, passed.reason], ["ENQUEUED", "deadline_passed"]);
  assertGreater(Date.now(), passed.deadlineEpochMS!);

  await using _worker = await startWorker({ systemDatabaseUrl });
  assertEquals(await waiting.getResult({ timeoutSeconds }), [7]);
  assertEquals(await delayed.getResult({ timeoutSeconds }), [9]);
  await untilReason(expired, "cancelled");

  // The internal queue is in no table.
  await resumeWorkflow(client, expired.workflowID);
  const resumed = await expired.explain();
  assert(["waiting_for_worker", "pending"].includes(resumed.reason), resumed.message);
  assertEquals(resumed.queueName, "_dbos_internal_queue");
  await finish(client, expired);
});

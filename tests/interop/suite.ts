/**
 * What is proven of the worker of every language. Each has an application in a folder of its own,
 * with the same workflows, queues, application name (`test-app`) and version (`test-1`).
 */
import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  AwaitedWorkflowCancelledError,
  cancelWorkflow,
  type Client,
  describeSystemDatabase,
  type EnqueueOptions,
  forkWorkflow,
  getAllEvents,
  getEvent,
  getResult,
  getStatus,
  listWorkflows,
  listWorkflowSteps,
  QueueDuplicatedError,
  readStream,
  registerQueue,
  resumeWorkflow,
  send,
  setWorkflowDelay,
  updateWorkflowAttributes,
  WorkflowError,
  type WorkflowHandle,
} from "../../mod.ts";

/** A live worker, and a client of its system database. */
export interface LiveWorker {
  client: Client;
  /** The format in which the language writes what is for itself only. */
  nativeFormat: string;
  /** The format that is recorded of a workflow. */
  readFormat(workflowID: string): Promise<string | null>;
  /** Enqueues on the queue `tasks`, or the one that is given. */
  start(
    options: Omit<EnqueueOptions, "queueName"> & { queueName?: string },
    ...args: unknown[]
  ): Promise<WorkflowHandle<unknown>>;
}

/** One row of the matrix. */
export interface Feature {
  name: string;
  prove(worker: LiveWorker): Promise<void>;
}

const patience = { timeoutSeconds: 30 };

/** Every kind of value that JSON has, with what is easily got wrong. */
export const values: unknown[] = [
  null,
  true,
  false,
  0,
  -7,
  1.5,
  1e-7,
  Number.MAX_SAFE_INTEGER,
  "",
  'quoted "text"\n\u2028',
  "ünï 😀",
  [],
  [1, ["two", [null]]],
  {},
  { a: { "b c": [{ "": 0 }] }, __proto: "x" },
];

async function untilStatus(client: Client, workflowID: string, wanted: string): Promise<void> {
  for (;;) {
    const status = (await getStatus(client, workflowID))?.status;
    if (status === wanted) return;
    assert(status === "ENQUEUED" || status === "PENDING", `${workflowID} is ${status}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function readAll(client: Client, workflowID: string, key: string): Promise<unknown[]> {
  return await Array.fromAsync(readStream(client, workflowID, key, patience));
}

export const features: Feature[] = [
  {
    name: "What is told of the system database",
    async prove({ client }) {
      const description = await describeSystemDatabase(client);
      assertEquals(description.missingFeatures, []);
      assertEquals(description.applicationNames, ["test-app"]);
      assertEquals(description.applicationVersions, ["test-1"]);
      for (const queue of ["tasks", "single", "prioritized", "partitioned"]) {
        assert(description.queues.includes(queue), queue);
      }
    },
  },
  {
    name: "Arguments and results of every kind",
    async prove({ start }) {
      const handles = await Promise.all(
        values.map((value) => start({ workflowName: "echo" }, value)),
      );
      for (const [index, handle] of handles.entries()) {
        assertEquals(await handle.getResult(patience), [values[index]]);
      }
    },
  },
  {
    name: "Several arguments, and none",
    async prove({ start }) {
      const several = await start({ workflowName: "echo" }, ...values);
      assertEquals(await several.getResult(patience), values);
      const none = await start({ workflowName: "echo" });
      assertEquals(await none.getResult(patience), []);
    },
  },
  {
    name: "Named arguments",
    async prove({ start }) {
      const namedArgs = { second: values, third: 3 };
      const handle = await start({ workflowName: "echoNamed", namedArgs }, 1);
      const expected = { first: 1, second: values, others: { third: 3 } };
      assertEquals(await handle.getResult(patience), expected);
    },
  },
  {
    name: "A method of a class",
    async prove({ start }) {
      const handle = await start(
        { workflowName: "greet", workflowClassName: "Greeter" },
        "Ada",
      );
      assertEquals(await handle.getResult(patience), "Hello, Ada");
    },
  },
  {
    name: "A method of a configured instance",
    async prove({ start }) {
      const workflowConfigName = "french";
      const handle = await start(
        { workflowName: "speak", workflowClassName: "Speaker", workflowConfigName },
        "bonjour",
      );
      assertEquals(await handle.getResult(patience), "french: bonjour");
    },
  },
  {
    name: "A child workflow",
    async prove({ client, start }) {
      const { workflowID, getResult } = await start({ workflowName: "runChild" }, "echoOne", 7);
      assertEquals(await getResult(patience), 7);
      const child = await getStatus(client, `${workflowID}-child`);
      assertEquals([child?.workflowName, child?.status], ["echoOne", "SUCCESS"]);
      assertEquals(child?.parentWorkflowID, workflowID);
      const steps = await listWorkflowSteps(client, workflowID);
      assert(steps?.some(({ childWorkflowID }) => childWorkflowID === `${workflowID}-child`));
    },
  },
  {
    name: "Arguments and results in its native format",
    async prove({ client, start, nativeFormat, readFormat }) {
      const { workflowID } = await start({ workflowName: "runChild" }, "echoOne", values);
      const childID = `${workflowID}-child`;
      assertEquals(await getResult(client, childID, patience), values);
      assertEquals((await getStatus(client, childID))?.input, [values]);
      assertEquals(await readFormat(childID), nativeFormat);
    },
  },
  {
    name: "Events and streams in its native format",
    async prove({ client, start }) {
      const event = await start({ workflowName: "runChild" }, "publish", "progress", values);
      const childID = `${event.workflowID}-child`;
      assertEquals(await getEvent(client, childID, "progress", patience), values);
      const stream = await start({ workflowName: "runChild" }, "writeNumbers", "numbers", 3);
      await stream.getResult(patience);
      assertEquals(await readAll(client, `${stream.workflowID}-child`, "numbers"), [0, 1, 2]);
    },
  },
  {
    name: "An error in its native format",
    async prove({ client, start }) {
      const { workflowID } = await start({ workflowName: "runChild" }, "fail", "out of paper");
      const error = await assertRejects(
        () => getResult(client, `${workflowID}-child`, patience),
        WorkflowError,
      );
      assertEquals([error.name, error.message], ["CustomError", "out of paper"]);
    },
  },
  {
    name: "An error's name and message",
    async prove({ start }) {
      const handle = await start({ workflowName: "fail" }, "out of paper");
      const error = await assertRejects(() => handle.getResult(patience), WorkflowError);
      assertEquals([error.name, error.message], ["CustomError", "out of paper"]);
      assertEquals((await handle.getStatus())?.status, "ERROR");
    },
  },
  {
    name: "An error's code and data",
    async prove({ start }) {
      const data = { tray: 2, sizes: ["A4"] };
      const handle = await start({ workflowName: "fail" }, "out of paper", "E_PAPER", data);
      const error = await assertRejects(() => handle.getResult(patience), WorkflowError);
      assertEquals([error.code, error.data], ["E_PAPER", data]);
    },
  },
  {
    name: "`send` with a topic, and without",
    async prove({ client, start }) {
      const withTopic = await start({ workflowName: "waitForMessage" }, "orders");
      await send(client, withTopic.workflowID, "to nobody");
      await send(client, withTopic.workflowID, values, { topic: "orders" });
      assertEquals(await withTopic.getResult(patience), values);
      const without = await start({ workflowName: "waitForMessage" });
      await send(client, without.workflowID, { a: 1 });
      assertEquals(await without.getResult(patience), { a: 1 });
    },
  },
  {
    name: "`send` with an idempotency key",
    async prove({ client, start }) {
      const { workflowID, getResult } = await start({ workflowName: "collect" }, 2, "orders");
      const topic = "orders";
      await send(client, workflowID, "once", { topic, idempotencyKey: "key" });
      await send(client, workflowID, "twice", { topic, idempotencyKey: "key" });
      await send(client, workflowID, "last", { topic });
      assertEquals(await getResult(patience), ["once", "last"]);
    },
  },
  {
    name: "Events",
    async prove({ client, start }) {
      const { workflowID } = await start({ workflowName: "publish" }, "progress", values);
      assertEquals(await getEvent(client, workflowID, "progress", patience), values);
      assertEquals(await getAllEvents(client, workflowID), { progress: values });
    },
  },
  {
    name: "Streams",
    async prove({ client, start }) {
      const { workflowID } = await start({ workflowName: "writeNumbers" }, "numbers", 5);
      assertEquals(await readAll(client, workflowID, "numbers"), [0, 1, 2, 3, 4]);
    },
  },
  {
    name: "Cancel and resume",
    async prove({ client, start }) {
      const handle = await start({ workflowName: "waitForMessage" }, "go");
      await untilStatus(client, handle.workflowID, "PENDING");
      await cancelWorkflow(client, handle.workflowID);
      await assertRejects(() => handle.getResult(patience), AwaitedWorkflowCancelledError);
      await resumeWorkflow(client, handle.workflowID);
      await send(client, handle.workflowID, "go on", { topic: "go" });
      assertEquals(await handle.getResult(patience), "go on");
    },
  },
  {
    name: "Fork from a step",
    async prove({ client, start }) {
      const { workflowID, getResult } = await start({ workflowName: "takeSteps" });
      await send(client, workflowID, "hello", { topic: "steps" });
      const original = await getResult(patience) as Record<string, unknown>;
      const steps = await listWorkflowSteps(client, workflowID);
      const second = steps?.find(({ name }) => name === "second");
      assert(second);
      const fork = await forkWorkflow(client, workflowID, second.functionID);
      const result = await fork.getResult(patience) as Record<string, unknown>;
      assertEquals(result, { ...original, second: result.second });
      assert(result.second !== original.second);
      assertEquals((await fork.getStatus())?.forkedFrom, workflowID);
    },
  },
  {
    name: "One run a workflow ID",
    async prove({ start }) {
      const options = { workflowName: "echo", workflowID: crypto.randomUUID() };
      const [first, second] = await Promise.all([start(options, 1), start(options, 2)]);
      const result = await first.getResult(patience);
      assertEquals(await second.getResult(patience), result);
      assertEquals((await start(options, 3)).workflowID, options.workflowID);
      assertEquals(await first.getResult(patience), result);
    },
  },
  {
    name: "Deduplication",
    async prove({ client, start }) {
      const options = { workflowName: "waitForMessage", deduplicationID: "nightly" };
      const holder = await start(options);
      const error = await assertRejects(() => start(options), QueueDuplicatedError);
      assertEquals(error.existingWorkflowID, holder.workflowID);
      const duplicationPolicy = "return-existing";
      assertEquals((await start({ ...options, duplicationPolicy })).workflowID, holder.workflowID);
      await send(client, holder.workflowID, "done");
      assertEquals(await holder.getResult(patience), "done");
      const next = await start({ ...options, workflowName: "echo" });
      assert(next.workflowID !== holder.workflowID);
      assertEquals(await next.getResult(patience), []);
    },
  },
  {
    name: "Delay, and its change",
    async prove({ client, start }) {
      const soon = await start({ workflowName: "echo", delaySeconds: 0.3 });
      const late = await start({ workflowName: "echo", delaySeconds: 1000 });
      assertEquals((await late.getStatus())?.status, "DELAYED");
      await setWorkflowDelay(client, late.workflowID, 0);
      assertEquals(await late.getResult(patience), []);
      assertEquals(await soon.getResult(patience), []);
      const { createdAt, dequeuedAt } = (await soon.getStatus())!;
      assert(dequeuedAt! - createdAt >= 300, `${dequeuedAt! - createdAt} ms`);
    },
  },
  {
    name: "Priority",
    async prove({ client, start }) {
      const queueName = "prioritized";
      const blocker = await start({ workflowName: "waitForMessage", queueName });
      await untilStatus(client, blocker.workflowID, "PENDING");
      const handles = [];
      for (const priority of [5, 1, 3, 0]) {
        handles.push(await start({ workflowName: "echo", queueName, priority }));
      }
      await send(client, blocker.workflowID, "go");
      for (const handle of handles) await handle.getResult(patience);
      const statuses = await Promise.all(handles.map((handle) => handle.getStatus()));
      statuses.sort((a, b) => a!.dequeuedAt! - b!.dequeuedAt!);
      assertEquals(statuses.map((status) => status?.priority), [0, 1, 3, 5]);
    },
  },
  {
    name: "Partitions of a queue",
    async prove({ client, start }) {
      const options = { workflowName: "waitForMessage", queueName: "partitioned" };
      const [first, second, other] = [
        await start({ ...options, queuePartitionKey: "a" }),
        await start({ ...options, queuePartitionKey: "a" }),
        await start({ ...options, queuePartitionKey: "b" }),
      ];
      await untilStatus(client, first.workflowID, "PENDING");
      await untilStatus(client, other.workflowID, "PENDING");
      assertEquals((await second.getStatus())?.status, "ENQUEUED");
      for (const handle of [first, second, other]) await send(client, handle.workflowID, 1);
      for (const handle of [first, second, other]) {
        assertEquals(await handle.getResult(patience), 1);
      }
    },
  },
  {
    name: "A queue that the client registers",
    async prove({ client, start }) {
      await registerQueue(client, "of the client", { minPollingIntervalMs: 50 });
      const handle = await start({ workflowName: "echo", queueName: "of the client" }, 1);
      assertEquals(await handle.getResult(patience), [1]);
    },
  },
  {
    name: "Application version",
    async prove({ client, start }) {
      const options = { workflowName: "echo", queueName: "single" };
      const other = await start({ ...options, appVersion: "test-0" });
      const own = await start({ ...options, appVersion: "test-1" }, 1);
      assertEquals(await own.getResult(patience), [1]);
      assertEquals((await other.getStatus())?.status, "ENQUEUED");
      await cancelWorkflow(client, other.workflowID);
    },
  },
  {
    name: "Application name",
    async prove({ client, start }) {
      const options = { workflowName: "echo", queueName: "single" };
      const other = await start({ ...options, applicationName: "other-app" });
      const own = await start({ ...options, applicationName: "test-app" }, 1);
      assertEquals(await own.getResult(patience), [1]);
      assertEquals((await other.getStatus())?.status, "ENQUEUED");
      await cancelWorkflow(client, other.workflowID);
    },
  },
  {
    name: "Timeout",
    async prove({ start }) {
      const handle = await start({ workflowName: "waitForMessage", workflowTimeoutMS: 100 });
      await assertRejects(() => handle.getResult(patience), AwaitedWorkflowCancelledError);
    },
  },
  {
    name: "The authenticated user",
    async prove({ start }) {
      const handle = await start({ workflowName: "whoAmI", authenticatedUser: "ada" });
      const { user } = await handle.getResult(patience) as { user: unknown };
      assertEquals(user, "ada");
    },
  },
  {
    name: "The roles of the user",
    async prove({ start }) {
      const authenticatedRoles = ["reader", "writer"];
      const handle = await start({ workflowName: "whoAmI", authenticatedRoles });
      const { roles } = await handle.getResult(patience) as { roles: unknown };
      assertEquals(roles, authenticatedRoles);
    },
  },
  {
    name: "Attributes",
    async prove({ client, start }) {
      const attributes = { order: crypto.randomUUID() };
      const { workflowID, getResult } = await start({ workflowName: "echo", attributes });
      await getResult(patience);
      const found = await listWorkflows(client, { attributes });
      assertEquals(found.map((workflow) => workflow.workflowID), [workflowID]);
      await updateWorkflowAttributes(client, workflowID, { order: 2 });
      assertEquals((await getStatus(client, workflowID))?.attributes, { order: 2 });
    },
  },
];

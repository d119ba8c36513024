/**
 * What is proven of the worker of every language. Each has an application in a folder of its own,
 * with the same workflows, queues, application name (`test-app`) and version (`test-1`).
 */
import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  AwaitedWorkflowCancelledError,
  cancelWorkflow,
  type Client,
  countSteps,
  countWorkflows,
  createSchedule,
  debounce,
  deleteSchedule,
  deleteWorkflow,
  describeSystemDatabase,
  type EnqueueOptions,
  forkWorkflow,
  getAllEvents,
  getEvent,
  getLatestApplicationVersion,
  getResult,
  getStatus,
  listWorkflows,
  listWorkflowSteps,
  QueueDuplicatedError,
  readStream,
  registerQueue,
  resumeWorkflow,
  rewindWorkflow,
  send,
  type SerializationType,
  setLatestApplicationVersion,
  setWorkflowDelay,
  triggerSchedule,
  UnsupportedFeatureError,
  updateWorkflowAttributes,
  WorkflowError,
  type WorkflowHandle,
} from "../../mod.ts";
import { proveRoundTrips, writtenAs } from "./round_trip.ts";

/** A live worker, and a client of its system database. */
export interface LiveWorker {
  client: Client;
  language: string;
  /** The release of the SDK. */
  version: string;
  /** The format in which the language writes what is for itself only. */
  nativeFormat: string;
  /** The format that its client writes, if it is not the portable one. */
  serializationType: SerializationType | undefined;
  /** What is recorded as the format of a child of a portable workflow. */
  childFormat: string;
  /** Whether the schema that it made has a feature, by its name in what is told of the database. */
  hasFeature(name: string): boolean;
  /** The format that is recorded of a workflow. */
  readFormat(workflowID: string): Promise<string | null>;
  /** What to enqueue with besides the name of a workflow, for the given arguments. */
  optionsFor(...args: unknown[]): { queueName: string; workflowClassName?: string };
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
  /** The call that is refused where the schema lacks what it needs; `prove` if that starts so. */
  refuse?(worker: LiveWorker): Promise<unknown>;
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

/** The first and the last release that a text names. */
function parseVersions(text: string): string[] {
  const versions = text.match(/\d+(\.\d+)+(-\w+)?/g) ?? [];
  return [versions[0]!, versions.at(-1)!];
}

function compareVersions(first: string, second: string): number {
  return first.localeCompare(second, "en", { numeric: true });
}

export const features: Feature[] = [
  {
    name: "What is told of the system database",
    async prove({ client, language, version, hasFeature }) {
      const told = await describeSystemDatabase(client);
      const [oldest, newest] = parseVersions(told.releases[language]!);
      assert(compareVersions(oldest!, version) <= 0 && compareVersions(version, newest!) <= 0);
      const ifHas = <Value>(feature: string, value: Value[]) => hasFeature(feature) ? value : [];
      const names = ifHas("application names", ["test-app"]);
      assertEquals(told.applicationNames, names);
      assertEquals(told.applicationVersions, ifHas("application versions", ["test-1"]));
      const queues = ifHas("registered queues", ["tasks", "single", "prioritized", "partitioned"]);
      for (const queue of queues) assert(told.queues.includes(queue), queue);
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
    name: "Portable JSON",
    async prove({ start }) {
      const options = { workflowName: "echoOne", serializationType: "portable" } as const;
      const handle = await start(options, values);
      assertEquals(await handle.getResult(patience), values);
    },
    async refuse({ client, start }) {
      const serializationType = "portable";
      const message = () => send(client, "any", 1, { serializationType });
      await assertRejects(message, UnsupportedFeatureError);
      await start({ workflowName: "echoOne", serializationType }, 1);
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
    async prove({ client, start, hasFeature }) {
      const { workflowID, getResult } = await start({ workflowName: "runChild" }, "echoOne", 7);
      assertEquals(await getResult(patience), 7);
      const child = await getStatus(client, `${workflowID}-child`);
      assertEquals([child?.workflowName, child?.status], ["echoOne", "SUCCESS"]);
      if (hasFeature("parent workflows")) assertEquals(child?.parentWorkflowID, workflowID);
      const steps = await listWorkflowSteps(client, workflowID);
      assert(steps?.some(({ childWorkflowID }) => childWorkflowID === `${workflowID}-child`));
    },
  },
  {
    name: "Arguments and results in its native format",
    async prove({ client, start, childFormat, readFormat, hasFeature }) {
      const { workflowID } = await start({ workflowName: "runChild" }, "echoOne", values);
      const childID = `${workflowID}-child`;
      assertEquals(await getResult(client, childID, patience), values);
      assertEquals((await getStatus(client, childID))?.input, [values]);
      if (hasFeature("serialization formats")) {
        assertEquals(await readFormat(childID), childFormat);
      }
    },
  },
  {
    name: "Arguments in its native format, as this client writes them",
    async prove({ start, nativeFormat, readFormat, hasFeature }) {
      const serializationType = writtenAs(nativeFormat)!;
      const options = { workflowName: "echoOne", serializationType };
      const { workflowID, getResult } = await start(options, values);
      assertEquals(await getResult(patience), values);
      if (hasFeature("serialization formats")) {
        assertEquals(await readFormat(workflowID), nativeFormat);
      }
      if (serializationType === "py_pickle") {
        const namedArgs = { second: new Set([2n ** 70n]), third: new Date(5) };
        const named = await start({ ...options, workflowName: "echoNamed", namedArgs }, null);
        const { second, third } = namedArgs;
        assertEquals(await named.getResult(patience), { first: null, second, others: { third } });
      }
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
    refuse: ({ client }) => forkWorkflow(client, "any", 0),
  },
  {
    name: "Rewind to a step",
    async prove({ client, start }) {
      const { workflowID, getResult } = await start({ workflowName: "takeSteps" });
      await send(client, workflowID, "hello", { topic: "steps" });
      const before = await getResult(patience) as Record<string, unknown>;
      const steps = await listWorkflowSteps(client, workflowID);
      const startStep = steps?.find(({ name }) => name === "second")?.functionID;
      assert(startStep);
      await rewindWorkflow(client, workflowID, { startStep });
      const after = await getResult(patience) as Record<string, unknown>;
      assertEquals(after, { ...before, second: after.second });
      assert(after.second !== before.second);
    },
    refuse: ({ client }) => rewindWorkflow(client, "any"),
  },
  {
    name: "Delete",
    async prove({ client, start }) {
      const { workflowID, getResult } = await start({ workflowName: "echo" }, 1);
      await getResult(patience);
      await deleteWorkflow(client, workflowID);
      assertEquals(await getStatus(client, workflowID), null);
    },
  },
  {
    name: "Delete with the children",
    async prove({ client, start }) {
      const { workflowID, getResult } = await start({ workflowName: "runChild" }, "echoOne", 1);
      await getResult(patience);
      await deleteWorkflow(client, workflowID, { deleteChildren: true });
      assertEquals(await getStatus(client, workflowID), null);
      assertEquals(await getStatus(client, `${workflowID}-child`), null);
    },
    refuse: ({ client }) => deleteWorkflow(client, "any", { deleteChildren: true }),
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
    name: "Debouncing",
    async prove({ client, optionsFor }) {
      const options = { workflowName: "echo", ...optionsFor(1) };
      const first = await debounce(client, options, "key", 1000, 1);
      const second = await debounce(client, options, "key", 1000, 2);
      assertEquals(second.workflowID, first.workflowID);
      assertEquals(await second.getResult(patience), [2]);
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
    name: "A schedule that the client triggers",
    async prove({ client, optionsFor }) {
      const scheduleName = "yearly";
      const context = { a: [1] };
      const { workflowClassName } = optionsFor(scheduleName, context);
      await createSchedule(client, {
        scheduleName,
        workflowName: "echo",
        ...(workflowClassName !== undefined && { workflowClassName }),
        schedule: "@yearly",
        context,
        serializationType: "portable",
      });
      const run = await triggerSchedule<unknown[]>(client, scheduleName);
      const [time, ...rest] = await run.getResult(patience);
      assert(Date.parse(String(time)) <= Date.now());
      assertEquals(rest, [context]);
      await deleteSchedule(client, scheduleName);
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
    name: "The latest application version",
    async prove({ client }) {
      await setLatestApplicationVersion(client, "test-1");
      assertEquals((await getLatestApplicationVersion(client))?.versionName, "test-1");
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
    name: "Deadline of what has not started",
    async prove({ start }) {
      const options = { workflowName: "echo", queueName: "idle", deadlineEpochMS: Date.now() };
      const handle = await start(options);
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
  {
    name: "Lists and counts of workflows",
    async prove({ client, start }) {
      const workflowID = crypto.randomUUID();
      const handle = await start({ workflowName: "echoOne", workflowID }, 1);
      await handle.getResult(patience);
      const filters = {
        workflowName: "echoOne",
        status: "SUCCESS",
        workflow_id_prefix: workflowID,
      };
      const [workflow] = await listWorkflows(client, filters);
      assertEquals([workflow?.workflowID, workflow?.output], [workflowID, 1]);
      assertEquals((await countWorkflows(client, filters)).map(({ count }) => count), [1]);
    },
  },
  {
    name: "Counts of steps",
    async prove({ client, start }) {
      const { workflowID, getResult } = await start({ workflowName: "writeNumbers" }, "numbers", 3);
      await getResult(patience);
      const [counted] = await countSteps(client, { workflow_id_prefix: workflowID });
      assertEquals(counted?.count, (await listWorkflowSteps(client, workflowID))?.length);
    },
    refuse: ({ client }) => countSteps(client),
  },
  { name: "20,000 generated values", prove: proveRoundTrips },
];

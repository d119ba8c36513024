/**
 * The features that are tested with the worker of every language. The application of each language
 * has its own folder, and the same workflows, queues, name (`test-app`) and version (`test-1`).
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
  followEvents,
  forkWorkflow,
  getAllEvents,
  getAllNotifications,
  getAllStreamEntries,
  getEvent,
  getLatestApplicationVersion,
  getResult,
  getStatus,
  listWorkflows,
  listWorkflowSteps,
  QueueDuplicatedError,
  readStream,
  readStreamOffset,
  registerQueue,
  resumeWorkflow,
  rewindWorkflow,
  send,
  sendMany,
  type SerializationType,
  setLatestApplicationVersion,
  setWorkflowDelay,
  triggerSchedule,
  UnsupportedFeatureError,
  updateWorkflowAttributes,
  WorkflowError,
  type WorkflowHandle,
} from "../../mod.ts";
import { verifyRoundTrips, writtenAs } from "./round_trip.ts";

/** A live worker, and a client of its system database. */
export interface LiveWorker {
  client: Client;
  language: string;
  /** The release of the SDK. */
  version: string;
  /** The native format of the language. */
  nativeFormat: string;
  /** The format that `client` writes by default, if it is not the portable one. */
  serializationType: SerializationType | undefined;
  /** The format that is recorded for a child of a portable workflow. */
  childFormat: string;
  /** Whether the schema has a feature, by its name in `describeSystemDatabase()`. */
  hasFeature(name: string): boolean;
  /** The format that is recorded for a workflow. */
  readFormat(workflowID: string): Promise<string | null>;
  /** The options that a workflow with these arguments needs besides its name. */
  optionsFor(...args: unknown[]): { queueName: string; workflowClassName?: string };
  /** Enqueues a workflow, by default on the queue `tasks`. */
  start(
    options: Omit<EnqueueOptions, "queueName"> & { queueName?: string },
    ...args: unknown[]
  ): Promise<WorkflowHandle<unknown>>;
}

/** One row of the matrix. */
export interface Feature {
  name: string;
  verify(worker: LiveWorker): Promise<void>;
  /** The call that the client rejects if the schema lacks the feature; by default `verify`. */
  unsupportedCall?(worker: LiveWorker): Promise<unknown>;
}

const timeout = { timeoutSeconds: 600 };

/** Every kind of JSON value, with edge cases. */
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

async function untilStatus(client: Client, workflowID: string, expected: string): Promise<void> {
  for (;;) {
    const status = (await getStatus(client, workflowID))?.status;
    if (status === expected) return;
    assert(status === "ENQUEUED" || status === "PENDING", `${workflowID} is ${status}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function readAll(client: Client, workflowID: string, key: string): Promise<unknown[]> {
  return await Array.fromAsync(readStream(client, workflowID, key, timeout));
}

/** The first and the last release in a text. */
function parseVersions(text: string): string[] {
  const versions = text.match(/\d+(\.\d+)+(-\w+)?/g) ?? [];
  return [versions[0]!, versions.at(-1)!];
}

function compareVersions(first: string, second: string): number {
  return first.localeCompare(second, "en", { numeric: true });
}

export const features: Feature[] = [
  {
    name: "Description of the system database",
    async verify({ client, language, version, hasFeature }) {
      const description = await describeSystemDatabase(client);
      const [oldest, newest] = parseVersions(description.releases[language]!);
      const [minor] = /^\d+\.\d+/.exec(version)!;
      assert(compareVersions(oldest!, version) <= 0 && compareVersions(minor, newest!) <= 0);
      const ifHas = <Value>(feature: string, value: Value[]) => hasFeature(feature) ? value : [];
      const names = ifHas("application names", ["test-app"]);
      assertEquals(description.applicationNames, names);
      assertEquals(description.applicationVersions, ifHas("application versions", ["test-1"]));
      const queues = ifHas("registered queues", ["tasks", "single", "prioritized", "partitioned"]);
      for (const queue of queues) assert(description.queues.includes(queue), queue);
    },
  },
  {
    name: "Arguments and results of every kind",
    async verify({ start }) {
      const handles = await Promise.all(
        values.map((value) => start({ workflowName: "echo" }, value)),
      );
      for (const [index, handle] of handles.entries()) {
        assertEquals(await handle.getResult(timeout), [values[index]]);
      }
    },
  },
  {
    name: "Portable JSON",
    async verify({ start }) {
      const options = { workflowName: "echoOne", serializationType: "portable" } as const;
      const handle = await start(options, values);
      assertEquals(await handle.getResult(timeout), values);
    },
    async unsupportedCall({ client, start }) {
      const serializationType = "portable";
      const message = () => send(client, "any", 1, { serializationType });
      await assertRejects(message, UnsupportedFeatureError);
      await start({ workflowName: "echoOne", serializationType }, 1);
    },
  },
  {
    name: "Several arguments, or none",
    async verify({ start }) {
      const several = await start({ workflowName: "echo" }, ...values);
      assertEquals(await several.getResult(timeout), values);
      const none = await start({ workflowName: "echo" });
      assertEquals(await none.getResult(timeout), []);
    },
  },
  {
    name: "Named arguments",
    async verify({ start }) {
      const namedArgs = { second: values, third: 3 };
      const handle = await start({ workflowName: "echoNamed", namedArgs }, 1);
      const expected = { first: 1, second: values, others: { third: 3 } };
      assertEquals(await handle.getResult(timeout), expected);
    },
  },
  {
    name: "A method of a class",
    async verify({ start }) {
      const handle = await start(
        { workflowName: "greet", workflowClassName: "Greeter" },
        "Ada",
      );
      assertEquals(await handle.getResult(timeout), "Hello, Ada");
    },
  },
  {
    name: "A method of a configured instance",
    async verify({ start }) {
      const workflowConfigName = "french";
      const handle = await start(
        { workflowName: "speak", workflowClassName: "Speaker", workflowConfigName },
        "bonjour",
      );
      assertEquals(await handle.getResult(timeout), "french: bonjour");
    },
  },
  {
    name: "A child workflow",
    async verify({ client, start, hasFeature }) {
      const { workflowID, getResult } = await start({ workflowName: "runChild" }, "echoOne", 7);
      assertEquals(await getResult(timeout), 7);
      const child = await getStatus(client, `${workflowID}-child`);
      assertEquals([child?.workflowName, child?.status], ["echoOne", "SUCCESS"]);
      if (hasFeature("parent workflows")) assertEquals(child?.parentWorkflowID, workflowID);
      const steps = await listWorkflowSteps(client, workflowID);
      assert(steps?.some(({ childWorkflowID }) => childWorkflowID === `${workflowID}-child`));
    },
  },
  {
    name: "Arguments and results in its native format",
    async verify({ client, start, childFormat, readFormat, hasFeature }) {
      const { workflowID } = await start({ workflowName: "runChild" }, "echoOne", values);
      const childID = `${workflowID}-child`;
      assertEquals(await getResult(client, childID, timeout), values);
      assertEquals((await getStatus(client, childID))?.input, [values]);
      if (hasFeature("serialization formats")) {
        assertEquals(await readFormat(childID), childFormat);
      }
    },
  },
  {
    name: "Arguments written in its native format",
    async verify({ start, nativeFormat, readFormat, hasFeature }) {
      const serializationType = writtenAs(nativeFormat)!;
      const options = { workflowName: "echoOne", serializationType };
      const { workflowID, getResult } = await start(options, values);
      assertEquals(await getResult(timeout), values);
      if (hasFeature("serialization formats")) {
        assertEquals(await readFormat(workflowID), nativeFormat);
      }
      if (serializationType === "py_pickle") {
        const namedArgs = { second: new Set([2n ** 70n]), third: new Date(5) };
        const named = await start({ ...options, workflowName: "echoNamed", namedArgs }, null);
        const { second, third } = namedArgs;
        assertEquals(await named.getResult(timeout), { first: null, second, others: { third } });
      }
      if (serializationType === "rust_serde") {
        // As much as Rust reads: the limits of 64 bits, and 127 levels.
        const extremes = [
          2n ** 64n - 1n,
          -(2n ** 63n),
          JSON.parse("[".repeat(126) + "]".repeat(126)),
        ];
        const extreme = await start(options, extremes);
        assertEquals(await extreme.getResult(timeout), extremes);
      }
    },
  },
  {
    name: "Events and streams in its native format",
    async verify({ client, start }) {
      const event = await start({ workflowName: "runChild" }, "publish", "progress", values);
      const childID = `${event.workflowID}-child`;
      assertEquals(await getEvent(client, childID, "progress", timeout), values);
      assertEquals(await Array.fromAsync(followEvents(client, childID, timeout)), [
        { key: "progress", value: values },
      ]);
      const stream = await start({ workflowName: "runChild" }, "writeNumbers", "numbers", 3);
      await stream.getResult(timeout);
      assertEquals(await readAll(client, `${stream.workflowID}-child`, "numbers"), [0, 1, 2]);
    },
  },
  {
    name: "An error in its native format",
    async verify({ client, start }) {
      const { workflowID } = await start({ workflowName: "runChild" }, "fail", "out of paper");
      const error = await assertRejects(
        () => getResult(client, `${workflowID}-child`, timeout),
        WorkflowError,
      );
      assertEquals([error.name, error.message], ["CustomError", "out of paper"]);
    },
  },
  {
    name: "An error's name and message",
    async verify({ start }) {
      const handle = await start({ workflowName: "fail" }, "out of paper");
      const error = await assertRejects(() => handle.getResult(timeout), WorkflowError);
      assertEquals([error.name, error.message], ["CustomError", "out of paper"]);
      assertEquals((await handle.getStatus())?.status, "ERROR");
    },
  },
  {
    name: "An error's code and data",
    async verify({ start }) {
      const data = { tray: 2, sizes: ["A4"] };
      const handle = await start({ workflowName: "fail" }, "out of paper", "E_PAPER", data);
      const error = await assertRejects(() => handle.getResult(timeout), WorkflowError);
      assertEquals([error.code, error.data], ["E_PAPER", data]);
    },
  },
  {
    name: "`send` with and without a topic",
    async verify({ client, start }) {
      const withTopic = await start({ workflowName: "waitForMessage" }, "orders");
      await send(client, withTopic.workflowID, "to nobody");
      await send(client, withTopic.workflowID, values, { topic: "orders" });
      assertEquals(await withTopic.getResult(timeout), values);
      for (
        const { topic, message, consumed } of await getAllNotifications(
          client,
          withTopic.workflowID,
        )
      ) {
        // Early workers delete a message that they receive.
        assertEquals([topic, message], consumed ? ["orders", values] : [null, "to nobody"]);
      }
      const without = await start({ workflowName: "waitForMessage" });
      await send(client, without.workflowID, { a: 1 });
      assertEquals(await without.getResult(timeout), { a: 1 });
    },
  },
  {
    name: "`send` with an idempotency key",
    async verify({ client, start }) {
      const { workflowID, getResult } = await start({ workflowName: "collect" }, 2, "orders");
      const topic = "orders";
      // In one statement: early workers delete a message that they receive, together with its key.
      const addressed = { destinationID: workflowID, topic, idempotencyKey: "key" };
      await sendMany(client, [
        { ...addressed, message: "once" },
        { ...addressed, message: "twice" },
      ]);
      await send(client, workflowID, "last", { topic });
      assertEquals(await getResult(timeout), ["once", "last"]);
    },
  },
  {
    name: "Events",
    async verify({ client, start }) {
      const { workflowID } = await start({ workflowName: "publish" }, "progress", values);
      assertEquals(await getEvent(client, workflowID, "progress", timeout), values);
      assertEquals(await getAllEvents(client, workflowID), { progress: values });
      assertEquals(await Array.fromAsync(followEvents(client, workflowID, timeout)), [
        { key: "progress", value: values },
      ]);
    },
  },
  {
    name: "Streams",
    async verify({ client, start }) {
      const { workflowID } = await start({ workflowName: "writeNumbers" }, "numbers", 5);
      assertEquals(await readAll(client, workflowID, "numbers"), [0, 1, 2, 3, 4]);
      assertEquals(await readStreamOffset(client, workflowID, "numbers", -1), 4);
      const { numbers } = await getAllStreamEntries(client, workflowID);
      assertEquals(numbers?.entries, [0, 1, 2, 3, 4].map((value) => ({ offset: value, value })));
    },
  },
  {
    name: "Cancel and resume",
    async verify({ client, start }) {
      const handle = await start({ workflowName: "waitForMessage" }, "go");
      await untilStatus(client, handle.workflowID, "PENDING");
      await cancelWorkflow(client, handle.workflowID);
      await assertRejects(() => handle.getResult(timeout), AwaitedWorkflowCancelledError);
      await resumeWorkflow(client, handle.workflowID);
      await send(client, handle.workflowID, "go on", { topic: "go" });
      assertEquals(await handle.getResult(timeout), "go on");
    },
  },
  {
    name: "Fork from a step",
    async verify({ client, start }) {
      const { workflowID, getResult } = await start({ workflowName: "takeSteps" });
      await send(client, workflowID, "hello", { topic: "steps" });
      const original = await getResult(timeout) as Record<string, unknown>;
      const steps = await listWorkflowSteps(client, workflowID);
      const second = steps?.find(({ name }) => name === "second");
      assert(second);
      const fork = await forkWorkflow(client, workflowID, second.functionID);
      const result = await fork.getResult(timeout) as Record<string, unknown>;
      assertEquals(result, { ...original, second: result.second });
      assert(result.second !== original.second);
      assertEquals((await fork.getStatus())?.forkedFrom, workflowID);
    },
    unsupportedCall: ({ client }) => forkWorkflow(client, "any", 0),
  },
  {
    name: "Rewind to a step",
    async verify({ client, start }) {
      const { workflowID, getResult } = await start({ workflowName: "takeSteps" });
      await send(client, workflowID, "hello", { topic: "steps" });
      const before = await getResult(timeout) as Record<string, unknown>;
      const steps = await listWorkflowSteps(client, workflowID);
      const startStep = steps?.find(({ name }) => name === "second")?.functionID;
      assert(startStep);
      await rewindWorkflow(client, workflowID, { startStep });
      const after = await getResult(timeout) as Record<string, unknown>;
      assertEquals(after, { ...before, second: after.second });
      assert(after.second !== before.second);
    },
    unsupportedCall: ({ client }) => rewindWorkflow(client, "any"),
  },
  {
    name: "Delete",
    async verify({ client, start }) {
      const { workflowID, getResult } = await start({ workflowName: "echo" }, 1);
      await getResult(timeout);
      await deleteWorkflow(client, workflowID);
      assertEquals(await getStatus(client, workflowID), null);
    },
  },
  {
    name: "Delete with children",
    async verify({ client, start }) {
      const { workflowID, getResult } = await start({ workflowName: "runChild" }, "echoOne", 1);
      await getResult(timeout);
      await deleteWorkflow(client, workflowID, { deleteChildren: true });
      assertEquals(await getStatus(client, workflowID), null);
      assertEquals(await getStatus(client, `${workflowID}-child`), null);
    },
    unsupportedCall: ({ client }) => deleteWorkflow(client, "any", { deleteChildren: true }),
  },
  {
    name: "One run per workflow ID",
    async verify({ start }) {
      const options = { workflowName: "echo", workflowID: crypto.randomUUID() };
      const [first, second] = await Promise.all([start(options, 1), start(options, 2)]);
      const result = await first.getResult(timeout);
      assertEquals(await second.getResult(timeout), result);
      assertEquals((await start(options, 3)).workflowID, options.workflowID);
      assertEquals(await first.getResult(timeout), result);
    },
  },
  {
    name: "Deduplication",
    async verify({ client, start }) {
      const options = { workflowName: "waitForMessage", deduplicationID: "nightly" };
      const holder = await start(options);
      const error = await assertRejects(() => start(options), QueueDuplicatedError);
      assertEquals(error.existingWorkflowID, holder.workflowID);
      const duplicationPolicy = "return-existing";
      assertEquals((await start({ ...options, duplicationPolicy })).workflowID, holder.workflowID);
      await send(client, holder.workflowID, "done");
      assertEquals(await holder.getResult(timeout), "done");
      const next = await start({ ...options, workflowName: "echo" });
      assert(next.workflowID !== holder.workflowID);
      assertEquals(await next.getResult(timeout), []);
    },
  },
  {
    name: "Delays, and changing them",
    async verify({ client, start }) {
      const soon = await start({ workflowName: "echo", delaySeconds: 0.3 });
      const late = await start({ workflowName: "echo", delaySeconds: 1000 });
      assertEquals((await late.getStatus())?.status, "DELAYED");
      await setWorkflowDelay(client, late.workflowID, 0);
      assertEquals(await late.getResult(timeout), []);
      assertEquals(await soon.getResult(timeout), []);
      const { createdAt, dequeuedAt } = (await soon.getStatus())!;
      assert(dequeuedAt! - createdAt >= 300, `${dequeuedAt! - createdAt} ms`);
    },
  },
  {
    name: "Debouncing",
    async verify({ client, optionsFor }) {
      const options = { workflowName: "echo", ...optionsFor(1) };
      // The worker must not start it between the calls.
      const first = await debounce(client, options, "key", 600_000, 1);
      const second = await debounce(client, options, "key", 1, 2);
      assertEquals(second.workflowID, first.workflowID);
      assertEquals(await second.getResult(timeout), [2]);
    },
  },
  {
    name: "Priority",
    async verify({ client, start }) {
      const queueName = "prioritized";
      const blocker = await start({ workflowName: "waitForMessage", queueName });
      await untilStatus(client, blocker.workflowID, "PENDING");
      const handles = [];
      for (const priority of [5, 1, 3, 0]) {
        handles.push(await start({ workflowName: "echo", queueName, priority }));
      }
      await send(client, blocker.workflowID, "go");
      for (const handle of handles) await handle.getResult(timeout);
      const statuses = await Promise.all(handles.map((handle) => handle.getStatus()));
      statuses.sort((a, b) => a!.dequeuedAt! - b!.dequeuedAt!);
      assertEquals(statuses.map((status) => status?.priority), [0, 1, 3, 5]);
    },
  },
  {
    name: "Queue partitions",
    async verify({ client, start }) {
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
        assertEquals(await handle.getResult(timeout), 1);
      }
    },
  },
  {
    name: "A queue that the client registers",
    async verify({ client, start }) {
      await registerQueue(client, "of the client", { minPollingIntervalMs: 50 });
      const handle = await start({ workflowName: "echo", queueName: "of the client" }, 1);
      assertEquals(await handle.getResult(timeout), [1]);
    },
  },
  {
    name: "A schedule that the client triggers",
    async verify({ client, nativeFormat, optionsFor }) {
      const scheduleName = "yearly";
      // The schedulers in Java and Python read it too, in the format of the worker.
      const context = nativeFormat === "java_jackson" ? "text" : { a: [1] };
      const serializationType = nativeFormat === "py_pickle" ? nativeFormat : "portable";
      const { workflowClassName } = optionsFor(scheduleName, context);
      await createSchedule(client, {
        scheduleName,
        workflowName: "echo",
        ...(workflowClassName !== undefined && { workflowClassName }),
        schedule: "@yearly",
        context,
        serializationType,
      });
      const run = await triggerSchedule<unknown[]>(client, scheduleName);
      const [time, ...rest] = await run.getResult(timeout);
      assert(Date.parse(String(time)) <= Date.now());
      assertEquals(rest, [context]);
      await deleteSchedule(client, scheduleName);
    },
  },
  {
    name: "Application version",
    async verify({ client, start }) {
      const options = { workflowName: "echo", queueName: "single" };
      const other = await start({ ...options, appVersion: "test-0" });
      const own = await start({ ...options, appVersion: "test-1" }, 1);
      assertEquals(await own.getResult(timeout), [1]);
      assertEquals((await other.getStatus())?.status, "ENQUEUED");
      await cancelWorkflow(client, other.workflowID);
    },
  },
  {
    name: "The latest application version",
    async verify({ client }) {
      await setLatestApplicationVersion(client, "test-1");
      assertEquals((await getLatestApplicationVersion(client))?.versionName, "test-1");
    },
  },
  {
    name: "Application name",
    async verify({ client, start }) {
      const options = { workflowName: "echo", queueName: "single" };
      const other = await start({ ...options, applicationName: "other-app" });
      const own = await start({ ...options, applicationName: "test-app" }, 1);
      assertEquals(await own.getResult(timeout), [1]);
      assertEquals((await other.getStatus())?.status, "ENQUEUED");
      await cancelWorkflow(client, other.workflowID);
    },
  },
  {
    name: "Timeout",
    async verify({ start }) {
      const handle = await start({ workflowName: "waitForMessage", workflowTimeoutMS: 100 });
      await assertRejects(() => handle.getResult(timeout), AwaitedWorkflowCancelledError);
    },
  },
  {
    name: "Deadline before the start",
    async verify({ start }) {
      const options = { workflowName: "echo", queueName: "idle", deadlineEpochMS: Date.now() };
      const handle = await start(options);
      await assertRejects(() => handle.getResult(timeout), AwaitedWorkflowCancelledError);
    },
  },
  {
    name: "The authenticated user",
    async verify({ start }) {
      const handle = await start({ workflowName: "whoAmI", authenticatedUser: "ada" });
      const { user } = await handle.getResult(timeout) as { user: unknown };
      assertEquals(user, "ada");
    },
  },
  {
    name: "The roles of the user",
    async verify({ start }) {
      const authenticatedRoles = ["reader", "writer"];
      const handle = await start({ workflowName: "whoAmI", authenticatedRoles });
      const { roles } = await handle.getResult(timeout) as { roles: unknown };
      assertEquals(roles, authenticatedRoles);
    },
  },
  {
    name: "Attributes",
    async verify({ client, start }) {
      const attributes = { order: crypto.randomUUID() };
      const { workflowID, getResult } = await start({ workflowName: "echo", attributes });
      await getResult(timeout);
      const found = await listWorkflows(client, { attributes });
      assertEquals(found.map((workflow) => workflow.workflowID), [workflowID]);
      await updateWorkflowAttributes(client, workflowID, { order: 2 });
      assertEquals((await getStatus(client, workflowID))?.attributes, { order: 2 });
    },
  },
  {
    name: "Lists and counts of workflows",
    async verify({ client, start }) {
      const workflowID = crypto.randomUUID();
      const handle = await start({ workflowName: "echoOne", workflowID }, 1);
      await handle.getResult(timeout);
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
    async verify({ client, start }) {
      const { workflowID, getResult } = await start({ workflowName: "takeSteps" });
      await send(client, workflowID, "hello", { topic: "steps" });
      await getResult(timeout);
      const [counted] = await countSteps(client, { workflow_id_prefix: workflowID });
      assertEquals(counted?.count, (await listWorkflowSteps(client, workflowID))?.length);
    },
    unsupportedCall: ({ client }) => countSteps(client),
  },
  { name: "20,000 generated values", verify: verifyRoundTrips },
];

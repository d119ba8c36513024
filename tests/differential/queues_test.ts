import type { DBOSClient } from "@dbos-inc/dbos-sdk";
import {
  type Client,
  deleteQueue,
  listQueues,
  type Queue,
  registerQueue,
  type RegisterQueueOptions,
  retrieveQueue,
  updateQueue,
} from "../../mod.ts";
import type { Query } from "./databases.ts";
import { type DifferentialCase, testDifferential } from "./differential.ts";

type OfficialQueue = Awaited<ReturnType<DBOSClient["registerQueue"]>>;

/**
 * The queue as ours is: a plain object, with a limit's name as registerQueue() takes it. The official
 * one also tells where its methods write to.
 */
function toPlainQueue(queue: OfficialQueue | null): Queue | null {
  if (!queue) return null;
  const { concurrency, databaseBacked: _, clientBound: __, ...rest } = queue;
  return { ...rest, globalConcurrency: concurrency } as unknown as Queue;
}

function register(
  options: RegisterQueueOptions = {},
  name = "new",
): Pick<DifferentialCase, "official" | "ours"> {
  return {
    official: async (client) => toPlainQueue(await client.registerQueue(name, options)),
    ours: (client) => registerQueue(client, name, options),
  };
}

const optionSets: Record<string, RegisterQueueOptions> = {
  "no option": {},
  "a global limit": { globalConcurrency: 7 },
  "a limit for each worker": { workerConcurrency: 7 },
  "both": { globalConcurrency: 7, workerConcurrency: 7 },
  "limits of 0": { globalConcurrency: 0, workerConcurrency: 0 },
  "a rate limit": { rateLimit: { limitPerPeriod: 50, periodSec: 1.5 } },
  "a limit for partitions": { partitionConcurrency: 2 },
  "a limit for partitions on each worker": { partitionWorkerConcurrency: 2 },
  "a rate limit for partitions": { partitionRateLimit: { limitPerPeriod: 5, periodSec: 0.25 } },
  "a polling interval": { minPollingIntervalMs: 50 },
  "a polling interval of a fraction": { minPollingIntervalMs: 1234.5 },
  "an application": { applicationName: "shop" },
  "every option": {
    globalConcurrency: 9,
    workerConcurrency: 8,
    rateLimit: { limitPerPeriod: 50, periodSec: 60 },
    partitionConcurrency: 7,
    partitionWorkerConcurrency: 6,
    partitionRateLimit: { limitPerPeriod: 5, periodSec: 60 },
    minPollingIntervalMs: 250,
    applicationName: "shop",
    onConflict: "never_update",
  },
};

const ownWords = {
  "error.name": "a class of its own, or a built-in one",
  "error.message": "words of our own",
  "error.stack": "so is the stack, which begins with them",
};

/** Both refuse it; only what stays as it was is compared. */
function refuse(name: string, options: object, queueName?: string): DifferentialCase {
  return { name, ...register(options, queueName), differences: ownWords };
}

/** The queue that all of these find belongs to `test-app` and has every limit. */
const withQueue = {
  prepare: (query: Query) =>
    query(`insert into dbos.queues (name, concurrency, worker_concurrency, rate_limit_max,
      rate_limit_period_sec, partition_queue, partition_concurrency, partition_worker_concurrency,
      partition_rate_limit_max, partition_rate_limit_period_sec, polling_interval_sec,
      application_name)
    values ('full', 9, 8, 50, 60, true, 7, 6, 5, 30, 0.25, 'test-app'),
      ('unclaimed', null, null, null, null, false, null, null, null, null, 1, null),
      ('of older releases', 1, null, null, null, true, null, null, null, null, 1, null),
      ('of another', null, null, null, null, false, null, null, null, null, 1, 'bank')`),
};

testDifferential("registerQueue() writes", [
  ...Object.entries(optionSets).map(([name, options]) => ({ name, ...register(options) })),
  { name: "text that needs care", ...register({}, "ärger 'n\" \\ $1 :name 😀") },
  { name: "the client's application", applicationName: "shop", ...register() },
  {
    name: "another application than the client's",
    applicationName: "shop",
    ...register({ applicationName: "bank" }),
  },
]);

testDifferential("registerQueue() of what is there already does", [
  { name: "with other limits", ...withQueue, ...register({ globalConcurrency: 3 }, "full") },
  {
    name: "with every option",
    ...withQueue,
    ...register({ ...optionSets["every option"], onConflict: "always_update" }, "unclaimed"),
  },
  {
    name: "with limits for partitions",
    ...withQueue,
    ...register({ partitionConcurrency: 3 }, "unclaimed"),
  },
  {
    name: "without an update",
    ...withQueue,
    ...register({ globalConcurrency: 3, onConflict: "never_update" }, "full"),
  },
  {
    name: "for its application",
    ...withQueue,
    applicationName: "test-app",
    ...register({ globalConcurrency: 3 }, "full"),
  },
  {
    name: "of no application",
    ...withQueue,
    applicationName: "shop",
    ...register({ globalConcurrency: 3 }, "unclaimed"),
  },
  {
    name: "of no application without an update",
    ...withQueue,
    applicationName: "shop",
    ...register({ globalConcurrency: 3, onConflict: "never_update" }, "unclaimed"),
  },
  ...(["always_update", "never_update"] as const).map((onConflict) => ({
    ...refuse(`of another application, with ${onConflict}`, { onConflict }, "of another"),
    ...withQueue,
    applicationName: "shop",
  })),
  {
    name: "of another application, with that given",
    ...withQueue,
    applicationName: "shop",
    ...register({ applicationName: "bank", globalConcurrency: 3 }, "of another"),
  },
]);

testDifferential("registerQueue() refuses", [
  refuse("a reserved name", {}, "_dbos_internal_queue"),
  refuse("partitionConcurrency of 0", { partitionConcurrency: 0 }),
  refuse("partitionWorkerConcurrency of 0", { partitionWorkerConcurrency: 0 }),
  refuse("half a rate limit", { rateLimit: { limitPerPeriod: 1 } }),
  refuse("the other half", { rateLimit: { periodSec: 1 } }),
  refuse("half a rate limit for partitions", { partitionRateLimit: { periodSec: 1 } }),
  refuse("no polling interval", { minPollingIntervalMs: 0 }),
  refuse("priorityEnabled", { priorityEnabled: true }),
  refuse("partitionQueue", { partitionQueue: true }),
  refuse("both names of a limit", { concurrency: 1, globalConcurrency: 1 }),
  refuse("more on a worker than in all", { globalConcurrency: 1, workerConcurrency: 2 }),
  refuse("more in a partition than in all", { globalConcurrency: 1, partitionConcurrency: 2 }),
  refuse("more in a worker's partition than in all", {
    globalConcurrency: 1,
    partitionWorkerConcurrency: 2,
  }),
  refuse("more in a worker's partition than in a partition", {
    partitionConcurrency: 1,
    partitionWorkerConcurrency: 2,
  }),
  refuse("more in a worker's partition than on a worker", {
    workerConcurrency: 1,
    partitionWorkerConcurrency: 2,
  }),
]);

function list(applicationName?: string | string[]): Pick<DifferentialCase, "official" | "ours"> {
  const sort = (queues: (Queue | null)[]) => queues.sort((a, b) => a!.name < b!.name ? -1 : 1);
  return {
    // The official list is in no order.
    official: async (client) => sort((await client.listQueues(applicationName)).map(toPlainQueue)),
    ours: async (client) =>
      sort(await listQueues(client, applicationName === undefined ? {} : { applicationName })),
  };
}

testDifferential("retrieveQueue(), listQueues() and deleteQueue() do", [
  ...["full", "unclaimed", "of another", "nobody's"].map((name): DifferentialCase => ({
    name: `retrieve ${name}`,
    ...withQueue,
    applicationName: "shop",
    official: async (client) => toPlainQueue(await client.retrieveQueue(name)),
    ours: (client) => retrieveQueue(client, name),
  })),
  { name: "list all", ...withQueue, ...list() },
  { name: "list the client's", ...withQueue, applicationName: "test-app", ...list() },
  { name: "list another's", ...withQueue, applicationName: "test-app", ...list("bank") },
  { name: "list several's", ...withQueue, ...list(["bank", "test-app", "nobody"]) },
  { name: "list nobody's", ...withQueue, applicationName: "test-app", ...list([]) },
  ...["full", "of another", "nobody's"].map((name): DifferentialCase => ({
    name: `delete ${name}`,
    ...withQueue,
    applicationName: "shop",
    official: (client) => client.deleteQueue(name),
    ours: (client) => deleteQueue(client, name),
  })),
]);

/** What the official queue has a method for each; then what is stored. */
function update(
  name: string,
  official: (queue: OfficialQueue) => Promise<unknown>,
  changes: Parameters<typeof updateQueue>[2],
  queueName = "full",
): DifferentialCase {
  return {
    name,
    ...withQueue,
    async official(client) {
      await official((await client.retrieveQueue(queueName))!);
      return toPlainQueue(await client.retrieveQueue(queueName));
    },
    ours: (client: Client) => updateQueue(client, queueName, changes),
  };
}

const slow = { limitPerPeriod: 1, periodSec: 0.5 };

testDifferential("updateQueue() does", [
  update("a global limit", (queue) => queue.setGlobalConcurrency(10), { globalConcurrency: 10 }),
  update("no global limit", (queue) => queue.setGlobalConcurrency(undefined), {
    globalConcurrency: null,
  }),
  update("a limit for each worker", (queue) => queue.setWorkerConcurrency(7), {
    workerConcurrency: 7,
  }),
  update("no limit for each worker", (queue) => queue.setWorkerConcurrency(undefined), {
    workerConcurrency: null,
  }),
  update("a rate limit", (queue) => queue.setRateLimit(slow), { rateLimit: slow }),
  update("no rate limit", (queue) => queue.setRateLimit(undefined), { rateLimit: null }),
  update("a polling interval", (queue) => queue.setMinPollingIntervalMs(70), {
    minPollingIntervalMs: 70,
  }),
  update("the default polling interval", (queue) => queue.setMinPollingIntervalMs(1000), {
    minPollingIntervalMs: null,
  }),
  update("a limit for partitions", (queue) => queue.setPartitionConcurrency(8), {
    partitionConcurrency: 8,
  }),
  update("a first limit for partitions", (queue) => queue.setPartitionConcurrency(8), {
    partitionConcurrency: 8,
  }, "unclaimed"),
  update("no limit for partitions", (queue) => queue.setPartitionConcurrency(undefined), {
    partitionConcurrency: null,
  }),
  update(
    "a limit for partitions on each worker",
    (queue) => queue.setPartitionWorkerConcurrency(5),
    {
      partitionWorkerConcurrency: 5,
    },
  ),
  update("a rate limit for partitions", (queue) => queue.setPartitionRateLimit(slow), {
    partitionRateLimit: slow,
  }, "unclaimed"),
  update("no limits for partitions any more", async (queue) => {
    await queue.setPartitionWorkerConcurrency(undefined);
    await queue.setPartitionConcurrency(undefined);
    await queue.setPartitionRateLimit(undefined);
  }, { partitionWorkerConcurrency: null, partitionConcurrency: null, partitionRateLimit: null }),
  update("several limits", async (queue) => {
    await queue.setGlobalConcurrency(20);
    await queue.setWorkerConcurrency(15);
    await queue.setPartitionConcurrency(14);
  }, { globalConcurrency: 20, workerConcurrency: 15, partitionConcurrency: 14 }),
  update(
    "a limit of a queue that older releases partitioned",
    async (queue) => {
      await queue.setWorkerConcurrency(1);
    },
    { workerConcurrency: 1 },
    "of older releases",
  ),
  update(
    "the partitioning of older releases",
    async (queue) => {
      await queue.setPartitionConcurrency(undefined);
    },
    { partitionConcurrency: null },
    "of older releases",
  ),
  ...Object.entries({
    globalConcurrency: (queue: OfficialQueue) => queue.setGlobalConcurrency(5),
    workerConcurrency: (queue: OfficialQueue) => queue.setWorkerConcurrency(5),
    partitionConcurrency: (queue: OfficialQueue) => queue.setPartitionConcurrency(5),
  }).map(([limit, official]) => ({
    ...update(`${limit} below the others'`, official, { [limit]: 5 }),
    differences: ownWords,
  })),
  ...Object.entries({
    workerConcurrency: (queue: OfficialQueue) => queue.setWorkerConcurrency(10),
    partitionConcurrency: (queue: OfficialQueue) => queue.setPartitionConcurrency(10),
    partitionWorkerConcurrency: (queue: OfficialQueue) => queue.setPartitionWorkerConcurrency(8),
  }).map(([limit, official]) => ({
    ...update(`${limit} above the others'`, official, {
      [limit]: limit === "partitionWorkerConcurrency" ? 8 : 10,
    }),
    differences: ownWords,
  })),
]);

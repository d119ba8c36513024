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
 * Converts an official queue to a plain object like ours, with `globalConcurrency` as in
 * registerQueue(), and without the fields that say where its methods write.
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
  "both limits": { globalConcurrency: 7, workerConcurrency: 7 },
  "limits of 0": { globalConcurrency: 0, workerConcurrency: 0 },
  "a rate limit": { rateLimit: { limitPerPeriod: 50, periodSec: 1.5 } },
  "a limit for partitions": { partitionConcurrency: 2 },
  "a limit for partitions on each worker": { partitionWorkerConcurrency: 2 },
  "a rate limit for partitions": { partitionRateLimit: { limitPerPeriod: 5, periodSec: 0.25 } },
  "a polling interval": { minPollingIntervalMs: 50 },
  "a fractional polling interval": { minPollingIntervalMs: 1234.5 },
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

const ownError = {
  "error.name": "our client throws a class of its own, or a built-in one",
  "error.message": "our message differs",
  "error.stack": "it begins with the message",
};

/** Both clients reject the call, with different errors, and change no row. */
function reject(name: string, options: object, queueName?: string): DifferentialCase {
  return { name, ...register(options, queueName), differences: ownError };
}

/** Inserts queues. `full` belongs to `test-app` and has every limit. */
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

testDifferential("registerQueue() of a new queue", [
  ...Object.entries(optionSets).map(([name, options]) => ({ name, ...register(options) })),
  { name: "a name with special characters", ...register({}, "ärger 'n\" \\ $1 :name 😀") },
  { name: "the application of the client", applicationName: "shop", ...register() },
  {
    name: "an application other than that of the client",
    applicationName: "shop",
    ...register({ applicationName: "bank" }),
  },
]);

testDifferential("registerQueue() of an existing queue", [
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
    name: "by a client of its application",
    ...withQueue,
    applicationName: "test-app",
    ...register({ globalConcurrency: 3 }, "full"),
  },
  {
    name: "without an application",
    ...withQueue,
    applicationName: "shop",
    ...register({ globalConcurrency: 3 }, "unclaimed"),
  },
  {
    name: "without an application and without an update",
    ...withQueue,
    applicationName: "shop",
    ...register({ globalConcurrency: 3, onConflict: "never_update" }, "unclaimed"),
  },
  ...(["always_update", "never_update"] as const).map((onConflict) => ({
    ...reject(`of another application, with ${onConflict}`, { onConflict }, "of another"),
    ...withQueue,
    applicationName: "shop",
  })),
  {
    name: "of another application, with the name of that application",
    ...withQueue,
    applicationName: "shop",
    ...register({ applicationName: "bank", globalConcurrency: 3 }, "of another"),
  },
]);

testDifferential("registerQueue() with invalid options", [
  reject("a reserved name", {}, "_dbos_internal_queue"),
  reject("partitionConcurrency of 0", { partitionConcurrency: 0 }),
  reject("partitionWorkerConcurrency of 0", { partitionWorkerConcurrency: 0 }),
  reject("a rate limit without periodSec", { rateLimit: { limitPerPeriod: 1 } }),
  reject("a rate limit without limitPerPeriod", { rateLimit: { periodSec: 1 } }),
  reject("a rate limit for partitions without limitPerPeriod", {
    partitionRateLimit: { periodSec: 1 },
  }),
  reject("a polling interval of 0", { minPollingIntervalMs: 0 }),
  reject("priorityEnabled", { priorityEnabled: true }),
  reject("partitionQueue", { partitionQueue: true }),
  reject("both names of a limit", { concurrency: 1, globalConcurrency: 1 }),
  reject("workerConcurrency above globalConcurrency", {
    globalConcurrency: 1,
    workerConcurrency: 2,
  }),
  reject("partitionConcurrency above globalConcurrency", {
    globalConcurrency: 1,
    partitionConcurrency: 2,
  }),
  reject("partitionWorkerConcurrency above globalConcurrency", {
    globalConcurrency: 1,
    partitionWorkerConcurrency: 2,
  }),
  reject("partitionWorkerConcurrency above partitionConcurrency", {
    partitionConcurrency: 1,
    partitionWorkerConcurrency: 2,
  }),
  reject("partitionWorkerConcurrency above workerConcurrency", {
    workerConcurrency: 1,
    partitionWorkerConcurrency: 2,
  }),
]);

function list(applicationName?: string | string[]): Pick<DifferentialCase, "official" | "ours"> {
  const sort = (queues: (Queue | null)[]) => queues.sort((a, b) => a!.name < b!.name ? -1 : 1);
  return {
    // The official list has no defined order.
    official: async (client) => sort((await client.listQueues(applicationName)).map(toPlainQueue)),
    ours: async (client) =>
      sort(await listQueues(client, applicationName === undefined ? {} : { applicationName })),
  };
}

testDifferential("retrieveQueue(), listQueues() and deleteQueue()", [
  ...["full", "unclaimed", "of another", "nobody's"].map((name): DifferentialCase => ({
    name: `retrieve ${name}`,
    ...withQueue,
    applicationName: "shop",
    official: async (client) => toPlainQueue(await client.retrieveQueue(name)),
    ours: (client) => retrieveQueue(client, name),
  })),
  { name: "list all", ...withQueue, ...list() },
  {
    name: "list those of the client's application",
    ...withQueue,
    applicationName: "test-app",
    ...list(),
  },
  {
    name: "list those of another application",
    ...withQueue,
    applicationName: "test-app",
    ...list("bank"),
  },
  {
    name: "list those of several applications",
    ...withQueue,
    ...list(["bank", "test-app", "nobody"]),
  },
  {
    name: "list with an empty list of applications",
    ...withQueue,
    applicationName: "test-app",
    ...list([]),
  },
  ...["full", "of another", "nobody's"].map((name): DifferentialCase => ({
    name: `delete ${name}`,
    ...withQueue,
    applicationName: "shop",
    official: (client) => client.deleteQueue(name),
    ours: (client) => deleteQueue(client, name),
  })),
]);

/** Compares updateQueue() with the methods of the official queue, which has one per option. */
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

testDifferential("updateQueue()", [
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
  update("no limits for partitions", async (queue) => {
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
    "a limit of a queue that an older release partitioned",
    async (queue) => {
      await queue.setWorkerConcurrency(1);
    },
    { workerConcurrency: 1 },
    "of older releases",
  ),
  update(
    "no partitions, for a queue that an older release partitioned",
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
    ...update(`${limit} below the other limits`, official, { [limit]: 5 }),
    differences: ownError,
  })),
  ...Object.entries({
    workerConcurrency: (queue: OfficialQueue) => queue.setWorkerConcurrency(10),
    partitionConcurrency: (queue: OfficialQueue) => queue.setPartitionConcurrency(10),
    partitionWorkerConcurrency: (queue: OfficialQueue) => queue.setPartitionWorkerConcurrency(8),
  }).map(([limit, official]) => ({
    ...update(`${limit} above the other limits`, official, {
      [limit]: limit === "partitionWorkerConcurrency" ? 8 : 10,
    }),
    differences: ownError,
  })),
]);

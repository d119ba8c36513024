import { assert, assertEquals, assertGreaterOrEqual, assertRejects } from "@std/assert";
import pg from "pg";
import {
  type Client,
  connect,
  createClient,
  deleteQueue,
  enqueue,
  getResult,
  getStatus,
  listQueues,
  listWorkflowSteps,
  NonExistentQueueError,
  OwnedByAnotherApplicationError,
  type QueueChanges,
  registerQueue,
  retrieveQueue,
  send,
  UnsupportedFeatureError,
  updateQueue,
} from "../mod.ts";
import { createTestDatabase, execute, type TestDatabase } from "./support/database.ts";
import { startWorker } from "./support/start_worker.ts";
import { until } from "./support/until.ts";

const minPollingIntervalMs = 50;
const timeoutSeconds = 600;

interface Fixture extends AsyncDisposable {
  readonly database: TestDatabase;
  readonly client: Client;
}

/** Opens a database with a worker that starts before the tests register queues. */
async function openFixture(): Promise<Fixture> {
  const resources = new AsyncDisposableStack();
  const database = resources.use(await createTestDatabase());
  resources.use(await startWorker({ systemDatabaseUrl: database.url }));
  const client = resources.use(await connect(database.url));
  return { database, client, [Symbol.asyncDispose]: () => resources.disposeAsync() };
}

async function statusesOf(client: Client, workflowIDs: string[]): Promise<string[]> {
  const statuses = await Promise.all(workflowIDs.map((id) => getStatus(client, id)));
  return statuses.map((status) => status!.status);
}

async function countPending(client: Client, workflowIDs: string[]): Promise<number> {
  const statuses = await statusesOf(client, workflowIDs);
  return statuses.filter((status) => status === "PENDING").length;
}

/** Enqueues workflows one after another; each runs until `finish()` sends it a message. */
async function enqueueWaiting(
  client: Client,
  queueName: string,
  partitionKeys: (string | undefined)[],
): Promise<string[]> {
  const workflowIDs = [];
  for (const queuePartitionKey of partitionKeys) {
    const { workflowID } = await enqueue(
      client,
      {
        workflowName: "waitForMessage",
        queueName,
        ...(queuePartitionKey && { queuePartitionKey }),
      },
      "finish",
      600,
    );
    workflowIDs.push(workflowID);
  }
  return workflowIDs;
}

async function finish(client: Client, workflowIDs: string[]): Promise<void> {
  await Promise.all(workflowIDs.map((id) => send(client, id, "done", { topic: "finish" })));
  await Promise.all(workflowIDs.map((id) => getResult(client, id, { timeoutSeconds })));
}

/** Waits until the worker has polled for registered queues after this call. */
async function untilWorkerPolled(client: Client): Promise<void> {
  const queueName = `look-${crypto.randomUUID()}`;
  await registerQueue(client, queueName, { minPollingIntervalMs });
  const handle = await enqueue(client, { workflowName: "echo", queueName });
  await handle.getResult({ timeoutSeconds });
}

Deno.test("a worker finds a registered queue and enforces its limits", async (test) => {
  await using fixture = await openFixture();
  const { client } = fixture;

  await test.step("globalConcurrency is enforced, and an update of it takes effect", async () => {
    await registerQueue(client, "narrow", { globalConcurrency: 1, minPollingIntervalMs });
    const [first, ...others] = await enqueueWaiting(client, "narrow", Array(3));
    const all = [first!, ...others];
    await until(async () => await countPending(client, all) === 1);
    await untilWorkerPolled(client);
    assertEquals(await statusesOf(client, all), ["PENDING", "ENQUEUED", "ENQUEUED"]);

    await updateQueue(client, "narrow", { globalConcurrency: 3 });
    await until(async () => await countPending(client, all) === 3);
    await finish(client, all);
  });

  await test.step("workflows of a queue with globalConcurrency 1 never overlap", async () => {
    await registerQueue(client, "serial", { globalConcurrency: 1, minPollingIntervalMs });
    const options = { workflowName: "sleepFor", queueName: "serial" };
    const handles = [];
    for (let count = 0; count < 5; count++) handles.push(await enqueue(client, options, 30));
    for (const handle of handles) await handle.getResult({ timeoutSeconds });
    let endedAt = 0;
    for (const { workflowID } of handles) {
      // The worker has timed them. Those of the workflows are of transactions that may overlap.
      const [sleep] = (await listWorkflowSteps(client, workflowID))!;
      assertGreaterOrEqual(sleep!.startedAtEpochMs!, endedAt);
      endedAt = sleep!.completedAtEpochMs!;
    }
  });

  await test.step("rateLimit is enforced", async () => {
    const rateLimit = { limitPerPeriod: 2, periodSec: 1 };
    await registerQueue(client, "slow", { rateLimit, minPollingIntervalMs });
    const handles = [];
    for (let count = 0; count < 5; count++) {
      handles.push(await enqueue(client, { workflowName: "echo", queueName: "slow" }));
    }
    for (const handle of handles) await handle.getResult({ timeoutSeconds });
    const statuses = await Promise.all(handles.map((handle) => handle.getStatus()));
    const startTimes = statuses.map((status) => status!.dequeuedAt!).sort();
    for (let index = 2; index < startTimes.length; index++) {
      assertGreaterOrEqual(startTimes[index]! - startTimes[index - 2]!, 1000);
    }
  });

  await test.step("workerConcurrency 0 pauses a queue until the limit is removed", async () => {
    await registerQueue(client, "paused", { workerConcurrency: 0, minPollingIntervalMs });
    const handle = await enqueue(client, { workflowName: "echo", queueName: "paused" }, 7);
    await untilWorkerPolled(client);
    assertEquals((await handle.getStatus())?.status, "ENQUEUED");
    await updateQueue(client, "paused", { workerConcurrency: null });
    assertEquals(await handle.getResult({ timeoutSeconds }), [7]);
  });

  await test.step("partitionConcurrency is enforced in each partition", async () => {
    await registerQueue(client, "regions", { partitionConcurrency: 1, minPollingIntervalMs });
    const all = await enqueueWaiting(client, "regions", ["north", "north", "south"]);
    await until(async () => await countPending(client, all) === 2);
    await untilWorkerPolled(client);
    assertEquals(await statusesOf(client, all), ["PENDING", "ENQUEUED", "PENDING"]);
    await updateQueue(client, "regions", { partitionConcurrency: 2 });
    await until(async () => await countPending(client, all) === 3);
    await finish(client, all);
  });

  await test.step("a worker ignores a queue of another application", async () => {
    await registerQueue(client, "foreign", { applicationName: "bank", minPollingIntervalMs });
    const handle = await enqueue(client, { workflowName: "echo", queueName: "foreign" }, 7);
    await untilWorkerPolled(client);
    assertEquals((await handle.getStatus())?.status, "ENQUEUED");
  });

  await test.step("workflows of a deleted queue wait until it is registered again", async () => {
    await registerQueue(client, "gone", { minPollingIntervalMs });
    await enqueue(client, { workflowName: "echo", queueName: "gone" })
      .then((handle) => handle.getResult({ timeoutSeconds }));
    await deleteQueue(client, "gone");
    await untilWorkerPolled(client);
    const handle = await enqueue(client, { workflowName: "echo", queueName: "gone" }, 7);
    await untilWorkerPolled(client);
    assertEquals((await handle.getStatus())?.status, "ENQUEUED");
    await registerQueue(client, "gone", { minPollingIntervalMs });
    assertEquals(await handle.getResult({ timeoutSeconds }), [7]);
  });
});

Deno.test("queues are registered, updated and deleted", async (test) => {
  await using fixture = await openFixture();
  const { client, database } = fixture;
  await using pool = Object.assign(new pg.Pool({ connectionString: database.url }), {
    [Symbol.asyncDispose]: () => pool.end(),
  });
  const shop = createClient(pool, { applicationName: "shop" });
  const bank = createClient(pool, { applicationName: "bank" });

  await test.step("registerQueue() throws if another application owns the queue", async () => {
    await registerQueue(shop, "orders", { globalConcurrency: 1 });
    for (const onConflict of ["always_update", "never_update"] as const) {
      const error = await assertRejects(
        () => registerQueue(bank, "orders", { onConflict }),
        OwnedByAnotherApplicationError,
        "Cannot register queue orders for application bank: it belongs to application shop",
      );
      assertEquals([error.applicationName, error.owner], ["bank", "shop"]);
    }
    assertEquals((await retrieveQueue(bank, "orders"))?.globalConcurrency, 1);
    assertEquals((await listQueues(bank)).some(({ name }) => name === "orders"), false);
  });

  await test.step("concurrent calls register a queue for one application only", async () => {
    for (let round = 0; round < 10; round++) {
      const owners = await Promise.all(
        [shop, bank, shop, bank].map((client, index) =>
          registerQueue(client, `race-${round}`, { globalConcurrency: index }).then(
            (queue) => queue.applicationName,
            (error) => {
              assert(error instanceof OwnedByAnotherApplicationError);
              return error.owner;
            },
          )
        ),
      );
      assertEquals(new Set(owners).size, 1);
    }
  });

  await test.step("concurrent calls that register and delete a queue all succeed", async () => {
    await Promise.all(Array.from({ length: 40 }, async (_, index) => {
      const onConflict = index % 2 ? "always_update" : "never_update";
      const queue = await registerQueue(shop, "flickering", { onConflict });
      assertEquals(queue.applicationName, "shop");
      await deleteQueue(shop, "flickering");
    }));
    assertEquals(await retrieveQueue(shop, "flickering"), null);
  });

  await test.step("concurrent updates do not leave contradictory limits", async () => {
    for (let round = 0; round < 20; round++) {
      await registerQueue(client, "both", { globalConcurrency: 10, workerConcurrency: 1 });
      await Promise.allSettled([
        updateQueue(shop, "both", { globalConcurrency: 5 }),
        updateQueue(shop, "both", { workerConcurrency: 8 }),
      ]);
      const queue = await retrieveQueue(client, "both");
      assert(queue!.workerConcurrency! <= queue!.globalConcurrency!, JSON.stringify(queue));
    }
  });

  await test.step("concurrent updates of different limits all take effect", async () => {
    await registerQueue(client, "several", {});
    const changes: QueueChanges[] = [
      { globalConcurrency: 9 },
      { workerConcurrency: 5 },
      { rateLimit: { limitPerPeriod: 3, periodSec: 0.1 } },
      { minPollingIntervalMs: 70 },
    ];
    await Promise.all(changes.map((change) => updateQueue(shop, "several", change)));
    assertEquals(await retrieveQueue(client, "several"), {
      name: "several",
      globalConcurrency: 9,
      workerConcurrency: 5,
      rateLimit: { limitPerPeriod: 3, periodSec: 0.1 },
      minPollingIntervalMs: 70,
    });
  });

  await test.step("updateQueue() throws if the queue does not exist", async () => {
    const error = await assertRejects(
      () => updateQueue(client, "nobody's", {}),
      NonExistentQueueError,
      "Cannot update queue nobody's: there is no such queue",
    );
    assertEquals(error.queueName, "nobody's");
  });

  await test.step("updateQueue() says which limit exceeds which", async () => {
    await registerQueue(client, "small", { globalConcurrency: 3 });
    await assertRejects(
      () => updateQueue(client, "small", { workerConcurrency: 5 }),
      RangeError,
      "Cannot set the limits of queue small: workerConcurrency 5 exceeds globalConcurrency 3",
    );
    await updateQueue(client, "small", { workerConcurrency: 5, globalConcurrency: 5 });
  });

  await test.step("all functions take part in the caller's transaction", async () => {
    const connection = await pool.connect();
    await connection.query("begin");
    await registerQueue(connection, "in transaction", { globalConcurrency: 1 });
    await updateQueue(connection, "in transaction", { globalConcurrency: 2 });
    await assertRejects(() => updateQueue(connection, "nobody's", {}), NonExistentQueueError);
    await assertRejects(
      () => updateQueue(connection, "in transaction", { workerConcurrency: 3 }),
      RangeError,
    );
    await assertRejects(
      () => registerQueue(connection, "orders", { applicationName: "bank" }),
      OwnedByAnotherApplicationError,
    );
    await deleteQueue(connection, "orders");
    assertEquals((await retrieveQueue(connection, "in transaction"))?.globalConcurrency, 2);
    assertEquals(await retrieveQueue(client, "in transaction"), null);
    await connection.query("rollback");
    connection.release();
    assertEquals(await retrieveQueue(client, "in transaction"), null);
    assert(await retrieveQueue(client, "orders"));
  });
});

Deno.test("registerQueue() and updateQueue() reject invalid options", async () => {
  // Nothing is ever sent.
  await using client = createClient(new pg.Pool());
  const invalid: [QueueChanges & Record<string, unknown>, typeof RangeError, string][] = [
    [{ globalConcurrency: -1 }, RangeError, "Cannot use -1 as globalConcurrency"],
    [{ workerConcurrency: 1.5 }, RangeError, "Cannot use 1.5 as workerConcurrency"],
    [{ workerConcurrency: 2 ** 31 }, RangeError, "Cannot use 2147483648 as workerConcurrency"],
    [{ partitionConcurrency: 0 }, RangeError, "Cannot use 0 as partitionConcurrency"],
    [{ partitionWorkerConcurrency: NaN }, RangeError, "Cannot use NaN as partitionWorker"],
    [{ minPollingIntervalMs: 0 }, RangeError, "Cannot use 0 as minPollingIntervalMs"],
    [{ minPollingIntervalMs: Infinity }, RangeError, "Cannot use Infinity as minPolling"],
    [
      { rateLimit: { limitPerPeriod: -1, periodSec: 1 } },
      RangeError,
      "limitPerPeriod of rateLimit",
    ],
    [{ rateLimit: { limitPerPeriod: 1, periodSec: 0 } }, RangeError, "periodSec of rateLimit"],
    [{ rateLimit: { limitPerPeriod: 1, periodSec: 1e300 } }, RangeError, "periodSec of rateLimit"],
    [{ minPollingIntervalMs: 1e300 }, RangeError, "1e+300 as minPollingIntervalMs"],
    [
      { partitionRateLimit: { limitPerPeriod: 0.5, periodSec: 1 } },
      RangeError,
      "limitPerPeriod of partitionRateLimit",
    ],
    [{ globalConcurrency: "1" as never }, TypeError, "a value of type string as globalConcurrency"],
    [{ rateLimit: 7 as never }, TypeError, "expected an object such as { limitPerPeriod: … }"],
    [{ rateLimit: { limitPerPeriod: 1 } as never }, TypeError, "undefined as periodSec of rate"],
    [{ concurrency: 1 }, TypeError, "Cannot use concurrency as an option"],
    [{ partitionQueue: true }, TypeError, "set a limit for partitions instead"],
    [{ priorityEnabled: true }, TypeError, "it is always enabled"],
  ];
  for (const [limits, errorClass, message] of invalid) {
    await assertRejects(() => registerQueue(client, "new", limits as never), errorClass, message);
    await assertRejects(() => updateQueue(client, "new", limits), errorClass, message);
  }
  await assertRejects(
    () => registerQueue(client, "_dbos_own"),
    RangeError,
    "prefix _dbos_ is reserved",
  );
  await assertRejects(
    () => registerQueue(client, "new", { onConflict: "update_if_latest_version" as never }),
    RangeError,
    'expected "always_update" or "never_update"',
  );
  await assertRejects(
    () => registerQueue(client, "new", { globalConcurrency: 1, workerConcurrency: 2 }),
    RangeError,
    "workerConcurrency 2 exceeds globalConcurrency 1",
  );
  for (const name of ["", "a\0b", 7 as never]) {
    await assertRejects(() => registerQueue(client, name), Error, "name");
    await assertRejects(() => retrieveQueue(client, name), Error, "name");
    await assertRejects(() => updateQueue(client, name, {}), Error, "name");
    await assertRejects(() => deleteQueue(client, name), Error, "name");
    await assertRejects(() => listQueues(client, { applicationName: [name] }), Error, "Name");
  }
});

Deno.test("the functions for queues support older schemas as far as possible", async (test) => {
  await using fixture = await openFixture();
  const { database } = fixture;

  await test.step("without columns for partition limits and application names", async () => {
    const columns = ["partition_concurrency", "partition_worker_concurrency"]
      .concat("partition_rate_limit_max", "partition_rate_limit_period_sec", "application_name");
    await execute(
      database.url,
      `alter table dbos.queues ${columns.map((column) => `drop column ${column}`)}`,
    );
    await using older = await connect(database.url, { applicationName: "shop" });
    assertEquals(await registerQueue(older, "plain", { globalConcurrency: 2 }), {
      name: "plain",
      globalConcurrency: 2,
      minPollingIntervalMs: 1000,
    });
    await updateQueue(older, "plain", { workerConcurrency: 1 });
    const queues = await listQueues(older, { applicationName: "bank" });
    assertEquals(queues.find(({ name }) => name === "plain")?.workerConcurrency, 1);
    for (
      const [feature, call] of Object.entries({
        partitionConcurrency: () => updateQueue(older, "plain", { partitionConcurrency: 1 }),
        applicationName: () => registerQueue(older, "plain", { applicationName: "shop" }),
      })
    ) {
      const error = await assertRejects(call, UnsupportedFeatureError, `Cannot use ${feature}`);
      assertEquals(error.feature, feature);
    }
  });

  await test.step("without the table of registered queues", async () => {
    await execute(database.url, "drop table dbos.queues");
    await using oldest = await connect(database.url);
    for (
      const call of [
        () => registerQueue(oldest, "plain"),
        () => retrieveQueue(oldest, "plain"),
        () => listQueues(oldest),
        () => updateQueue(oldest, "plain", {}),
        () => deleteQueue(oldest, "plain"),
      ]
    ) {
      await assertRejects(call, UnsupportedFeatureError, "Cannot use registered queues");
    }
  });
});

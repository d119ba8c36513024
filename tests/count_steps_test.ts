import { assert, assertEquals, assertRejects } from "@std/assert";
import pg from "pg";
import { countSteps, type CountStepsOptions, enqueue, listWorkflowSteps, send } from "../mod.ts";
import { createTestDatabase } from "./support/database.ts";
import { migrate } from "./support/migrate.ts";
import { startWorker } from "./support/start_worker.ts";

Deno.test("countSteps() counts the steps that listWorkflowSteps() lists", async (test) => {
  await using resources = new AsyncDisposableStack();
  const { url } = resources.use(await createTestDatabase());
  resources.use(await startWorker({ systemDatabaseUrl: url }));
  const pool = new pg.Pool({ connectionString: url });
  resources.defer(() => pool.end());

  const workflowIDs = ["shop-1", "shop_2", "other"];
  for (const workflowID of workflowIDs) {
    const options = { workflowName: "takeSteps", queueName: "tasks", workflowID };
    const handle = await enqueue(pool, options);
    await send(pool, workflowID, "go on", { topic: "step 5, and its timeout step 6" });
    await handle.getResult({ timeoutSeconds: 600 });
  }
  // Marks one step as failed, as a worker records it.
  await pool.query(
    "update dbos.operation_outputs set error = '{}' where workflow_uuid = 'other' and function_id = 0",
  );
  const listed = await Promise.all(workflowIDs.map((id) => listWorkflowSteps(pool, id)));
  const steps = listed.flatMap((list) => list ?? []);
  const total = async (options: CountStepsOptions) => {
    const counts = await countSteps(pool, options);
    return counts.reduce((sum, { count }) => sum + count, 0);
  };

  await test.step("without options it counts all steps, with the maximum duration", async () => {
    const durations = steps.filter(({ completedAtEpochMs }) => completedAtEpochMs)
      .map((step) => step.completedAtEpochMs! - step.startedAtEpochMs!);
    assertEquals(await countSteps(pool), [
      { count: steps.length, maxDurationMs: Math.max(...durations) },
    ]);
  });

  await test.step("groupBy groups by name and status", async () => {
    const counts = await countSteps(pool, { groupBy: ["name", "status"] });
    for (const { name, status, count } of counts) {
      const matching = steps.filter((step) =>
        step.name === name && (step.error ? "ERROR" : "SUCCESS") === status
      );
      assertEquals(count, matching.length, `${name} ${status}`);
    }
    assertEquals(counts.filter(({ status }) => status === "ERROR").length, 1);
    assertEquals(counts.reduce((sum, { count }) => sum + count, 0), steps.length);
  });

  await test.step("timeBucketMs groups by time", async () => {
    const counts = await countSteps(pool, { timeBucketMs: 10 });
    assertEquals(counts.reduce((sum, { count }) => sum + count, 0), steps.length);
    for (const { timeBucket } of counts) assert(timeBucket === null || timeBucket! % 10 === 0);
  });

  await test.step("filters select the steps to count", async () => {
    assertEquals(
      await total({ workflow_id_prefix: "shop" }),
      listed[0]!.length + listed[1]!.length,
    );
    assertEquals(
      await total({ workflow_id_prefix: ["shop_", "other"] }),
      listed[1]!.length + listed[2]!.length,
    );
    assertEquals(await total({ status: "ERROR" }), 1);
    assertEquals(
      await total({ name: steps[0]!.name }),
      steps.filter(({ name }) => name === steps[0]!.name).length,
    );
    assertEquals(await total({ completedBefore: 0 }), 0);
    assertEquals(await total({ completedAfter: new Date(0), status: "ERROR" }), 1);
    assertEquals(await total({ applicationName: "test-app" }), steps.length);
    assertEquals(await total({ applicationName: "nobody" }), 0);
  });

  await test.step("invalid options are rejected", async () => {
    await assertRejects(() => countSteps(pool, { timeBucketMs: 0 }), RangeError, "timeBucketMs");
    await assertRejects(
      () => countSteps(pool, { status: "DONE" as "ERROR" }),
      RangeError,
      "status",
    );
  });
});

Deno.test("countSteps() counts steps whatever their times are", async () => {
  await using resources = new AsyncDisposableStack();
  const { url } = resources.use(await createTestDatabase());
  const pool = new pg.Pool({ connectionString: url });
  resources.defer(() => pool.end());
  await migrate(pool);
  await pool.query(`
    insert into dbos.workflow_status (workflow_uuid) values ('1');
    insert into dbos.operation_outputs
      (workflow_uuid, function_id, function_name, started_at_epoch_ms, completed_at_epoch_ms)
    values ('1', 0, 'odd', -9223372036854775808, 9223372036854775807),
      ('1', 1, 'usual', 1700000000000, 1700086400123)`);
  assertEquals(await countSteps(pool, { groupBy: ["name"], timeBucketMs: 1000 }), [
    { name: "usual", timeBucket: 1700086400000, count: 1, maxDurationMs: 86_400_123 },
    { name: "odd", timeBucket: 9223372036854775000, count: 1, maxDurationMs: 2 ** 64 },
  ]);
});

import { assert, assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import { ConflictingWorkflowError, enqueue, type EnqueueJob, enqueueMany } from "../mod.ts";
import { type BatchRecorder, openBatchRecorder } from "./support/batch_recorder.ts";

const task = { workflowName: "echo", queueName: "idle" };

function openRecorder(): Promise<BatchRecorder> {
  return openBatchRecorder("enqueue", { hasWorker: false });
}

async function countWorkflows({ pool }: BatchRecorder): Promise<number> {
  const { rows } = await pool.query("select count(*)::int as n from dbos.workflow_status");
  return rows[0].n;
}

function makeJobs(count: number, prefix = "job"): EnqueueJob[] {
  return Array.from({ length: count }, (_, index) => ({
    ...task,
    workflowID: `${prefix}-${index}`,
    args: [index],
  }));
}

Deno.test("enqueueMany() returns the outcome of each job, in order", async () => {
  await using recorder = await openRecorder();
  await enqueue(recorder.pool, { ...task, workflowID: "old" });
  await enqueue(recorder.pool, { ...task, workflowID: "other", workflowName: "other" });
  await enqueue(recorder.pool, { ...task, workflowID: "holder", deduplicationID: "held" });
  const outcomes = await enqueueMany(recorder.pool, [
    { ...task, workflowID: "new" },
    { ...task, workflowID: "old" },
    { ...task, workflowID: "other" },
    { ...task, workflowID: "held", deduplicationID: "held" },
    // From here on, jobs conflict with other jobs of the same call.
    { ...task, workflowID: "new" },
    { ...task, workflowID: "first", deduplicationID: "fresh" },
    { ...task, workflowID: "second", deduplicationID: "fresh" },
  ]);
  assertEquals(outcomes.map(({ workflowID, outcome }) => [workflowID, outcome]), [
    ["new", "enqueued"],
    ["old", "existing"],
    ["other", "conflicting"],
    ["holder", "deduplicated"],
    ["new", "existing"],
    ["first", "enqueued"],
    ["first", "deduplicated"],
  ]);
  assertInstanceOf(outcomes[2]?.error, ConflictingWorkflowError);
});

Deno.test("enqueueMany() writes 500 jobs per statement and reports its progress", async () => {
  await using recorder = await openRecorder();
  const reports: number[] = [];
  const outcomes = await enqueueMany(recorder.driver, makeJobs(1250), {
    onProgress: ({ enqueued }, { length }) => reports.push(enqueued, length),
  });
  assertEquals(
    outcomes.map(({ workflowID }) => workflowID),
    makeJobs(1250).map((job) => job.workflowID!),
  );
  assertEquals(recorder.batches, [500, 500, 250]);
  assertEquals(reports, [500, 500, 1000, 500, 1250, 250]);
  assertEquals(await countWorkflows(recorder), 1250);
});

Deno.test("enqueueMany() keeps the order of the jobs", async () => {
  await using recorder = await openRecorder();
  const client = await recorder.pool.connect();
  await enqueueMany(client, makeJobs(1500)).finally(() => client.release());
  const { rows } = await recorder.pool.query(
    "select workflow_uuid from dbos.workflow_status order by created_at",
  );
  assertEquals(
    rows.map((row: { workflow_uuid: string }) => row.workflow_uuid),
    makeJobs(1500).map((job) => job.workflowID),
  );
});

Deno.test("enqueueMany() is atomic with atomic: true", async () => {
  await using recorder = await openRecorder();
  await enqueueMany(recorder.driver, makeJobs(1500), { atomic: true });
  assertEquals(recorder.batches, [1500]);
  // The server rejects a class name of this length.
  const invalidJob = { ...task, workflowClassName: "C".repeat(300) };
  await assertRejects(() =>
    enqueueMany(recorder.driver, [...makeJobs(1500, "more"), invalidJob], { atomic: true })
  );
  assertEquals(await countWorkflows(recorder), 1500);
});

Deno.test("enqueueMany() in a transaction writes none of an array that has an invalid job", async () => {
  await using recorder = await openRecorder();
  const connection = await recorder.pool.connect();
  await connection.query("begin");
  const jobs = [...makeJobs(1000), { ...task, priority: -1 }];
  await assertRejects(() => enqueueMany(connection, jobs), RangeError, "jobs[1000]");
  await connection.query("commit");
  connection.release();
  assertEquals(await countWorkflows(recorder), 0);
});

Deno.test("enqueueMany() in a transaction is rolled back with it", async () => {
  await using recorder = await openRecorder();
  const client = await recorder.pool.connect();
  try {
    await client.query("begin");
    const outcomes = await enqueueMany(client, makeJobs(1500));
    assert(outcomes.every(({ outcome }) => outcome === "enqueued"));
    await client.query("rollback");
  } finally {
    client.release();
  }
  assertEquals(await countWorkflows(recorder), 0);
});

Deno.test("enqueueMany() reads an async iterable no faster than it writes", async () => {
  await using recorder = await openRecorder();
  let read = 0;
  let maxAhead = 0;
  async function* readJobs() {
    for (const job of makeJobs(20_000)) {
      read++;
      yield await Promise.resolve(job);
    }
  }
  const totals = await enqueueMany(recorder.driver, readJobs(), {
    onProgress({ enqueued }) {
      maxAhead = Math.max(maxAhead, read - enqueued);
    },
  });
  assertEquals(totals, { enqueued: 20_000, existing: 0, deduplicated: 0, conflicting: 0 });
  assert(maxAhead <= 5000, `${maxAhead} jobs were read ahead`);
});

Deno.test("enqueueMany() rejects on abort once the statements in flight have ended", async () => {
  await using recorder = await openRecorder();
  const controller = new AbortController();
  const reason = new Error("enough");
  const error = await assertRejects(() =>
    enqueueMany(recorder.driver, makeJobs(50_000), {
      signal: controller.signal,
      onProgress: () => controller.abort(reason),
    })
  );
  assertEquals(error, reason);
  const written = recorder.batches.reduce((sum, rows) => sum + rows, 0);
  assert(written < 50_000);
  assertEquals(await countWorkflows(recorder), written);
});

Deno.test("enqueueMany() rejects an invalid job before it writes it", async () => {
  await using recorder = await openRecorder();
  await assertRejects(
    () => enqueueMany(recorder.driver, [{ ...task, queueName: "" }]),
    RangeError,
    "queueName",
  );
  assertEquals(recorder.batches, []);
});

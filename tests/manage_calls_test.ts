import { assert, assertEquals, assertRejects } from "@std/assert";
import pg from "pg";
import {
  ActiveWorkflowError,
  cancelWorkflow,
  cancelWorkflows,
  connect,
  deleteWorkflow,
  deleteWorkflows,
  type Driver,
  enqueue,
  forkWorkflow,
  forkWorkflows,
  getResult,
  getStatus,
  NonExistentWorkflowError,
  resumeWorkflow,
  resumeWorkflows,
  rewindWorkflow,
  setWorkflowDelay,
  setWorkflowPriority,
  updateWorkflowAttributes,
  WorkflowIDInUseError,
} from "../mod.ts";
import { createTestDatabase } from "./support/database.ts";
import { startWorker } from "./support/start_worker.ts";
import { startTcpProxy } from "./support/tcp_proxy.ts";
import { until } from "./support/until.ts";

/** Has the shape of a Pool of npm:pg, and rejects every use. */
const unusedPool: Driver = {
  totalCount: 0,
  query: () => Promise.reject(new Error("Something was sent")),
  connect: () => Promise.reject(new Error("Something was sent")),
} as unknown as Driver;

type ErrorClass = typeof TypeError | typeof RangeError;

/** Checks that `call` rejects each input with an error of exactly this class. */
async function assertRefused(
  call: (input: never) => Promise<unknown>,
  inputs: [input: unknown, errorClass: ErrorClass, messageIncludes: string][],
): Promise<void> {
  for (const [input, errorClass, messageIncludes] of inputs) {
    const error = await assertRejects(() => call(input as never), errorClass, messageIncludes);
    assertEquals(error.constructor, errorClass);
  }
}

Deno.test("calls that manage workflows reject invalid IDs and send nothing", async () => {
  const single = [
    cancelWorkflow,
    deleteWorkflow,
    resumeWorkflow,
    rewindWorkflow,
    (pool: Driver, id: string) => forkWorkflow(pool, id, 0),
    (pool: Driver, id: string) => setWorkflowPriority(pool, id, 0),
    (pool: Driver, id: string) => setWorkflowDelay(pool, id, 0),
    (pool: Driver, id: string) => updateWorkflowAttributes(pool, id, {}),
  ];
  for (const call of single) {
    await assertRefused((id) => call(unusedPool, id), [
      ["", RangeError, "it is empty"],
      ["a\0", RangeError, "it contains a NUL character"],
      [undefined, TypeError, "a value of type undefined as workflowID"],
      [["a"], TypeError, "an array as workflowID"],
    ]);
  }
  for (const call of [cancelWorkflows, deleteWorkflows, resumeWorkflows]) {
    await assertRefused((ids) => call(unusedPool, ids), [
      ["task-7", TypeError, "expected an array of strings"],
      [undefined, TypeError, "expected an array of strings"],
      [["task-7", " "], RangeError, "it is empty"],
      [[7], TypeError, "a value of type number as workflowIDs"],
    ]);
  }
});

Deno.test("calls that manage workflows reject invalid options and send nothing", async () => {
  const invalidTexts: [unknown, ErrorClass, string][] = [
    ["", RangeError, "it is empty"],
    [7, TypeError, "a value of type number"],
  ];
  const invalidSteps: [unknown, ErrorClass, string][] = [
    [-1, RangeError, "Cannot use -1 as startStep"],
    [0.5, RangeError, "Cannot use 0.5 as startStep"],
    [2 ** 31, RangeError, "Cannot use 2147483648 as startStep"],
    ["1", TypeError, "a value of type string as startStep"],
  ];
  const notBoolean: [unknown, ErrorClass, string][] = [
    [1, TypeError, "a value of type number"],
    [null, TypeError, "null as"],
  ];
  await assertRefused(
    (cancelChildren) => cancelWorkflow(unusedPool, "id", { cancelChildren }),
    notBoolean,
  );
  await assertRefused(
    (deleteChildren) => deleteWorkflow(unusedPool, "id", { deleteChildren }),
    notBoolean,
  );
  await assertRefused(
    (merge) => updateWorkflowAttributes(unusedPool, "id", {}, { merge }),
    notBoolean,
  );
  await assertRefused((queueName) => resumeWorkflow(unusedPool, "id", { queueName }), invalidTexts);
  for (const option of ["queueName", "applicationVersion", "queuePartitionKey"]) {
    await assertRefused(
      (text) => forkWorkflow(unusedPool, "id", 0, { [option]: text }),
      invalidTexts,
    );
    await assertRefused(
      (text) => rewindWorkflow(unusedPool, "id", { [option]: text }),
      invalidTexts,
    );
  }
  await assertRefused((startStep) => rewindWorkflow(unusedPool, "id", { startStep }), invalidSteps);
  await assertRefused((startStep) => forkWorkflow(unusedPool, "id", startStep), [
    ...invalidSteps,
    [undefined, TypeError, "as startStep of forkWorkflow(): expected a number"],
  ]);
  await assertRefused(
    (newWorkflowID) => forkWorkflow(unusedPool, "id", 0, { newWorkflowID }),
    invalidTexts,
  );
  await assertRefused((timeoutMS) => forkWorkflow(unusedPool, "id", 0, { timeoutMS }), [
    [0, RangeError, "Cannot use 0 as timeoutMS"],
    [1.5, RangeError, "Cannot use 1.5 as timeoutMS"],
  ]);
  await assertRefused(
    (replacementChildren) => forkWorkflow(unusedPool, "id", 0, { replacementChildren }),
    [
      [["a"], TypeError, "an array as replacementChildren"],
      [{ a: "" }, RangeError, "it is empty"],
      [{ a: 7 }, TypeError, "a value of type number as replacementChildren"],
    ],
  );
  await assertRefused((forks) => forkWorkflows(unusedPool, forks), [
    [
      { workflowID: "a", startStep: 0 },
      TypeError,
      "as forks of forkWorkflows(): expected an array",
    ],
    [
      ["a", "b"].map((workflowID) => ({ workflowID, startStep: 0, newWorkflowID: "new" })),
      RangeError,
      "Cannot fork workflows: duplicate newWorkflowID new",
    ],
  ]);
  await assertRefused((priority) => setWorkflowPriority(unusedPool, "id", priority), [
    [-1, RangeError, "Cannot use -1 as priority"],
    [2 ** 31, RangeError, "Cannot use 2147483648 as priority"],
    [undefined, TypeError, "as priority of setWorkflowPriority(): expected a number"],
  ]);
  await assertRefused((delay) => setWorkflowDelay(unusedPool, "id", delay), [
    [-1, RangeError, "Cannot use -1 as delaySeconds"],
    [{ delaySeconds: NaN }, RangeError, "Cannot use NaN as delaySeconds"],
    [{ delaySeconds: 1e17 }, RangeError, "as delaySeconds"],
    [{ delayUntilEpochMS: 0.5 }, RangeError, "Cannot use 0.5 as delayUntilEpochMS"],
    ["1", TypeError, "a value of type string as delaySeconds"],
    [undefined, TypeError, "expected either delaySeconds or delayUntilEpochMS"],
    [{}, TypeError, "expected either delaySeconds or delayUntilEpochMS"],
    [null, TypeError, "null as the options of setWorkflowDelay()"],
    [{ delaySeconds: 1, delayUntilEpochMS: 1 }, TypeError, "expected either delaySeconds or"],
  ]);
  await assertRefused((attributes) => updateWorkflowAttributes(unusedPool, "id", attributes), [
    [undefined, TypeError, "as attributes of updateWorkflowAttributes(): expected a plain object"],
    [["a"], TypeError, "an array as attributes"],
    [{ a: "\0" }, RangeError, "they contain a NUL character"],
  ]);
  await assertRefused(
    (attributes) => updateWorkflowAttributes(unusedPool, "id", attributes, { merge: true }),
    [[null, TypeError, "null as attributes"]],
  );
});

/** Runs `body` in a transaction, and rolls it back. */
async function withRollback(pool: pg.Pool, body: (transaction: pg.PoolClient) => Promise<void>) {
  const transaction = await pool.connect();
  try {
    await transaction.query("begin");
    await body(transaction);
  } finally {
    await transaction.query("rollback");
    transaction.release();
  }
}

async function readTables(pool: pg.Pool | pg.PoolClient): Promise<unknown[]> {
  const tables = ["workflow_status", "workflow_input", "workflow_output", "operation_outputs"];
  const rows = [];
  for (const table of tables) {
    rows.push((await pool.query(`select * from dbos.${table} order by workflow_uuid`)).rows);
  }
  return rows;
}

Deno.test("calls that manage workflows", async (test) => {
  await using resources = new AsyncDisposableStack();
  const { url } = resources.use(await createTestDatabase());
  resources.use(await startWorker({ systemDatabaseUrl: url }));
  const client = resources.use(await connect(url));
  const pool = new pg.Pool({ connectionString: url });
  resources.defer(() => pool.end());

  const runToEnd = async () => {
    const { workflowID } = await enqueue(client, { workflowName: "sum", queueName: "tasks" }, 1, 2);
    await getResult(client, workflowID, { timeoutSeconds: 600 });
    return workflowID;
  };
  const enqueueIdle = async (delaySeconds = 0) => {
    const task = { workflowName: "echo", queueName: "idle", delaySeconds };
    return (await enqueue(client, task)).workflowID;
  };
  const statusOf = async (workflowID: string) => (await getStatus(client, workflowID))?.status;

  await test.step("are rolled back with the caller's transaction", async () => {
    const [ended, idle, delayed] = [await runToEnd(), await enqueueIdle(), await enqueueIdle(1000)];
    const before = await readTables(pool);
    await withRollback(pool, async (transaction) => {
      const fork = await forkWorkflow(transaction, ended, 0);
      assertEquals((await fork.getStatus())?.status, "ENQUEUED");
      await setWorkflowDelay(transaction, delayed, 5);
      await setWorkflowPriority(transaction, idle, 7);
      await updateWorkflowAttributes(transaction, idle, { a: 1 });
      const status = await getStatus(transaction, idle);
      assertEquals([status?.priority, status?.attributes], [7, { a: 1 }]);
      await cancelWorkflows(transaction, [idle, delayed], { cancelChildren: true });
      assertEquals((await getStatus(transaction, delayed))?.status, "CANCELLED");
      await resumeWorkflows(transaction, [idle, delayed]);
      assertEquals((await getStatus(transaction, delayed))?.status, "ENQUEUED");
      await rewindWorkflow(transaction, ended);
      assertEquals((await getStatus(transaction, ended))?.status, "ENQUEUED");
      await deleteWorkflow(transaction, ended);
      assertEquals(await getStatus(transaction, ended), null);
    });
    assertEquals(await readTables(pool), before);
  });

  await test.step("leave the transaction usable after an error of the library", async () => {
    const [ended, idle] = [await runToEnd(), await enqueueIdle()];
    const before = await readTables(pool);
    await withRollback(pool, async (transaction) => {
      const missing = await assertRejects(
        () => resumeWorkflows(transaction, ["nobody", idle, "no one"]),
        NonExistentWorkflowError,
        "Cannot resume workflows no one, nobody: there are no such workflows",
      );
      assertEquals(missing.workflowIDs, ["no one", "nobody"]);
      assertEquals(missing.workflowID, "no one");
      await assertRejects(
        () => rewindWorkflow(transaction, "nobody"),
        NonExistentWorkflowError,
        "Cannot rewind workflow nobody",
      );
      const active = await assertRejects(
        () => rewindWorkflow(transaction, idle),
        ActiveWorkflowError,
        `Cannot rewind workflow ${idle}: it is ENQUEUED`,
      );
      assertEquals([active.workflowID, active.status], [idle, "ENQUEUED"]);
      await assertRejects(
        () => forkWorkflow(transaction, "nobody", 0),
        NonExistentWorkflowError,
        "Cannot fork workflow nobody",
      );
      const forks = [ended, "nobody", "nobody"].map((id) => ({ workflowID: id, startStep: 1 }));
      const unforked = await assertRejects(
        () => forkWorkflows(transaction, forks),
        NonExistentWorkflowError,
      );
      assertEquals(unforked.workflowIDs, ["nobody"]);
      const inUse = await assertRejects(
        () =>
          forkWorkflows(transaction, [
            { workflowID: ended, startStep: 0, newWorkflowID: crypto.randomUUID() },
            { workflowID: ended, startStep: 0, newWorkflowID: idle },
          ]),
        WorkflowIDInUseError,
      );
      assertEquals(
        [inUse.workflowID, inUse.status, inUse.workflowName],
        [idle, "ENQUEUED", "echo"],
      );
      assertEquals(await readTables(transaction), before);
    });
  });

  await test.step("take effect once, even if the answer is lost", async () => {
    await using proxy = await startTcpProxy(url);
    await using resources = new AsyncDisposableStack();
    const proxiedPool = new pg.Pool({ connectionString: proxy.url });
    proxiedPool.on("error", () => {});
    resources.defer(() => proxiedPool.end());
    const newWorkflowID = crypto.randomUUID();
    const ended = await runToEnd();

    let loss = proxy.loseAnswerTo(newWorkflowID);
    const handle = await forkWorkflow(proxiedPool, ended, 0, { newWorkflowID, queueName: "idle" });
    assert(loss.isLost);
    assertEquals(handle.workflowID, newWorkflowID);
    loss = proxy.loseAnswerTo(ended);
    await forkWorkflow(proxiedPool, ended, 0, { queueName: "idle" });
    assert(loss.isLost);
    const { rows: forks } = await pool.query(
      "select 1 from dbos.workflow_status where forked_from = $1",
      [ended],
    );
    assertEquals(forks.length, 2);

    loss = proxy.loseAnswerTo(ended);
    await rewindWorkflow(proxiedPool, ended, { queueName: "idle" });
    assert(loss.isLost);
    loss = proxy.loseAnswerTo(ended);
    await cancelWorkflow(proxiedPool, ended);
    assert(loss.isLost);
    assertEquals(await statusOf(ended), "CANCELLED");
    loss = proxy.loseAnswerTo(ended);
    await deleteWorkflow(proxiedPool, ended);
    assert(loss.isLost);
    assertEquals(await statusOf(ended), undefined);
  });

  await test.step("reject the ID of a fork if another workflow takes it concurrently", async () => {
    const ended = await runToEnd();
    const newWorkflowID = crypto.randomUUID();
    await using resources = new AsyncDisposableStack();
    const other = await pool.connect();
    resources.defer(() => other.release());
    await other.query("begin");
    await enqueue(other, { workflowName: "echo", queueName: "idle", workflowID: newWorkflowID });
    const forking = assertRejects(
      () => forkWorkflow(client, ended, 0, { newWorkflowID }),
      WorkflowIDInUseError,
    );
    await untilBlocked(pool);
    await other.query("commit");
    await forking;
  });

  await test.step("cancel a child that is started concurrently", async () => {
    const parent = await enqueueIdle();
    const child = crypto.randomUUID();
    await using resources = new AsyncDisposableStack();
    // As a worker does it: the parent is locked until the child is committed.
    const worker = await pool.connect();
    resources.defer(() => worker.release());
    await worker.query("begin");
    await worker.query(
      "select 1 from dbos.workflow_status where workflow_uuid = $1 for no key update",
      [parent],
    );
    await enqueue(worker, { workflowName: "echo", queueName: "idle", workflowID: child });
    await worker.query(
      "update dbos.workflow_status set parent_workflow_id = $1 where workflow_uuid = $2",
      [parent, child],
    );
    const cancelling = cancelWorkflow(client, parent, { cancelChildren: true });
    await untilBlocked(pool);
    await worker.query("commit");
    await cancelling;
    assertEquals([await statusOf(parent), await statusOf(child)], ["CANCELLED", "CANCELLED"]);
  });

  await test.step("do not rewind a workflow that is resumed concurrently", async () => {
    const workflowID = await enqueueIdle();
    await cancelWorkflow(client, workflowID);
    await using resources = new AsyncDisposableStack();
    const other = await pool.connect();
    resources.defer(() => other.release());
    await other.query("begin");
    await resumeWorkflow(other, workflowID, { queueName: "idle" });
    const rewinding = assertRejects(
      () => rewindWorkflow(client, workflowID, { queueName: "never" }),
      ActiveWorkflowError,
    );
    await untilBlocked(pool);
    await other.query("commit");
    await rewinding;
    assertEquals((await getStatus(client, workflowID))?.queueName, "idle");
  });
});

/** Polls until a statement waits for a lock. */
async function untilBlocked(pool: pg.Pool): Promise<void> {
  const isBlocked = async () =>
    (await pool.query(
      `select 1 from pg_stat_activity
      where datname = current_database() and wait_event_type = 'Lock'`,
    )).rows.length > 0;
  await until(isBlocked);
}

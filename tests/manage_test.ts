import { assert, assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import pg from "pg";
import {
  AwaitedWorkflowCancelledError,
  cancelWorkflow,
  type Client,
  connect,
  deleteWorkflow,
  deleteWorkflows,
  enqueue,
  forkWorkflow,
  forkWorkflows,
  getEvent,
  getResult,
  getStatus,
  resumeWorkflow,
  resumeWorkflows,
  rewindWorkflow,
  send,
  setWorkflowDelay,
  setWorkflowPriority,
  updateWorkflowAttributes,
  type WorkflowArg,
} from "../mod.ts";
import { createTestDatabase } from "./support/database.ts";
import { startWorker } from "./support/start_worker.ts";
import { until } from "./support/until.ts";

const waitOptions = { timeoutSeconds: 600 };

type Row = Record<string, unknown>;

interface Environment extends AsyncDisposable {
  readonly client: Client;
  readonly pool: pg.Pool;
  /** Queries the database without the library. */
  query(text: string, ...values: unknown[]): Promise<Row[]>;
  /** Enqueues a workflow on a queue that the worker polls. */
  start(workflowName: string, ...args: unknown[]): Promise<string>;
  /** Enqueues a workflow on a queue that no worker polls. */
  enqueueIdle(options?: { delaySeconds?: number }): Promise<string>;
}

async function createEnvironment(): Promise<Environment> {
  const resources = new AsyncDisposableStack();
  const { url } = resources.use(await createTestDatabase());
  resources.use(await startWorker({ systemDatabaseUrl: url }));
  const client = resources.use(await connect(url));
  const pool = new pg.Pool({ connectionString: url });
  resources.defer(() => pool.end());
  return {
    client,
    pool,
    query: async (text, ...values) => (await pool.query(text, values)).rows,
    async start(workflowName, ...args) {
      const options = { workflowName, queueName: "tasks" };
      return (await enqueue(client, options, ...args as WorkflowArg[])).workflowID;
    },
    async enqueueIdle(options) {
      const task = { workflowName: "echo", queueName: "idle", ...options };
      return (await enqueue(client, task, "parked")).workflowID;
    },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

async function statusOf(client: Client, workflowID: string): Promise<string | undefined> {
  return (await getStatus(client, workflowID))?.status;
}

function untilStatus(client: Client, workflowID: string, status: string): Promise<void> {
  return until(async () => await statusOf(client, workflowID) === status);
}

interface Steps {
  first: string;
  message: string;
  second: string;
}

const topic = "step 5, and its timeout step 6";

/** Runs a workflow of many steps to its end. */
async function takeSteps({ client, start }: Environment): Promise<[string, Steps]> {
  const workflowID = await start("takeSteps");
  await send(client, workflowID, "go on", { topic });
  return [workflowID, await getResult<Steps>(client, workflowID, waitOptions)];
}

Deno.test("calls that manage workflows take effect on a worker", async (test) => {
  await using environment = await createEnvironment();
  const { client, query, start, enqueueIdle } = environment;

  await test.step("cancelWorkflow() stops a running workflow", async () => {
    const workflowID = await start("takeSteps");
    await untilStatus(client, workflowID, "PENDING");
    await getEvent(client, workflowID, "progress", waitOptions);
    await cancelWorkflow(client, workflowID);
    await assertRejects(
      () => getResult(client, workflowID, waitOptions),
      AwaitedWorkflowCancelledError,
    );
    await send(client, workflowID, "go on", { topic });
    // A workflow that was started later has ended, so the first one no longer runs.
    assertEquals(await getResult(client, await start("sum", 1, 2), waitOptions), 3);
    assertEquals(await statusOf(client, workflowID), "CANCELLED");
    assertEquals(
      await query(
        `select 1 from dbos.operation_outputs where workflow_uuid = $1 and function_id > 6`,
        workflowID,
      ),
      [],
    );
  });

  await test.step("cancelWorkflow() with cancelChildren cancels all descendants", async () => {
    const workflowID = await start("runChild", "runChild", "sleepFor", 600_000);
    const grandchildID = `${workflowID}-child-child`;
    await untilStatus(client, grandchildID, "PENDING");
    await cancelWorkflow(client, workflowID);
    assertEquals(await statusOf(client, `${workflowID}-child`), "PENDING");
    await cancelWorkflow(client, workflowID, { cancelChildren: true });
    for (const id of [workflowID, `${workflowID}-child`, grandchildID]) {
      assertEquals(await statusOf(client, id), "CANCELLED");
    }
  });

  await test.step("cancelWorkflow() cancels children that are still being started", async () => {
    const workflowID = await start("startChildren");
    const countChildren = async () => {
      const [row] = await query(
        `select count(*)::int as all, count(*) filter (where status = 'CANCELLED')::int as cancelled
        from dbos.workflow_status where parent_workflow_id = $1`,
        workflowID,
      );
      return row as { all: number; cancelled: number };
    };
    await until(async () => (await countChildren()).all > 3);
    await cancelWorkflow(client, workflowID, { cancelChildren: true });
    const { all, cancelled } = await countChildren();
    assertEquals(cancelled, all);
    assertEquals(await getResult(client, await start("sum", 1, 2), waitOptions), 3);
    assertEquals(await countChildren(), { all, cancelled });
  });

  await test.step("resumeWorkflow() continues a workflow after its completed steps", async () => {
    const workflowID = await start("takeSteps");
    await getEvent(client, workflowID, "progress", waitOptions);
    await until(async () =>
      (await query(
        `select 1 from dbos.operation_outputs where workflow_uuid = $1 and function_id = 4`,
        workflowID,
      )).length === 1
    );
    const [step] = await query(
      `select output from dbos.operation_outputs where workflow_uuid = $1 and function_id = 0`,
      workflowID,
    );
    await cancelWorkflow(client, workflowID);
    await send(client, workflowID, "go on", { topic });
    const handle = await resumeWorkflow<Steps>(client, workflowID);
    assertEquals(handle.workflowID, workflowID);
    const { first, message } = await handle.getResult(waitOptions);
    assert(String(step!.output).includes(first));
    assertEquals(message, "go on");
  });

  await test.step("resumeWorkflows() moves workflows to another queue", async () => {
    const workflowIDs = [await enqueueIdle(), await enqueueIdle({ delaySeconds: 1000 })];
    const handles = await resumeWorkflows(client, workflowIDs, { queueName: "tasks" });
    assertEquals(handles.map(({ workflowID }) => workflowID), workflowIDs);
    for (const handle of handles) assertEquals(await handle.getResult(waitOptions), ["parked"]);
  });

  await test.step("forkWorkflow() runs a workflow from a step on, under a new ID", async () => {
    const [workflowID, steps] = await takeSteps(environment);
    const handle = await forkWorkflow<Steps>(client, workflowID, 7, { queueName: "tasks" });
    const { first, message, second } = await handle.getResult(waitOptions);
    assertEquals({ first, message }, { first: steps.first, message: "go on" });
    assertNotEquals(second, steps.second);
    assertEquals(await getEvent(client, handle.workflowID, "late", 0), "step 9");
    assertEquals((await handle.getStatus())?.forkedFrom, workflowID);
    assertEquals((await getStatus(client, workflowID))?.wasForkedFrom, true);
    assertEquals(await getResult(client, workflowID, waitOptions), steps);
  });

  await test.step("forkWorkflows() starts each fork at its own step", async () => {
    const [workflowID, steps] = await takeSteps(environment);
    const [early, late] = await forkWorkflows<Steps>(client, [
      { workflowID, startStep: 0, newWorkflowID: `${workflowID}-early` },
      { workflowID, startStep: 7 },
    ]);
    assertEquals(early!.workflowID, `${workflowID}-early`);
    await send(client, early!.workflowID, "again", { topic });
    const { first, message } = await early!.getResult(waitOptions);
    assertNotEquals(first, steps.first);
    assertEquals(message, "again");
    assertEquals((await late!.getResult(waitOptions)).message, "go on");
  });

  await test.step("rewindWorkflow() runs a workflow from a step on, under its ID", async () => {
    const [workflowID, steps] = await takeSteps(environment);
    const handle = await rewindWorkflow<Steps>(client, workflowID, { startStep: 5 });
    assertEquals(await getEvent(client, workflowID, "progress", 0), "step 1");
    assertEquals(await getEvent(client, workflowID, "late", 0), null);
    await send(client, workflowID, "once more", { topic });
    const { first, message, second } = await handle.getResult(waitOptions);
    assertEquals({ first, message }, { first: steps.first, message: "once more" });
    assertNotEquals(second, steps.second);
    assertEquals(await getEvent(client, workflowID, "late", 0), "step 9");
  });

  await test.step("setWorkflowDelay() can end the delay of a workflow", async () => {
    const task = { workflowName: "echo", queueName: "tasks", delaySeconds: 1000 };
    const first = await enqueue(client, task, 1);
    const second = await enqueue(client, task, 2);
    await setWorkflowDelay(client, first.workflowID, 0);
    await setWorkflowDelay(client, second.workflowID, { delayUntilEpochMS: Date.now() });
    assertEquals(await first.getResult(waitOptions), [1]);
    assertEquals(await second.getResult(waitOptions), [2]);
  });

  await test.step("setWorkflowPriority() lets a workflow overtake earlier ones", async () => {
    const label = crypto.randomUUID();
    const task = { workflowName: "record", queueName: "prioritized", priority: 5 };
    const blocker = await enqueue(client, {
      workflowName: "waitForMessage",
      queueName: "prioritized",
    });
    await untilStatus(client, blocker.workflowID, "PENDING");
    const first = await enqueue(client, task, `${label} first`);
    const second = await enqueue(client, task, `${label} second`);
    await setWorkflowPriority(client, second.workflowID, 1);
    await send(client, blocker.workflowID, "done");
    await Promise.all([first.getResult(waitOptions), second.getResult(waitOptions)]);
    const labels = await getResult<string[]>(client, await start("recorded"), waitOptions);
    assertEquals(labels.filter((text) => text.startsWith(label)), [
      `${label} second`,
      `${label} first`,
    ]);
  });

  await test.step("deleteWorkflows() deletes all data of workflows and children", async () => {
    const [workflowID] = await takeSteps(environment);
    const otherID = await enqueueIdle();
    await deleteWorkflow(client, workflowID, { deleteChildren: true });
    await deleteWorkflows(client, [otherID, "nobody"]);
    const ids = [workflowID, `${workflowID}-child`, otherID];
    for (const id of ids) assertEquals(await getStatus(client, id), null);
    const tables = [
      "workflow_input",
      "workflow_output",
      "operation_outputs",
      "workflow_events",
      "workflow_events_history",
      "streams",
    ];
    for (const table of tables) {
      const rows = await query(`select 1 from dbos.${table} where workflow_uuid = any($1)`, ids);
      assertEquals(rows, [], table);
    }
  });

  await test.step("updateWorkflowAttributes() replaces, merges and removes values", async () => {
    const workflowID = await enqueueIdle();
    const attributes = async () => (await getStatus(client, workflowID))?.attributes;
    await updateWorkflowAttributes(client, workflowID, { a: 1, b: { deep: [1] } });
    assertEquals(await attributes(), { a: 1, b: { deep: [1] } });
    await updateWorkflowAttributes(client, workflowID, { b: { other: 2 }, c: null }, {
      merge: true,
    });
    assertEquals(await attributes(), { a: 1, b: { other: 2 }, c: null });
    await updateWorkflowAttributes(client, workflowID, { only: true });
    assertEquals(await attributes(), { only: true });
    await updateWorkflowAttributes(client, workflowID, null);
    assertEquals(await attributes(), undefined);
    await updateWorkflowAttributes(client, workflowID, { first: 1 }, { merge: true });
    assertEquals(await attributes(), { first: 1 });
    const values = { at: new Date(5), big: 2n, map: new Map([["a", 1]]), set: new Set([1]) };
    await updateWorkflowAttributes(client, workflowID, values);
    const enqueued = await enqueue(client, {
      workflowName: "echo",
      queueName: "idle",
      attributes: values,
    });
    assertEquals(await attributes(), (await enqueued.getStatus())?.attributes);
  });
});

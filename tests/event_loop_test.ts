import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  cancelWorkflows,
  createClient,
  deleteWorkflows,
  enqueue,
  enqueueMany,
  forkWorkflows,
  getAllEvents,
  getAllStreamEntries,
  getResult,
  getStatus,
  resumeWorkflows,
  sendMany,
  waitAll,
  WaitTimeoutError,
} from "../mod.ts";
import { openStatementRecorder, type StatementRecorder } from "./support/statement_recorder.ts";

const count = 10_000;
const task = { workflowName: "echo", queueName: "idle" };
// The event loop runs after a thousand items at the latest.
const minTurns = count / 1000 - 1;

const counted =
  /^dbos_(enqueue|send|cancel_workflows|find_completion_times|resume_workflows|fork_workflows)_/;

const makeJobs = (count: number) => Array.from({ length: count }, () => ({ ...task, args: [] }));
const makeMessages = (count: number) =>
  Array.from({ length: count }, (_, message) => ({ destinationID: "receiver", message }));

interface TurnRecorder extends StatementRecorder {
  /** The number of turns of the event loop before each statement that writes or looks for completions. */
  turns: number[];
  /** The number of turns so far. */
  turn(): number;
  /** The number of turns before the last answer of the server. */
  turnOfAnswer(): number;
}

/** A database with a workflow that receives messages. The first statement is part of the preparation. */
async function openTurnRecorder(): Promise<TurnRecorder> {
  let turn = 0;
  const turns: number[] = [];
  const recorder = await openStatementRecorder(({ name }) => {
    if (counted.test(name)) turns.push(turn);
  }, { hasWorker: false });
  let next = setImmediate(countTurn);
  function countTurn() {
    turn++;
    next = setImmediate(countTurn);
  }
  let turnOfAnswer = 0;
  const { query } = recorder.driver as { query(...args: unknown[]): Promise<unknown> };
  const driver = {
    ...recorder.driver,
    async query(...args: unknown[]) {
      const answer = await query(...args);
      turnOfAnswer = turn;
      return answer;
    },
  } as typeof recorder.driver;
  const client = createClient(driver);
  await enqueue(client, { ...task, workflowID: "receiver" });
  turn = 0;
  turns.length = 0;
  return {
    ...recorder,
    client,
    turns,
    turn: () => turn,
    turnOfAnswer: () => turnOfAnswer,
    async [Symbol.asyncDispose]() {
      clearImmediate(next);
      await recorder[Symbol.asyncDispose]();
    },
  };
}

async function countRows({ pool }: StatementRecorder, table: string): Promise<number> {
  const { rows } = await pool.query(`select count(*)::int as n from dbos.${table}`);
  return rows[0].n;
}

Deno.test("the event loop runs while enqueueMany() prepares one large statement", async () => {
  await using recorder = await openTurnRecorder();
  const outcomes = await enqueueMany(recorder.client, makeJobs(count + 1), { atomic: true });
  assert(outcomes.every(({ outcome }) => outcome === "enqueued"));
  assertEquals(recorder.turns.length, 1);
  // Three times: for the rows, the items, and their JSON.
  assert(recorder.turns[0]! >= 3 * minTurns, `${recorder.turns}`);
  assert(recorder.turn() - recorder.turnOfAnswer() >= minTurns);
});

Deno.test("the event loop runs while enqueueMany() checks all jobs of a transaction", async () => {
  await using recorder = await openTurnRecorder();
  const connection = await recorder.pool.connect();
  try {
    await connection.query("begin");
    await enqueue(connection, task);
    const turn = recorder.turn();
    const jobs = [...makeJobs(count), { ...task, queueName: "" }];
    // It sends no statement.
    await assertRejects(() => enqueueMany(connection, jobs), RangeError, `jobs[${count}]`);
    assert(recorder.turn() - turn >= minTurns);
    await connection.query("rollback");
  } finally {
    connection.release();
  }
});

Deno.test("the event loop runs while sendMany() prepares its first statement", async () => {
  await using recorder = await openTurnRecorder();
  const outcomes = await sendMany(recorder.client, makeMessages(count));
  assert(outcomes.every(({ isDelivered }) => isDelivered));
  // For the checks, the texts, and those messages that the statement has.
  assert(recorder.turns[0]! >= 3 * minTurns, `${recorder.turns}`);
  const { rows } = await recorder.pool.query(
    "select message from dbos.notifications order by created_at_epoch_ms, message_uuid",
  );
  assertEquals(rows.map((row: { message: string }) => Number(row.message)), [
    ...makeMessages(count).keys(),
  ]);
});

Deno.test("the event loop runs while many IDs are checked, and while their handles are made", async () => {
  await using recorder = await openTurnRecorder();
  const { client } = recorder;
  const workflowIDs = Array.from({ length: count }, (_, index) => `workflow-${index}`);
  await enqueueMany(client, workflowIDs.map((workflowID) => ({ ...task, workflowID })));
  const forks = workflowIDs.map((workflowID) => ({ workflowID, startStep: 0 }));
  const calls = {
    cancel: () => cancelWorkflows(client, workflowIDs),
    waitAll: () => waitAll(client, workflowIDs),
    resume: () => resumeWorkflows(client, workflowIDs),
    fork: () => forkWorkflows(client, forks),
  };
  for (const [name, run] of Object.entries(calls)) {
    const turn = recorder.turn();
    recorder.turns.length = 0;
    const handles = await run();
    // Twice for forks: for the checks, and for their JSON.
    const times = name === "fork" ? 2 : 1;
    assert(recorder.turns[0]! - turn >= times * minTurns, `${name}: ${recorder.turns[0]! - turn}`);
    if (!handles) continue;
    assertEquals(handles.length, count);
    assert(recorder.turn() - recorder.turnOfAnswer() >= minTurns, name);
  }
});

Deno.test("in a transaction, statements keep the order of the calls, however many IDs they have", async () => {
  await using recorder = await openTurnRecorder();
  const connection = await recorder.pool.connect();
  try {
    const workflowIDs = Array.from({ length: count }, (_, index) => `workflow-${index}`);
    await enqueueMany(recorder.client, workflowIDs.map((workflowID) => ({ ...task, workflowID })));
    await connection.query("begin");
    await Promise.all([
      cancelWorkflows(connection, workflowIDs),
      resumeWorkflows(connection, workflowIDs.slice(0, 1)),
      deleteWorkflows(connection, workflowIDs.slice(1)),
    ]);
    await connection.query("commit");
    assertEquals((await getStatus(recorder.client, "workflow-0"))?.status, "ENQUEUED");
    assertEquals(await countRows(recorder, "workflow_status"), 2);
  } finally {
    connection.release();
  }
});

Deno.test("an array that is emptied after the call is enqueued and sent as it was", async () => {
  await using recorder = await openTurnRecorder();
  const jobs = makeJobs(count);
  const enqueueing = enqueueMany(recorder.client, jobs);
  jobs.length = 0;
  const messages = makeMessages(count);
  const sending = sendMany(recorder.client, messages);
  messages.length = 0;
  await Promise.all([enqueueing, sending]);
  assertEquals(await countRows(recorder, "workflow_status"), count + 1);
  assertEquals(await countRows(recorder, "notifications"), count);
});

Deno.test("one statement looks for ten thousand of the workflows that are waited for", async () => {
  const sizes: number[] = [];
  await using recorder = await openStatementRecorder(({ name, values }) => {
    if (!/^dbos_find_(completion_times|outcomes)_/.test(name)) return;
    sizes.push(Math.max(...values.map((value) => String(value).split("\x01").length)));
  }, { hasWorker: false });
  const workflowIDs = Array.from({ length: 2 * count }, (_, index) => `workflow-${index}`);
  await enqueueMany(recorder.client, workflowIDs.map((workflowID) => ({ ...task, workflowID })));
  await cancelWorkflows(recorder.client, workflowIDs);
  const handles = await waitAll(recorder.client, workflowIDs);
  assertEquals(handles.map(({ workflowID }) => workflowID), workflowIDs);
  assertEquals(Math.max(...sizes), 10_000);
  sizes.length = 0;
  const results = await Promise.allSettled(
    workflowIDs.map((workflowID) => getResult(recorder.client, workflowID)),
  );
  assert(results.every((result) => result.status === "rejected"));
  assertEquals(Math.max(...sizes), 10_000);
  sizes.length = 0;
  const absent = workflowIDs.map((workflowID) => `absent-${workflowID}`);
  const once = { timeoutSeconds: 0 };
  const error = await assertRejects(() => waitAll(recorder.client, absent, once), WaitTimeoutError);
  assertEquals(error.workflowIDs, absent);
  assertEquals(sizes, [10_000, 10_000]);
});

Deno.test("the event loop runs while large snapshots of events and streams are read", async () => {
  await using recorder = await openTurnRecorder();
  const { client, pool } = recorder;
  await pool.query(
    "insert into dbos.workflow_events (workflow_uuid, key, value) " +
      `select 'receiver', number, number from generate_series(0, ${count - 1}) as number`,
  );
  await pool.query(
    'insert into dbos.streams (workflow_uuid, key, value, "offset", function_id) ' +
      `select 'receiver', 'stream', number, number, 0 from generate_series(0, ${
        count - 1
      }) as number`,
  );
  const events = await getAllEvents(client, "receiver");
  assertEquals(Object.keys(events).length, count);
  assert(recorder.turn() - recorder.turnOfAnswer() >= minTurns);
  const { stream } = await getAllStreamEntries(client, "receiver");
  assertEquals(stream!.entries.length, count);
  assert(recorder.turn() - recorder.turnOfAnswer() >= minTurns);
});

import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  type Client,
  enqueue,
  getEvent,
  getResult,
  readStream,
  readStreamOffset,
  ResultTimeoutError,
  retrieveWorkflow,
  StreamTimeoutError,
  waitAll,
  waitEach,
  waitFirst,
  type WaitOptions,
  WaitTimeoutError,
} from "../mod.ts";
import { openPollRecorder, type PollRecorder } from "./support/poll_recorder.ts";

const task = { workflowName: "echo", queueName: "tasks" };

/** A workflow that seems to run, with some values in its stream `log`. */
async function insertRunning({ pool }: PollRecorder, values = 0): Promise<string> {
  const workflowID = crypto.randomUUID();
  await pool.query(
    "insert into dbos.workflow_status (workflow_uuid, status, name) values ($1, 'PENDING', 'x')",
    [workflowID],
  );
  for (let offset = 0; offset < values; offset++) await write(pool, workflowID, offset);
  return workflowID;
}

async function write(pool: PollRecorder["pool"], id: string, offset: number): Promise<void> {
  await pool.query(
    `insert into dbos.streams (workflow_uuid, key, value, "offset", serialization)
    values ($1, 'log', $2, $3, 'portable_json')`,
    [id, String(offset), offset],
  );
}

// deno-lint-ignore no-explicit-any -- each has a constructor of its own
type ErrorClass = new (...args: any[]) => Error;

/** Every function that waits, with how it ends when there is nothing to wait for. */
const waits: Record<
  string,
  { wait(client: Client, id: string, options: WaitOptions): Promise<unknown>; error?: ErrorClass }
> = {
  "getResult()": { wait: getResult, error: ResultTimeoutError },
  "getResult() of a handle": {
    wait: (client, id, options) => retrieveWorkflow(client, id).getResult(options),
    error: ResultTimeoutError,
  },
  "waitFirst()": {
    wait: (client, id, options) => waitFirst(client, [id], options),
    error: WaitTimeoutError,
  },
  "waitAll()": {
    wait: (client, id, options) => waitAll(client, [id], options),
    error: WaitTimeoutError,
  },
  "waitEach()": {
    wait: (client, id, options) => Array.fromAsync(waitEach(client, [id], options)),
    error: WaitTimeoutError,
  },
  "getEvent()": { wait: (client, id, options) => getEvent(client, id, "key", options) },
  "readStream()": {
    wait: (client, id, options) => Array.fromAsync(readStream(client, id, "log", options)),
    error: StreamTimeoutError,
  },
  "readStreamOffset()": {
    wait: (client, id, options) => readStreamOffset(client, id, "log", 0, options),
    error: StreamTimeoutError,
  },
};

/** How a wait for nothing ends: with its error, or null. */
async function endOf(
  { wait, error }: typeof waits[string],
  ...given: Parameters<typeof wait>
): Promise<Error | null> {
  if (error) return await assertRejects(() => wait(...given), error);
  assertEquals(await wait(...given), null);
  return null;
}

Deno.test("a wait ends at its deadline or its timeout, whichever comes first", async () => {
  await using recorder = await openPollRecorder();
  const { client } = recorder;
  const id = await insertRunning(recorder);
  const later = { deadlineEpochMS: Date.now() + 3_600_000, timeoutSeconds: 0.02 };
  for (const [name, wait] of Object.entries(waits)) {
    for (const timeoutSeconds of [undefined, 3600]) {
      const deadlineEpochMS = Date.now() + 100;
      const options = { deadlineEpochMS, ...(timeoutSeconds && { timeoutSeconds }) };
      const error = await endOf(wait, client, id, options) as { timeoutSeconds?: number } | null;
      // A timer may be a little early.
      assert(Date.now() >= deadlineEpochMS - 2, `${name} ended too early`);
      const { timeoutSeconds: shown = 0 } = error ?? {};
      assert(shown <= 0.1, `the error of ${name} shows ${shown} s`);
    }
    await endOf(wait, client, id, later);
  }
});

Deno.test("a wait polls once if its deadline is over", async () => {
  await using recorder = await openPollRecorder();
  const { client, polls } = recorder;
  const id = await insertRunning(recorder);
  for (const [name, wait] of Object.entries(waits)) {
    for (const deadlineEpochMS of [0, Date.now() - 1, Date.now()]) {
      polls.length = 0;
      await endOf(wait, client, id, { deadlineEpochMS });
      assertEquals(polls.length, 1, name);
    }
  }
});

Deno.test("a deadline that is over does not hide what is there", async () => {
  await using recorder = await openPollRecorder();
  const { client } = recorder;
  const { workflowID } = await enqueue(client, { ...task, workflowName: "publish" }, "key", 7);
  await getResult(client, workflowID, { timeoutSeconds: 600 });
  const past = { deadlineEpochMS: 1 };
  assertEquals(await getResult(client, workflowID, past), 7);
  assertEquals(await getEvent(client, workflowID, "key", past), 7);
  assertEquals((await waitFirst(client, [workflowID], past)).workflowID, workflowID);
});

Deno.test("a deadline replaces the default timeout of getEvent()", async () => {
  await using recorder = await openPollRecorder();
  const { client } = recorder;
  const realNow = performance.now;
  const event = getEvent(client, "nobody", "key", { deadlineEpochMS: Date.now() + 3_600_000 });
  await recorder.untilPolls(2);
  // Two minutes later it still waits.
  performance.now = () => realNow.call(performance) + 120_000;
  try {
    const seen = recorder.polls.length;
    await recorder.untilPolls(seen + 2);
  } finally {
    performance.now = realNow;
  }
  const closed = assertRejects(() => event, Error, "the client was closed");
  await client.close();
  await closed;
});

Deno.test("a stream that goes on after the deadline is read until then", async () => {
  await using recorder = await openPollRecorder();
  const { client, pool } = recorder;
  const id = await insertRunning(recorder, 1);
  const deadlineEpochMS = Date.now() + 200;
  const read: unknown[] = [];
  const error = await assertRejects(async () => {
    // Each value is followed by another one before the next poll.
    for await (const value of readStream(client, id, "log", { deadlineEpochMS })) {
      read.push(value);
      await write(pool, id, read.length);
    }
  }, StreamTimeoutError);
  assert(Date.now() >= deadlineEpochMS);
  assertEquals(read, read.map((_, index) => index));
  assertEquals(error.offset, read.length);
});

Deno.test("a wait whose time is over while its caller handles an outcome polls once more", async () => {
  await using recorder = await openPollRecorder();
  const { client, pool } = recorder;
  const ids = [await insertRunning(recorder), await insertRunning(recorder)];
  const end = (id: string | undefined) =>
    pool.query("update dbos.workflow_status set status = 'SUCCESS' where workflow_uuid = $1", [id]);
  await end(ids[0]);
  const outcomes = waitEach(client, ids, { timeoutSeconds: 1800 });
  assertEquals((await outcomes.next()).value?.workflowID, ids[0]);
  await end(ids[1]);
  const realNow = performance.now;
  performance.now = () => realNow.call(performance) + 3_600_000;
  try {
    assertEquals((await outcomes.next()).value?.workflowID, ids[1]);
  } finally {
    performance.now = realNow;
  }
});

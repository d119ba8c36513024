import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  AwaitedWorkflowCancelledError,
  AwaitedWorkflowExceededMaxRecoveryAttemptsError,
  enqueue,
  retrieveWorkflow,
  SerializedValue,
  UnsupportedSerializationError,
  waitAll,
  waitEach,
  waitFirst,
  WaitTimeoutError,
  WorkflowError,
  type WorkflowHandle,
  type WorkflowOutcome,
} from "../mod.ts";
import { openPollRecorder, type PollRecorder } from "./support/poll_recorder.ts";

const waitOptions = { timeoutSeconds: 600 };
const task = { workflowName: "echo", queueName: "tasks" };
const onIdleQueue = { workflowName: "echo", queueName: "idle" };

function newIDs(count: number): string[] {
  return Array.from({ length: count }, () => crypto.randomUUID());
}

/** Inserts workflows that look as if a worker was running them. */
async function insertRunning({ pool }: PollRecorder, workflowIDs: string[]): Promise<void> {
  await pool.query(
    `insert into dbos.workflow_status (workflow_uuid, status, name, serialization)
    select id, 'PENDING', 'worker', 'portable_json' from unnest($1::text[]) as id`,
    [workflowIDs],
  );
}

/** Completes workflows in this order, each with its ID as the result. */
async function completeAll({ pool }: PollRecorder, workflowIDs: string[]): Promise<void> {
  await pool.query(
    `with ended as (
      update dbos.workflow_status
      set status = 'SUCCESS', completed_at = 1700000000000 + array_position($1, workflow_uuid)
      where workflow_uuid = any($1)
      returning workflow_uuid
    )
    insert into dbos.workflow_output (workflow_uuid, output)
    select workflow_uuid, to_json(workflow_uuid)::text from ended`,
    [workflowIDs],
  );
}

async function setStatus(
  { pool }: PollRecorder,
  workflowID: string,
  status: string,
): Promise<void> {
  await pool.query("update dbos.workflow_status set status = $2 where workflow_uuid = $1", [
    workflowID,
    status,
  ]);
}

Deno.test("a wait for many workflows is polled for soon, beside many waits for one", async () => {
  await using recorder = await openPollRecorder({ listen: false, hasWorker: false });
  const { client, polls } = recorder;
  const others = new AbortController();
  const waits = newIDs(1000).map((workflowID) =>
    waitFirst(client, [workflowID], { signal: others.signal })
  );
  const workflowIDs = newIDs(10_000);
  // Far longer than it takes: the pause after a poll is in proportion to its workflows.
  const first = waitFirst(client, workflowIDs, { signal: AbortSignal.timeout(600_000) });
  // The next poll comes after the answer to the one for these.
  const isForMany = ({ wanted }: { wanted: unknown[] }) => wanted.length === workflowIDs.length;
  while (polls.findIndex(isForMany) < 0 || isForMany(polls.at(-1)!)) {
    await recorder.untilPolls(polls.length + 1);
  }
  await insertRunning(recorder, [workflowIDs[7]!]);
  await completeAll(recorder, [workflowIDs[7]!]);
  assertEquals((await first).workflowID, workflowIDs[7]);
  others.abort();
  await Promise.allSettled(waits);
});

Deno.test("several workflows are waited for together", async (test) => {
  await using recorder = await openPollRecorder();
  const { client, polls, pool } = recorder;

  await test.step("waitFirst() returns the handle of the workflow that ends first", async () => {
    const never = await enqueue(client, onIdleQueue);
    const sleeper = await enqueue(client, { ...task, workflowName: "sleepFor" }, 60_000);
    const failing = await enqueue(client, { ...task, workflowName: "fail" }, "went wrong");
    assertEquals(await waitFirst(client, [never, sleeper, failing], waitOptions), failing);
    // It may have failed, and another workflow may not exist.
    const absent = retrieveWorkflow(client, "absent");
    assertEquals(await waitFirst(client, [absent, failing, failing], waitOptions), failing);
    const typed: WorkflowHandle<string> = retrieveWorkflow<string>(client, failing.workflowID);
    const first: WorkflowHandle<string> = await waitFirst(client, [typed]);
    assertEquals(first, typed);
  });

  await test.step("waitFirst() of ended workflows returns the one that ended first", async () => {
    const workflowIDs = newIDs(5);
    await insertRunning(recorder, workflowIDs);
    await completeAll(recorder, workflowIDs);
    const first = await waitFirst(client, workflowIDs.toSorted());
    assertEquals(first.workflowID, workflowIDs[0]);
    assertEquals(await first.getResult(), workflowIDs[0]);
  });

  await test.step("waitAll() returns handles in the given order when all have ended", async () => {
    const slow = await enqueue(client, { ...task, workflowName: "sleepFor" }, 200);
    const quick = await enqueue(client, task, 1);
    const { workflowID } = await enqueue(client, { ...task, workflowName: "fail" }, "went wrong");
    const handles = await waitAll(client, [slow, quick, workflowID, quick], waitOptions);
    assertEquals(handles[0], slow);
    assertEquals(handles[1], quick);
    assertEquals(handles[2]!.workflowID, workflowID);
    assertEquals(handles[3], quick);
    for (const handle of handles) {
      assert(["SUCCESS", "ERROR"].includes((await handle.getStatus())!.status));
    }
    assertEquals(await waitAll(client, []), []);
  });

  await test.step("waitFirst() and waitAll() fetch no results", async () => {
    const { workflowID } = await enqueue(client, task, "large");
    polls.length = 0;
    await waitAll(client, [workflowID], waitOptions);
    await waitFirst(client, [workflowID], waitOptions);
    for (const { kind, wanted } of polls) {
      assertEquals([kind, wanted], ["completion_times", [workflowID]]);
    }
  });

  await test.step("waitEach() yields the outcome of each workflow", async () => {
    const succeeded = await enqueue(client, task, 7);
    const native = await enqueue(
      client,
      { ...task, workflowName: "echoNative", serializationType: "native" },
    );
    const failed = await enqueue(client, { ...task, workflowName: "fail" }, "went wrong", "E7");
    const cancelled = await enqueue(client, onIdleQueue);
    const givenUp = await enqueue(client, onIdleQueue);
    await setStatus(recorder, cancelled.workflowID, "CANCELLED");
    await setStatus(recorder, givenUp.workflowID, "MAX_RECOVERY_ATTEMPTS_EXCEEDED");

    const handles = [succeeded, native, failed, cancelled, givenUp, succeeded];
    const outcomes = new Map<string, WorkflowOutcome>();
    for await (const outcome of waitEach(client, handles, waitOptions)) {
      assert(!outcomes.has(outcome.workflowID));
      outcomes.set(outcome.workflowID, outcome);
    }
    assertEquals(outcomes.size, 5);
    const outcomeOf = ({ workflowID }: WorkflowHandle) => outcomes.get(workflowID)!;
    const errorOf = (handle: WorkflowHandle) => {
      const outcome = outcomeOf(handle);
      assert(outcome.status !== "SUCCESS");
      return outcome.error;
    };
    assertEquals(outcomeOf(succeeded), {
      workflowID: succeeded.workflowID,
      status: "SUCCESS",
      result: [7],
    });
    const nativeOutcome = outcomeOf(native);
    assert(nativeOutcome.status === "SUCCESS");
    assertEquals((nativeOutcome.result as { set: unknown }).set, new Set(["a", "b"]));
    assertEquals(outcomeOf(failed).status, "ERROR");
    const error = errorOf(failed);
    assert(error instanceof WorkflowError);
    assertEquals([error.name, error.message, error.code], ["CustomError", "went wrong", "E7"]);
    assertEquals(outcomeOf(cancelled).status, "CANCELLED");
    assert(errorOf(cancelled) instanceof AwaitedWorkflowCancelledError);
    assertEquals(outcomeOf(givenUp).status, "MAX_RECOVERY_ATTEMPTS_EXCEEDED");
    assert(errorOf(givenUp) instanceof AwaitedWorkflowExceededMaxRecoveryAttemptsError);
    assertEquals(await Array.fromAsync(waitEach(client, [])), []);
  });

  await test.step("waitEach() yields each outcome when the workflow ends", async () => {
    const workflowIDs = newIDs(4);
    await insertRunning(recorder, workflowIDs);
    const outcomes = waitEach(client, workflowIDs, waitOptions);
    for (const workflowID of workflowIDs.toReversed()) {
      const next = outcomes.next();
      await completeAll(recorder, [workflowID]);
      const expected = { workflowID, status: "SUCCESS" as const, result: workflowID };
      assertEquals(await next, { done: false, value: expected });
    }
    assertEquals((await outcomes.next()).done, true);
  });

  await test.step("a result that cannot be read does not end the wait for others", async () => {
    const workflowIDs = newIDs(4);
    await insertRunning(recorder, workflowIDs);
    await completeAll(recorder, workflowIDs);
    const setFormat = `update dbos.workflow_status set serialization = $3, status = $2,
      error = case when $2 = 'ERROR' then 'damaged' end where workflow_uuid = $1`;
    await pool.query(setFormat, [workflowIDs[0], "SUCCESS", "py_pickle"]);
    await pool.query(setFormat, [workflowIDs[1], "ERROR", "py_pickle"]);
    // Its result lacks the marker of this format.
    await pool.query(setFormat, [workflowIDs[2], "SUCCESS", "js_superjson"]);
    const [first, second, damaged, last] = await Array.fromAsync(waitEach(client, workflowIDs));
    const stored = new SerializedValue("py_pickle", `"${workflowIDs[0]}"`);
    assertEquals(first, { workflowID: workflowIDs[0]!, status: "SUCCESS", result: stored });
    assert(second?.status === "ERROR" && second.error instanceof UnsupportedSerializationError);
    const damagedResult = new SerializedValue("js_superjson", `"${workflowIDs[2]}"`);
    assertEquals(damaged, {
      workflowID: workflowIDs[2]!,
      status: "SUCCESS",
      result: damagedResult,
    });
    assertEquals(last!.status, "SUCCESS");
  });

  await test.step("an open transaction sees the workflows that it has ended itself", async () => {
    const workflowIDs = newIDs(2);
    await insertRunning(recorder, workflowIDs);
    const connection = await pool.connect();
    await connection.query("begin");
    await completeAll({ ...recorder, pool: connection as never }, workflowIDs);
    const once = { timeoutSeconds: 0 };
    assertEquals((await waitAll(connection, workflowIDs, once)).length, 2);
    assertEquals((await Array.fromAsync(waitEach(connection, workflowIDs, once))).length, 2);
    await assertRejects(() => waitFirst(client, workflowIDs, once), WaitTimeoutError);
    await connection.query("rollback");
    connection.release();
  });
});

Deno.test("10,000 workflows share one query per poll and at most five timers", async () => {
  await using recorder = await openPollRecorder();
  const { client, polls } = recorder;
  const workflowIDs = newIDs(10_000);
  await insertRunning(recorder, workflowIDs);
  // These have ended before the first poll, but a poll returns only a part of them.
  const early = workflowIDs.slice(0, 2500);
  await completeAll(recorder, early);

  const timers = countTimers();
  try {
    const startedAt = performance.now();
    const outcomes = waitEach(client, workflowIDs, waitOptions);
    const seen: string[] = [];
    const read = async (count: number) => {
      for (; count > 0; count--) seen.push((await outcomes.next()).value!.workflowID);
    };
    await read(2500);
    assertEquals(new Set(seen), new Set(early));
    assertEquals(polls.map(({ wanted }) => wanted.length), [10_000, 9000, 8000]);

    // There are no polls while the caller processes what was found.
    const half = workflowIDs.slice(2500, 3000);
    await completeAll(recorder, half);
    assertEquals(polls.length, 3);
    await read(500);
    assertEquals(seen.slice(2500), half);

    const rest = workflowIDs.slice(3000);
    const reading = read(7000);
    for (let start = 0; start < rest.length; start += 100) {
      await completeAll(recorder, rest.slice(start, start + 100));
    }
    await reading;
    assertEquals((await outcomes.next()).done, true);
    assertEquals(new Set(seen), new Set(workflowIDs));
    const elapsedMs = performance.now() - startedAt;
    assert(polls.length <= 20 + elapsedMs / 20, `${polls.length} polls in ${elapsedMs} ms`);
    assert(timers.max <= 5, `${timers.max} timers at a time`);
  } finally {
    timers.stop();
  }
  const handles = await waitAll(client, workflowIDs, waitOptions);
  assertEquals(handles.map(({ workflowID }) => workflowID), workflowIDs);
});

/** Counts the maximum number of timers at a time, including those of drivers. */
function countTimers(): { max: number; stop(): void } {
  // Deno 2.5 does not let them be called as methods of another object.
  const { setTimeout, clearTimeout } = globalThis;
  const pending = new Set<unknown>();
  const count = {
    max: 0,
    stop: () => void Object.assign(globalThis, { setTimeout, clearTimeout }),
  };
  Object.assign(globalThis, {
    setTimeout(run: () => void, delayMs?: number) {
      const timer = setTimeout(() => {
        pending.delete(timer);
        run();
      }, delayMs);
      pending.add(timer);
      count.max = Math.max(count.max, pending.size);
      return timer;
    },
    clearTimeout(timer: number) {
      pending.delete(timer);
      clearTimeout(timer);
    },
  });
  return count;
}

Deno.test("a wait for several workflows leaves nothing behind when it ends", async (test) => {
  // Deno fails a step that leaves a timer behind.
  await using recorder = await openPollRecorder({ pollingIntervalMs: 3_600_000 });
  const { client, polls } = recorder;
  const [ended, ...running] = newIDs(3) as [string, string, string];
  const all = [ended, ...running];
  await insertRunning(recorder, all);
  await completeAll(recorder, [ended]);
  const longTimeout = { timeoutSeconds: 3_600 };

  await test.step("after timeoutSeconds, with an error that has the pending IDs", async () => {
    for (const timeoutSeconds of [0, 0.1]) {
      const options = { timeoutSeconds };
      const first = await assertRejects(
        () => waitFirst(client, running, options),
        WaitTimeoutError,
      );
      assertEquals([first.workflowIDs, first.timeoutSeconds], [running, timeoutSeconds]);
      const one = await assertRejects(() => waitAll(client, all, options), WaitTimeoutError);
      assertEquals(one.workflowIDs, running);
      const start = `Cannot wait for workflows: 2 of them did not end within ${timeoutSeconds} s`;
      assert(one.message.startsWith(start), one.message);
      const outcomes = waitEach(client, all, options);
      assertEquals((await outcomes.next()).value!.workflowID, ended);
      const rest = await assertRejects(() => outcomes.next(), WaitTimeoutError);
      assertEquals(rest.workflowIDs, running);
      assertEquals((await outcomes.next()).done, true);
    }
  });
  await test.step("on its signal", async () => {
    const controller = new AbortController();
    const options = { ...longTimeout, signal: controller.signal };
    const waits = [
      waitFirst(client, running, options),
      waitAll(client, all, options),
      Array.fromAsync(waitEach(client, all, options)),
    ];
    const seen = polls.length;
    await recorder.untilPolls(seen + 1);
    controller.abort(new Error("enough"));
    for (const wait of waits) await assertRejects(() => wait, Error, "enough");
    await assertRejects(() => waitAll(client, all, options), Error, "enough");
  });
  await test.step("on break", async () => {
    for await (const { workflowID } of waitEach(client, all, longTimeout)) {
      assertEquals(workflowID, ended);
      break;
    }
  });
  await test.step("on return() during a wait", async () => {
    const outcomes = waitEach(client, running, longTimeout);
    const next = outcomes.next();
    const seen = polls.length;
    await recorder.untilPolls(seen + 1);
    assertEquals((await outcomes.return()).done, true);
    assertEquals((await next).done, true);
  });
  await test.step("when the client is closed", async () => {
    const waits = [waitFirst(client, running, longTimeout), waitAll(client, all, longTimeout)];
    const seen = polls.length;
    await recorder.untilPolls(seen + 1);
    await client.close();
    for (const wait of waits) await assertRejects(() => wait, Error, "the client was closed");
  });
});

Deno.test("invalid arguments are rejected before anything is sent", async () => {
  await using recorder = await openPollRecorder();
  const { client, polls } = recorder;
  for (
    const [workflows, error, message] of [
      ["task-7", TypeError, "expected an array"],
      [[""], RangeError, "workflows[0]"],
      [[7], TypeError, "a handle or a workflowID"],
      [[null], TypeError, "a handle or a workflowID"],
      [[{ id: "task-7" }], TypeError, "a handle or a workflowID"],
    ] as const
  ) {
    const invalid = workflows as unknown as string[];
    await assertRejects(() => waitFirst(client, invalid), error, message);
    await assertRejects(() => waitAll(client, invalid), error, message);
    assertThrows(() => waitEach(client, invalid), error, message);
  }
  await assertRejects(() => waitFirst(client, []), RangeError, "expected at least one workflow");
  for (const options of [{ timeoutSeconds: -1 }, { pollingIntervalMs: 0.5 }]) {
    await assertRejects(() => waitFirst(client, ["id"], options), RangeError);
    await assertRejects(() => waitAll(client, ["id"], options), RangeError);
    assertThrows(() => waitEach(client, ["id"], options), RangeError);
  }
  assertEquals(polls, []);
});

Deno.test("results of 10,000 workflows that ended at once take few lookups each", async () => {
  await using recorder = await openPollRecorder();
  const { client, pool, polls } = recorder;
  const workflowIDs = newIDs(10_000);
  await insertRunning(recorder, workflowIDs);
  await pool.query("update dbos.workflow_status set status = 'SUCCESS'");
  await Promise.all(workflowIDs.map((id) => retrieveWorkflow(client, id).getResult()));
  // All in the first poll; then each poll is for at most twice as many as an answer may have.
  const lookups = polls.reduce((sum, { wanted }) => sum + wanted.length, 0);
  assert(lookups <= 30_000, `${lookups} lookups in ${polls.length} polls`);
});

import { assert, assertEquals, assertRejects } from "@std/assert";
import { enqueue, getEvent, getResult, ResultTimeoutError } from "../mod.ts";
import { openPollRecorder, type RecordedPoll } from "./support/poll_recorder.ts";
import { until } from "./support/until.ts";

const task = { workflowName: "echo", queueName: "tasks" };

function newIDs(count: number): string[] {
  return Array.from({ length: count }, () => crypto.randomUUID());
}

Deno.test("500 waits for results share one query per poll, and so do 500 for events", async () => {
  await using recorder = await openPollRecorder();
  const { client, polls } = recorder;
  const workflowIDs = newIDs(500);
  const waits = workflowIDs.flatMap((workflowID) => [
    getResult(client, workflowID, { timeoutSeconds: 600 }),
    getEvent(client, workflowID, "key", 600),
  ]);
  await recorder.untilPolls(6);
  const eventsOf = (ids: string[]) => ids.map((id) => ({ workflow_id: id, key: "key" }));
  const assertWanted = ({ kind, wanted }: RecordedPoll, ids: string[]): void =>
    assertEquals(new Set(wanted), new Set<unknown>(kind === "outcomes" ? ids : eventsOf(ids)));
  for (const poll of polls) assertWanted(poll, workflowIDs);
  const publisher = { workflowName: "publish", queueName: "tasks" };
  const startedAt = performance.now();
  for (const workflowID of workflowIDs.slice(0, 5)) {
    await enqueue(client, { ...publisher, workflowID }, "key", workflowID);
  }
  const found = await Promise.all(waits.slice(0, 10));
  assertEquals(found, workflowIDs.slice(0, 5).flatMap((id) => [id, id]));
  // The remaining waits still share their polls.
  const seen = polls.length;
  await recorder.untilPolls(seen + 4);
  const left = workflowIDs.slice(5);
  for (const kind of ["outcomes", "events"]) {
    assertWanted(polls.findLast((poll) => poll.kind === kind)!, left);
  }
  const elapsedMs = performance.now() - startedAt;
  assert(polls.length <= 20 + elapsedMs / 5, `${polls.length} polls in ${elapsedMs} ms`);

  const settled = Promise.allSettled(waits);
  await client.close();
  const outcomes = await settled;
  assertEquals(outcomes.filter(({ status }) => status === "rejected").length, 990);
});

Deno.test("several waits for one workflow share a poll and get the same result", async () => {
  await using recorder = await openPollRecorder();
  const { client, polls } = recorder;
  const { workflowID } = await enqueue(client, task, 7);
  const results = await Promise.all(
    Array.from({ length: 3 }, () => getResult(client, workflowID, { timeoutSeconds: 600 })),
  );
  assertEquals(results, [[7], [7], [7]]);
  for (const { wanted } of polls) assertEquals(wanted, [workflowID]);
});

Deno.test("the first poll is immediate, whatever the interval is", async () => {
  await using recorder = await openPollRecorder({ pollingIntervalMs: 3_600_000 });
  const { client, polls } = recorder;
  const { workflowID } = await enqueue(client, task, 7);
  await getResult(client, workflowID, { timeoutSeconds: 600, pollingIntervalMs: 20 });
  polls.length = 0;
  assertEquals(await getResult(client, workflowID), [7]);
  assertEquals(await getEvent(client, workflowID, "key", 0), null);
  assertEquals(polls.length, 2);
  // A wait with a long interval does not delay another one.
  const controller = new AbortController();
  const forever = getResult(client, "nobody", { signal: controller.signal });
  await recorder.untilPolls(3);
  assertEquals(await getResult(client, workflowID), [7]);
  controller.abort();
  await assertRejects(() => forever, DOMException);
});

Deno.test("the intervals between polls grow, up to pollingIntervalMs", async () => {
  await using recorder = await openPollRecorder();
  const { client, polls } = recorder;
  const enough = new AbortController();
  const wait = getResult(client, "nobody", { signal: enough.signal });
  await recorder.untilPolls(8);
  enough.abort(new Error("enough"));
  await assertRejects(() => wait, Error, "enough");
  const startedAt = polls[0]!.at;
  for (let index = 1; index < polls.length; index++) {
    const ageMs = polls[index - 1]!.at - startedAt;
    const gapMs = polls[index]!.at - polls[index - 1]!.at;
    // A timer may be a little early.
    assert(gapMs >= Math.max(ageMs / 32, 20) - 2, `${gapMs} ms after ${ageMs} ms`);
  }

  // After an hour the interval would be minutes without this limit.
  polls.length = 0;
  const controller = new AbortController();
  const result = getResult(client, "nobody", { signal: controller.signal, pollingIntervalMs: 30 });
  await recorder.untilPolls(1);
  const realNow = performance.now;
  performance.now = () => realNow.call(performance) + 3_600_000;
  try {
    await recorder.untilPolls(4);
  } finally {
    performance.now = realNow;
  }
  controller.abort(new Error("enough"));
  await assertRejects(() => result, Error, "enough");
});

Deno.test("a wait leaves nothing behind, however it ends", async (test) => {
  await using recorder = await openPollRecorder({ pollingIntervalMs: 3_600_000 });
  const { client, polls } = recorder;
  const { workflowID } = await enqueue(client, task, 7);
  // Deno fails a step that leaves a timer behind.
  await test.step("found", async () => {
    assertEquals(await getResult(client, workflowID, { timeoutSeconds: 3_600 }), [7]);
  });
  await test.step("aborted", async () => {
    const controller = new AbortController();
    const result = getResult(client, "nobody", {
      timeoutSeconds: 3_600,
      signal: controller.signal,
    });
    const seen = polls.length;
    await recorder.untilPolls(seen + 1);
    controller.abort(new Error("enough"));
    await assertRejects(() => result, Error, "enough");
  });
  await test.step("aborted before its first poll", async () => {
    const controller = new AbortController();
    const result = getResult(client, "nobody", {
      timeoutSeconds: 3_600,
      signal: controller.signal,
    });
    controller.abort(new Error("enough"));
    await assertRejects(() => result, Error, "enough");
  });
  await test.step("timed out", async () => {
    assertEquals(await getEvent(client, "nobody", "key", 0.05), null);
    await assertRejects(
      () => getResult(client, "nobody", { timeoutSeconds: 0.05 }),
      ResultTimeoutError,
    );
  });
  await test.step("closed", async () => {
    const result = getResult(client, "nobody", { timeoutSeconds: 3_600 });
    await client.close();
    await assertRejects(() => result, Error, "the client was closed");
  });
  // Longer than the next interval would be: there are no more polls.
  const seen = polls.length;
  await new Promise((resolve) => setTimeout(resolve, 100));
  assertEquals(polls.length, seen);
});

Deno.test("a poll that fails rejects only its own waits", async () => {
  await using recorder = await openPollRecorder({ retryTimeoutSeconds: 0 });
  const { client, pool } = recorder;
  const { workflowID } = await enqueue(client, task, 7);
  await getResult(client, workflowID, { timeoutSeconds: 600 });
  recorder.polls.length = 0;

  const locker = await pool.connect();
  await locker.query("begin");
  // The poll waits for the lock until its connection is terminated.
  await locker.query("lock table dbos.workflow_status in access exclusive mode");
  const failing = [
    getResult(client, workflowID, { timeoutSeconds: 600 }),
    getResult(client, "nobody", { timeoutSeconds: 600 }),
  ];
  const outcomes = Promise.allSettled(failing);
  await recorder.untilPolls(1);
  const later = getResult(client, workflowID, { timeoutSeconds: 600 });
  const terminate = `
    select pg_terminate_backend(pid) from pg_stat_activity
    where datname = current_database() and wait_event_type = 'Lock'
      and query like '%with ordinality as target (workflow_id)%'`;
  await until(async () => (await pool.query(terminate)).rowCount! > 0);
  for (const outcome of await outcomes) {
    assert(outcome.status === "rejected");
    assertEquals(outcome.reason.code, "57P01");
  }
  await locker.query("commit");
  locker.release();
  assertEquals(await later, [7]);
});

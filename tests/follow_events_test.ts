import {
  assert,
  assertEquals,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import {
  type Client,
  createClient,
  enqueue,
  EventTimeoutError,
  followEvents,
  NonExistentWorkflowError,
  SerializedValue,
  type WaitOptions,
  type WorkflowEvent,
} from "../mod.ts";
import { insertWorkflow, setEvent } from "./support/insert_workflow.ts";
import { openPollRecorder, type PollRecorder } from "./support/poll_recorder.ts";

const waitOptions = { timeoutSeconds: 600 };

async function endWorkflow({ pool }: PollRecorder, workflowID: string): Promise<void> {
  await pool.query("update dbos.workflow_status set status = 'SUCCESS' where workflow_uuid = $1", [
    workflowID,
  ]);
}

const next = (events: AsyncGenerator<WorkflowEvent>) => events.next().then(({ value }) => value);
const follow = (client: Client, id: string, options: WaitOptions = waitOptions) =>
  followEvents(client, id, options);

Deno.test("followEvents() yields the changes of events until the workflow has ended", async (test) => {
  await using recorder = await openPollRecorder();
  const { client, pool, polls } = recorder;

  for (const serializationType of ["portable", "native"] as const) {
    await test.step(`as a worker sets them, in ${serializationType} format`, async () => {
      const options = { workflowName: "publish", queueName: "tasks", serializationType };
      const { workflowID } = await enqueue(client, options, "progress", { done: [7, null] });
      const events = await Array.fromAsync(follow(client, workflowID));
      assertEquals(events, [{ key: "progress", value: { done: [7, null] } }]);
    });
  }

  await test.step("those that are set at first, and then each change", async () => {
    const workflowID = await insertWorkflow(recorder);
    await setEvent(recorder, workflowID, "b", "1");
    await setEvent(recorder, workflowID, "a", '"x"');
    const events = follow(client, workflowID);
    assertEquals(await next(events), { key: "a", value: "x" });
    assertEquals(await next(events), { key: "b", value: 1 });
    for (const value of [2, 3, 1]) {
      const change = next(events);
      await setEvent(recorder, workflowID, "b", `${value}`);
      assertEquals(await change, { key: "b", value });
    }
    const change = next(events);
    await setEvent(recorder, workflowID, "__proto__", "null");
    assertEquals(await change, { key: "__proto__", value: null });
    // The last changes arrive although the workflow has ended.
    await setEvent(recorder, workflowID, "a", '"last"');
    await endWorkflow(recorder, workflowID);
    assertEquals(await Array.fromAsync(events), [{ key: "a", value: "last" }]);
    assertEquals((await events.next()).done, true);
  });

  await test.step("not an event that is set to the same value again", async () => {
    const workflowID = await insertWorkflow(recorder);
    await setEvent(recorder, workflowID, "a", "1");
    const events = follow(client, workflowID);
    assertEquals(await next(events), { key: "a", value: 1 });
    const change = next(events);
    await setEvent(recorder, workflowID, "a", "1");
    const seen = polls.length;
    await recorder.untilPolls(seen + 3);
    await setEvent(recorder, workflowID, "a", "1", "js_superjson");
    assertEquals(await change, { key: "a", value: new SerializedValue("js_superjson", "1") });
    await events.return();
  });

  await test.step("only the latest of the values that are set between two reads", async () => {
    const workflowID = await insertWorkflow(recorder);
    const events = follow(client, workflowID);
    for (const value of [1, 2, 3]) await setEvent(recorder, workflowID, "a", `${value}`);
    assertEquals(await next(events), { key: "a", value: 3 });
    await events.return();
  });

  await test.step("a value that cannot be read does not hide the others", async () => {
    const workflowID = await insertWorkflow(recorder, "ERROR");
    await setEvent(recorder, workflowID, "a", "gASVBQAAAA==", "py_pickle");
    await setEvent(recorder, workflowID, "b", "2");
    assertEquals(await Array.fromAsync(follow(client, workflowID)), [
      { key: "a", value: new SerializedValue("py_pickle", "gASVBQAAAA==") },
      { key: "b", value: 2 },
    ]);
  });

  await test.step("of a workflow that has ended without any, none", async () => {
    for (const status of ["SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"]) {
      const workflowID = await insertWorkflow(recorder, status);
      assertEquals(await Array.fromAsync(follow(client, workflowID, { timeoutSeconds: 0 })), []);
    }
  });

  await test.step("each of many large ones once, in answers of about a megabyte", async () => {
    const workflowID = await insertWorkflow(recorder, "SUCCESS");
    await pool.query(
      `insert into dbos.workflow_events (workflow_uuid, key, value, serialization)
      select $1, 'key ' || lpad(number::text, 4, '0'), case when number < 10
        then '"' || repeat('x', 300000) || '"' else number::text end, 'portable_json'
      from generate_series(0, 2499) as number`,
      [workflowID],
    );
    polls.length = 0;
    const events = await Array.fromAsync(follow(client, workflowID));
    assertEquals(
      events.map(({ key }) => Number(key.slice(4))),
      [...Array(2500).keys()],
    );
    assertEquals(events[2499]!.value, 2499);
    // Three answers of large values, and two of a thousand rows and of the remaining ones.
    assertEquals(polls.length, 5);
  });

  await test.step("an unknown workflow is an error, and so is one that is deleted", async () => {
    const error = await assertRejects(
      () => follow(client, "nobody").next(),
      NonExistentWorkflowError,
      "Cannot follow the events of workflow nobody: there is no such workflow",
    );
    assertEquals(error.workflowID, "nobody");
    const workflowID = await insertWorkflow(recorder);
    const events = follow(client, workflowID);
    const change = events.next();
    // It may reject before it is awaited.
    change.catch(() => {});
    const seen = polls.length;
    await recorder.untilPolls(seen + 1);
    await pool.query("delete from dbos.workflow_status where workflow_uuid = $1", [workflowID]);
    await assertRejects(() => change, NonExistentWorkflowError);
  });

  await test.step("500 that follow share one query per poll", async () => {
    const workflowIDs = await Promise.all(
      Array.from({ length: 500 }, () => insertWorkflow(recorder)),
    );
    await Promise.all(workflowIDs.map((id) => setEvent(recorder, id, "a", "1")));
    const all = workflowIDs.map((id) => follow(client, id));
    polls.length = 0;
    assertEquals(
      new Set((await Promise.all(all.map(next))).map((event) => event!.value)),
      new Set([1]),
    );
    assertEquals(polls.length, 1);
    const changes = Promise.all(all.map(next));
    await recorder.untilPolls(3);
    assertEquals(new Set(polls.map(({ wanted }) => wanted.length)), new Set([500]));
    await pool.query("update dbos.workflow_events set value = '2' where workflow_uuid = any($1)", [
      workflowIDs,
    ]);
    assertEquals(new Set((await changes).map((event) => event!.value)), new Set([2]));
    await Promise.all(all.map((events) => events.return()));
  });

  await test.step("a transaction reads its own writes", async () => {
    const workflowID = await insertWorkflow(recorder, "SUCCESS");
    const connection = await pool.connect();
    await connection.query("begin");
    await setEvent({ pool: connection as unknown as typeof pool }, workflowID, "a", "1");
    const read = (reader: typeof connection | Client) =>
      Array.fromAsync(followEvents(reader, workflowID, { timeoutSeconds: 0 }));
    assertEquals(await read(connection), [{ key: "a", value: 1 }]);
    assertEquals(await read(client), []);
    await connection.query("rollback");
    connection.release();
  });
});

Deno.test("following events ends in time, although one is set to the same value before each poll", async () => {
  await using recorder = await openPollRecorder();
  const { pool } = recorder;
  const workflowID = await insertWorkflow(recorder);
  let polls = 0;
  const driver = {
    async query(text: string, values: unknown[]): Promise<unknown[][]> {
      if (text.includes("xmin")) {
        polls++;
        await setEvent(recorder, workflowID, "a", "1");
      }
      return (await pool.query({ text, values, rowMode: "array" })).rows;
    },
  };
  await using client = createClient(driver);
  for (const timeoutSeconds of [0, 0.3]) {
    const events = follow(client, workflowID, { timeoutSeconds });
    assertEquals(await next(events), { key: "a", value: 1 });
    polls = 0;
    const error = await assertRejects(() => events.next(), EventTimeoutError);
    assertEquals(error.timeoutSeconds, timeoutSeconds);
    // After the first 20 ms apart.
    assert(timeoutSeconds > 0 ? polls <= 20 : polls === 1, `${polls} polls`);
  }
});

Deno.test("following events leaves nothing behind when it ends", async (test) => {
  // Deno fails a step that leaves a timer behind.
  await using recorder = await openPollRecorder({ pollingIntervalMs: 3_600_000 });
  const { client, polls } = recorder;
  const longTimeout = { timeoutSeconds: 3_600 };
  const workflowID = await insertWorkflow(recorder);
  await setEvent(recorder, workflowID, "a", "1");

  /** Follows, and waits for a change until there has been a poll. */
  async function waitForChange(options: WaitOptions) {
    const events = follow(client, workflowID, options);
    assertEquals((await events.next()).value, { key: "a", value: 1 });
    const change = events.next();
    // It may reject before it is awaited.
    change.catch(() => {});
    const seen = polls.length;
    await recorder.untilPolls(seen + 1);
    return { events, change };
  }

  await test.step("after timeoutSeconds for each change", async () => {
    for (const timeoutSeconds of [0, 0.2]) {
      const events = follow(client, workflowID, { timeoutSeconds });
      assertEquals((await events.next()).value, { key: "a", value: 1 });
      const startedAt = performance.now();
      const error = await assertRejects(() => events.next(), EventTimeoutError);
      assert(performance.now() - startedAt >= timeoutSeconds * 1000 - 1);
      assertEquals([error.workflowID, error.timeoutSeconds], [workflowID, timeoutSeconds]);
      const message =
        `Cannot follow the events of workflow ${workflowID}: none changed within ${timeoutSeconds} s`;
      if (timeoutSeconds === 0) assertEquals(error.message, message);
      else {assertStringIncludes(
          error.message,
          `${message}. Workflow ${workflowID} has been PENDING`,
        );}
      assertEquals(error.status, timeoutSeconds === 0 ? undefined : "PENDING");
      assertEquals((await events.next()).done, true);
    }
  });
  await test.step("after timeoutSeconds, although an event is set to the same value", async () => {
    const { change } = await waitForChange({ timeoutSeconds: 0.5 });
    await setEvent(recorder, workflowID, "a", "1");
    const startedAt = performance.now();
    await assertRejects(() => change, EventTimeoutError);
    assert(performance.now() - startedAt < 30_000);
  });
  await test.step("on its signal", async () => {
    const controller = new AbortController();
    const { change } = await waitForChange({ ...longTimeout, signal: controller.signal });
    controller.abort(new Error("enough"));
    await assertRejects(() => change, Error, "enough");
  });
  await test.step("on break", async () => {
    for await (const { value } of follow(client, workflowID, longTimeout)) {
      assertEquals(value, 1);
      break;
    }
  });
  await test.step("when the generator is abandoned", async () => {
    const events = follow(client, workflowID, longTimeout);
    assertEquals((await events.next()).done, false);
  });
  await test.step("on return() during a wait", async () => {
    const { events, change } = await waitForChange(longTimeout);
    assertEquals((await events.return()).done, true);
    assertEquals((await change).done, true);
    const unread = follow(client, workflowID, longTimeout);
    await unread.return();
    assertEquals((await unread.next()).done, true);
  });
  await test.step("when the client is closed", async () => {
    const { change } = await waitForChange(longTimeout);
    await client.close();
    await assertRejects(() => change, Error, "the client was closed");
  });
});

Deno.test("invalid arguments of followEvents() are rejected before anything is sent", async () => {
  await using recorder = await openPollRecorder();
  const { client, polls } = recorder;
  for (
    const [workflowID, options, error, message] of [
      ["", {}, RangeError, "workflowID"],
      [7, {}, TypeError, "workflowID"],
      ["id", { timeoutSeconds: -1 }, RangeError, "timeoutSeconds"],
      ["id", { pollingIntervalMs: 0 }, RangeError, "pollingIntervalMs"],
      ["id", { offset: 0 }, TypeError, "offset"],
    ] as const
  ) {
    assertThrows(
      () => followEvents(client, workflowID as string, options as WaitOptions),
      error,
      message,
    );
  }
  assertEquals(polls, []);
});

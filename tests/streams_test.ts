import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  type Client,
  enqueue,
  NonExistentWorkflowError,
  readStream,
  readStreamOffset,
  send,
  SerializedValue,
  StreamEndedError,
  StreamTimeoutError,
  UnsupportedSerializationError,
  type WorkflowHandle,
} from "../mod.ts";
import { openPollRecorder, type PollRecorder } from "./support/poll_recorder.ts";
import type { Relayed } from "./support/common_workflows.ts";

interface Relay extends WorkflowHandle {
  relay(message: Relayed): Promise<void>;
}

type Format = "portable" | "native";

/** Starts a workflow that writes the messages that it receives to the stream `log`. */
async function startRelay(client: Client, format: Format = "portable"): Promise<Relay> {
  const options = { workflowName: "relay", queueName: "tasks", serializationType: format };
  const handle = await enqueue(client, options, "log");
  return {
    ...handle,
    relay: (message) =>
      send(client, handle.workflowID, message, { topic: "relay", serializationType: format }),
  };
}

async function writeNumbers(client: Client, count: number): Promise<string> {
  const options = { workflowName: "writeNumbers", queueName: "tasks" };
  const handle = await enqueue(client, options, "log", count);
  await handle.getResult({ timeoutSeconds: 600 });
  return handle.workflowID;
}

/** Inserts a workflow and its stream as a worker writes them. By default it never ends. */
async function insertStream(
  { pool }: PollRecorder,
  values: { value: string; serialization?: string | null; offset?: number }[],
  status = "PENDING",
): Promise<string> {
  const workflowID = crypto.randomUUID();
  await pool.query(
    `insert into dbos.workflow_status (workflow_uuid, status, name) values ($1, $2, 'writer')`,
    [workflowID, status],
  );
  for (const [index, { value, serialization = "portable_json", offset }] of values.entries()) {
    await pool.query(
      `insert into dbos.streams (workflow_uuid, key, value, "offset", serialization)
      values ($1, 'log', $2, $3, $4)`,
      [workflowID, value, offset ?? index, serialization],
    );
  }
  return workflowID;
}

const waitOptions = { timeoutSeconds: 600 };

Deno.test("streams are read while a worker writes them", async (test) => {
  await using recorder = await openPollRecorder();
  const { client, polls } = recorder;

  for (const format of ["portable", "native"] as const) {
    await test.step(`readStream() yields values when written, in ${format} format`, async () => {
      const { workflowID, relay } = await startRelay(client, format);
      const values = readStream(client, workflowID, "log", waitOptions);
      const sent = ["first", { second: [2, null] }, "__DBOS_STREAM_CLOSED", null];
      for (const value of sent) {
        await relay({ values: [value] });
        assertEquals(await values.next(), { done: false, value });
      }
      await relay({ end: "close" });
      assertEquals(await values.next(), { done: true, value: undefined });
      assertEquals(await values.next(), { done: true, value: undefined });
    });
  }

  await test.step("readStream() can start before the workflow runs", async () => {
    const { workflowID } = await enqueue(
      client,
      { workflowName: "writeNumbers", queueName: "tasks", delaySeconds: 0.2 },
      "log",
      2,
    );
    const values = Array.fromAsync(readStream(client, workflowID, "log", waitOptions));
    assertEquals(await values, [0, 1]);
  });

  for (const end of ["return", "fail"] as const) {
    await test.step(`a stream that is not closed ends with its workflow: ${end}`, async () => {
      const { workflowID, relay } = await startRelay(client);
      const values = readStream(client, workflowID, "log", waitOptions);
      await relay({ values: ["only"] });
      assertEquals((await values.next()).value, "only");
      await relay({ values: ["last", "of all"], end });
      assertEquals(await Array.fromAsync(values), ["last", "of all"]);
    });
  }

  await test.step("a stream ends when its workflow is cancelled", async () => {
    const { workflowID, relay } = await startRelay(client);
    await relay({ values: ["only"] });
    const values = readStream(client, workflowID, "log", waitOptions);
    assertEquals((await values.next()).value, "only");
    const next = values.next();
    await recorder.pool.query(
      `update dbos.workflow_status set status = 'CANCELLED' where workflow_uuid = $1`,
      [workflowID],
    );
    assertEquals((await next).done, true);
  });

  await test.step("one poll returns many values", async () => {
    const workflowID = await writeNumbers(client, 230);
    polls.length = 0;
    const values = await Array.fromAsync(readStream(client, workflowID, "log", waitOptions));
    assertEquals(values, Array.from({ length: 230 }, (_, index) => index));
    assertEquals(polls.map(({ wanted }) => (wanted[0] as { offset: number }).offset), [
      0,
      100,
      200,
    ]);
  });

  await test.step("readStream() starts at the given offset", async () => {
    const workflowID = await writeNumbers(client, 5);
    const readFrom = (offset: number) =>
      Array.fromAsync(readStream(client, workflowID, "log", { offset }));
    assertEquals(await readFrom(3), [3, 4]);
    assertEquals(await readFrom(5), []);
    assertEquals(await readFrom(2 ** 31 - 1), []);
  });

  await test.step("a snapshot ends with the last value that has been written", async () => {
    const { workflowID, relay } = await startRelay(client);
    const snapshot = (offset = 0) =>
      Array.fromAsync(readStream(client, workflowID, "log", { snapshot: true, offset }));
    assertEquals(await snapshot(), []);
    await relay({ values: [1, 2] });
    assertEquals(await readStreamOffset(client, workflowID, "log", 1, waitOptions), 2);
    assertEquals(await snapshot(), [1, 2]);
    assertEquals(await snapshot(1), [2]);
    assertEquals(await snapshot(7), []);
    await relay({ end: "close" });
  });

  await test.step("readStreamOffset() waits for its value, and returns no other", async () => {
    const { workflowID, relay } = await startRelay(client);
    const third = readStreamOffset(client, workflowID, "log", 2, waitOptions);
    await relay({ values: ["a", "b"] });
    await relay({ values: ["c", "d"] });
    assertEquals(await third, "c");
    const fifth = readStreamOffset(client, workflowID, "log", 4, waitOptions);
    await relay({ end: "close" });
    const error = await assertRejects(() => fifth, StreamEndedError);
    assertEquals(
      error.message,
      `Cannot read stream log of workflow ${workflowID}: ` +
        "it ended before value 4",
    );
    assertEquals([error.workflowID, error.key, error.offset], [workflowID, "log", 4]);
    assertEquals(await readStreamOffset(client, workflowID, "log", 0), "a");
  });

  await test.step("1,000 streams share one query per poll", async () => {
    const writers = [];
    for (let index = 0; index < 1000; index++) {
      writers.push(insertStream(recorder, [{ value: `${index}` }]));
    }
    const workflowIDs = await Promise.all(writers);
    const streams = workflowIDs.map((id) => readStream(client, id, "log", waitOptions));
    polls.length = 0;
    const read = (values: AsyncGenerator<unknown>) => values.next().then(({ value }) => value);
    assertEquals(await Promise.all(streams.map(read)), workflowIDs.map((_, index) => index));
    assertEquals(polls.length, 1);
    const next = Promise.all(streams.map(read));
    await recorder.untilPolls(4);
    assertEquals(new Set(polls.map(({ wanted }) => wanted.length)), new Set([1000]));
    await recorder.pool.query(
      `insert into dbos.streams (workflow_uuid, key, value, "offset", serialization)
      select workflow_uuid, key, '"more"', 1, serialization from dbos.streams
      where workflow_uuid = any($1)`,
      [workflowIDs],
    );
    assertEquals(new Set(await next), new Set(["more"]));
  });
});

Deno.test("readStream() depends only on the rows of the stream and its workflow", async (test) => {
  await using recorder = await openPollRecorder();
  const { client, pool, polls } = recorder;

  for (const closing of ['"__DBOS_STREAM_CLOSED__"', "__DBOS_STREAM_CLOSED__"]) {
    await test.step(`a stream ends at ${closing}`, async () => {
      const values = [{ value: "1" }, { value: closing, serialization: null }, { value: "2" }];
      const workflowID = await insertStream(recorder, values);
      const read = await Array.fromAsync(readStream(client, workflowID, "log", waitOptions));
      assertEquals(read, [1]);
      assertEquals(
        await Array.fromAsync(readStream(client, workflowID, "log", { offset: 2, snapshot: true })),
        [2],
      );
    });
  }

  await test.step("values after a gap are read once the gap is filled", async () => {
    const workflowID = await insertStream(recorder, [
      { value: "0" },
      { value: "2", offset: 2 },
      { value: "3", offset: 3 },
    ]);
    const values = readStream(client, workflowID, "log", waitOptions);
    assertEquals((await values.next()).value, 0);
    const next = values.next();
    const snapshot = readStream(client, workflowID, "log", { snapshot: true });
    assertEquals(await Array.fromAsync(snapshot), [0]);
    await pool.query(
      `insert into dbos.streams (workflow_uuid, key, value, "offset", serialization)
      values ($1, 'log', '1', 1, 'portable_json')`,
      [workflowID],
    );
    assertEquals((await next).value, 1);
    assertEquals((await values.next()).value, 2);
    assertEquals((await values.next()).value, 3);
    await values.return();
  });

  await test.step("the last values of a workflow that has ended are read", async () => {
    for (const status of ["SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"]) {
      const workflowID = await insertStream(recorder, [{ value: "1" }, { value: "2" }], status);
      const values = readStream(client, workflowID, "log", { timeoutSeconds: 0 });
      assertEquals(await Array.fromAsync(values), [1, 2]);
    }
  });

  await test.step("a value that cannot be read does not hide the others", async () => {
    const text = "gASVBQAAAA==";
    const workflowID = await insertStream(recorder, [
      { value: "1" },
      { value: text, serialization: "py_pickle" },
      { value: "2" },
      { value: '"__DBOS_STREAM_CLOSED__"' },
    ]);
    const values = readStream(client, workflowID, "log", { timeoutSeconds: 0 });
    assertEquals(await Array.fromAsync(values), [1, new SerializedValue("py_pickle", text), 2]);
    await assertRejects(
      () => readStreamOffset(client, workflowID, "log", 1),
      UnsupportedSerializationError,
      "py_pickle",
    );
  });

  await test.step("a negative offset counts from the end of what has been written", async () => {
    const numbers = [{ value: "0" }, { value: "1" }, { value: "2" }];
    for (
      const end of [
        "",
        '"__DBOS_STREAM_CLOSED__"',
        "gASVGgAAAAAAAACMFl9fREJPU19TVFJFQU1fQ0xPU0VEX1+ULg==",
      ]
    ) {
      const closing = end ? [{ value: end, serialization: null }] : [];
      const workflowID = await insertStream(recorder, [...numbers, ...closing]);
      const readFrom = (offset: number) =>
        Array.fromAsync(readStream(client, workflowID, "log", { offset, snapshot: true }));
      assertEquals(await readFrom(-1), [2]);
      assertEquals(await readFrom(-2), [1, 2]);
      assertEquals(await readFrom(-3), [0, 1, 2]);
      assertEquals(await readFrom(-4), [0, 1, 2]);
      assertEquals(await readFrom(-(2 ** 31 - 1)), [0, 1, 2]);
      assertEquals(await readStreamOffset(client, workflowID, "log", -1), 2);
      assertEquals(await readStreamOffset(client, workflowID, "log", -9), 0);
    }
    const large = [{ value: `"${"x".repeat(500_000)}"` }];
    const workflowID = await insertStream(recorder, large, "SUCCESS");
    assertEquals(String(await readStreamOffset(client, workflowID, "log", -1)).length, 500_000);
  });

  await test.step("a negative offset of a stream without values is its beginning", async () => {
    const workflowID = await insertStream(recorder, []);
    const next = readStream(client, workflowID, "log", { ...waitOptions, offset: -5 }).next();
    await recorder.untilPolls(polls.length + 2);
    await pool.query(
      `insert into dbos.streams (workflow_uuid, key, value, "offset", serialization)
      values ($1, 'log', '7', 0, 'portable_json'), ($1, 'log', '8', 1, 'portable_json')`,
      [workflowID],
    );
    assertEquals((await next).value, 7);
    const closed = await insertStream(recorder, [{ value: '"__DBOS_STREAM_CLOSED__"' }]);
    const error = await assertRejects(
      () => readStreamOffset(client, closed, "log", -1),
      StreamEndedError,
    );
    assertEquals(error.offset, -1);
    await assertRejects(
      () => readStreamOffset(client, "nobody", "log", -1),
      NonExistentWorkflowError,
    );
  });

  await test.step("what is written after the start does not move a negative offset", async () => {
    const workflowID = await insertStream(recorder, [{ value: "0" }, { value: "1" }]);
    const values = readStream(client, workflowID, "log", { ...waitOptions, offset: -1 });
    assertEquals((await values.next()).value, 1);
    await pool.query(
      `insert into dbos.streams (workflow_uuid, key, value, "offset", serialization)
      select $1, 'log', number::text, number, 'portable_json' from generate_series(2, 4) as number`,
      [workflowID],
    );
    for (const number of [2, 3, 4]) assertEquals((await values.next()).value, number);
    await values.return();
  });

  await test.step("500 streams that are read from their end share one query for that", async () => {
    const workflowIDs = await Promise.all(
      Array.from({ length: 500 }, (_, index) => insertStream(recorder, [{ value: `${index}` }])),
    );
    polls.length = 0;
    const last = await Promise.all(
      workflowIDs.map((id) => readStreamOffset(client, id, "log", -1)),
    );
    assertEquals(last, workflowIDs.map((_, index) => index));
    assertEquals(polls.map(({ kind }) => kind), ["stream_ends", "stream_values"]);
    await readStreamOffset(client, workflowIDs[0]!, "log", 0);
    assertEquals(polls.length, 3);
  });

  await test.step("a transaction reads its own writes", async () => {
    const workflowID = await insertStream(recorder, []);
    const connection = await pool.connect();
    await connection.query("begin");
    await connection.query(
      `insert into dbos.streams (workflow_uuid, key, value, "offset", serialization)
      values ($1, 'log', '1', 0, 'portable_json')`,
      [workflowID],
    );
    const read = (reader: typeof connection | Client) =>
      Array.fromAsync(readStream(reader, workflowID, "log", { snapshot: true }));
    assertEquals(await read(connection), [1]);
    assertEquals(await read(client), []);
    await assertRejects(
      () => readStreamOffset(connection, crypto.randomUUID(), "log", 0, { timeoutSeconds: 0 }),
      NonExistentWorkflowError,
    );
    assertEquals((await connection.query("select 1 as one")).rows, [{ one: 1 }]);
    await connection.query("rollback");
    connection.release();
  });

  await test.step("readStream() throws if the workflow does not exist", async () => {
    for (const snapshot of [false, true]) {
      const error = await assertRejects(
        () => readStream(client, "nobody", "log", { snapshot }).next(),
        NonExistentWorkflowError,
        "Cannot read stream log of workflow nobody: there is no such workflow",
      );
      assertEquals(error.workflowID, "nobody");
    }
  });
});

Deno.test("the wait for a value leaves nothing behind when it ends", async (test) => {
  // Deno fails a step that leaves a timer behind.
  await using recorder = await openPollRecorder({ pollingIntervalMs: 3_600_000 });
  const { client, polls } = recorder;
  const longTimeout = { timeoutSeconds: 3_600 };
  const workflowID = await insertStream(recorder, [{ value: "1" }, { value: "2" }]);

  await test.step("after timeoutSeconds for each value", async () => {
    for (const timeoutSeconds of [0, 0.2]) {
      const values = readStream(client, workflowID, "log", { timeoutSeconds });
      assertEquals((await values.next()).value, 1);
      // The time between two reads does not count.
      await new Promise((resolve) => setTimeout(resolve, 300));
      assertEquals((await values.next()).value, 2);
      const startedAt = performance.now();
      const error = await assertRejects(() => values.next(), StreamTimeoutError);
      assert(performance.now() - startedAt >= timeoutSeconds * 1000 - 1);
      assertEquals(error.offset, 2);
      assertEquals(error.timeoutSeconds, timeoutSeconds);
      assertEquals((await values.next()).done, true);
    }
    await assertRejects(
      () => readStreamOffset(client, workflowID, "log", 9, { timeoutSeconds: 0.05 }),
      StreamTimeoutError,
      `Cannot read stream log of workflow ${workflowID}: value 9 was not written within 0.05 s`,
    );
  });
  await test.step("on its signal", async () => {
    const controller = new AbortController();
    const values = readStream(client, workflowID, "log", {
      ...longTimeout,
      offset: 2,
      signal: controller.signal,
    });
    const next = values.next();
    const seen = polls.length;
    await recorder.untilPolls(seen + 1);
    controller.abort(new Error("enough"));
    await assertRejects(() => next, Error, "enough");
    const late = readStream(client, workflowID, "log", { signal: controller.signal });
    await assertRejects(() => late.next(), Error, "enough");
  });
  await test.step("on break", async () => {
    for await (const value of readStream(client, workflowID, "log", longTimeout)) {
      assertEquals(value, 1);
      break;
    }
  });
  await test.step("when the generator is abandoned", async () => {
    const values = readStream(client, workflowID, "log", longTimeout);
    assertEquals((await values.next()).value, 1);
  });
  await test.step("on return() during the search for the end", async () => {
    const values = readStream(client, workflowID, "log", { ...longTimeout, offset: -1 });
    const next = values.next();
    assertEquals((await values.return()).done, true);
    assertEquals((await next).done, true);
  });
  await test.step("on return() during a wait", async () => {
    const values = readStream(client, workflowID, "log", { ...longTimeout, offset: 2 });
    const next = values.next();
    const seen = polls.length;
    await recorder.untilPolls(seen + 1);
    assertEquals((await values.return()).done, true);
    assertEquals((await next).done, true);
    const unread = readStream(client, workflowID, "log", longTimeout);
    await unread.return();
    assertEquals((await unread.next()).done, true);
  });
  await test.step("when a ReadableStream of it is cancelled", async () => {
    const body = ReadableStream.from(
      readStream(client, workflowID, "log", { ...longTimeout, offset: 1 }),
    );
    const reader = body.getReader();
    assertEquals((await reader.read()).value, 2);
    const next = reader.read();
    const seen = polls.length;
    await recorder.untilPolls(seen + 1);
    await reader.cancel();
    assertEquals((await next).done, true);
  });
  await test.step("when the client is closed", async () => {
    const next = readStream(client, workflowID, "log", { ...longTimeout, offset: 2 }).next();
    const seen = polls.length;
    await recorder.untilPolls(seen + 1);
    await client.close();
    await assertRejects(() => next, Error, "the client was closed");
  });
});

Deno.test("invalid arguments of readStream() are rejected before anything is sent", async () => {
  await using recorder = await openPollRecorder();
  const { client, polls } = recorder;
  const read = (workflowID: unknown, key: unknown, options: unknown = {}) => () =>
    readStream(client, workflowID as string, key as string, options as object);
  for (
    const [call, error, message] of [
      [read("", "log"), RangeError, "workflowID"],
      [read(7, "log"), TypeError, "workflowID"],
      [read("id", " "), RangeError, "key"],
      [read("id", null), TypeError, "key"],
      [read("id", "log", { offset: -(2 ** 31) }), RangeError, "offset"],
      [read("id", "log", { offset: 0.5 }), RangeError, "offset"],
      [read("id", "log", { offset: 2 ** 31 }), RangeError, "offset"],
      [read("id", "log", { offset: "1" }), TypeError, "offset"],
      [read("id", "log", { snapshot: 1 }), TypeError, "snapshot"],
      [read("id", "log", { timeoutSeconds: -1 }), RangeError, "timeoutSeconds"],
      [read("id", "log", { pollingIntervalMs: 0 }), RangeError, "pollingIntervalMs"],
    ] as const
  ) assertThrows(call, error, message);
  await assertRejects(() => readStreamOffset(client, "id", "log", NaN), RangeError, "offset");
  assertEquals(polls, []);
});

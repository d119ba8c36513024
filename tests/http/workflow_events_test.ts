import { assertEquals, assertMatch, assertNotEquals, assertThrows } from "@std/assert";
import pg from "pg";
import { type Client, connect, deleteWorkflow, enqueue, send } from "../../mod.ts";
import { workflowEvents, type WorkflowEventsOptions } from "../../src/http/mod.ts";
import { superjsonWriter } from "../../src/serialization/write_superjson.ts";
import { createTestDatabase } from "../support/database.ts";
import {
  type EventStreamReader,
  readEventStream,
  type ServerSentEvent,
} from "../support/event_stream_reader.ts";
import { insertWorkflow, setEvent } from "../support/insert_workflow.ts";
import { migrate } from "../support/migrate.ts";
import { openPollRecorder, type PollRecorder } from "../support/poll_recorder.ts";
import { startTcpProxy } from "../support/tcp_proxy.ts";
import { until } from "../support/until.ts";

const anyone = { authorize: () => true };

function get(workflowID: string, lastEventID?: string): Request {
  return new Request(`http://localhost/workflows/${encodeURIComponent(workflowID)}`, {
    headers: lastEventID === undefined ? {} : { "last-event-id": lastEventID },
  });
}

async function open(
  client: Client,
  workflowID: string,
  options: Partial<WorkflowEventsOptions> = {},
  lastEventID?: string,
): Promise<EventStreamReader> {
  const handler = workflowEvents(client, { ...anyone, ...options });
  return readEventStream(await handler(get(workflowID, lastEventID)));
}

type Tables = Pick<PollRecorder, "pool">;

async function setStatus({ pool }: Tables, workflowID: string, status: string) {
  await pool.query("update dbos.workflow_status set status = $2 where workflow_uuid = $1", [
    workflowID,
    status,
  ]);
}

/** Writes values to a stream as a worker does. */
async function write(
  { pool }: Tables,
  workflowID: string,
  key: string,
  ...values: unknown[]
): Promise<void> {
  await pool.query(
    `insert into dbos.streams (workflow_uuid, key, value, "offset", function_id, serialization)
    select $1, $2, value, position - 1 + (
      select count(*) from dbos.streams where workflow_uuid = $1 and key = $2
    ), 0, 'portable_json'
    from unnest($3::text[]) with ordinality as input (value, position)`,
    [workflowID, key, values.map((value) => JSON.stringify(value))],
  );
}

const withoutID = ({ event, data }: ServerSentEvent) => ({ event, data });

async function restOf(reader: EventStreamReader) {
  return (await reader.rest()).map(withoutID);
}

/** The offsets and values of a stream among messages. */
function valuesOf(messages: readonly ServerSentEvent[]): [number, unknown][] {
  return messages.filter(({ event }) => event === "stream")
    .map(({ data: { offset, value } }) => [offset, value]);
}

Deno.test("workflowEvents() shows a workflow of a worker from its start to its end", async () => {
  await using recorder = await openPollRecorder();
  const { client } = recorder;
  const task = { workflowName: "reviewTask", queueName: "tasks" };
  const { workflowID } = await enqueue(client, task, { id: 7 });
  const reader = await open(client, workflowID, { streams: ["log"], result: true });
  const messages: ServerSentEvent[] = [];
  for (let message = await reader.next(); message; message = await reader.next()) {
    messages.push(message);
    if (valuesOf([message]).length > 0 && message.data.offset === 0) {
      await send(client, workflowID, { approved: true }, { topic: "approval" });
    }
  }
  const found = messages.map(withoutID);
  assertEquals(found.filter(({ event }) => event === "stream").map(({ data }) => data), [
    { key: "log", offset: 0, value: "task 7 has started" },
    { key: "log", offset: 1, value: "task 7 is approved: true" },
  ]);
  // The first value may have been replaced before it was read.
  assertEquals(found.filter(({ event }) => event === "event").at(-1)?.data, {
    key: "progress",
    value: 100,
  });
  assertEquals(found.filter(({ event }) => event === "status").at(-1)?.data, { status: "SUCCESS" });
  assertEquals(found.at(-1), { event: "end", data: { status: "SUCCESS", output: "published" } });
});

Deno.test("workflowEvents() sends each source, and resumes exactly where a reader left", async (test) => {
  await using recorder = await openPollRecorder({ pollingIntervalMs: 20 });
  const { client } = recorder;

  await test.step("what there is, then each change, and the end after all of it", async () => {
    const workflowID = await insertWorkflow(recorder, "ENQUEUED");
    await setEvent(recorder, workflowID, "progress", "1");
    const reader = await open(client, workflowID, { streams: ["log"] });
    const first = [await reader.next(), await reader.next()].map((it) => withoutID(it!));
    assertEquals(new Set(first.map(({ event }) => event)), new Set(["status", "event"]));
    await setStatus(recorder, workflowID, "PENDING");
    assertEquals(withoutID((await reader.next())!), {
      event: "status",
      data: { status: "PENDING" },
    });
    await write(recorder, workflowID, "log", { line: 'a\n\r"b"\u2028' });
    assertEquals(withoutID((await reader.next())!), {
      event: "stream",
      data: { key: "log", offset: 0, value: { line: 'a\n\r"b"\u2028' } },
    });
    await write(recorder, workflowID, "log", 2);
    await setEvent(recorder, workflowID, "progress", "2");
    await setStatus(recorder, workflowID, "ERROR");
    const rest = await restOf(reader);
    assertEquals(rest.at(-1), { event: "end", data: { status: "ERROR" } });
    assertEquals(rest.map(({ event }) => event).sort(), ["end", "event", "status", "stream"]);
  });

  await test.step("only what was chosen", async () => {
    const workflowID = await insertWorkflow(recorder, "SUCCESS");
    for (const key of ["a", "b"]) {
      await setEvent(recorder, workflowID, key, "1");
      await write(recorder, workflowID, key, 1);
    }
    const end = { event: "end", data: { status: "SUCCESS" } };
    const nothing = { status: false, events: false };
    assertEquals(await restOf(await open(client, workflowID, nothing)), [end]);
    const chosen = await restOf(await open(client, workflowID, { status: false, events: ["b"] }));
    assertEquals(chosen, [{ event: "event", data: { key: "b", value: 1 } }, end]);
    const stream = await restOf(
      await open(client, workflowID, { ...nothing, streams: ["a", "a"] }),
    );
    assertEquals(stream, [{ event: "stream", data: { key: "a", offset: 0, value: 1 } }, end]);
  });

  await test.step("after every message, a reader that resumes gets exactly the others", async () => {
    const workflowID = await insertWorkflow(recorder);
    for (const key of ["a", "ü\n;&=", "__proto__"]) await setEvent(recorder, workflowID, key, "1");
    await write(recorder, workflowID, "log", 1, 2, 3);
    await write(recorder, workflowID, "b & c=ü", 1);
    await setStatus(recorder, workflowID, "SUCCESS");
    const options = { streams: ["log", "b & c=ü"] };
    const toText = (message: ServerSentEvent) => JSON.stringify(withoutID(message));
    const all = await (await open(client, workflowID, options)).rest();
    assertEquals(all.length, 9);
    for (const [index, { id }] of all.slice(0, -1).entries()) {
      assertMatch(id, /^[\x20-\x7e]+$/);
      const rest = await (await open(client, workflowID, options, id)).rest();
      assertEquals(rest.map(toText).sort(), all.slice(index + 1).map(toText).sort());
    }
    const handler = workflowEvents(client, { ...anyone, ...options });
    const over = await handler(get(workflowID, all.at(-1)!.id));
    assertEquals([over.status, over.body], [204, null]);
  });

  await test.step("what changed while nobody was connected, once, and nothing that did not", async () => {
    const workflowID = await insertWorkflow(recorder);
    await setEvent(recorder, workflowID, "a", "1");
    await setEvent(recorder, workflowID, "b", "1");
    await write(recorder, workflowID, "log", 1);
    const reader = await open(client, workflowID, { streams: ["log"] });
    for (let count = 0; count < 4; count++) await reader.next();
    await reader.leave();
    // An event that is set to the same value again has not changed.
    await setEvent(recorder, workflowID, "a", "2");
    await setEvent(recorder, workflowID, "a", "1");
    await setEvent(recorder, workflowID, "b", "2");
    await write(recorder, workflowID, "log", 2);
    await setStatus(recorder, workflowID, "SUCCESS");
    const rest = await restOf(
      await open(client, workflowID, { streams: ["log"] }, reader.lastEventID),
    );
    assertEquals(new Set(rest.map((message) => JSON.stringify(message))).size, rest.length);
    assertEquals(
      new Set(rest),
      new Set([
        { event: "status", data: { status: "SUCCESS" } },
        { event: "event", data: { key: "b", value: 2 } },
        { event: "stream", data: { key: "log", offset: 1, value: 2 } },
        { event: "end", data: { status: "SUCCESS" } },
      ]),
    );
  });

  await test.step("from the end, what is written from then on, also if the connection is lost before", async () => {
    const workflowID = await insertWorkflow(recorder);
    await write(recorder, workflowID, "log", 1, 2);
    const options = { streams: ["log", "other"], fromEnd: true, status: false };
    const reader = await open(client, workflowID, { ...options, heartbeatSeconds: 0.01 });
    const waiting = reader.next();
    await until(() => reader.comments > 0);
    assertNotEquals(reader.lastEventID, "");
    await reader.leave();
    assertEquals(await waiting, undefined);
    await write(recorder, workflowID, "log", 3);
    await write(recorder, workflowID, "other", 1);
    await setStatus(recorder, workflowID, "SUCCESS");
    const rest = await (await open(client, workflowID, options, reader.lastEventID)).rest();
    assertEquals(valuesOf(rest).sort(), [[0, 1], [2, 3]]);
  });

  await test.step("a closed stream from its end, and one that is closed meanwhile", async () => {
    const workflowID = await insertWorkflow(recorder);
    const closed = "__DBOS_STREAM_CLOSED__";
    await write(recorder, workflowID, "log", 1, closed);
    await setStatus(recorder, workflowID, "SUCCESS");
    const options = { streams: ["log"], status: false };
    const end = { event: "end", data: { status: "SUCCESS" } };
    assertEquals(await restOf(await open(client, workflowID, { ...options, fromEnd: true })), [
      end,
    ]);
    assertEquals(valuesOf(await (await open(client, workflowID, options)).rest()), [[0, 1]]);
  });

  await test.step("a position that is none starts from the beginning", async () => {
    const workflowID = await insertWorkflow(recorder, "SUCCESS");
    await write(recorder, workflowID, "log", 1);
    await setEvent(recorder, workflowID, "a", "1");
    const [first] = await (await open(client, workflowID)).rest();
    const workflow = encodeURIComponent(new URLSearchParams(first!.id).get("workflow")!);
    const fields = ["offset.log=-1", "offset.log=99999999999", "events=short"];
    const positions = [
      ...["7", "%", "ü", "over=1", "workflow=&over=1"],
      ...fields.map((field) => `workflow=${workflow}&${field}`),
    ];
    for (const position of positions) {
      const reader = await open(client, workflowID, { streams: ["log"] }, position);
      assertEquals((await reader.rest()).length, 4, position);
    }
  });

  await test.step("a position in another workflow, which the same URL led to before", async () => {
    const [first, second] = [
      await insertWorkflow(recorder, "SUCCESS"),
      await insertWorkflow(recorder, "SUCCESS"),
    ];
    for (const workflowID of [first, second]) await write(recorder, workflowID, "log", 1, 2);
    const before = await (await open(client, first, { streams: ["log"] })).rest();
    for (const { id } of before) {
      const after = await (await open(client, second, { streams: ["log"] }, id)).rest();
      assertEquals(after.map(withoutID), before.map(withoutID));
    }
  });

  await test.step("values that JSON does not have do not stop the others", async () => {
    const workflowID = await insertWorkflow(recorder);
    await setEvent(recorder, workflowID, "a", "gASVBQAAAA==", "py_pickle");
    const circular: Record<string, unknown> = {};
    circular.self = circular;
    for (const [key, value] of Object.entries({ b: { n: 7n }, c: circular })) {
      const text = superjsonWriter.serializeValue(value) as string;
      await setEvent(recorder, workflowID, key, text, "js_superjson");
    }
    await setStatus(recorder, workflowID, "SUCCESS");
    const found = await restOf(await open(client, workflowID, { status: false }));
    assertEquals(found.map(({ data }) => data), [
      { key: "a" },
      { key: "b", value: { n: "7" } },
      { key: "c" },
      { status: "SUCCESS" },
    ]);
  });

  await test.step("the result, if it was chosen", async () => {
    const endOf = async (workflowName: string, ...args: string[]) => {
      const { workflowID } = await enqueue(client, { workflowName, queueName: "tasks" }, ...args);
      const reader = await open(client, workflowID, { result: true });
      return (await reader.rest()).at(-1)!.data;
    };
    assertEquals(await endOf("echo", "a"), { status: "SUCCESS", output: ["a"] });
    assertEquals(await endOf("nothing"), { status: "SUCCESS", output: null });
    assertEquals(await endOf("fail", "no money"), {
      status: "ERROR",
      error: { name: "CustomError", message: "no money" },
    });
    const cancelled = await insertWorkflow(recorder, "CANCELLED");
    const unreadable = await insertWorkflow(recorder, "SUCCESS");
    await recorder.pool.query(
      `insert into dbos.workflow_output (workflow_uuid, output) values ($1, 'gASVBQAAAA==')`,
      [unreadable],
    );
    for (const [workflowID, status] of [[cancelled, "CANCELLED"], [unreadable, "SUCCESS"]]) {
      const reader = await open(client, workflowID!, { result: true });
      assertEquals((await reader.rest()).at(-1)!.data, { status });
    }
  });

  await test.step("a workflow that is resumed goes on, and one that is deleted ends", async () => {
    const workflowID = await insertWorkflow(recorder, "CANCELLED");
    const first = await (await open(client, workflowID)).rest();
    assertEquals(withoutID(first.at(-1)!), { event: "end", data: { status: "CANCELLED" } });
    await setStatus(recorder, workflowID, "PENDING");
    const reader = await open(client, workflowID, { streams: ["log"] }, first[0]!.id);
    assertEquals((await reader.next())!.data, { status: "PENDING" });
    await deleteWorkflow(client, workflowID);
    assertEquals(await restOf(reader), [{ event: "end", data: { status: null } }]);
  });

  await test.step("a workflow that is resumed while its stream is read has its reader reconnect", async () => {
    const workflowID = await insertWorkflow(recorder, "CANCELLED");
    await write(recorder, workflowID, "log", ...Array(20).keys());
    const reader = await open(client, workflowID, { streams: ["log"] });
    assertEquals((await reader.next())!.data, { status: "CANCELLED" });
    await setStatus(recorder, workflowID, "PENDING");
    const rest = await restOf(reader);
    assertEquals(
      rest.filter(({ event }) => event !== "stream"),
      [{ event: "status", data: { status: "PENDING" } }],
    );
  });
});

Deno.test("workflowEvents() refuses what it must not answer, and tells nothing of it", async (test) => {
  await using recorder = await openPollRecorder();
  const { client } = recorder;
  const workflowID = await insertWorkflow(recorder, "SUCCESS");
  const errors: unknown[] = [];
  const onError = (error: unknown) => errors.push(error);
  const statusOf = async (options: WorkflowEventsOptions, request: Request) => {
    const response = await workflowEvents(client, { onError, ...options })(request);
    const text = await response.text();
    assertMatch(response.headers.get("cache-control")!, /no-store/);
    return [response.status, text];
  };

  await test.step("a reader who is not authorized, whether or not there is a workflow", async () => {
    const refusing = [() => false, () => Promise.resolve(false), (() => "yes") as never];
    for (const authorize of refusing) {
      for (const id of [workflowID, "unknown"]) {
        assertEquals(await statusOf({ authorize }, get(id)), [403, '{"error":"Forbidden"}']);
      }
    }
    assertEquals(await statusOf({ authorize: () => false }, get(workflowID, "over=1")), [
      403,
      '{"error":"Forbidden"}',
    ]);
  });

  await test.step("a workflow that does not exist, or cannot", async () => {
    const missing = [404, '{"error":"No such workflow"}'];
    for (const id of ["unknown", "a\0b", " "]) {
      assertEquals(await statusOf(anyone, get(id)), missing);
    }
    for (const path of ["", "%FF", "%"]) {
      assertEquals(await statusOf(anyone, new Request(`http://localhost/${path}`)), missing);
    }
  });

  await test.step("methods other than GET", async () => {
    for (const method of ["POST", "HEAD", "OPTIONS"]) {
      const request = new Request(get(workflowID), { method });
      const response = await workflowEvents(client, anyone)(request);
      await response.body?.cancel();
      assertEquals([response.status, response.headers.get("allow")], [405, "GET"]);
    }
  });

  await test.step("an error of the caller's own functions is reported, not shown", async () => {
    const fail = () => {
      throw new TypeError("secret");
    };
    const failed = [500, '{"error":"Internal error"}'];
    assertEquals(errors, []);
    assertEquals(await statusOf({ authorize: fail }, get(workflowID)), failed);
    assertEquals(await statusOf({ ...anyone, toWorkflowID: fail }, get(workflowID)), failed);
    assertEquals(errors.map((error) => (error as Error).message), ["secret", "secret"]);
    // A report that fails does not fail the request, or the process.
    const failLater = () => Promise.reject(new Error("secret"));
    for (const onError of [fail, failLater]) {
      assertEquals(await statusOf({ authorize: fail, onError }, get(workflowID)), failed);
    }
  });

  await test.step("the ID may be anywhere in the request", async () => {
    const toWorkflowID = ({ url }: Request) => new URL(url).searchParams.get("id") ?? undefined;
    const options = { ...anyone, toWorkflowID };
    const handler = workflowEvents(client, options);
    const response = await handler(new Request(`http://localhost/?id=${workflowID}`));
    assertEquals((await readEventStream(response).rest()).length, 2);
    assertEquals((await statusOf(options, new Request("http://localhost/")))[0], 404);
  });

  await test.step("options that are wrong", () => {
    assertThrows(() => workflowEvents(client, {} as WorkflowEventsOptions), TypeError, "authorize");
    assertThrows(
      () => workflowEvents(client, { ...anyone, stream: ["log"] } as WorkflowEventsOptions),
      TypeError,
      "did you mean streams?",
    );
    assertThrows(() => workflowEvents(client, { ...anyone, retryMs: -1 }), RangeError);
  });
});

/** Waits until nothing is polled any more, but for the results that it waits for itself. */
async function untilQuiet({ polls, client }: PollRecorder): Promise<void> {
  const count = () => polls.filter(({ kind }) => kind !== "outcomes").length;
  for (let before = -1; before !== count();) {
    before = count();
    // A wait that goes on polls several times meanwhile.
    for (let round = 0; round < 3; round++) {
      const handle = await enqueue(client, { workflowName: "nothing", queueName: "tasks" });
      await handle.getResult();
    }
  }
}

Deno.test("workflowEvents() stops all waits when the reader leaves or a source fails", async (test) => {
  await using recorder = await openPollRecorder({ pollingIntervalMs: 20 });
  const { client, polls } = recorder;
  const workflowID = await insertWorkflow(recorder);
  const options = { streams: ["a", "b"], heartbeatSeconds: 0.02 };

  await test.step("by cancelling the body", async () => {
    const reader = await open(client, workflowID, options);
    await reader.next();
    await recorder.untilPolls(polls.length + 6);
    await reader.leave();
    await untilQuiet(recorder);
  });

  await test.step("by closing the connection to a server", async () => {
    const handler = workflowEvents(client, { ...anyone, ...options });
    await using server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen() {} },
      handler,
    );
    await using proxy = await startTcpProxy(`http://127.0.0.1:${server.addr.port}`);
    const reader = readEventStream(await fetch(new URL(`/${workflowID}`, proxy.url)));
    await reader.next();
    await recorder.untilPolls(polls.length + 6);
    proxy.cut();
    await reader.rest().catch(() => {});
    await untilQuiet(recorder);
  });

  await test.step("by the failure of one of several sources", async () => {
    await recorder.pool.query("alter table dbos.streams rename to elsewhere");
    const errors: unknown[] = [];
    const onError = (error: unknown) => errors.push(error);
    const reader = await open(client, workflowID, { ...options, onError });
    assertEquals((await reader.rest()).map(({ event }) => event), ["status"]);
    assertEquals(errors.length, 1);
    await untilQuiet(recorder);
    await recorder.pool.query("alter table dbos.elsewhere rename to streams");
  });
});

Deno.test("workflowEvents() reads no further than its reader", async () => {
  await using recorder = await openPollRecorder({ pollingIntervalMs: 20 });
  const { client, polls } = recorder;
  const workflowID = await insertWorkflow(recorder);
  const count = 2000;
  const numbers = Array.from({ length: count }, (_, number) => number);
  await write(recorder, workflowID, "log", ...numbers);
  await setStatus(recorder, workflowID, "SUCCESS");
  const handler = workflowEvents(client, { ...anyone, events: false, streams: ["log"] });
  const reader = readEventStream(await handler(get(workflowID)));
  const first = [];
  while (valuesOf(first).length < 50) first.push((await reader.next())!);
  await untilQuiet(recorder);
  // A page has a hundred values.
  assertEquals(polls.filter(({ kind }) => kind === "stream_values").length, 1);
  const all = [...first, ...await reader.rest()];
  assertEquals(valuesOf(all), numbers.map((number) => [number, number]));
});

Deno.test("workflowEvents() keeps an idle connection with comments", async () => {
  await using recorder = await openPollRecorder();
  const workflowID = await insertWorkflow(recorder);
  const reader = await open(recorder.client, workflowID, { heartbeatSeconds: 0.01 });
  assertEquals((await reader.next())?.event, "status");
  const next = reader.next();
  await until(() => reader.comments >= 3);
  await setStatus(recorder, workflowID, "SUCCESS");
  assertEquals((await next)?.data, { status: "SUCCESS" });
  assertEquals((await reader.rest()).map(({ event }) => event), ["end"]);
});

Deno.test("workflowEvents() has readers reconnect while the database is out of reach", async () => {
  await using database = await createTestDatabase();
  await using resources = new AsyncDisposableStack();
  const pool = new pg.Pool({ connectionString: database.url });
  resources.defer(() => pool.end());
  await migrate(pool);
  const tables = { pool };
  const workflowID = await insertWorkflow(tables);
  await write(tables, workflowID, "log", 1);
  await using proxy = await startTcpProxy(database.url);
  await using client = await connect(proxy.url, { retryTimeoutSeconds: 0, pollingIntervalMs: 20 });
  const errors: unknown[] = [];
  const onError = (error: unknown) => errors.push(error);
  const handler = workflowEvents(client, { ...anyone, streams: ["log"], retryMs: 5, onError });
  const before = readEventStream(await handler(get(workflowID)));
  const seen = [await before.next(), await before.next()].map((message) => message!);
  await proxy.refuse();
  // Without a message that the workflow is over.
  assertEquals(await before.rest(), []);
  const meanwhile = await handler(get(workflowID, before.lastEventID));
  assertEquals([meanwhile.status, await meanwhile.text()], [200, "retry: 5\n\n"]);
  assertEquals(errors.length, 2);
  await proxy.restore();
  await write(tables, workflowID, "log", 2);
  await setStatus(tables, workflowID, "SUCCESS");
  const after = await readEventStream(await handler(get(workflowID, before.lastEventID))).rest();
  assertEquals(valuesOf([...seen, ...after]), [[0, 1], [1, 2]]);
});

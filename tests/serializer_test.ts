/** Tests a serializer of the user's own. `tests/interop/serializers.ts` does so with live workers. */
import { assert, assertEquals, assertInstanceOf, assertRejects, assertThrows } from "@std/assert";
import type pg from "pg";
import {
  backfillSchedule,
  createClient,
  createSchedule,
  type DBOSSerializer,
  debounce,
  enqueue,
  enqueueMany,
  getAllEvents,
  getEvent,
  getResult,
  getSchedule,
  getStatus,
  listWorkflows,
  listWorkflowSteps,
  readStream,
  readStreamOffset,
  send,
  sendMany,
  SerializedValue,
  triggerSchedule,
  UnreadableContextError,
  UnsupportedSerializationError,
  updateSchedule,
  waitEach,
} from "../mod.ts";
import { type Call, calls, collect } from "./support/calls.ts";
import { openMigratedPool } from "./support/migrated_pool.ts";
import { UnusedPool } from "./support/unused_pool.ts";

const task = { workflowName: "echo", queueName: "tasks" };

/** JSON with escapes, with methods that belong to a class. */
class EscapedJson implements DBOSSerializer {
  /** How often its name was asked for. */
  names = 0;
  #prefix = "escaped:";

  name(): string {
    this.names++;
    return "escaped_json";
  }

  async stringify(value: unknown): Promise<string> {
    await Promise.resolve();
    return this.#prefix + encodeURIComponent(JSON.stringify(value));
  }

  async parse(text: string): Promise<unknown> {
    await Promise.resolve();
    assert(text.startsWith(this.#prefix), "not escaped");
    return JSON.parse(decodeURIComponent(text.slice(this.#prefix.length)));
  }
}

const escaped = (value: unknown) => new EscapedJson().stringify(value);

/** The calls of these functions. */
function pick(...names: string[][]): Record<string, Call> {
  return Object.fromEntries(names.flat().map((name) => [name, calls[name]!]));
}

/** The rows of a query, as arrays. */
async function read(pool: pg.Pool, text: string): Promise<unknown[][]> {
  return (await pool.query({ text, rowMode: "array" })).rows;
}

const inputs = (pool: pg.Pool) =>
  read(pool, "select inputs, serialization from dbos.workflow_status order by created_at");

Deno.test("a serializer writes arguments, messages and contexts unless a format is asked for", async () => {
  await using database = await openMigratedPool();
  const { pool } = database;
  const serializer = new EscapedJson();
  const client = createClient(pool, { serializer });

  const { workflowID } = await enqueue(client, task, { a: 1 }, undefined as never);
  await enqueueMany(client, [{ ...task, args: ["many"] }, task]);
  await debounce(client, { workflowName: "echo" }, "key", 1000, "debounced");
  await enqueue(client, { ...task, serializationType: "portable" }, { a: 1 });
  await enqueue(client, { ...task, serializationType: "native" }, { a: 1 });
  assertEquals(await inputs(pool), [
    [await escaped([{ a: 1 }, null]), "escaped_json"],
    [await escaped(["many"]), "escaped_json"],
    [await escaped([]), "escaped_json"],
    [await escaped(["debounced"]), "escaped_json"],
    ['{"positionalArgs":[{"a":1}]}', "portable_json"],
    ['{"json":[{"a":1}],"__dbos_serializer":"superjson"}', "js_superjson"],
  ]);

  await send(client, workflowID, { b: 2 });
  await sendMany(client, [{ destinationID: workflowID, message: undefined }]);
  await send(client, workflowID, { b: 2 }, { serializationType: "portable" });
  assertEquals(
    await read(
      pool,
      "select message, serialization from dbos.notifications order by created_at_epoch_ms",
    ),
    [
      [await escaped({ b: 2 }), "escaped_json"],
      [await escaped(null), "escaped_json"],
      ['{"b":2}', "portable_json"],
    ],
  );

  const portableClient = createClient(pool, { serializer, serializationType: "portable" });
  const portable = await enqueue(portableClient, task, 1);
  assertEquals((await getStatus(client, portable.workflowID))?.input, [1]);
  assertEquals((await getStatus(portableClient, workflowID))?.input, [{ a: 1 }, null]);
  assertEquals(serializer.names, 2, "its name was read once for each client");
});

Deno.test("a context of a schedule is written by the serializer, and passed on to its runs", async () => {
  await using database = await openMigratedPool();
  const { pool } = database;
  const client = createClient(pool, { serializer: new EscapedJson() });
  const schedule = { scheduleName: "ours", workflowName: "echo", schedule: "0 * * * *" };
  await createSchedule(client, { ...schedule, context: { a: 1 } });
  await updateSchedule(client, "ours", { context: { a: 2 } });
  assertEquals(
    await read(pool, "select context, workflow_class_name from dbos.workflow_schedules"),
    [[await escaped({ a: 2 }), ""]],
  );
  assertEquals((await getSchedule(client, "ours"))?.context, { a: 2 });
  assertInstanceOf((await getSchedule(pool, "ours"))?.context, SerializedValue);
  const start = new Date("2026-01-01T00:30:00Z");
  const end = new Date("2026-01-01T01:30:00Z");
  const [run] = await backfillSchedule(client, "ours", start, end);
  assertEquals((await run!.getStatus())?.input, ["2026-01-01T01:00:00.000Z", { a: 2 }]);
  const triggered = await triggerSchedule(client, "ours");
  assertEquals(((await triggered.getStatus())?.input as unknown[])[1], { a: 2 });

  // Contexts that were written before there was a serializer.
  for (const serializationType of ["portable", "superjson", "py_pickle"] as const) {
    await updateSchedule(client, "ours", { context: "older", serializationType });
    assertEquals((await getSchedule(client, "ours"))?.context, "older", serializationType);
    assertEquals(
      ((await (await triggerSchedule(client, "ours")).getStatus())?.input as unknown[])[1],
      "older",
    );
  }

  // The pickle has left a trace that a worker in Python reads.
  await pool.query("delete from dbos.workflow_schedules; delete from dbos.workflow_status");
  const python = createClient(pool, {
    serializer: {
      name: () => "json",
      stringify: JSON.stringify,
      parse: JSON.parse,
      argsFormat: "python",
    },
  });
  await createSchedule(python, { ...schedule, scheduleName: "python", context: 7 });
  assertEquals(
    await read(
      pool,
      "select context, workflow_class_name from dbos.workflow_schedules where schedule_name = 'python'",
    ),
    [["7", null]],
  );
  const runOfPython = await triggerSchedule(python, "python");
  const [[text]] = await read(
    pool,
    `select inputs from dbos.workflow_status where workflow_uuid = '${runOfPython.workflowID}'`,
  ) as [[string]];
  assertEquals(JSON.parse(text).args[1], 7);
  assertEquals(JSON.parse(text).kwargs, {});

  // Workers that have left native formats have no serializer, and a context of another stops them.
  for (const format of ["py_pickle", "java_jackson"]) {
    await pool.query("update dbos.workflow_status set serialization = $1", [format]);
    const context = { ...schedule, scheduleName: "refused", context: 1 };
    await assertRejects(() => createSchedule(client, context), UnreadableContextError);
  }
});

Deno.test("a serializer for Python writes and reads named arguments", async () => {
  await using database = await openMigratedPool();
  const { pool } = database;
  const json = { name: () => "json", stringify: JSON.stringify, parse: JSON.parse };
  const client = createClient(pool, { serializer: { ...json, argsFormat: "python" } });
  const { workflowID } = await enqueue(client, { ...task, namedArgs: { urgent: true } }, 7);
  await enqueue(client, task, 8);
  assertEquals(await inputs(pool), [
    ['{"args":[7],"kwargs":{"urgent":true}}', "json"],
    ['{"args":[8],"kwargs":{}}', "json"],
  ]);
  assertEquals((await getStatus(client, workflowID))?.input, [7]);

  const typeScript = createClient(pool, { serializer: json });
  assertEquals((await getStatus(typeScript, workflowID))?.input, [7]);
  await assertRejects(
    () => enqueue(typeScript, { ...task, namedArgs: { urgent: true } }, 7),
    TypeError,
    "Cannot serialize namedArgs as json: use serializationType",
  );
});

/** Stores a text in every place of a workflow that values are read from. */
async function store(
  pool: pg.Pool,
  id: string,
  { text, args = text, error }: { text: string; args?: string; error?: string },
  serialization: string | null,
): Promise<void> {
  const status = error === undefined ? "SUCCESS" : "ERROR";
  await pool.query(
    `insert into dbos.workflow_status
      (workflow_uuid, status, name, inputs, output, error, serialization, created_at, updated_at)
      values ($1, $2, 'stored', $3, $4, $5, $6, 1, 1)`,
    [id, status, args, error === undefined ? text : null, error, serialization],
  );
  const values = [id, text, serialization];
  await pool.query(
    `insert into dbos.workflow_events (workflow_uuid, key, value, serialization)
      values ($1, 'key', $2, $3)`,
    values,
  );
  await pool.query(
    `insert into dbos.streams (workflow_uuid, key, "offset", value, function_id, serialization)
      values ($1, 'key', 0, $2, 0, $3)`,
    values,
  );
  await pool.query(
    `insert into dbos.operation_outputs
      (workflow_uuid, function_id, function_name, output, serialization)
      values ($1, 0, 'step', $2, $3)`,
    values,
  );
}

Deno.test("a serializer reads the values that have its name or none, and only those", async () => {
  await using database = await openMigratedPool();
  const { pool } = database;
  const client = createClient(pool, { serializer: new EscapedJson() });
  const text = await escaped({ a: 1 });
  const args = await escaped([7]);
  await store(pool, "named", { text, args }, "escaped_json");
  await store(pool, "unnamed", { text, args }, null);
  await store(pool, "empty", { text, args }, "");
  await store(
    pool,
    "portable",
    { text: '{"a":1}', args: '{"positionalArgs":[7]}' },
    "portable_json",
  );
  const superjson = (json: string) => `{"json":${json},"__dbos_serializer":"superjson"}`;
  const native = { text: superjson('{"a":1}'), args: superjson("[7]") };
  await store(pool, "native", native, "js_superjson");
  const ids = ["named", "unnamed", "empty", "portable", "native"];
  for (const id of ids) {
    assertEquals(await getResult(client, id), { a: 1 }, id);
    assertEquals(await getEvent(client, id, "key"), { a: 1 }, id);
    assertEquals(await getAllEvents(client, id), { key: { a: 1 } }, id);
    assertEquals(await Array.fromAsync(readStream(client, id, "key")), [{ a: 1 }], id);
    assertEquals(await readStreamOffset(client, id, "key", 0), { a: 1 }, id);
    assertEquals((await listWorkflowSteps(client, id))![0]!.output, { a: 1 }, id);
    const { input, output } = (await getStatus(client, id))!;
    assertEquals([input, output], [[7], { a: 1 }], id);
  }
  for await (const outcome of waitEach(client, ids)) {
    assert(outcome.status === "SUCCESS");
    assertEquals(outcome.result, { a: 1 });
  }
  await store(pool, "other", { text, args }, "another");
  await assertRejects(
    () => getResult(client, "other"),
    UnsupportedSerializationError,
    "Cannot read a value: unknown serialization format another",
  );
});

Deno.test("the error of a workflow is that which the serializer has stored", async () => {
  await using database = await openMigratedPool();
  const { pool } = database;
  const client = createClient(pool, { serializer: new EscapedJson() });
  const stored = { name: "OrderError", message: "sold out", code: 7, cause: { message: "rain" } };
  const text = await escaped(null);
  await store(pool, "failed", { text, error: await escaped(stored) }, "escaped_json");
  const error = await assertRejects(() => getResult(client, "failed"), Error, "sold out") as
    & Error
    & { code: unknown };
  assertEquals([error.name, error.code, (error.cause as Error).message], ["OrderError", 7, "rain"]);
  await store(pool, "text", { text, error: await escaped("only a text") }, "escaped_json");
  await assertRejects(() => getResult(client, "text"), Error, "only a text");
});

const payload = "payload-4f8a";

Deno.test("an error of parse() is the cause of one that shows no payload, and hides nothing else", async () => {
  await using database = await openMigratedPool();
  const { pool } = database;
  const failure = new RangeError(`cannot decrypt ${payload}`);
  const parsers: Record<string, { parse(text: string): unknown; cause: Error }> = {
    throws: {
      parse() {
        throw failure;
      },
      cause: failure,
    },
    rejects: { parse: () => Promise.reject(failure), cause: failure },
    // The engine's message quotes the text.
    "parses JSON": { parse: JSON.parse, cause: new SyntaxError("invalid JSON") },
  };
  await store(pool, "bad", { text: payload }, "picky");
  await store(pool, "bad error", { text: payload, error: payload }, "picky");
  await store(pool, "good", { text: "1", args: '{"positionalArgs":[]}' }, "portable_json");
  for (const [how, { parse, cause }] of Object.entries(parsers)) {
    const serializer = { name: () => "picky", stringify: String, parse };
    const client = createClient(pool, { serializer });
    for (
      const read of [
        () => getResult(client, "bad"),
        () => getResult(client, "bad error"),
        () => getEvent(client, "bad", "key"),
        () => readStreamOffset(client, "bad", "key", 0),
      ]
    ) {
      const error = await assertRejects(read, UnsupportedSerializationError);
      assertEquals(
        [error.message, error.serialization, String(error.cause)],
        [
          "Cannot read a value of format picky: parse() of its serializer failed",
          "picky",
          `${cause}`,
        ],
        how,
      );
    }
    const [bad, badError, good] = await listWorkflows(client, { sortDesc: false });
    const unreadable = new SerializedValue("picky", payload);
    assertEquals([bad!.input, bad!.output, badError!.error], [unreadable, unreadable, unreadable]);
    assertEquals(good!.output, 1);
    assertEquals(await getAllEvents(client, "bad"), { key: unreadable });
    assertEquals(await Array.fromAsync(readStream(client, "bad", "key")), [unreadable]);
  }
});

Deno.test("a stream ends at the value that a worker has closed it with, in any format", async () => {
  await using database = await openMigratedPool();
  const { pool } = database;
  const serializer = new EscapedJson();
  // Encrypted values are longer than what they are made of.
  const header = encodeURIComponent(" ".repeat(200));
  const client = createClient(pool, { serializer });
  const marker = "__DBOS_STREAM_CLOSED__";
  const closings: [text: string, serialization: string | null][] = [
    [JSON.stringify(marker), "portable_json"],
    [JSON.stringify(marker), null],
    [marker, null],
    [await escaped(marker), "escaped_json"],
    [(await escaped(marker)).replace(":", `:${header}`), "escaped_json"],
  ];
  for (const [index, [text, serialization]] of closings.entries()) {
    const id = String(index);
    await store(pool, id, { text: await escaped(1) }, "escaped_json");
    await pool.query("update dbos.workflow_status set status = 'PENDING'");
    await pool.query(
      `insert into dbos.streams (workflow_uuid, key, "offset", value, function_id, serialization)
        values ($1, 'key', 1, $2, 1, $3)`,
      [id, text, serialization],
    );
    for (const offset of [0, -1]) {
      assertEquals(await Array.fromAsync(readStream(client, id, "key", { offset })), [1]);
    }
  }
});

Deno.test("what is not a list of arguments is unreadable only where arguments are read", async () => {
  await using database = await openMigratedPool();
  const { pool } = database;
  const client = createClient(pool, { serializer: new EscapedJson() });
  for (const value of [7, { kwargs: {} }, null]) {
    const text = await escaped(value);
    await store(pool, String(value), { text }, "escaped_json");
    const status = (await getStatus(client, String(value)))!;
    assertEquals(status.input, new SerializedValue("escaped_json", text));
    assertEquals(status.output, value);
  }
});

/** Serializers that fail to write a value, with what the error says. */
const failing: Record<string, { stringify(value: unknown): unknown; message: string }> = {
  throws: {
    stringify() {
      throw new Error(payload);
    },
    message: "stringify() of the serializer failed",
  },
  rejects: {
    stringify: () => Promise.reject(new Error(payload)),
    message: "stringify() of the serializer failed",
  },
  "returns nothing": {
    stringify() {},
    message: "stringify() returned a value of type undefined; expected a string",
  },
  "returns bytes": {
    stringify: () => Promise.resolve(new Uint8Array(1)),
    message: "stringify() returned a value of type object; expected a string",
  },
  "returns a NUL character": {
    stringify: () => "\0",
    message: "a NUL character or a lone surrogate",
  },
  "returns a lone surrogate": {
    stringify: () => "\ud800",
    message: "a NUL character or a lone surrogate",
  },
};

Deno.test("a value that stringify() cannot write is refused with its path before anything is sent", async () => {
  for (const [how, { stringify, message }] of Object.entries(failing)) {
    const pool = new UnusedPool();
    const serializer = { name: () => "picky", stringify, parse: JSON.parse } as DBOSSerializer;
    const client = createClient(pool, { serializer });
    const messages = [1, 2].map((message) => ({ destinationID: "id", message }));
    const calls: [call: () => Promise<unknown>, path: string][] = [
      [() => enqueue(client, task, 1), "args"],
      [() => enqueueMany(client, [task]), "jobs[0].args"],
      [() => debounce(client, { workflowName: "echo" }, "key", 1, 1), "args"],
      [() => send(client, "id", 1), "message"],
      [() => sendMany(client, messages), "messages[0].message"],
    ];
    for (const [call, path] of calls) {
      const error = await assertRejects(call, TypeError, message);
      assert(error.message.startsWith(`Cannot serialize ${path} as picky: `), `${how}: ${error}`);
      assert(!error.message.includes(payload));
      if (message.endsWith("failed")) assertEquals((error.cause as Error).message, payload);
    }
    assertEquals(pool.statements, 0, how);
  }
});

Deno.test("a call ends with its signal while it waits for the serializer", async (test) => {
  await using database = await openMigratedPool();
  const { pool } = database;
  let pending: string | undefined;
  let onPending = () => {};
  function answer<Value>(method: string, value: Value): Value | Promise<never> {
    if (method !== pending) return value;
    onPending();
    return new Promise(() => {});
  }
  const serializer: DBOSSerializer = {
    name: () => "slow",
    stringify: (value) => answer("stringify", JSON.stringify(value)),
    parse: (text) => answer("parse", JSON.parse(text)),
  };
  const client = createClient(pool, { serializer });
  await pool.query(
    `insert into dbos.workflow_status (workflow_uuid, status, name, inputs, output, error, serialization)
    values ('a workflow', 'SUCCESS', 'echo', '[]', '1', null, 'slow'),
      ('failed', 'ERROR', 'echo', '[]', null, '{"message":"no"}', 'slow')`,
  );
  await pool.query(
    `with events as (
      insert into dbos.workflow_events (workflow_uuid, key, value, serialization)
      values ('a workflow', 'key', '1', 'slow')
    ), entries as (
      insert into dbos.streams (workflow_uuid, key, value, "offset", serialization)
      values ('a workflow', 'key', '1', 0, 'slow')
    )
    insert into dbos.operation_outputs (workflow_uuid, function_id, function_name, output, serialization)
    values ('a workflow', 0, 'step', '1', 'slow')`,
  );
  await send(client, "a workflow", 1);
  await createSchedule(client, {
    scheduleName: "nightly",
    workflowName: "echo",
    schedule: "@daily",
    context: 1,
  });

  const reading: Record<string, Call> = {
    ...pick(
      ["getResult", "getStatus", "listWorkflows", "iterateWorkflows", "listWorkflowSteps"],
      ["getEvent", "getAllEvents", "followEvents", "readStream", "readStreamOffset", "waitEach"],
      ["getAllNotifications", "getAllStreamEntries", "getSchedule", "listSchedules"],
      ["triggerSchedule", "backfillSchedule"],
    ),
    "getResult() of a workflow that failed": (client, options) =>
      getResult(client, "failed", options),
    "waitEach() for a workflow that failed": (client, options) =>
      collect(waitEach(client, ["failed"], options)),
    "readStream() from the end": (client, options) =>
      collect(readStream(client, "a workflow", "key", { ...options, offset: -1 })),
  };
  const writing = pick(
    ["enqueue", "enqueueMany", "debounce", "send", "sendMany"],
    ["createSchedule", "applySchedules", "triggerSchedule"],
  );
  for (const [method, ofMethod] of Object.entries({ parse: reading, stringify: writing })) {
    pending = method;
    for (const [name, call] of Object.entries(ofMethod)) {
      await test.step(`${name}, which waits for ${method}()`, async () => {
        const aborting = new AbortController();
        const called = new Promise<void>((resolve) => onPending = resolve);
        const outcome = call(client, { signal: aborting.signal }).catch((error) => error);
        await Promise.race([called, outcome]);
        aborting.abort(new Error("enough"));
        assertEquals(await outcome, aborting.signal.reason);
      });
    }
  }
});

Deno.test("createClient() refuses what is not a serializer", () => {
  const valid = { name: () => "own", stringify: JSON.stringify, parse: JSON.parse };
  const invalid: [serializer: unknown, errorClass: typeof TypeError, message: string][] = [
    ["json", TypeError, "expected an object with name(), stringify() and parse()"],
    [null, TypeError, "expected an object with name(), stringify() and parse()"],
    [JSON, TypeError, "as name of serializer of createClient(): expected a function"],
    [{ ...valid, name: "own" }, TypeError, "a value of type string as name of serializer"],
    [{ ...valid, stringify: undefined }, TypeError, "as stringify of serializer"],
    [{ ...valid, parse: 7 }, TypeError, "as parse of serializer"],
    [
      { ...valid, name: () => "" },
      RangeError,
      "name() of serializer of createClient(): it is empty",
    ],
    [{ ...valid, name: () => 7 }, TypeError, "a value of type number as name() of serializer"],
    [{ ...valid, name: () => "portable_json" }, RangeError, "another name than that of a format"],
    [{ ...valid, name: () => "js_superjson" }, RangeError, "Cannot use js_superjson as name()"],
    [{ ...valid, argsFormat: "go" }, RangeError, 'expected "typescript" or "python"'],
  ];
  for (const [serializer, errorClass, message] of invalid) {
    const options = { serializer: serializer as DBOSSerializer };
    assertThrows(() => createClient(new UnusedPool(), options), errorClass, message);
  }
});

Deno.test("calls of one tick reach the database in order with a serializer", async () => {
  await using database = await openMigratedPool();
  const { pool } = database;
  const client = createClient(pool, { serializer: new EscapedJson() });
  const ids = Array.from({ length: 20 }, (_, index) => `task ${index}`);
  await Promise.all(ids.map((workflowID) => enqueue(client, { ...task, workflowID }, workflowID)));
  const listed = await listWorkflows(client);
  assertEquals(
    listed.map(({ workflowID, input }) => [workflowID, input]),
    ids.map((id) => [id, [id]]),
  );
});

Deno.test("arguments are written by a serializer as they are at the call", async () => {
  await using database = await openMigratedPool();
  const serializer = { name: () => "json", stringify: JSON.stringify, parse: JSON.parse };
  const client = createClient(database.pool, { serializer });
  // The first call loads what the others need.
  await enqueue(client, task);
  const counter = { count: 1 };
  const { signal } = new AbortController();
  const counted = Promise.all([
    enqueue(client, { ...task, workflowID: "counted" }, counter),
    enqueue(client, { ...task, workflowID: "counted with a signal", signal }, counter),
  ]);
  counter.count++;
  for (const { workflowID } of await counted) {
    assertEquals((await getStatus(client, workflowID))?.input, [{ count: 1 }]);
  }
});

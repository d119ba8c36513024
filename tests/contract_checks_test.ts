/** What contracts refuse, and what their schemas make of values, without a worker. */
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { type } from "arktype";
import * as v from "valibot";
import { z } from "zod";
import {
  ContractError,
  createClient,
  debounce,
  defineWorkflow,
  enqueue,
  enqueueMany,
  forkWorkflow,
  getAllNotifications,
  getAllStreamEntries,
  getResult,
  getStatus,
  listWorkflows,
  ofType,
  readStream,
  resumeWorkflow,
  retrieveWorkflow,
  rewindWorkflow,
  send,
  sendMany,
  type StandardSchema,
  waitEach,
} from "../mod.ts";
import { checked, contracts, type Task } from "./contracts/contracts.ts";
import { calls, collect } from "./support/calls.ts";
import { openMigratedPool } from "./support/migrated_pool.ts";
import { UnusedPool } from "./support/unused_pool.ts";

// deno-lint-ignore no-explicit-any -- what callers in JavaScript pass
const untyped = (value: unknown) => value as any;

/** A schema of one's own. */
function toSchema<Value>(
  validate: StandardSchema<Value>["~standard"]["validate"],
): StandardSchema<Value> {
  return { "~standard": { version: 1, vendor: "test", validate } };
}

for (const [name, contract] of Object.entries(checked)) {
  Deno.test(`${name} refuses arguments and messages before anything is sent`, async () => {
    const pool = new UnusedPool();
    const secret = untyped({ id: "secret", writes: "another secret" });
    const approval = contract.messages.approval;
    for (
      const [call, field, paths] of [
        [() => enqueue(pool, contract, secret), "args", [[0, "id"], [0, "writes"]]],
        [
          () => enqueueMany(pool, [{ ...contract, args: [secret] }]),
          "args",
          [[0, "id"], [0, "writes"]],
        ],
        [() => debounce(pool, contract, "key", 500, secret), "args", [[0, "id"], [0, "writes"]]],
        [
          () => send(pool, "id", untyped({ approved: "secret" }), approval),
          "messages.approval",
          [["approved"]],
        ],
        [
          () => sendMany(pool, [{ destinationID: "id", message: untyped({}), ...approval }]),
          "messages.approval",
          [["approved"]],
        ],
      ] as const
    ) {
      const error = await assertRejects(call, ContractError);
      assertEquals(error.workflowName, `review by ${name}`);
      assertEquals(error.field, field);
      assertEquals(
        error.issues.map(({ path }) => path).sort(),
        [...paths].map((path) => [...path]),
      );
      assert(error.message.startsWith(`Cannot send ${field} of workflow review by ${name}: `));
      assertEquals(Deno.inspect(error).includes("secret"), false, Deno.inspect(error));
    }
    assertEquals(pool.statements, 0);
  });
}

for (const tracing of [false, true]) {
  Deno.test(`what a schema makes of arguments and messages is what is stored, tracing: ${tracing}`, async () => {
    await using opened = await openMigratedPool();
    const { pool } = opened;
    const client = createClient(pool, { tracing });
    const contract = defineWorkflow({
      workflowName: "echo",
      queueName: "idle",
      args: z.tuple([z.object({ id: z.coerce.number(), urgent: z.boolean().default(false) })]),
      namedArgs: v.object({ note: v.pipe(v.string(), v.trim()) }),
      messages: {
        approval: type("string").pipe((text) => ({ by: text })),
        "": z.string().toUpperCase(),
      },
    });
    const task = { id: "7", secondary: "unknown keys are removed" };
    const { workflowID } = await enqueue(
      client,
      { ...contract, namedArgs: { note: " in a hurry " } },
      task,
    );
    const { rows } = await pool.query("select inputs from dbos.workflow_status");
    assertEquals(JSON.parse(rows[0].inputs), {
      positionalArgs: [{ id: 7, urgent: false }],
      namedArgs: { note: "in a hurry" },
    });
    await send(client, workflowID, "Ann", contract.messages.approval);
    await sendMany(client, [{
      destinationID: workflowID,
      message: "ok",
      ...contract.messages[""],
    }]);
    const messages = await getAllNotifications(client, workflowID);
    assertEquals(messages.map(({ topic, message }) => ({ topic, message })), [
      { topic: "approval", message: { by: "Ann" } },
      { topic: null, message: "OK" },
    ]);
    const error = await assertRejects(
      () => enqueue(client, untyped({ ...contract, namedArgs: { note: 7 } }), task),
      ContractError,
    );
    assertEquals(error.field, "namedArgs");
  });
}

Deno.test("a contract says in which format arguments and messages are written", async () => {
  await using opened = await openMigratedPool();
  const { pool } = opened;
  const contract = defineWorkflow({
    workflowName: "echo",
    workflowClassName: "Greeter",
    queueName: "idle",
    applicationName: "shop",
    serializationType: "superjson",
    messages: { approval: ofType<Date>() },
  });
  const { workflowID } = await enqueue(pool, contract, 7);
  await send(pool, workflowID, new Date(0), contract.messages.approval);
  const { rows } = await pool.query(`
    select class_name, application_name, s.serialization as of_args, n.serialization as of_message
    from dbos.workflow_status s join dbos.notifications n on n.destination_uuid = s.workflow_uuid`);
  assertEquals(rows, [{
    class_name: "Greeter",
    application_name: "shop",
    of_args: "js_superjson",
    of_message: "js_superjson",
  }]);
  await assertRejects(
    () =>
      sendMany(pool, [
        { ...contract.messages.approval, destinationID: workflowID, message: new Date(0) },
      ]),
    TypeError,
    "Cannot use serializationType as an option of messages[0] of sendMany(): pass it to sendMany()",
  );
});

Deno.test("a schema may be asynchronous, and calls keep their order", async () => {
  await using opened = await openMigratedPool();
  const { pool } = opened;
  const contract = defineWorkflow({
    workflowName: "echo",
    queueName: "idle",
    args: z.tuple([z.number().refine(async (id) => await Promise.resolve(id > 0))]),
    messages: { number: z.number().transform(async (number) => await Promise.resolve(-number)) },
  });
  const ids = [1, 2, 3];
  const handles = await Promise.all(ids.map((id) => enqueue(pool, contract, id)));
  await assertRejects(() => enqueue(pool, contract, -1), ContractError);
  const { rows } = await pool.query("select inputs from dbos.workflow_status order by created_at");
  assertEquals(rows.map(({ inputs }: { inputs: string }) => JSON.parse(inputs).positionalArgs), [
    [1],
    [2],
    [3],
  ]);
  const { workflowID } = handles[0]!;
  await Promise.all(ids.map((id) => send(pool, workflowID, id, contract.messages.number)));
  const messages = await getAllNotifications(pool, workflowID);
  assertEquals(messages.map(({ message }) => message), [-1, -2, -3]);
});

Deno.test("a signal ends the wait for a schema that never settles", async () => {
  const pool = new UnusedPool();
  const contract = defineWorkflow({
    workflowName: "echo",
    queueName: "tasks",
    args: toSchema<[]>(() => new Promise(() => {})),
    messages: { never: toSchema<number>(() => new Promise(() => {})) },
  });
  const reason = new Error("no longer needed");
  for (
    const call of [
      (signal: AbortSignal) => enqueue(pool, { ...contract, signal }),
      (signal: AbortSignal) => enqueueMany(pool, [contract], { signal }),
      (signal: AbortSignal) => debounce(pool, { ...contract, signal }, "key", 500),
      (signal: AbortSignal) => send(pool, "id", 1, { ...contract.messages.never, signal }),
      (signal: AbortSignal) =>
        sendMany(pool, [{ destinationID: "id", message: 1, ...contract.messages.never }], {
          signal,
        }),
    ]
  ) {
    const controller = new AbortController();
    const calling = call(controller.signal);
    controller.abort(reason);
    assertEquals(await assertRejects(() => calling), reason);
  }
  assertEquals(pool.statements, 0);
});

Deno.test("no rejection of a schema is left unhandled when a call is refused before", async () => {
  const pool = new UnusedPool();
  let checks = 0;
  const rejecting = toSchema<number>(() => {
    checks++;
    return Promise.reject(new Error("out of reach"));
  });
  const { messages, ...contract } = defineWorkflow({
    workflowName: "echo",
    queueName: "tasks",
    args: toSchema<[]>(() => Promise.reject(new Error("out of reach"))),
    messages: { rejecting },
  });
  const unhandled: unknown[] = [];
  const onUnhandled = (event: PromiseRejectionEvent) => {
    event.preventDefault();
    unhandled.push(event.reason);
  };
  addEventListener("unhandledrejection", onUnhandled);
  const toMessage = (message: unknown) => untyped({ destinationID: "id", message });
  const sending = sendMany(pool, [
    { ...messages.rejecting, ...toMessage(1) },
    toMessage(() => "a function cannot be sent"),
  ]);
  await assertRejects(() => sending, TypeError, "messages[1]");
  assertEquals(checks, 1);
  const reason = new Error("no longer needed");
  const signal = AbortSignal.abort(reason);
  assertEquals(await assertRejects(() => enqueue(pool, { ...contract, signal })), reason);
  const options = { ...messages.rejecting, signal };
  assertEquals(await assertRejects(() => send(pool, "id", 1, options)), reason);
  // A macrotask later all rejections that nobody handles have been reported.
  await new Promise((resolve) => setTimeout(resolve));
  removeEventListener("unhandledrejection", onUnhandled);
  assertEquals([unhandled, pool.statements], [[], 0]);
});

for (const tracing of [false, true]) {
  Deno.test(`the handles of all calls check results by the contract, tracing: ${tracing}`, async () => {
    await using opened = await openMigratedPool();
    const { pool } = opened;
    const client = createClient(pool, { tracing });
    const contract = defineWorkflow({
      workflowName: "echo",
      queueName: "idle",
      args: ofType<[number]>(),
      result: z.string().transform((text) => text.length),
    });
    await enqueue(client, { ...contract, workflowID: "id" }, 7);
    const succeed = (output: string) =>
      pool.query("update dbos.workflow_status set status = 'SUCCESS', output = $1", [output]);
    const handles = [
      retrieveWorkflow(client, "id", contract),
      await resumeWorkflow(client, "id", contract),
      await debounce(client, contract, "key", 1000, 7),
      await forkWorkflow(client, "id", 0, contract),
    ];
    const once = { timeoutSeconds: 0 };
    await succeed('"four"');
    handles.push(await rewindWorkflow(client, "id", contract));
    await succeed('"four"');
    for (const handle of handles) assertEquals(await handle.getResult(once), 4);
    const outcomes = await collect(waitEach(client, handles, once));
    assertEquals(outcomes.map((outcome) => outcome.status === "SUCCESS" && outcome.result), [
      4,
      4,
      4,
    ]);
    assertEquals(await getResult(client, "id", { ...contract, ...once }), 4);
    await succeed("4");
    for (const handle of handles) await assertRejects(() => handle.getResult(once), ContractError);
    assertEquals((await listWorkflows(client, contract)).length, 3);
    assertEquals((await getStatus(client, "id"))?.queueName, "idle");
  });
}

Deno.test("schemas see the values of a stream, but not what closes it, in any format", async () => {
  await using opened = await openMigratedPool();
  const { pool } = opened;
  const contract = defineWorkflow({
    workflowName: "echo",
    queueName: "idle",
    streams: { numbers: z.number().transform((number) => -number) },
  });
  const { workflowID } = await enqueue(pool, contract);
  const marker = "__DBOS_STREAM_CLOSED__";
  for (
    const [offset, value, serialization] of [
      [0, "7", "portable_json"],
      [1, JSON.stringify({ json: marker, __dbos_serializer: "superjson" }), "js_superjson"],
    ]
  ) {
    await pool.query(
      `insert into dbos.streams (workflow_uuid, key, "offset", value, function_id, serialization)
      values ($1, 'numbers', $2, $3, 1, $4)`,
      [workflowID, offset, value, serialization],
    );
  }
  const { numbers } = contract.streams;
  assertEquals(await collect(readStream(pool, workflowID, numbers, { timeoutSeconds: 0 })), [-7]);
  assertEquals(await getAllStreamEntries(pool, workflowID, contract), {
    numbers: { entries: [{ offset: 0, value: -7 }], isClosed: true },
  });
});

Deno.test("every function takes a contract among its options", async () => {
  const reason = new Error("no longer needed");
  for (const [name, call] of Object.entries(calls)) {
    const options = { ...contracts.types, signal: AbortSignal.abort(reason) };
    const error = await assertRejects(() => call(untyped(new UnusedPool()), options));
    assertEquals(error, reason, name);
  }
});

Deno.test("options that are spread of a contract may not have others than before", async () => {
  const pool = new UnusedPool();
  const { types: contract } = contracts;
  const task: Task = { id: 7 };
  for (
    const [call, message] of [
      [
        () => enqueue(pool, untyped({ ...contract, prioritty: 1 }), task),
        "Cannot use prioritty as an option of enqueue(): there is no such option; did you mean priority?",
      ],
      [
        () => enqueue(pool, untyped({ ...contract, events: {} }), task),
        "Cannot use events as an option of enqueue()",
      ],
      [
        () => enqueue(pool, untyped({ workflowName: "a", queueName: "b", events: {} }), task),
        "Cannot use events as an option of enqueue()",
      ],
      [
        () => retrieveWorkflow(pool, "id", untyped({ timeoutSeconds: 5 })),
        "as contract of retrieveWorkflow(): expected what defineWorkflow() returns",
      ],
      [
        () => listWorkflows(pool, { ...contract!, workflowClassName: "Greeter" } as never),
        "Cannot use workflowClassName as an option of listWorkflows(): use className instead",
      ],
      [
        () =>
          listWorkflows(pool, defineWorkflow({ workflowName: "a", workflowClassName: "Greeter" })),
        "Cannot use workflowClassName as an option of listWorkflows(): use className instead",
      ],
    ] as const
  ) {
    await assertRejects(async () => await call(), TypeError, message);
  }
  assertEquals(pool.statements, 0);
});

Deno.test("defineWorkflow() refuses what is no name, type or schema", () => {
  const names = { workflowName: "echo", queueName: "tasks" };
  for (
    const [definition, message] of [
      [{ queueName: "tasks" }, "as workflowName of defineWorkflow(): expected a string"],
      [
        { ...names, arg: undefined, result: "string" },
        "as result of defineWorkflow(): expected ofType",
      ],
      [{ ...names, args: [ofType(), {}] }, "Cannot use an array as args of defineWorkflow()"],
      [{ ...names, events: { progress: Number } }, "as progress of events of defineWorkflow()"],
      [{ ...names, events: "progress" }, "as events of defineWorkflow(): expected a plain object"],
      [{ ...names, event: {} }, "did you mean events?"],
    ] as const
  ) {
    assertThrows(() => defineWorkflow(untyped(definition)), TypeError, message);
  }
  for (const key of ["events", "streams"]) {
    const definition = { ...names, [key]: { "": undefined } };
    assertThrows(() => defineWorkflow(untyped(definition)), RangeError, "it is empty");
  }
});

/** The message of the error of a value that a schema refuses with a text. */
async function messageFor(value: unknown, toText: (value: never) => string): Promise<string> {
  const contract = defineWorkflow({
    workflowName: "echo",
    messages: { topic: toSchema((value) => ({ issues: [{ message: toText(value as never) }] })) },
  });
  const error = await assertRejects(
    () => send(new UnusedPool(), "id", value, contract.messages.topic),
    ContractError,
  );
  return error.message.split("the contract does not allow the value: ")[1]!;
}

Deno.test("texts of issues do not show the values, however a library writes them", async () => {
  for (
    const [value, toText, expected] of [
      [
        "secret",
        (text: string) => `expected a number (was "${text}")`,
        "expected a number (was …)",
      ],
      ["secret", (text: string) => `${text} is not a number`, "… is not a number"],
      ["a", (text: string) => `expected a number, not '${text}'`, "expected a number, not …"],
      ['a "quoted" word', (text: string) => JSON.stringify(text), "…"],
      [4111, (number: number) => `at most 10, not ${number}`, "at most 10, not …"],
      [-1.5, (number: number) => `at least 0 (was ${number})`, "at least 0 (was …)"],
      [7n, (number: bigint) => `too small: ${number}n`, "too small: …"],
      [{ a: ["secret"] }, (value: object) => `was ${JSON.stringify(value)}`, 'was {"a":[…]}'],
      [" ", (text: string) => `expected a, b (was "${text}")`, "expected a, b (was …)"],
      [new Map([["key", "secret"]]), (map: Map<string, string>) => [...map].join(), "key,…"],
      [Array(2000).fill(0).map((_, index) => `secret ${index}`), String, "Invalid value"],
      [
        { pin: 1 },
        () => "2 keys are missing, of which 1 is old",
        "2 keys are missing, of which … is old",
      ],
    ] as const
  ) {
    const message = await messageFor(value, toText as never);
    assertEquals(message, expected);
  }
});

Deno.test("texts of issues do not show what a schema has made of the values before", async () => {
  const messages = {
    valibot: v.pipe(v.string(), v.toLowerCase(), v.email()),
    arktype: type("string").pipe((text) => text.toLowerCase()).to("string.email"),
    zod: z.string().toLowerCase().pipe(z.email()),
  };
  const contract = defineWorkflow({ workflowName: "echo", messages });
  for (const topic of Object.values(contract.messages)) {
    const error = await assertRejects(
      () => send(new UnusedPool(), "id", "SECRET", topic),
      ContractError,
    );
    assertEquals(error.issues.length, 1);
    assertEquals(error.message.toLowerCase().includes("secret"), false, error.message);
  }
});

Deno.test("an error has the first issues in its message, and all of them as a field", async () => {
  const contract = defineWorkflow({
    workflowName: "echo",
    queueName: "tasks",
    args: z.array(z.number()),
  });
  const error = await assertRejects(
    () => enqueue(new UnusedPool(), contract, ...untyped(Array(8).fill("secret"))),
    ContractError,
  );
  assertEquals(error.issues.length, 8);
  assertEquals(error.name, "ContractError");
  assertEquals(
    error.message,
    "Cannot send args of workflow echo: the contract does not allow the value: " +
      [0, 1, 2, 3, 4].map((index) =>
        `[${index}]: Invalid input: expected number, received string; `
      )
        .join("") +
      "and 3 more",
  );
});

Deno.test("a schema of arguments that makes no array of them is a mistake of the contract", async () => {
  const contract = defineWorkflow({
    workflowName: "echo",
    queueName: "tasks",
    args: z.tuple([z.number()]).transform(([id]) => id),
  });
  await assertRejects(
    () => enqueue(new UnusedPool(), contract, 7),
    TypeError,
    "as what the schema of args of workflow echo returns: expected an array",
  );
});

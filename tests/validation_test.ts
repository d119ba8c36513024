import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  connect,
  createClient,
  enqueue,
  type EnqueueOptions,
  getEvent,
  getResult,
  getStatus,
  retrieveWorkflow,
  send,
} from "../mod.ts";
import { UnusedPool } from "./support/unused_pool.ts";

type InvalidInput = [
  input: unknown,
  errorClass: typeof TypeError | typeof RangeError,
  messageIncludes: string,
];

/** Invalid names and IDs. */
const invalidTexts: InvalidInput[] = [
  ["", RangeError, "it is empty or only white space"],
  [" \t\n\u00a0", RangeError, "it is empty or only white space"],
  ["a\0b", RangeError, "it contains a NUL character"],
  ["a\ud800b", RangeError, "it contains a lone surrogate"],
  ["\udc00\ud800", RangeError, "it contains a lone surrogate"],
  [7, TypeError, "a value of type number as"],
  [null, TypeError, "null as"],
  [["a"], TypeError, "an array as"],
];

const cycle: Record<string, unknown> = {};
cycle.list = [cycle];

/** Values that portable JSON cannot represent. */
const invalidValues: InvalidInput[] = [
  [cycle, TypeError, ".list[0] as portable JSON: it has a circular reference"],
  [() => {}, TypeError, "it is a function"],
  [{ mark: Symbol("mark") }, TypeError, "it is a symbol"],
  [new Map([[7, "seven"]]), TypeError, "expected string keys, found type number"],
];

const invalidTimeouts: InvalidInput[] = [
  [-1, RangeError, "expected a finite number of at least 0"],
  [NaN, RangeError, "expected a finite number of at least 0"],
  [-Infinity, RangeError, "expected a finite number of at least 0"],
  ["5", TypeError, "a value of type string as timeoutSeconds"],
];

const invalidDeadlines: InvalidInput[] = [
  [-1, RangeError, "expected an integer from 0"],
  [NaN, RangeError, "expected an integer from 0"],
  [Infinity, RangeError, "expected an integer from 0"],
  [1.5, RangeError, "expected an integer from 0"],
  [new Date(), TypeError, "a value of type object as deadlineEpochMS"],
];

const invalidIntervals: InvalidInput[] = [
  [0, RangeError, "expected an integer from 1"],
  [1.5, RangeError, "expected an integer from 1"],
  [Infinity, RangeError, "expected an integer from 1"],
  [2 ** 31, RangeError, "expected an integer from 1"],
  ["5", TypeError, "a value of type string as pollingIntervalMs"],
];

const invalidEnqueueOptions: Record<string, InvalidInput[]> = {
  workflowName: [...invalidTexts, [
    undefined,
    TypeError,
    "a value of type undefined as workflowName",
  ]],
  queueName: [...invalidTexts, [undefined, TypeError, "a value of type undefined as queueName"]],
  workflowID: invalidTexts,
  workflowClassName: invalidTexts,
  workflowConfigName: invalidTexts,
  appVersion: invalidTexts,
  applicationName: invalidTexts,
  deduplicationID: invalidTexts,
  queuePartitionKey: invalidTexts,
  authenticatedUser: invalidTexts,
  assumedRole: invalidTexts,
  authenticatedRoles: [
    ["admin", TypeError, "a value of type string as authenticatedRoles"],
    [[7], TypeError, "a value of type number as authenticatedRoles"],
    [["a\0"], RangeError, "it contains a NUL character"],
    [[""], RangeError, "it is empty or only white space"],
  ],
  priority: [
    [-1, RangeError, "expected an integer from 0 to 2147483647"],
    [2 ** 31, RangeError, "expected an integer from 0 to 2147483647"],
    [1.5, RangeError, "expected an integer from 0 to 2147483647"],
    [NaN, RangeError, "expected an integer from 0 to 2147483647"],
    ["1", TypeError, "a value of type string as priority"],
    [1n, TypeError, "a value of type bigint as priority"],
  ],
  delaySeconds: [
    [-0.1, RangeError, "Cannot use -0.1 as delaySeconds"],
    [NaN, RangeError, "Cannot use NaN as delaySeconds"],
    [Infinity, RangeError, "Cannot use Infinity as delaySeconds"],
    // More milliseconds than the column can hold.
    [1e17, RangeError, "Cannot use 100000000000000000 as delaySeconds"],
    ["1", TypeError, "a value of type string as delaySeconds"],
  ],
  workflowTimeoutMS: [
    [0, RangeError, "expected an integer from 1"],
    [-1, RangeError, "expected an integer from 1"],
    [0.5, RangeError, "expected an integer from 1"],
    [Infinity, RangeError, "expected an integer from 1"],
    ["1000", TypeError, "a value of type string as workflowTimeoutMS"],
  ],
  deadlineEpochMS: [
    [-1, RangeError, "expected an integer from 0"],
    [0.5, RangeError, "expected an integer from 0"],
    ["1000", TypeError, "a value of type string as deadlineEpochMS"],
    [new Date(), TypeError, "a value of type object as deadlineEpochMS"],
  ],
  attributes: [
    [null, TypeError, "null as attributes of enqueue(): expected a plain object"],
    [["a"], TypeError, "an array as attributes of enqueue(): expected a plain object"],
    ["a", TypeError, "expected a plain object"],
    [new Map([["a", 1]]), TypeError, "expected a plain object"],
    [new Date(), TypeError, "expected a plain object"],
    [{ key: "a\0b" }, RangeError, "they contain a NUL character"],
    [{ "a\0b": 1 }, RangeError, "they contain a NUL character"],
    [{ deep: [{ key: "\\\udfff" }] }, TypeError, "attributes.deep[0].key as portable JSON: it"],
    [cycle, TypeError, "it has a circular reference"],
    [{ run() {} }, TypeError, "Cannot serialize attributes.run as portable JSON: it is a function"],
    [{ toJSON: () => [] }, TypeError, "toJSON() returns no object"],
  ],
  namedArgs: [
    [[1], TypeError, "an array as namedArgs of enqueue(): expected a plain object"],
    [cycle, TypeError, "namedArgs.list[0] as portable JSON: it has a circular reference"],
    [{ toJSON: () => null }, TypeError, "toJSON() returns no object"],
  ],
  workflowIDReusePolicy: [
    ["replace", RangeError, 'expected "return-existing" or "reject"'],
    [true, TypeError, 'expected "return-existing" or "reject"'],
  ],
  duplicationPolicy: [
    ["replace", RangeError, 'expected "reject" or "return-existing"'],
    ["return-existing", TypeError, "without deduplicationID"],
  ],
  serializationType: [["json", RangeError, 'expected "portable" or "superjson"']],
};

const task = { workflowName: "echo", queueName: "tasks" };

/** Checks that `call` rejects each of `inputs`, and sends nothing. */
async function assertRefused(
  label: string,
  inputs: InvalidInput[],
  call: (pool: UnusedPool, input: never) => Promise<unknown>,
): Promise<void> {
  for (const [input, errorClass, messageIncludes] of inputs) {
    const pool = new UnusedPool();
    const error = await call(pool, input as never).then(
      () => new Error(`${label} took ${String(messageIncludes)}`),
      (error) => error,
    );
    assertThrows(
      () => {
        throw error;
      },
      errorClass,
      messageIncludes,
      `${label}: ${error}`,
    );
    assertEquals(error.constructor, errorClass, `${label}: ${error}`);
    assertEquals(pool.statements, 0, label);
  }
}

Deno.test("enqueue() rejects invalid options before anything is sent", async (test) => {
  for (const [option, inputs] of Object.entries(invalidEnqueueOptions)) {
    await test.step(option, () =>
      assertRefused(
        option,
        inputs,
        (pool, value) => enqueue(pool, { ...task, [option]: value } as EnqueueOptions),
      ));
  }
});

Deno.test("enqueue() rejects a deadline together with a timeout", async () => {
  const deadlineEpochMS = Date.now();
  await assertRefused(
    "deadlineEpochMS",
    [[{ ...task, deadlineEpochMS, workflowTimeoutMS: 1 }, TypeError, "both workflowTimeoutMS"]],
    (pool, options) => enqueue(pool, options),
  );
});

Deno.test("enqueue() and send() reject values that cannot be serialized", async () => {
  await assertRefused("argument", invalidValues, (pool, value) => enqueue(pool, task, 1, value));
  await assertRefused("message", invalidValues, (pool, value) => send(pool, "id", value));
  const unserializable = invalidValues.slice(1, 3);
  await assertRefused(
    "native argument",
    unserializable,
    (pool, value) => enqueue(pool, { ...task, serializationType: "native" }, value),
  );
  await assertRefused(
    "native message",
    unserializable,
    (pool, value) => send(pool, "id", value, { serializationType: "native" }),
  );
  await assertRefused(
    "native namedArgs",
    [[{ a: 1 }, TypeError, 'use "portable" or "py_pickle"']],
    (pool, namedArgs) => enqueue(pool, { ...task, namedArgs, serializationType: "native" }),
  );
});

Deno.test("send() rejects invalid options before anything is sent", async () => {
  await assertRefused("destinationID", invalidTexts, (pool, id) => send(pool, id, "message"));
  await assertRefused(
    "topic",
    invalidTexts,
    (pool, topic) => send(pool, "id", "message", { topic }),
  );
  await assertRefused(
    "idempotencyKey",
    invalidTexts,
    (pool, idempotencyKey) => send(pool, "id", "message", { idempotencyKey }),
  );
  await assertRefused(
    "serializationType",
    [["json", RangeError, 'Cannot use "json" as serializationType']],
    (pool, serializationType) => send(pool, "id", "message", { serializationType }),
  );
});

Deno.test("getEvent() and getResult() reject invalid options before anything is sent", async () => {
  const invalidOptions: Record<string, InvalidInput[]> = {
    timeoutSeconds: invalidTimeouts,
    deadlineEpochMS: invalidDeadlines,
    pollingIntervalMs: invalidIntervals,
  };
  await assertRefused("workflowID", invalidTexts, (pool, id) => getEvent(pool, id, "key"));
  await assertRefused("key", invalidTexts, (pool, key) => getEvent(pool, "id", key));
  await assertRefused("workflowID", invalidTexts, (pool, id) => getResult(pool, id));
  await assertRefused("workflowID", invalidTexts, (pool, id) => getStatus(pool, id));
  for (const [option, inputs] of Object.entries(invalidOptions)) {
    await assertRefused(
      option,
      inputs,
      (pool, value) => getEvent(pool, "id", "key", { [option]: value }),
    );
    await assertRefused(
      option,
      inputs,
      (pool, value) => getResult(pool, "id", { [option]: value }),
    );
  }
  const numbers = invalidTimeouts.filter(([input]) => typeof input === "number");
  await assertRefused("timeout", numbers, (pool, value) => getEvent(pool, "id", "key", value));
});

Deno.test("retrieveWorkflow() throws on an invalid ID", () => {
  for (const [id, errorClass, messageIncludes] of invalidTexts) {
    assertThrows(
      () => retrieveWorkflow(new UnusedPool(), id as string),
      errorClass,
      messageIncludes,
    );
  }
});

const invalidClientOptions: Record<string, InvalidInput[]> = {
  schema: invalidTexts,
  applicationName: invalidTexts,
  serializationType: [["json", RangeError, 'expected "portable" or "superjson"']],
  serializer: [[JSON, TypeError, "as name of serializer"]],
  pollingIntervalMs: invalidIntervals,
  retryTimeoutSeconds: [
    [-1, RangeError, "expected a finite number of at least 0"],
    [Infinity, RangeError, "expected a finite number of at least 0"],
    ["1", TypeError, "a value of type string as retryTimeoutSeconds"],
  ],
};

Deno.test("createClient() throws on invalid options", async () => {
  for (const [option, inputs] of Object.entries(invalidClientOptions)) {
    await assertRefused(
      option,
      inputs,
      // deno-lint-ignore require-await -- async turns an error that it throws into a rejection
      async (pool, value) => createClient(pool, { [option]: value }),
    );
  }
});

Deno.test("connect() rejects invalid options before it connects", async () => {
  // No server listens there: an attempt to connect would fail with another error.
  const url = "postgres://user@127.0.0.1:1/database";
  const invalidOptions: Record<string, InvalidInput[]> = {
    ...invalidClientOptions,
    systemDatabase: invalidTexts,
    maxConnections: [
      [0, RangeError, "expected an integer from 1"],
      [1.5, RangeError, "expected an integer from 1"],
      ["1", TypeError, "a value of type string as maxConnections"],
    ],
  };
  for (const [option, inputs] of Object.entries(invalidOptions)) {
    await assertRefused(option, inputs, (_pool, value) => connect(url, { [option]: value }));
  }
  for (const invalidUrl of ["http://user@host/db", "host=localhost", "user@host/db"]) {
    await assertRejects(
      () => connect(invalidUrl),
      TypeError,
      "the given URL is not a Postgres URL",
    );
  }
});

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

type Refusal = [
  input: unknown,
  errorClass: typeof TypeError | typeof RangeError,
  messageIncludes: string,
];

/** Has the shape of npm:pg's Pool, and tells whether anything was sent. */
class UnusedPool {
  readonly totalCount = 0;
  statements = 0;

  query(): Promise<{ rows: [] }> {
    this.statements++;
    return Promise.resolve({ rows: [] });
  }

  connect(): Promise<void> {
    this.statements++;
    return Promise.resolve();
  }
}

/** What no name and no ID can be. */
const badTexts: Refusal[] = [
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

/** What portable JSON cannot hold. */
const badValues: Refusal[] = [
  [cycle, TypeError, "it has a circular reference"],
  [() => {}, TypeError, "Cannot serialize a function"],
  [{ mark: Symbol("mark") }, TypeError, "Cannot serialize a symbol"],
  [new Map([[7, "seven"]]), TypeError, "expected string keys, found type number"],
];

const badTimeouts: Refusal[] = [
  [-1, RangeError, "expected a finite number of at least 0"],
  [NaN, RangeError, "expected a finite number of at least 0"],
  [-Infinity, RangeError, "expected a finite number of at least 0"],
  ["5", TypeError, "a value of type string as timeoutSeconds"],
];

const badIntervals: Refusal[] = [
  [0, RangeError, "expected an integer from 1"],
  [1.5, RangeError, "expected an integer from 1"],
  [Infinity, RangeError, "expected an integer from 1"],
  [2 ** 31, RangeError, "expected an integer from 1"],
  ["5", TypeError, "a value of type string as pollingIntervalMs"],
];

const enqueueRefusals: Record<string, Refusal[]> = {
  workflowName: [...badTexts, [undefined, TypeError, "a value of type undefined as workflowName"]],
  queueName: [...badTexts, [undefined, TypeError, "a value of type undefined as queueName"]],
  workflowID: badTexts,
  workflowClassName: badTexts,
  workflowConfigName: badTexts,
  appVersion: badTexts,
  applicationName: badTexts,
  deduplicationID: badTexts,
  queuePartitionKey: badTexts,
  authenticatedUser: badTexts,
  assumedRole: badTexts,
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
    [null, TypeError, "null as attributes: expected a plain object"],
    [["a"], TypeError, "an array as attributes: expected a plain object"],
    ["a", TypeError, "expected a plain object"],
    [new Map([["a", 1]]), TypeError, "expected a plain object"],
    [new Date(), TypeError, "expected a plain object"],
    [{ key: "a\0b" }, RangeError, "they contain a NUL character or a lone surrogate"],
    [{ "a\0b": 1 }, RangeError, "they contain a NUL character or a lone surrogate"],
    [{ deep: [{ key: "\\\udfff" }] }, RangeError, "a NUL character or a lone surrogate"],
    [cycle, TypeError, "it has a circular reference"],
    [{ run() {} }, TypeError, "Cannot serialize a function"],
  ],
  namedArgs: [
    [[1], TypeError, "an array as namedArgs: expected a plain object"],
    [cycle, TypeError, "it has a circular reference"],
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

/** Checks that each of `refusals` is refused by `call`, and that nothing is sent meanwhile. */
async function assertRefused(
  what: string,
  refusals: Refusal[],
  call: (pool: UnusedPool, input: never) => Promise<unknown>,
): Promise<void> {
  for (const [input, errorClass, messageIncludes] of refusals) {
    const pool = new UnusedPool();
    const error = await call(pool, input as never).then(
      () => new Error(`${what} took ${String(messageIncludes)}`),
      (error) => error,
    );
    assertThrows(
      () => {
        throw error;
      },
      errorClass,
      messageIncludes,
      `${what}: ${error}`,
    );
    assertEquals(error.constructor, errorClass, `${what}: ${error}`);
    assertEquals(pool.statements, 0, what);
  }
}

Deno.test("enqueue() refuses bad options before anything is sent", async (test) => {
  for (const [option, refusals] of Object.entries(enqueueRefusals)) {
    await test.step(option, () =>
      assertRefused(
        option,
        refusals,
        (pool, value) => enqueue(pool, { ...task, [option]: value } as EnqueueOptions),
      ));
  }
});

Deno.test("enqueue() refuses a deadline together with a timeout", async () => {
  const deadlineEpochMS = Date.now();
  await assertRefused(
    "deadlineEpochMS",
    [[{ ...task, deadlineEpochMS, workflowTimeoutMS: 1 }, TypeError, "both workflowTimeoutMS"]],
    (pool, options) => enqueue(pool, options),
  );
});

Deno.test("enqueue() and send() refuse values that cannot be serialized", async () => {
  await assertRefused("argument", badValues, (pool, value) => enqueue(pool, task, 1, value));
  await assertRefused("message", badValues, (pool, value) => send(pool, "id", value));
  const unserializable = badValues.slice(1, 3);
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

Deno.test("send() refuses bad options before anything is sent", async () => {
  await assertRefused("destinationID", badTexts, (pool, id) => send(pool, id, "message"));
  await assertRefused("topic", badTexts, (pool, topic) => send(pool, "id", "message", { topic }));
  await assertRefused(
    "idempotencyKey",
    badTexts,
    (pool, idempotencyKey) => send(pool, "id", "message", { idempotencyKey }),
  );
  await assertRefused(
    "serializationType",
    [["json", RangeError, 'Cannot use "json" as serializationType']],
    (pool, serializationType) => send(pool, "id", "message", { serializationType }),
  );
});

Deno.test("getEvent() and getResult() refuse bad options before anything is sent", async () => {
  const badOptions: Record<string, Refusal[]> = {
    timeoutSeconds: badTimeouts,
    pollingIntervalMs: badIntervals,
  };
  await assertRefused("workflowID", badTexts, (pool, id) => getEvent(pool, id, "key"));
  await assertRefused("key", badTexts, (pool, key) => getEvent(pool, "id", key));
  await assertRefused("workflowID", badTexts, (pool, id) => getResult(pool, id));
  await assertRefused("workflowID", badTexts, (pool, id) => getStatus(pool, id));
  for (const [option, refusals] of Object.entries(badOptions)) {
    await assertRefused(
      option,
      refusals,
      (pool, value) => getEvent(pool, "id", "key", { [option]: value }),
    );
    await assertRefused(
      option,
      refusals,
      (pool, value) => getResult(pool, "id", { [option]: value }),
    );
  }
  const numbers = badTimeouts.filter(([input]) => typeof input === "number");
  await assertRefused("timeout", numbers, (pool, value) => getEvent(pool, "id", "key", value));
});

Deno.test("retrieveWorkflow() refuses an ID that names nothing", () => {
  for (const [id, errorClass, messageIncludes] of badTexts) {
    assertThrows(
      () => retrieveWorkflow(new UnusedPool(), id as string),
      errorClass,
      messageIncludes,
    );
  }
});

const clientRefusals: Record<string, Refusal[]> = {
  schema: badTexts,
  applicationName: badTexts,
  serializationType: [["json", RangeError, 'expected "portable" or "superjson"']],
  pollingIntervalMs: badIntervals,
  retryTimeoutSeconds: [
    [-1, RangeError, "expected a finite number of at least 0"],
    [Infinity, RangeError, "expected a finite number of at least 0"],
    ["1", TypeError, "a value of type string as retryTimeoutSeconds"],
  ],
};

Deno.test("createClient() refuses bad options", async () => {
  for (const [option, refusals] of Object.entries(clientRefusals)) {
    await assertRefused(
      option,
      refusals,
      // deno-lint-ignore require-await -- so that what it throws is a rejection
      async (pool, value) => createClient(pool, { [option]: value }),
    );
  }
});

Deno.test("connect() refuses bad options before it connects", async () => {
  // Nothing listens there: an attempt to connect would end in another error.
  const url = "postgres://user@127.0.0.1:1/database";
  const refusals: Record<string, Refusal[]> = {
    ...clientRefusals,
    systemDatabase: badTexts,
    maxConnections: [
      [0, RangeError, "expected an integer from 1"],
      [1.5, RangeError, "expected an integer from 1"],
      ["1", TypeError, "a value of type string as maxConnections"],
    ],
  };
  for (const [option, list] of Object.entries(refusals)) {
    await assertRefused(option, list, (_pool, value) => connect(url, { [option]: value }));
  }
  for (const bad of ["http://user@host/db", "host=localhost", "user@host/db"]) {
    await assertRejects(() => connect(bad), TypeError, "the given URL is not a Postgres URL");
  }
});

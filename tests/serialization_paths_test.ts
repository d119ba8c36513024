import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  debounce,
  enqueue,
  enqueueMany,
  listWorkflows,
  send,
  sendMany,
  type SerializationType,
  updateWorkflowAttributes,
} from "../mod.ts";
import { codecOf } from "../src/serialization/write.ts";
import { UnusedPool } from "./support/unused_pool.ts";

type Invalid = [value: unknown, path: string, reason: string];

const at = new Date(0);
const cycle: { list: unknown[] } = { list: [] };
cycle.list.push({ cycle });

class Account {
  #balance = 7;
  owner = "Ann";
  get balance(): number {
    return this.#balance;
  }
}

/** What no format can hold. */
const unserializable: Invalid[] = [
  [{ user: { tags: [1, 2, 3, () => {}] } }, ".user.tags[3]", "a function"],
  [[{ "first name": Symbol("mark") }], '[0]["first name"]', "a symbol"],
  [{ user: Promise.resolve() }, ".user", "Promise"],
  [[, 1], "", "a sparse array"],
  [{ list: new Array(2) }, ".list", "a sparse array"],
  [[Object.assign([1], { length: 3 })], "[0]", "a sparse array"],
  [{ cache: new WeakMap() }, ".cache", "WeakMap"],
  [{ bytes: new ArrayBuffer(2) }, ".bytes", "ArrayBuffer"],
  [{ view: new DataView(new ArrayBuffer(2)) }, ".view", "DataView"],
  [[new Map().keys()], "[0]", "Iterator"],
  [{ at: new Date(NaN) }, ".at", "an invalid Date"],
];

/** What JSON cannot hold, but superjson and pickles can. */
const notPortable: Invalid[] = [
  [{ total: [NaN] }, ".total[0]", "it is NaN"],
  [{ total: -Infinity }, ".total", "it is -Infinity"],
  [["a\ud800b"], "[0]", "a lone surrogate"],
  [{ "\udfff": 1 }, "", "one of its keys contains a lone surrogate"],
  [new Map([["\udfff", 1]]), "", "one of its keys contains a lone surrogate"],
  [{ bytes: new Uint8Array(2) }, ".bytes", "a Uint8Array; use an array of numbers"],
  [cycle, ".list[0].cycle", "a circular reference"],
  [new Map([[7, "seven"]]), "", "it is a Map; expected string keys, found type number"],
];

const onlyNotJson: Invalid[] = [
  [{ encoder: new TextEncoder() }, ".encoder", "it is a TextEncoder"],
  [{ pattern: /a/ }, ".pattern", "it is a RegExp"],
  [{ query: new URLSearchParams("a=b") }, ".query", "it is a URLSearchParams"],
  [[{ toJSON: () => undefined }], "[0]", "its toJSON() returns undefined"],
  [[{ toJSON: () => [() => {}] }], "[0][0]", "it is a function"],
  [new Set([at, NaN]), "[1]", "it is NaN"],
  [Object.assign(Object.create({ toJSON: () => NaN }), {}), "", "it is NaN"],
  [[new String("a\ud800")], "[0]", "a lone surrogate"],
  [new Number(NaN), "", "it is NaN"],
];

async function assertUnserializable(type: SerializationType, values: Invalid[]): Promise<void> {
  const codec = await codecOf(type);
  for (const [value, path, reason] of values) {
    const inArgs = assertThrows(() => codec.serializeArgs([value]), TypeError, reason);
    assertEquals(inArgs.message.split(" as ")[0], `Cannot serialize args[0]${path}`, reason);
    const asValue = assertThrows(() => codec.serializeValue(value, "message"), TypeError, reason);
    assertEquals(asValue.message.split(" as ")[0], `Cannot serialize message${path}`, reason);
  }
}

for (const type of ["portable", "DBOS_JSON", "rust_serde"] as const) {
  Deno.test(`${type} refuses what JSON cannot hold, with its path`, () =>
    assertUnserializable(type, [...unserializable, ...notPortable, ...onlyNotJson]));
}

for (const type of ["superjson", "py_pickle"] as const) {
  Deno.test(`${type} refuses what it cannot hold, with its path`, () =>
    assertUnserializable(type, unserializable));
}

Deno.test("superjson refuses what it does not keep in an object of a class", () =>
  assertUnserializable("superjson", [
    [Object.assign(new Account(), { owners: new Map() }), ".owners", "a Map in an object"],
    [[Object.assign(new Account(), { owners: [new Set()] })], "[0].owners[0]", "a Set in an"],
    [Object.assign(new Account(), { total: 7n }), ".total", "a bigint in an object"],
    [new BigInt64Array(2), "[0]", "a bigint in an object"],
    [new Float64Array([NaN]), "[0]", "it is NaN"],
  ]));

Deno.test("portable JSON keeps what is documented, at any depth and in any order", async () => {
  const { serializeValue } = await codecOf("portable");
  const own = Object.defineProperty({ a: 1 }, "toJSON", { value: () => ["from toJSON"] });
  const value = {
    at,
    list: [1n, undefined, new Set(["a"]), new Map([["b", [at]]])],
    error: new RangeError("no"),
    account: new Account(),
    boxed: [new String("a"), new Number(1), new Boolean(false)],
    own,
    text: "C:\\users\\udo \\ud800 \u2028 😀",
    without: Object.assign(Object.create(null), { a: 1 }),
    missing: undefined,
    url: new URL("http://localhost/"),
    toJSON: "is no function",
    ["__proto__"]: 1,
  };
  assertEquals(JSON.parse(serializeValue(value)), {
    at: "1970-01-01T00:00:00.000Z",
    list: ["1", null, ["a"], { b: ["1970-01-01T00:00:00.000Z"] }],
    error: { name: "RangeError", message: "no" },
    account: { owner: "Ann" },
    boxed: ["a", 1, false],
    own: ["from toJSON"],
    text: "C:\\users\\udo \\ud800 \u2028 😀",
    without: { a: 1 },
    url: "http://localhost/",
    toJSON: "is no function",
    ["__proto__"]: 1,
  });
});

Deno.test("a value may be nested 1000 levels deep, in portable JSON", async () => {
  const { serializeValue } = await codecOf("portable");
  const nest = (levels: number) => JSON.parse("[".repeat(levels) + "]".repeat(levels));
  assertEquals(serializeValue(nest(1000)), "[".repeat(1000) + "]".repeat(1000));
  for (const levels of [1001, 100_000]) {
    assertThrows(() => serializeValue(nest(levels)), RangeError, "deeper than 1000 levels");
  }
});

Deno.test("superjson refuses a value that is nested too deeply", async () => {
  const { serializeArgs, serializeValue } = await codecOf("superjson");
  let nested: unknown = 1;
  for (let i = 0; i < 20_000; i++) nested = i % 2 ? [nested] : new Map([["a", nested]]);
  const reason = "as superjson: it is nested too deeply";
  assertThrows(() => serializeArgs([nested]), RangeError, `Cannot serialize args ${reason}`);
  assertThrows(() => serializeValue(nested, "message"), RangeError, `message ${reason}`);
});

Deno.test("rust_serde refuses what Rust cannot read, with its path", async () => {
  await assertUnserializable("rust_serde", [
    [{ total: 2n ** 128n }, ".total", "it is a bigint of more than 128 bits"],
    [[new Set([-(2n ** 127n) - 1n])], "[0][0]", "it is a bigint of more than 128 bits"],
  ]);
  const { serializeValue, serializeArgs } = await codecOf("rust_serde");
  const nest = (levels: number) => JSON.parse("[".repeat(levels) + "]".repeat(levels));
  assertEquals(serializeValue(nest(127)), "[".repeat(127) + "]".repeat(127));
  assertEquals(serializeArgs([nest(127)]), serializeValue(nest(127)));
  assertThrows(() => serializeArgs([nest(128)]), RangeError, "args[0][0]");
  assertThrows(() => serializeValue(nest(128)), RangeError, "deeper than 127 levels");
  // Several arguments are written as an array.
  assertEquals(serializeArgs([1, nest(126)]), `[1,${"[".repeat(126)}${"]".repeat(126)}]`);
  assertThrows(() => serializeArgs([1, nest(127)]), RangeError, "Cannot serialize args[1][0]");
  assertThrows(() => serializeArgs([1, () => {}]), TypeError, "Cannot serialize args[1] as");
});

Deno.test("every function that writes values names the one that it refuses", async () => {
  const task = { workflowName: "echo", queueName: "tasks" };
  const bad = { user: { run() {} } };
  for (
    const [call, path] of [
      [(pool) => enqueue(pool, task, 1, bad), "args[1].user.run"],
      [(pool) => enqueue(pool, { ...task, namedArgs: bad }), "namedArgs.user.run"],
      [(pool) => enqueue(pool, { ...task, attributes: bad }), "attributes.user.run"],
      [(pool) => enqueueMany(pool, [{ ...task, args: [bad] }]), "jobs[0].args[0].user.run"],
      [
        (pool) => enqueueMany(pool, [{ ...task, attributes: bad }]),
        "jobs[0].attributes.user.run",
      ],
      [(pool) => debounce(pool, task, "key", 1, bad), "args[0].user.run"],
      [(pool) => send(pool, "id", bad), "message.user.run"],
      [
        (pool) => sendMany(pool, [1, bad].map((message) => ({ destinationID: "id", message }))),
        "messages[1].message.user.run",
      ],
      [(pool) => updateWorkflowAttributes(pool, "id", bad), "attributes.user.run"],
      [(pool) => listWorkflows(pool, { attributes: bad }), "attributes.user.run"],
    ] as [call: (pool: UnusedPool) => Promise<unknown>, path: string][]
  ) {
    const pool = new UnusedPool();
    await assertRejects(() => call(pool), TypeError, `Cannot serialize ${path} as `);
    assertEquals(pool.statements, 0, path);
  }
});

import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import fc from "fast-check";
import { fileURLToPath } from "node:url";
import { isDeepStrictEqual } from "node:util";
import pg from "pg";
import { enqueue, enqueueMany, send } from "../mod.ts";
import { goJson } from "../src/serialization/go/go_json.ts";
import { goJsonWriter } from "../src/serialization/go/write_go_json.ts";
import { pyPickle } from "../src/serialization/python/py_pickle.ts";
import { pyPickleWriter } from "../src/serialization/python/write_pickle.ts";
import { rustSerde } from "../src/serialization/rust/rust_serde.ts";
import { rustSerdeWriter } from "../src/serialization/rust/write_rust_serde.ts";
import { pickleValues } from "./interop/round_trip_values.ts";

const isPythonInstalled = await new Deno.Command("python3", { args: ["--version"], stdout: "null" })
  .output().then(({ success }) => success, () => false);

interface ReadByPython {
  text: string;
  /** The value, pickled in each protocol. */
  pickles: string[];
}

async function readWithPython(pickles: readonly string[]): Promise<ReadByPython[]> {
  const program = fileURLToPath(new URL("vectors/read_pickles.py", import.meta.url));
  const python = new Deno.Command("python3", { args: [program], stdin: "piped", stdout: "piped" })
    .spawn();
  const output = python.output();
  await new Blob([pickles.join("\n")]).stream().pipeTo(python.stdin);
  const { success, stdout } = await output;
  assert(success);
  return new TextDecoder().decode(stdout).trimEnd().split("\n").map((line) => {
    const [text, pickles] = JSON.parse(line);
    return { text, pickles };
  });
}

const at = new Date("2026-01-02T03:04:05.678Z");
const shared = { a: 1 };

/** Values, with their repr() in Python and, where it differs, the value that is read back. */
const vectors: [value: unknown, pythonRepr: string, read?: unknown][] = [
  [null, "None"],
  [undefined, "None", null],
  [[true, false], "[True, False]"],
  [[0, 1, -1, 255, 256, 65535, 65536], "[0, 1, -1, 255, 256, 65535, 65536]"],
  [[2 ** 31 - 1, 2 ** 31, -(2 ** 31)], "[2147483647, 2147483648, -2147483648]"],
  [[-(2 ** 31) - 1, 2 ** 53 - 1], "[-2147483649, 9007199254740991]"],
  [[2 ** 53, 1e21, -0, 0.5], "[9007199254740992.0, 1e+21, -0.0, 0.5]"],
  [[NaN, Infinity, -Infinity, 5e-324], "[nan, inf, -inf, 5e-324]"],
  [[127n, 128n, -128n, -129n], "[127, 128, -128, -129]", [127, 128, -128, -129]],
  [[2n ** 63n, -(2n ** 63n)], "[9223372036854775808, -9223372036854775808]"],
  [2n ** 2100n, String(2n ** 2100n)],
  [-(2n ** 2100n), String(-(2n ** 2100n))],
  [["", "a", 'line\n"quoted"\\'], `['', 'a', 'line\\n"quoted"\\\\']`],
  ["ä€😀\0\ufeff", "'\\xe4\\u20ac\\U0001f600\\x00\\ufeff'"],
  ["\ud800 \udfff 한", "'\\ud800 \\udfff \\ud55c'"],
  ["x".repeat(300), `'${"x".repeat(300)}'`],
  [new Uint8Array([0, 97, 255]), "b'\\x00a\\xff'"],
  [new Uint8Array(300).fill(97), `b'${"a".repeat(300)}'`],
  [[[], [1, [2]]], "[[], [1, [2]]]"],
  [{}, "{}"],
  [{ b: 1, a: { "": null }, 7: [] }, "{'7': [], 'b': 1, 'a': {'': None}}"],
  [JSON.parse('{"__proto__":1}'), "{'__proto__': 1}"],
  [{ a: undefined, b: [undefined] }, "{'b': [None]}", { b: [null] }],
  [new Map<unknown, unknown>([[1, "one"], ["two", at]]), `{1: 'one', 'two': ${pythonRepr(at)}}`],
  [new Map([["a", 1]]), "{'a': 1}", { a: 1 }],
  [new Map<unknown, unknown>([[null, 1], [at, 2]]), `{None: 1, ${pythonRepr(at)}: 2}`],
  [new Set(), "set()"],
  [new Set([2n ** 64n]), "{18446744073709551616}"],
  [at, pythonRepr(at)],
  [new Date("0001-01-01T00:00:00Z"), pythonRepr(new Date("0001-01-01T00:00:00Z"))],
  [[new Date("9999-12-31T23:59:59.999Z")], `[${pythonRepr(new Date("9999-12-31T23:59:59.999Z"))}]`],
  [[shared, shared], "[{'a': 1}, {'a': 1}]"],
];

function pythonRepr(date: Date): string {
  const [, year, ...rest] = /(\d+)-(\d+)-(\d+)T(\d+):(\d+):(\d+)\.(\d+)Z/.exec(date.toISOString())!;
  const parts = [year, ...rest].map(Number);
  parts.push(parts.pop()! * 1000);
  while (parts.at(-1) === 0 && parts.length > 5) parts.pop();
  return `datetime.datetime(${parts.join(", ")}, tzinfo=datetime.timezone.utc)`;
}

Deno.test("py_pickle reads back what it has written", () => {
  for (const [value, text, read = value] of vectors) {
    const pickle = pyPickleWriter.serializeValue(value);
    assertEquals(pyPickle.deserializeValue(pickle), read === undefined ? null : read, text);
  }
});

Deno.test({
  name: "Python reads what py_pickle has written",
  ignore: !isPythonInstalled,
  async fn() {
    const pickles = vectors.map(([value]) => pyPickleWriter.serializeValue(value));
    const read = await readWithPython(pickles);
    assertEquals(read.map(({ text }) => text), vectors.map(([, text]) => text));
  },
});

Deno.test({
  name: "py_pickle reads any value back after Python has pickled it again in each protocol",
  ignore: !isPythonInstalled,
  async fn() {
    const seed = 7;
    const values = fc.sample(pickleValues({}), { numRuns: 2_000, seed });
    const read = await readWithPython(values.map((value) => pyPickleWriter.serializeValue(value)));
    for (const [index, { text, pickles }] of read.entries()) {
      for (const [protocol, pickle] of pickles.entries()) {
        assert(
          isDeepStrictEqual(pyPickle.deserializeValue(pickle), values[index]),
          `value ${index} of seed ${seed} in protocol ${protocol}: ${text}`,
        );
      }
    }
  },
});

Deno.test("py_pickle preserves shared references and cycles", () => {
  const cycle: unknown[] = [shared, new Map([[1, shared]])];
  cycle.push(cycle);
  const read = pyPickle.deserializeValue(pyPickleWriter.serializeValue(cycle)) as unknown[];
  assert(read[2] === read);
  assert((read[1] as Map<number, unknown>).get(1) === read[0]);
  // So many that a memo index takes more than one byte.
  const many = Array.from({ length: 300 }, () => ({ at }));
  const twice = pyPickleWriter.serializeValue([...many, ...many]);
  const readTwice = pyPickle.deserializeValue(twice) as unknown[];
  assertEquals(readTwice, [...many, ...many]);
  assert(readTwice[299] === readTwice[599]);
});

Deno.test("py_pickle writes arguments as DBOS for Python does", async () => {
  const pickles = [
    pyPickleWriter.serializeArgs([1, [at]], { second: new Set([2]) }),
    pyPickleWriter.serializeArgs([]),
  ];
  assertEquals(pickles.map(pyPickle.deserializeArgs), [[1, [at]], []]);
  if (!isPythonInstalled) return;
  const read = await readWithPython(pickles);
  assertEquals(read.map(({ text }) => text), [
    `{'args': (1, [${pythonRepr(at)}]), 'kwargs': {'second': {2}}}`,
    "{'args': (), 'kwargs': {}}",
  ]);
});

class Money {
  toJSON(): string {
    return "7 EUR";
  }
}

const invalidValues: [value: unknown, message: string][] = [
  [() => {}, "as py_pickle: it is a function"],
  [{ list: [Symbol("mark")] }, "a symbol"],
  [new Money(), "an object of class Money"],
  [Object.create({ inherited: 1 }), "an object of class Object"],
  [new Error("no"), "an object of class Error"],
  [/a/, "an object of class RegExp"],
  [new Uint16Array(2), "an object of class Uint16Array"],
  [new ArrayBuffer(2), "an object of class ArrayBuffer"],
  [Promise.resolve(), "an object of class Promise"],
  [new Date(NaN), "as py_pickle: it is an invalid Date"],
  [
    new Date("-000001-01-01T00:00:00Z"),
    "a Date in the year -1; Python supports the years 1 to 9999",
  ],
  [new Date("+010000-01-01T00:00:00Z"), "a Date in the year 10000"],
  [new Set([[1]]), "a Set; Python cannot hash an object of class Array"],
  [new Map([[{}, 1]]), "a Map; Python cannot hash an object of class Object"],
  [new Set([1, true]), "a Set; a boolean equals another entry in Python"],
  [
    new Map<unknown, unknown>([[1, 1], [1n, 2]]),
    "a Map; a bigint equals another entry",
  ],
  [new Set([null, undefined]), "a Set; undefined equals another entry"],
  [
    new Set([new Date(5), new Date(5)]),
    "a Set; an object of class Date equals another entry",
  ],
  [JSON.parse("[".repeat(1_000) + "]".repeat(1_000)), "it is nested deeper than 450 levels"],
];

Deno.test("py_pickle throws on values that Python cannot represent", () => {
  for (const [value, message] of invalidValues) {
    assertThrows(() => pyPickleWriter.serializeValue(value), Error, message);
    assertThrows(() => pyPickleWriter.serializeArgs([1, { value }]), Error, message);
    assertThrows(() => pyPickleWriter.serializeArgs([], { value }), Error, message);
  }
});

Deno.test("DBOS_JSON writes one argument as base64 of its portable JSON", () => {
  for (
    const [value, json, read] of [
      [{ a: [1, "ä😀\0"] }, '{"a":[1,"ä😀\\u0000"]}'],
      [at, `"${at.toISOString()}"`, at.toISOString()],
      [2n ** 64n, '"18446744073709551616"', "18446744073709551616"],
      [new Map([["a", new Set([1])]]), '{"a":[1]}', { a: [1] }],
      ["\\ud800 \\\\ud800", '"\\\\ud800 \\\\\\\\ud800"'],
      [[null, undefined], "[null,null]", [null, null]],
    ] as const
  ) {
    const text = goJsonWriter.serializeValue(value);
    assertEquals(
      new TextDecoder().decode(Uint8Array.from(atob(text), (c) => c.charCodeAt(0))),
      json,
    );
    assertEquals(goJson.deserializeValue(text), read ?? value);
    assertEquals(goJsonWriter.serializeArgs([value]), text);
    assertEquals(goJson.deserializeArgs(text), [read ?? value]);
  }
  for (const value of [null, undefined]) {
    assertEquals(goJsonWriter.serializeValue(value), "__DBOS_NIL");
    assertEquals(goJsonWriter.serializeArgs([value]), "__DBOS_NIL");
  }
  assertEquals(goJsonWriter.serializeArgs([]), "__DBOS_NIL");
});

Deno.test("DBOS_JSON throws on values that Go cannot represent", () => {
  const several = () => goJsonWriter.serializeArgs([1, 2]);
  assertThrows(several, TypeError, "Cannot serialize 2 arguments as DBOS_JSON");
  const named = () => goJsonWriter.serializeArgs([], { a: 1 });
  assertThrows(named, TypeError, "Cannot serialize namedArgs as DBOS_JSON");
  for (const value of ["\ud800", { "\udfff": 1 }, ["\\\udc00"]]) {
    const lone = () => goJsonWriter.serializeValue(value);
    assertThrows(lone, TypeError, "contains a lone surrogate");
  }
  assertThrows(() => goJsonWriter.serializeValue(() => {}), TypeError, "a function");
});

Deno.test("rust_serde writes JSON, with a bigint as an integer", () => {
  const digits = "12345678901234567890";
  for (
    const [value, json, read] of [
      [{ a: [1, "ä😀\0"], b: true }, '{"a":[1,"ä😀\\u0000"],"b":true}'],
      [[2n ** 64n - 1n, -(2n ** 63n)], "[18446744073709551615,-9223372036854775808]"],
      [{ max: 2n ** 128n - 1n }, `{"max":${2n ** 128n - 1n}}`],
      [[-(2n ** 127n), 7n, 0n], `[${-(2n ** 127n)},7,0]`, [-(2n ** 127n), 7, 0]],
      // Only bigints become integers.
      [
        [digits, BigInt(digits), { [digits]: digits }],
        `["${digits}",${digits},{"${digits}":"${digits}"}]`,
      ],
      [at, `"${at.toISOString()}"`, at.toISOString()],
      [new Map([["a", new Set([1n])]]), '{"a":[1]}', { a: [1] }],
      [{ a: undefined, b: [undefined] }, '{"b":[null]}', { b: [null] }],
      [2 ** 60, "1152921504606847000", 1152921504606847000n],
    ] as const
  ) {
    const text = rustSerdeWriter.serializeValue(value);
    assertEquals(text, json);
    assertEquals(rustSerde.deserializeValue(text), read ?? value);
    assertEquals(rustSerdeWriter.serializeArgs([value]), text);
    assertEquals(rustSerde.deserializeArgs(text), [read ?? value]);
  }
});

Deno.test("rust_serde writes the arguments as the one that a workflow in Rust has", () => {
  const { serializeValue, serializeArgs } = rustSerdeWriter;
  for (const text of [serializeArgs([]), serializeArgs([null]), serializeValue(undefined)]) {
    assertEquals(text, "null");
  }
  assertEquals(serializeArgs([[1, 2]]), "[1,2]");
  assertEquals(serializeArgs([1, 2n ** 63n, undefined]), "[1,9223372036854775808,null]");
  const named = () => serializeArgs([], { a: 1 });
  assertThrows(named, TypeError, "Cannot serialize namedArgs as rust_serde");
});

Deno.test("values that cannot be serialized are rejected before anything is sent", async () => {
  // No server listens there: an attempt to send would fail with another error.
  const pool = new pg.Pool({ connectionString: "postgres://127.0.0.1:1/none" });
  const task = { workflowName: "task", queueName: "tasks" };
  for (
    const [serializationType, value, message] of [
      ["py_pickle", new Money(), "it is an object of class Money"],
      ["DBOS_JSON", "\ud800", "as portable JSON: it contains a lone surrogate"],
      ["rust_serde", [2n ** 200n], "as rust_serde: it is a bigint of more than 128 bits"],
    ] as const
  ) {
    const options = { ...task, serializationType };
    for (
      const write of [
        () => enqueue(pool, options, value),
        () => enqueueMany(pool, [{ ...options, args: [1] }, { ...options, args: [value] }]),
        () => send(pool, "id", value, { serializationType }),
      ]
    ) {
      await assertRejects(write, Error, message);
    }
  }
  await pool.end();
});

import { assert, assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import { UnsupportedSerializationError, WorkflowError } from "../mod.ts";
import { deserializeValue } from "../src/serialization/read.ts";
import { assertPlainData, assertPrototypesUntouched } from "./fuzz/plain_data.ts";
import { deserializeError } from "./support/deserialize_error.ts";

function superjson(json: unknown, meta?: unknown): string {
  return JSON.stringify({ json, meta, __dbos_serializer: "superjson" });
}

/** Texts that make npm:superjson place a function of a prototype into the value. */
const smuggled: Record<string, string> = {
  "a method of objects as then": superjson({}, {
    referentialEqualities: { toString: ["then"] },
  }),
  "a method of texts": superjson({ a: "" }, { referentialEqualities: { "a.at": ["then"] } }),
  "a method of a Map": superjson({ a: [] }, {
    values: { a: ["map"] },
    referentialEqualities: { "a.0.1.forEach": ["b"], "a.get": ["then"] },
  }),
  "a function inside an array": superjson([[]], { referentialEqualities: { "0.map": ["0.0"] } }),
  "a prototype": superjson({}, { referentialEqualities: { "__proto__.toString": ["then"] } }),
  "the root as its own method": superjson({}, [["valueOf"], { valueOf: ["then"] }]),
  "an annotated prototype": superjson({}, { values: { "__proto__.x": ["Date"] } }),
};

Deno.test("a stored value never contains a function or a thenable", async (test) => {
  for (const [name, text] of Object.entries(smuggled)) {
    await test.step(name, async () => {
      // A thenable would never settle.
      assertPlainData(await deserializeValue(text, "js_superjson"), 100);
      assertPlainData(await deserializeError(text, "js_superjson"), 100);
      assertPrototypesUntouched();
    });
  }
});

Deno.test("a result with a property `then` is read like any other", async () => {
  for (const then of [1, "text", { then: 1 }, null]) {
    const text = superjson({ then }, { values: { "then.x": ["Date"] } });
    assertEquals(await deserializeValue(text, "js_superjson"), { then });
    assertEquals(await deserializeValue(JSON.stringify({ then }), "portable_json"), { then });
  }
});

function nested(levels: number): string {
  return "[".repeat(levels) + "]".repeat(levels);
}

/** Equalities that place each of the first arrays into the next one twice. */
function unfolding(levels: number): string {
  const json = Array.from({ length: levels }, () => [0, 0]);
  const equalities = Object.fromEntries(
    json.slice(1).map((_, i) => [`${i}`, [`${i + 1}.0`, `${i + 1}.1`]]),
  );
  return superjson(json, { referentialEqualities: equalities });
}

/** An object with many properties, and as many copies that lack them. */
function unequalCopies(count: number): string {
  const wide = Object.fromEntries(Array.from({ length: count }, (_, i) => [`k${i}`, 0]));
  const copies = Array.from({ length: count }, () => ({}));
  const equalities = { "0": copies.map((_, i) => `${i + 1}`) };
  return superjson([wide, ...copies], { referentialEqualities: equalities });
}

function manyErrors(count: number): string {
  const json = Array.from({ length: count }, () => ({}));
  return superjson(json, { values: Object.fromEntries(json.map((_, i) => [i, ["Error"]])) });
}

const digits = "9".repeat(10_000_000);

/** Texts of some bytes or megabytes that took seconds, minutes or gigabytes. */
const bombs: Record<string, [format: string | null, text: () => string]> = {
  "a Buffer with a length": [
    "js_superjson",
    () => superjson({ length: 3e8 }, { values: [["custom", "Buffer"]] }),
  ],
  "a typed array over a number": [
    "js_superjson",
    () => superjson(3e8, { values: [["typed-array", "Uint8Array"]] }),
  ],
  "typed arrays over an array-like": [
    "js_superjson",
    () => superjson({ length: 3e8 }, { values: [["typed-array", "Float64Array"]] }),
  ],
  "many copies that differ": ["js_superjson", () => unequalCopies(50_000)],
  "a bigint of ten million digits": [
    "js_superjson",
    () => superjson(digits, { values: ["bigint"] }),
  ],
  "an error whose cause is nested deeply": [
    "js_superjson",
    () =>
      `{"json":${'{"name":"","cause":'.repeat(1e5)}1${
        "}".repeat(1e5)
      },"__dbos_serializer":"superjson"}`,
  ],
  "arrays nested 100,000 levels": [
    "js_superjson",
    () =>
      `{"json":${nested(1e5)},"meta":{"values":{"0":["Date"]}},"__dbos_serializer":"superjson"}`,
  ],
  "annotations nested 100,000 levels": [
    "js_superjson",
    () =>
      `{"json":${nested(1e5)},"meta":{"values":${'{"0":'.repeat(1e5)}1${"}".repeat(1e5)}},` +
      '"__dbos_serializer":"superjson"}',
  ],
  "a path of ten million keys": [
    "js_superjson",
    () => superjson([], { values: { ["0.".repeat(1e7)]: ["Date"] } }),
  ],
  "half a million errors": ["js_superjson", () => manyErrors(500_000)],
  "a regular expression of a million classes": [
    "js_superjson",
    () => superjson(`/${"[\\p{L}--\\p{Lu}]".repeat(1e6)}/v`, { values: ["regexp"] }),
  ],
  "a host name of a million characters": [
    "js_superjson",
    () =>
      superjson(
        `http://${
          Array.from({ length: 1e6 }, (_, i) => String.fromCodePoint(0x4e00 + i % 20_000)).join("")
        }/`,
        { values: ["URL"] },
      ),
  ],
  "a bigint of ten million digits in old JSON": [
    null,
    () => JSON.stringify({ dbos_type: "dbos_BigInt", dbos_data: digits }),
  ],
  "portable JSON that is nested deeply": ["portable_json", () => nested(1e5)],
  "old JSON that is nested deeply": [null, () => nested(1e5)],
  "an integer of ten million digits of Go": ["DBOS_JSON", () => btoa(digits)],
  "JSON of Go that is nested deeply": ["DBOS_JSON", () => btoa(`[1.10,${nested(1e5)}]`)],
  "an integer of ten million digits of Java": [
    "java_jackson",
    () => `["java.math.BigInteger",${digits}]`,
  ],
  "an integer of ten million digits of Rust": ["rust_serde", () => digits],
  "JSON of Rust that is nested deeply": ["rust_serde", () => `[1.10,${nested(1e5)}]`],
  "errors of Rust in errors": [
    "rust_serde",
    () => '{"Application":'.repeat(1e5) + "1.10" + "}".repeat(1e5),
  ],
  "portable errors of Rust in errors": [
    "portable_json",
    () => '{"Application":'.repeat(1e5) + "1" + "}".repeat(1e5),
  ],
  "JSON of Java that is nested deeply": [
    "java_jackson",
    () => '["java.util.ArrayList",['.repeat(1e5) + "]]".repeat(1e5),
  ],
};

Deno.test("a stored value takes time and memory in proportion to its text", async (test) => {
  for (const [name, [format, text]] of Object.entries(bombs)) {
    await test.step(name, async () => {
      const outcomes = await Promise.allSettled([
        deserializeValue(text(), format),
        deserializeError(text(), format),
      ]);
      for (const outcome of outcomes) {
        if (outcome.status === "fulfilled") assertPlainData(outcome.value, 2 * text().length + 100);
        else assertInstanceOf(outcome.reason, UnsupportedSerializationError);
      }
    });
  }
});

Deno.test("a stored value of more errors than a worker writes is refused", async () => {
  assertEquals((await deserializeValue(manyErrors(10_000), "js_superjson") as []).length, 10_000);
  const read = () => deserializeValue(manyErrors(10_001), "js_superjson");
  await assertRejects(read, UnsupportedSerializationError, "more than 10000 errors");
});

Deno.test("the error of a value that cannot be read does not quote it", async () => {
  for (
    const pickle of [
      "V\\U00123456\n.",
      "cuuid\nUUID\n)R}U\x03intF1193046.5\nsb.",
      "I1193046x\n.",
    ]
  ) {
    const error = await assertRejects(() => deserializeValue(btoa(pickle), "py_pickle"));
    assertInstanceOf(error, UnsupportedSerializationError);
    assert(!/1193046/.test(Deno.inspect(error)), error.message);
  }
});

Deno.test("equal parts of superjson do not expand to more than its text", async () => {
  const text = unfolding(60);
  assertPlainData(await deserializeValue(text, "js_superjson"), text.length);
});

Deno.test("parts of superjson that are said to be equal, but differ, are read as they are", async () => {
  const json = [{ a: 1 }, { a: 2 }, { a: 1, b: 1 }, [1], null, "a", { a: 1 }];
  const paths = json.map((_, i) => `${i}`);
  const text = superjson(json, { referentialEqualities: { "0": paths } });
  const read = await deserializeValue(text, "js_superjson") as unknown[];
  assertEquals(read, json);
  assert(read[0] === read[6]);
});

Deno.test("the exponent of a number is not written out", async () => {
  const text = '["[Ljava.lang.Object;",[["java.math.BigDecimal",1e999999999],1e999999999]]';
  assertEquals(await deserializeValue(text, "java_jackson"), ["1e999999999", Infinity]);
  assertEquals(await deserializeValue(btoa("1e999999999"), "DBOS_JSON"), Infinity);
});

const oddValues: unknown[] = [
  ...[null, 0, true, {}, [], { toString: 1 }, { toString: "x", valueOf: "y" }, [[["deep"]]]],
  ...[{ then: { then: 1 } }, JSON.parse('{"__proto__":{"message":"inherited"}}'), "text"],
];

const javaError = { type: "a.OrderError", stackPreview: ["java.util.ArrayList", [1, null]] };

/** Errors of every format that have an odd value for each property of an error. */
function oddErrors(odd: unknown): [format: string | null, text: string][] {
  const names = ["name", "message", "stack", "cause", "code", "data", "errors", "toString"];
  return names.flatMap((name): [string | null, string][] => {
    const error = { name: "OrderError", message: "no such order", [name]: odd };
    const { name: Name, message: Message, code: Code, data: Data, ...others } = error as {
      [name: string]: unknown;
    };
    const json = JSON.stringify(error);
    return [
      ["portable_json", json],
      ["js_superjson", superjson(error)],
      ["js_superjson", superjson(error, { values: ["Error"] })],
      // Arrays have types in this format.
      ["java_jackson", JSON.stringify({ ...(Array.isArray(odd) ? {} : error), ...javaError })],
      ["DBOS_JSON", JSON.stringify({ Name, Message, Code, Data, ...others })],
      ["rust_serde", `{"Application":${json}}`],
      ["rust_serde", `{"Application":{"OrderError":${json}}}`],
      ["rust_serde", JSON.stringify({ StepFailed: odd })],
      ["portable_json", `{"StepFailed":${json}}`],
      [null, json],
    ];
  });
}

Deno.test("a stored error of odd properties is still the error of the workflow", async () => {
  for (const odd of oddValues) {
    for (const [format, text] of oddErrors(odd)) {
      const error = await deserializeError(text, format);
      assertInstanceOf(error, WorkflowError, text);
      const { name, message, stack } = error;
      assert([name, message, stack].every((text) => typeof text === "string"), text);
      // It can be printed, in whatever way.
      assert([String(error), `${error}`, Deno.inspect(error)].every(Boolean), text);
      assertPlainData(error, 1_000);
    }
  }
});

Deno.test("a stored error without a text as message keeps what it says", async () => {
  for (
    const [message, expected] of [
      ["text", "text"],
      [7, "7"],
      [{ reason: "gone" }, '{"reason":"gone"}'],
      [["a", 1], '["a",1]'],
      [null, ""],
      [undefined, ""],
    ]
  ) {
    for (const format of ["portable_json", "js_superjson", null]) {
      const stored = { name: "OrderError", message };
      const text = format === "js_superjson" ? superjson(stored) : JSON.stringify(stored);
      const error = await deserializeError(text, format);
      assertEquals([error.name, error.message], ["OrderError", expected]);
    }
  }
});

Deno.test("a stored error may contain itself", async () => {
  const stored = { name: "OrderError", message: "gone", cause: null, errors: [null, null] };
  const meta = { referentialEqualities: [["cause"]] };
  const error = await deserializeError(superjson(stored, meta), "js_superjson");
  assert(error.cause === error);
});

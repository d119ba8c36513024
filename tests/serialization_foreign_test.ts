import { assert, assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import { fileURLToPath } from "node:url";
import { UnsupportedSerializationError, WorkflowError } from "../mod.ts";
import { goJson } from "../src/serialization/go/go_json.ts";
import { javaJackson } from "../src/serialization/java/java_jackson.ts";
import { pyPickle } from "../src/serialization/python/py_pickle.ts";
import { deserializeValue } from "../src/serialization/read.ts";
import { rustSerde } from "../src/serialization/rust/rust_serde.ts";
import { deserializeError } from "./support/deserialize_error.ts";

const vectors = new URL("vectors/", import.meta.url);

async function readVectors(name: string) {
  return JSON.parse(await Deno.readTextFile(new URL(name, vectors)));
}

/** Pickles written by the installed Python, or else stored ones. */
async function readPickles(): Promise<Record<string, (string | null)[]>> {
  try {
    const { success, stdout } = await new Deno.Command("python3", {
      args: [fileURLToPath(new URL("make_pickles.py", vectors))],
      stderr: "null",
    }).output();
    if (success) return JSON.parse(new TextDecoder().decode(stdout));
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return await readVectors("pickles.json");
}

const latin1 = (text: string) => btoa(text);

function sequence(length: number): number[] {
  return Array.from({ length }, (_, i) => i);
}

function bytes(...values: number[]): Uint8Array {
  return Uint8Array.from(values);
}

function order(number: number, lines: unknown[]) {
  return { __class__: "app.Order", number, lines };
}

const at = new Date("2026-01-02T03:04:05Z");

const expected: Record<string, unknown> = {
  none: null,
  booleans: [true, false],
  integers: [
    ...[0, 1, -1, 255, 256, 65535, 65536, 2 ** 31 - 1, -(2 ** 31)],
    ...[Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER],
  ],
  bigIntegers: [2n ** 53n, -(2n ** 53n), 2n ** 63n, -(2n ** 64n), 2n ** 2100n, 10n ** 30n],
  floats: [0.5, -0, 1e300, Infinity, -Infinity, NaN],
  texts: ["", "a", "ä€😀", "line\nbreak \\u0041 \\", "\ufeffbom", "x".repeat(300), "\0"],
  bytes: [bytes(), bytes(0, 127, 128, 255), new Uint8Array(300).fill(97)],
  bytearray: [bytes(), bytes(0, 255, 10)],
  lists: [[], [1, [2, [3]]], sequence(1500)],
  tuples: [[], [1], [1, 2], [1, 2, 3], [1, 2, 3, 4]],
  dicts: [
    {},
    { a: { b: 1 } },
    JSON.parse('{"__proto__":1,"constructor":2}'),
    new Map<unknown, unknown>([[1, "one"], ["two", 2]]),
    new Map([[[1, 2], 3]]),
  ],
  sets: [new Set(), new Set([1]), new Set(), new Set([2])],
  complex: { real: 1, imaginary: -2 },
  range: { start: 1, stop: 10, step: 2 },
  slice: { start: 1, stop: null, step: 2 },
  ordered: { b: 1, a: 2 },
  default: { a: [1] },
  counter: { a: 2, b: 1 },
  deque: [[1, 2], [3]],
  datetimes: [
    new Date("2026-01-02T03:04:05.678Z"),
    at,
    new Date("2026-01-02T03:04:05+05:30"),
    new Date("0001-01-01T00:00:00Z"),
    new Date("9999-12-31T23:59:59.999Z"),
    new Date("2026-10-25T02:30:00Z"),
    "2026-01-02T03:04:05[Europe/Paris]",
  ],
  dates: ["2026-01-02", "0001-01-01"],
  times: ["03:04:05", "03:04:05.000006+05:30"],
  timedeltas: ["PT0S", "P1DT2.5S", "-PT1S", "P999999999DT86399.999999S"],
  timezones: ["+00:00", "+05:30", "-03:00"],
  decimals: ["1.10", "NaN", "-1E+5"],
  uuid: ["12345678-1234-5678-1234-567812345678", "00000000-0000-0000-0000-000000000001"],
  dataclass: order(7, [order(8, [])]),
  slots: { __class__: "app.Slotted", x: 1, y: 2 },
  enum: { __class__: "app.Color", __args__: ["red"] },
  namedtuple: { __class__: "app.Point", __args__: [1, 2] },
  class: { __global__: "app.Order" },
  shared: [{ a: 1 }, { a: 1 }],
  deep: JSON.parse("[".repeat(301) + "]".repeat(301)),
};

Deno.test("py_pickle reads the pickles of Python in each protocol", async (test) => {
  const pickles = await readPickles();
  for (const [name, value] of Object.entries(expected)) {
    await test.step(name, async () => {
      for (const [protocol, text] of pickles[name]!.entries()) {
        if (text === null) continue;
        const read = await deserializeValue(text, "py_pickle");
        // Some releases of Python 3.11 write the name of an enum member instead of its value.
        const isNamed = name === "enum" && Object.hasOwn(read as object, "__global__");
        const wanted = isNamed ? { __global__: "app.Color.RED" } : value;
        assertEquals<unknown>(read, wanted, `protocol ${protocol}`);
      }
    });
  }

  await test.step("cycles and shared references are preserved", async () => {
    for (const text of pickles.cycle!) {
      const cycle = await deserializeValue(text, "py_pickle") as unknown[];
      assert(cycle[0] === 1 && cycle[1] === cycle);
    }
    for (const text of pickles.shared!) {
      const [first, second] = await deserializeValue(text, "py_pickle") as unknown[];
      assert(first === second);
    }
    for (const text of pickles.nested!) {
      const inner = await deserializeValue(text, "py_pickle") as Record<string, unknown[]>;
      assertEquals(inner.__class__ as unknown, "app.Outer.Inner");
      assert(inner.deep![0] === inner);
    }
  });

  await test.step("inputs are read as the positional arguments", () => {
    for (const text of pickles.inputs!) {
      assertEquals(pyPickle.deserializeArgs(text!), [1, "two", order(3, [])]);
    }
  });

  await test.step("an exception is read as an error with name, message and arguments", async () => {
    for (
      const [key, name, message, args, code] of [
        ["exception", "ValueError", "bad, 7", ["bad", 7]],
        ["customError", "OrderError", "no such order, 7", ["no such order", 7], 7],
        ["plainError", "Plain", "it broke", ["it broke"]],
        ["bareError", "Plain", "", []],
        ["builtinError", "Exception", "it broke", ["it broke"]],
      ] as const
    ) {
      for (const text of pickles[key]!) {
        const error = await deserializeError(text!, "py_pickle");
        assertInstanceOf(error, WorkflowError);
        assertEquals([error.name, error.message, error.code], [name, message, code]);
        assertEquals((error as unknown as { args: unknown }).args, args);
      }
    }
    for (const text of pickles.exception!) {
      assertInstanceOf(await deserializeValue(text, "py_pickle"), WorkflowError);
    }
  });

  await test.step("a pickle that is truncated anywhere is rejected", async () => {
    for (const [name, texts] of Object.entries(pickles)) {
      for (const text of texts) {
        const whole = atob(text ?? "");
        const step = Math.ceil(whole.length / 300);
        for (let length = 0; length < whole.length; length += step) {
          await assertRefused(latin1(whole.slice(0, length)), name);
        }
      }
    }
  });
});

async function assertRefused(text: string, message: string, reason?: string): Promise<void> {
  const error = await assertRejects(
    () => deserializeValue(text, "py_pickle"),
    UnsupportedSerializationError,
    reason ?? "Cannot read a value of format py_pickle: ",
    message,
  );
  assertEquals(error.serialization, "py_pickle");
  await assertRejects(() => deserializeError(text, "py_pickle"), UnsupportedSerializationError);
}

function repeated(count: number, text: string): string {
  return text.repeat(count);
}

/** Nested lists that each contain the previous one ten times. */
function billionLaughs(levels: number, innermost: string): string {
  const level = (_: unknown, i: number) =>
    `](${repeated(10, `h${String.fromCharCode(i)}`)}eq${String.fromCharCode(i + 1)}0`;
  return `\x80\x02${innermost}q\0` + "0" + Array.from({ length: levels }, level).join("") +
    `h${String.fromCharCode(levels)}.`;
}

const attacks: Record<string, [pickle: string, reason: string]> = {
  "a call of os.system": ["cos\nsystem\n(S'id'\ntR.", "forbidden call of os.system"],
  "a call of posix.system": ["\x80\x04\x8c\x05posix\x8c\x06system\x93\x8c\x02id\x85R.", "posix"],
  "a call of eval": ["c__builtin__\neval\n(S'1'\ntR.", "forbidden call of builtins.eval"],
  "a call of __import__": [
    "cbuiltins\n__import__\n(S'os'\ntR.",
    "forbidden call of builtins.__import__",
  ],
  "a call by an instance": ["(S'id'\nios\nsystem\n.", "forbidden call of os.system"],
  "a call inside of a class": [
    "cbuiltins\ngetattr\n(cos\npath\nS'join'\ntR(tR.",
    "forbidden call of os.path.join",
  ],
  "a call inside of an exception": ["capp\nError\n((cos\nsystem\n(S'id'\ntRttR.", "os.system"],
  "a call of a value that is not a name": ["(S'id'\n(tR.", "invalid name in a call"],
  "a persistent ID": ["P1\n.", "unknown opcode 0x50"],
  "an extension": ["\x80\x02\x82\x01.", "unknown opcode 0x82"],
  "an unknown protocol": ["\x80\x06N.", "unknown protocol 6"],
  "a huge frame": ["\x80\x04\x95\xff\xff\xff\xff\xff\xff\xff\x7fN.", "unexpected end of data"],
  "a huge text": ["\x80\x04\x8d\xff\xff\xff\xff\xff\xff\xff\x7fN.", "unexpected end of data"],
  "a huge integer": [
    "\x80\x02\x8b\x00\x00\x10\x00" + repeated(2 ** 20, "\x01") + ".",
    "too many digits",
  ],
  "a huge decimal integer": [`L${repeated(1e6, "9")}L\n.`, "too many digits"],
  "a huge memo index": [`Nr\xff\xff\xff\xff0j\xfe\xff\xff\xff.`, "unknown memo index"],
  "a memo with many entries": [
    "\x80\x04N" + repeated(2e6, "\x94") + ".",
    "more than 1000000 items",
  ],
  "many marks": [repeated(2e6, "(") + "N.", "more than 1000000 items"],
  "many copies": ["N" + repeated(2e6, "2") + ".", "more than 1000000 items"],
  "a billion laughs": [
    billionLaughs(9, "X\x03\0\0\0lol"),
    "expands to more than 1000000 items",
  ],
  "a long text many times": [
    "\x80\x02X\xa0\x86\x01\0" + repeated(100_000, "x") + "q\x000](" + repeated(5_000, "h\0") + "e.",
    "expands to more than 1000000 items",
  ],
  "400,000 nested lists": [
    repeated(400_000, "]") + repeated(399_999, "a") + ".",
    "nested deeper than 1000 levels",
  ],
  "900,000 nested tuples": [
    ")" + repeated(900_000, "\x85") + ".",
    "nested deeper than 1000 levels",
  ],
  "deep nesting of shared values": [
    "\x80\x02" + "Nq\0" + repeated(1_500, "\x85q\0h\0\x86") + ".",
    "nested deeper than 1000 levels",
  ],
  "a set of a text": [
    "cbuiltins\nset\n(S'a'\ntR.",
    "invalid builtins.set: expected items",
  ],
  "no value": [".", "stack underflow"],
  "a key without a value": ["(S'a'\nd.", "key without a value"],
  "an item appended to text": ["S'a'\nNa.", "items appended to a value that is not an object"],
  "an invalid datetime": [
    "cdatetime\ndatetime\n(C\x0a\x07\xea\x0d\x02\x03\x04\x05\0\0\0tR.",
    "invalid date or time",
  ],
  "a timedelta that is out of range": ["cdatetime\ntimedelta\n(F1e300\ntR.", "invalid timedelta"],
};

Deno.test("py_pickle rejects malicious and invalid pickles, and runs nothing", async (test) => {
  for (const [name, [pickle, reason]] of Object.entries(attacks)) {
    await test.step(name, async () => {
      await assertRefused(latin1(pickle), name, reason);
    });
  }

  await test.step("a million nested lists", async () => {
    await assertRefused(latin1(repeated(1e6, "]") + repeated(1e6 - 1, "a") + "."), "lists");
  });

  await test.step("a text that is not base64", async () => {
    for (const text of ["", "{}", "é"]) await assertRefused(text, text);
  });

  await test.step("an error that is not an exception", async () => {
    const error = () => deserializeError(latin1("]."), "py_pickle");
    await assertRejects(
      error,
      UnsupportedSerializationError,
      "expected an exception, found builtins.list",
    );
  });

  await test.step("the names of prototype properties are ordinary names", async () => {
    const pickle = "capp\nA\n)R}(V__proto__\nV1\nVtoString\nV2\nub.";
    const value = await deserializeValue(latin1(pickle), "py_pickle") as Record<string, unknown>;
    assertEquals(Object.getPrototypeOf(value), Object.prototype);
    assertEquals(Object.entries(value), [["__class__", "app.A"], ["__proto__", "1"], [
      "toString",
      "2",
    ]]);
    const inherited = latin1("cconstructor\nprototype\n)R.");
    assertEquals(await deserializeValue(inherited, "py_pickle"), {
      __class__: "constructor.prototype",
    });
  });
});

Deno.test("DBOS_JSON reads the JSON and gobs that Go writes", async () => {
  const texts = await readVectors("go_json.json");
  const read = (name: string) => deserializeValue(texts[name], "DBOS_JSON");
  assertEquals(await read("nil"), null);
  assertEquals(await read("text"), 'ä"\\😀 12345678901234567890');
  assertEquals([await read("integer"), await read("float")], [7, 1.5]);
  assertEquals(await read("longs"), [1, 2n ** 63n - 1n, -(2n ** 63n), 2n ** 53n + 1n]);
  assertEquals(await read("order"), {
    number: 7,
    lines: ["a"],
    at: "2026-01-02T03:04:05.678901Z",
    bytes: "AP8=",
    next: {
      number: 2n ** 63n - 1n,
      lines: null,
      at: "0001-01-01T00:00:00Z",
      bytes: null,
      next: null,
    },
  });
  assertEquals(Object.keys(await read("map") as object), ["__proto__", "nested"]);
  assertEquals(goJson.deserializeArgs(texts.integer), [7]);
  assertEquals(goJson.deserializeArgs(texts.nil), [null]);
  const error = await deserializeError(texts.plainError, "DBOS_JSON");
  assertEquals([error.name, error.message], ["Error", "no such order"]);
  // Some of these are valid base64, too.
  for (const text of ["boom", "", "failed!!"]) {
    assertEquals((await deserializeError(text, "DBOS_JSON")).message, text);
  }
  const ofType = await deserializeError(texts.gobError, "DBOS_JSON");
  assertEquals([ofType.name, ofType.message, ofType.code], ["OrderError", "no such order", 7]);
});

Deno.test("java_jackson reads what DBOS for Java writes", async () => {
  const texts = await readVectors("java_jackson.json");
  for (
    const [name, value] of Object.entries({
      null: null,
      scalars: [null, true, 1, -1.5, 1, "text", "c", 2.5],
      longs: [1, 2n ** 53n + 1n, -(2n ** 63n), 123456789012345678901234567890n],
      decimals: ["1.10", "12345678901234567890.5", "7"],
      doubles: [NaN, Infinity, 1e300, 0.1],
      bytes: bytes(0, 127, 255),
      arrays: [[1, 2], ["a", "b"], [[1], [2, 3]], [1, NaN], [1, null]],
      lists: [[1, "java.lang.String"], [], ["a.B", "c"], [1, null]],
      maps: [{ a: 1, b: [2] }, {}, { 1: "one" }, JSON.parse('{"__proto__":1}')],
      sets: [[1, 2], ["a"], ["b"], ["RED"], [1], []].map((items) => new Set<unknown>(items)),
      times: [
        new Date(5),
        new Date("2026-01-02T03:04:05.678Z"),
        new Date("2026-01-02T03:04:05+05:30"),
        "2026-01-02",
        "PT1M30S",
        new Date("2026-01-02T03:04:05+01:00"),
      ],
      others: ["12345678-1234-5678-1234-567812345678", "RED"],
      json: [
        { a: ["b.C", "d"], e: { "@class": 1 } },
        [[1, 1.5, null], ["a.B", "c"]],
        2n ** 53n + 1n,
      ],
      record: {
        number: 7,
        total: 2n ** 53n + 1n,
        note: "n",
        lines: ["x"],
        color: "RED",
        next: { number: 8, total: 1, note: null, lines: null, color: null, next: null },
      },
    })
  ) {
    assertEquals(await deserializeValue(texts[name], "java_jackson"), value, name);
  }
  assertEquals(javaJackson.deserializeArgs(texts.others).length, 2);
  const error = await deserializeError(texts.error, "java_jackson");
  assertEquals([error.name, error.message], ["OrderException", "no such order"]);
  assertEquals((error.cause as Error).name, "IllegalStateException");
  assert(error.stack!.startsWith("app.Main$OrderException: no such order\n    at app.Main.main("));
  for (const text of ["[1,2]", "[", "1.2.3", "", "[".repeat(1e5), '["[I",'.repeat(1e5)]) {
    await assertRejects(
      () => deserializeValue(text, "java_jackson"),
      UnsupportedSerializationError,
      "java_jackson",
    );
  }
  const deep = '["java.util.ArrayList",['.repeat(10_000) + "]]".repeat(10_000);
  await assertRejects(() => deserializeValue(deep, "java_jackson"), UnsupportedSerializationError);
});

Deno.test("rust_serde reads the values that DBOS for Rust writes", async () => {
  const texts = await readVectors("rust_serde.json");
  const order = {
    number: -(2n ** 63n),
    total: 2n ** 128n - 1n,
    lines: ["a", 'ä"\\😀\0'],
    note: null,
    bytes: [0, 255],
    took: { secs: 1, nanos: 500_000_000 },
    colors: ["Red", { Rgb: [255, 0, 0] }, { Named: { name: "red" } }],
    next: null,
  };
  const next = { ...order, number: 7, total: 1, lines: [], note: "n", bytes: [], colors: [] };
  for (
    const [name, value] of Object.entries({
      unit: null,
      scalars: [true, 7, 1.5, 1, "text", "c", null],
      integers: [2n ** 64n - 1n, -(2n ** 63n), -(2n ** 127n), 2n ** 128n - 1n, 2n ** 53n + 1n],
      floats: [-0, 1e300, 5e-324, 1e21, 0.1, null, null],
      order: { ...next, took: { secs: 0, nanos: 0 }, next: order },
      map: JSON.parse('{"__proto__":1,"a":2}'),
      tuple: [1, "two", [3]],
    })
  ) {
    assertEquals(await deserializeValue(texts[name], "rust_serde"), value, name);
    // The one argument of a workflow may be a tuple, or nothing.
    assertEquals(rustSerde.deserializeArgs(texts[name]), value === null ? [] : [value], name);
  }
  for (const text of ["[1,", "", "Red", "[".repeat(1e5), "1e"]) {
    await assertRejects(
      () => deserializeValue(text, "rust_serde"),
      UnsupportedSerializationError,
      "rust_serde",
    );
  }
});

Deno.test("an error of Rust is read in both formats that it is recorded as", async () => {
  const texts = await readVectors("rust_serde.json");
  const limits = [1, 2n ** 64n - 1n];
  for (
    const [vector, name, message, code, data] of [
      ["unitVariant", "CardDeclined", "CardDeclined"],
      ["newtypeVariant", "OutOfStock", "no more pens"],
      ["numberVariant", "Http", "404"],
      ["tupleVariant", "Limits", "[object]", undefined, limits],
      ["portableVariant", "Rejected", "rejected", "E_CARD", { tries: 3 }],
      ["structVariant", "NoSuchOrder", "no such order", undefined, {
        message: "no such order",
        order: 2n ** 64n - 1n,
      }],
      ["struct", "Error", "no such order", 7, { message: "no such order", code: 7, order: 8 }],
      ["unitStruct", "Error", ""],
      ["newtypeStruct", "Error", "It broke."],
      ["config", "Config", "no database"],
      ["argument", "InvalidArgument", "no workflows", undefined, {
        operation: "fork",
        detail: "no workflows",
      }],
      ["child", "AwaitedWorkflowCancelled", '{"workflow_id":"child"}', undefined, {
        workflow_id: "child",
      }],
      ["step", "StepFailed", "out of paper", undefined, {
        step: "charge",
        message: "out of paper",
      }],
      ["retries", "MaxStepRetriesExceeded", JSON.parse(texts.retries).MaxStepRetriesExceeded],
    ] as const
  ) {
    for (const serialization of ["rust_serde", "portable_json"]) {
      const error = await deserializeError(texts[vector], serialization);
      const what = `${vector} as ${serialization}`;
      const isText = typeof message === "string";
      assertInstanceOf(error, WorkflowError, what);
      assertEquals([error.name, error.code], [name, code], what);
      assertEquals(error.message, isText ? message : JSON.stringify(message), what);
      assertEquals<unknown>(error.data, isText ? data : message, what);
    }
  }
});

Deno.test("portable JSON that looks like an error of Rust is read as what it is", async () => {
  for (const value of [{ Application: 1 }, { Name: "x", Message: "y" }, { Äpfel: [1] }]) {
    assertEquals(await deserializeValue(JSON.stringify(value), "portable_json"), value);
  }
  const stored = { Name: "OrderError", message: "no such order", code: 7 };
  const error = await deserializeError(JSON.stringify(stored), "portable_json");
  assertEquals([error.name, error.message, error.code], ["Error", "no such order", 7]);
});

Deno.test("a value without a format is read as one of an old TypeScript worker", async () => {
  const stored = [
    { dbos_type: "dbos_Date", dbos_data: at.toISOString() },
    { dbos_type: "dbos_BigInt", dbos_data: "12345678901234567890" },
    { type: "Buffer", data: [0, 255] },
    { nested: ["report.pdf", 7] },
  ];
  const value = [at, 12345678901234567890n, bytes(0, 255), { nested: ["report.pdf", 7] }];
  for (const serialization of [null, ""]) {
    assertEquals(await deserializeValue(JSON.stringify(stored), serialization), value);
    assertEquals(await deserializeValue("7", serialization), 7);
  }
  const text = JSON.stringify({ name: "OrderError", message: "gone", stack: "here", code: 7 });
  const error = await deserializeError(text, null);
  assertEquals([error.name, error.message, error.stack, error.code], [
    "OrderError",
    "gone",
    "here",
    7,
  ]);
});

Deno.test("a value without a format is read as one of an old Python or Go worker", async () => {
  const pickles = Object.values((await readVectors("pickles.json")) as string[][]).flat();
  // Earlier protocols have no marker, and no worker writes them.
  for (const text of pickles.filter((text) => text?.startsWith("gA"))) {
    assertEquals(await deserializeValue(text, null), await deserializeValue(text, "py_pickle"));
  }
  const { gobError, plainError, ...values } = await readVectors("go_json.json");
  for (const text of Object.values<string>(values)) {
    assertEquals(await deserializeValue(text, ""), await deserializeValue(text, "DBOS_JSON"));
  }
  for (const text of [gobError, plainError]) {
    const { name, message } = await deserializeError(text, "DBOS_JSON");
    const error = await deserializeError(text, null);
    assertEquals([error.name, error.message], [name, message]);
  }
});

Deno.test("a value without a format is rejected if it may be of another worker", async () => {
  const java = await readVectors("java_jackson.json");
  const { gobError } = await readVectors("go_json.json");
  const foreign = ["scalars", "longs", "bytes", "maps", "record"].map((name) => java[name]);
  foreign.push(gobError, '{"py/tuple":[1]}', "not JSON", "");
  for (const text of foreign) {
    for (const serialization of [null, ""]) {
      const error = await assertRejects(
        () => deserializeValue(text, serialization),
        UnsupportedSerializationError,
        "no serialization format is recorded with it",
      );
      assertEquals(error.serialization, null);
    }
  }
});

/** A deterministic generator of random numbers. */
function createRandom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor(state / 2 ** 32 * below);
  };
}

Deno.test("readers of native formats return or throw their own error on any input", async () => {
  const random = createRandom(7);
  const pickles = Object.values(await readPickles()).flat().filter((text) => text !== null);
  const byte = () => String.fromCharCode(random(256));
  const operations =
    "(.012pqrtNIJKMLFGSTUVXBC])}lesudabcioR\x80\x81\x85\x86\x87\x88\x8a\x8c\x93\x94";
  for (let round = 0; round < 3_000; round++) {
    let pickle = "";
    if (round % 3 === 0) {
      pickle = Array.from({ length: random(40) }, byte).join("");
    } else if (round % 3 === 1) {
      pickle = Array.from(
        { length: random(60) },
        () => random(4) ? operations[random(operations.length)]! : byte(),
      ).join("") + ".";
    } else {
      const original = atob(pickles[random(pickles.length)]!);
      const position = random(original.length);
      pickle = original.slice(0, position) + byte() + original.slice(position + 1);
    }
    const text = latin1(pickle);
    for (const serialization of ["py_pickle", "DBOS_JSON", "java_jackson", "rust_serde", null]) {
      const isEncoded = serialization === "py_pickle" || serialization === "DBOS_JSON";
      const stored = isEncoded ? text : pickle;
      for (const read of [deserializeValue, deserializeError]) {
        try {
          await read(stored, serialization);
        } catch (error) {
          assertInstanceOf(error, UnsupportedSerializationError, JSON.stringify(pickle));
        }
      }
    }
  }
});

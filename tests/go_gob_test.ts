import { assert, assertEquals, assertInstanceOf, assertRejects, assertThrows } from "@std/assert";
import { UnsupportedSerializationError, WorkflowError } from "../mod.ts";
import { isGob, readGob } from "../src/serialization/go/go_gob.ts";
import { deserializeError } from "./support/deserialize_error.ts";

/** Errors as Go workers store them, written by make_gobs.go. */
const stored: Record<string, string> = JSON.parse(
  await Deno.readTextFile(new URL("vectors/gobs.json", import.meta.url)),
);

async function readError(name: string): Promise<WorkflowError> {
  return await deserializeError(stored[name]!, "DBOS_JSON");
}

async function assertError(
  vector: string,
  name: string,
  message: string,
  { code, data }: { code?: unknown; data?: unknown } = {},
): Promise<void> {
  const error = await readError(vector);
  assertInstanceOf(error, WorkflowError);
  assertEquals([error.name, error.message, error.code, error.data], [name, message, code, data]);
}

function bytesOf(vector: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(stored[vector]!), (char) => char.charCodeAt(0));
}

Deno.test("a Go error that is not stored as a gob keeps its message", async () => {
  await assertError("new", "Error", "no such order");
  await assertError("wrapped", "Error", "cannot ship: order: no such order (7)");
  await assertError("joined", "Error", "order: no such order (7)\nand more");
  await assertError("unregistered", "Error", "not registered");
  await assertError("noFields", "Error", "no exported fields");
  await assertError("unencodable", "Error", "everything");
  // Most of these are valid base64, too.
  for (const text of ["", "boom", "failed!!", "timeoutx", "forbidden", "MBAA", "a".repeat(1e7)]) {
    assertEquals((await deserializeError(text, "DBOS_JSON")).message, text);
  }
});

Deno.test("an error of a Go type has the name of the type and its fields", async () => {
  const message = "no such order";
  const order = { Message: message, Code: 7 };
  await assertError("order", "OrderError", message, { code: 7, data: order });
  await assertError("wrapping", "OrderError", message, { code: 7, data: order });
  await assertError("zero", "OrderError", "", { data: {} });
  await assertError("value", "ValueError", "is none", { data: { Field: "email", Msg: "is none" } });
  await assertError("reason", "Reason", "out of paper");
  await assertError("number", "Number", "-7");
  await assertError("reasons", "Reasons", "one, two", { data: ["one", "two"] });
  await assertError("generic", "Of", "Subject: [object]", { data: { Subject: { X: 1, Y: 2 } } });
  await assertError("chain", "Link", "Number: 2, Next: [object]", {
    data: { Number: 2, Next: { Number: 1, Next: {} } },
  });
  assertEquals((await readError("long")).message, "long ".repeat(100));
});

Deno.test("an error of DBOS for Go is read as Go writes it in the portable format", async () => {
  const message = "out of paper";
  await assertError("portable", "CustomError", message, { code: "E_PAPER", data: { tray: 2 } });
  await assertError("portablePlain", "CustomError", message);
  await assertError("portableNoName", "Error", message, { code: 400 });
  await assertError(
    "dbos",
    "MaxStepRetriesExceeded",
    "DBOS Error MaxStepRetriesExceeded: Step pay has exceeded its maximum of 3 retries: no money",
    { code: 13, data: { workflowID: "w", stepName: "pay", maxRetries: 3 } },
  );
  await assertError("dbosCode", "WorkflowIDInUse", "DBOS Error WorkflowIDInUse: ", { code: 23 });
  await assertError(
    "dbosUnknownCode",
    "ErrorCode(999)",
    "DBOS Error ErrorCode(999): from a later release",
    { code: 999 },
  );
});

Deno.test("gobs of all kinds of types are read", async () => {
  const { data } = await readError("everything");
  assertEquals(data, {
    Embedded: { Inside: "inside" },
    Yes: true,
    Small: -128,
    Ints: [
      ...[0, 1, -1, 63, 64, -64, -65, 2 ** 31, 2 ** 53 - 1],
      ...[2n ** 53n, 2n ** 63n - 1n, -(2n ** 63n)],
    ],
    Uints: [127, 128, 255, 256, 2n ** 64n - 1n],
    Floats: [
      ...[0, 1, -1.5, 17, 0.1, Infinity, -Infinity, NaN],
      ...[Number.MAX_VALUE, Number.MIN_VALUE],
    ],
    Float: 0.5,
    Complex: { real: 1, imaginary: -2 },
    Texts: ["", "ä€😀", "\ufeffmark", "no UTF-8: \ufffd", "x".repeat(300)],
    Bytes: Uint8Array.of(0, 127, 128, 255),
    Array: [1, 0, 3],
    ByNumber: new Map([[7, "seven"]]),
    ByText: JSON.parse('{"__proto__":{"X":1,"Y":2}}'),
    ByPoint: new Map([[{ X: 1 }, true]]),
    Any: [
      ...[1, "text", null, 1.5, true, Uint8Array.of(1), { X: 3 }, {}, [{ X: 4, Y: 5 }], ["a"]],
      { nested: { deeper: "why", point: { X: 6, Y: 7 } } },
    ],
    Cause: { Message: "cause" },
    At: new Date("2026-01-01T22:04:05.678Z"),
    Wait: 1e9,
    Big: Uint8Array.of(3, 1, 2),
    Address: Uint8Array.of(192, 0, 2, 1),
    Points: [{ X: 1, Y: 2 }],
    Grid: [[{ X: 1, Y: 2 }], []],
    Pointer: 7,
    Empty: {},
    Interface: { a: { Field: "email", Msg: "is none" } },
  });
});

/** The encoding of an unsigned integer in a gob. */
function uint(value: number | bigint): number[] {
  const bytes: number[] = [];
  for (let rest = BigInt(value); rest > 0n; rest >>= 8n) bytes.unshift(Number(rest & 255n));
  return value < 128 ? [Number(value)] : [256 - bytes.length, ...bytes];
}

/** The encoding of a signed integer in a gob. */
function int(value: number): number[] {
  return uint(value < 0 ? -value * 2 - 1 : value * 2);
}

function text(value: string): number[] {
  return [...uint(value.length), ...new TextEncoder().encode(value)];
}

function message(...parts: number[][]): number[] {
  const bytes = parts.flat();
  return uint(bytes.length).concat(bytes);
}

// Marks a value of a registered type, with the name of the type.
const registered = [...int(8), 0, ...text("T")];

/** A gob with the definition of a type and one value of it. */
function gobOf(definition: number[], value: number[], id = 64): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(
    message(registered, int(-id), definition).concat(message(int(id), uint(value.length), value)),
  );
}

const sliceOf = (id: number) => [2, 2, ...int(id), 0, 0];
const arrayOf = (id: number) => [1, 2, ...int(id), 0, 0];
const mapOf = (key: number, value: number) => [4, 2, ...int(key), 1, ...int(value), 0, 0];

function structOf(...fields: [name: string, id: number][]): number[] {
  const list = fields.flatMap(([name, id]) => [1, ...text(name), 1, ...int(id), 0]);
  return [3, 2, ...uint(fields.length), ...list, 0, 0];
}

const [bool, string, anyInterface] = [1, 6, 8];

async function assertRefused(bytes: Uint8Array<ArrayBuffer>, reason: string): Promise<void> {
  assertThrows(() => readGob(bytes), Error, reason);
  const error = await assertRejects(
    () => deserializeError(bytes.toBase64(), "DBOS_JSON"),
    UnsupportedSerializationError,
    reason,
  );
  assertEquals(error.serialization, "DBOS_JSON");
}

Deno.test("a gob that the tests encode is read like one of Go", () => {
  assertEquals(readGob(gobOf(sliceOf(bool), [0, 2, 1, 0])).value, [true, false]);
  assertEquals(readGob(gobOf(arrayOf(string), [0, 1, ...text("a")])).value, ["a"]);
  assertEquals(readGob(gobOf(mapOf(string, bool), [0, 1, ...text("a"), 1])).value, { a: true });
  assertEquals(readGob(gobOf(structOf(["A", bool], ["B", bool]), [2, 1, 0])), {
    typeName: "T",
    value: { B: true },
  });
});

Deno.test("a gob that is truncated or has trailing data is rejected", async () => {
  for (const vector of ["order", "dbos", "everything"]) {
    const bytes = bytesOf(vector);
    for (let length = 0; length < bytes.length; length++) {
      assertThrows(() => readGob(bytes.subarray(0, length)), RangeError, "unexpected end of data");
    }
    await assertRefused(bytes.slice(0, -1), "unexpected end of data");
    await assertRefused(Uint8Array.of(...bytes, 0), "unexpected data after the end");
  }
});

Deno.test("a gob with excessive lengths is rejected", async () => {
  const huge = 2n ** 63n;
  await assertRefused(gobOf(sliceOf(bool), [0, ...uint(huge)]), "unexpected end of data");
  await assertRefused(gobOf(sliceOf(5), [0, 1, ...uint(huge)]), "unexpected end of data");
  await assertRefused(gobOf(sliceOf(string), [0, 1, ...uint(2 ** 31)]), "unexpected end of data");
  await assertRefused(gobOf(mapOf(string, bool), [0, ...uint(huge)]), "unexpected end of data");
  await assertRefused(gobOf(structOf(["A", bool]), [...uint(huge), 1]), "unknown struct field");
  await assertRefused(gobOf(sliceOf(2), [0, 1, 0xf6, ...uint(huge)]), "more than 64 bits");
  const nextMessage = Uint8Array.from([...message(registered), ...uint(huge)]);
  await assertRefused(nextMessage, "unexpected end of data");
  const longName = "T".repeat(1001);
  const longType = Uint8Array.from(message(int(8), [0], text(longName)));
  await assertRefused(longType, "name is too long");
  await assertRefused(gobOf(structOf([longName, bool]), [1, 1, 0]), "name is too long");
});

Deno.test("a gob that is nested too deep is rejected, even if its type is recursive", async () => {
  await assertRefused(bytesOf("deep"), "nested deeper than 500 levels");
  const levels = 100_000;
  await assertRefused(gobOf(sliceOf(64), [0, ...Array(levels).fill(1)]), "nested deeper");
  await assertRefused(gobOf(arrayOf(64), [0, ...Array(levels).fill(1)]), "nested deeper");
  await assertRefused(gobOf(mapOf(64, 64), [0, ...Array(levels).fill(1)]), "nested deeper");
  await assertRefused(gobOf(structOf(["A", 64]), Array(levels).fill(1)), "nested deeper");
  // Each level is a value of any type, which is a list with one value of any type.
  const inner = [...text("T"), ...int(64), 1, 0, 1];
  const nested = [0, 1, ...Array(10_000).fill(inner).flat()];
  await assertRefused(gobOf(sliceOf(anyInterface), nested), "nested deeper");
  assertEquals(readGob(gobOf(sliceOf(64), [0, 2, 0, 1, 0])).value, [[], [[]]]);
});

Deno.test("a gob with too many items is rejected", async () => {
  const count = 2_000_000;
  for (const [type, element] of [[bool, 1], [string, 0], [anyInterface, 0], [64, 0]] as const) {
    const elements = Array<number>(count).fill(element);
    await assertRefused(
      gobOf(sliceOf(type), [0, ...uint(count)].concat(elements)),
      "more than 1000000 items",
    );
  }
});

Deno.test("a gob with invalid types is rejected", async () => {
  const value = [0, 1, 1];
  await assertRefused(gobOf(sliceOf(65), value), "unknown type ID 65");
  await assertRefused(gobOf([0], [0]), "unknown type ID 64");
  await assertRefused(gobOf(sliceOf(0), value), "unknown type ID 0");
  for (const id of [1, 8, 16, 24, 63]) {
    await assertRefused(gobOf(sliceOf(bool), value, id), `invalid or duplicate type ID ${id}`);
  }
  const twice = [...sliceOf(bool), 1, ...int(-64), ...sliceOf(bool)];
  await assertRefused(gobOf(twice, value), "invalid or duplicate type ID 64");
  await assertRefused(gobOf([9, 0], value), "unknown struct field");
  await assertRefused(gobOf(sliceOf(bool), [1, 1, 1]), "field outside of a struct");
  for (const bytes of [message(int(8), [0, 0]), message(int(string), [0], text("a"))]) {
    assertThrows(() => readGob(Uint8Array.from(bytes)), TypeError);
  }
});

Deno.test("a corrupt gob is read as some error or rejected", async () => {
  let state = 7;
  function random(below: number): number {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor(state / 2 ** 32 * below);
  }
  const originals = Object.keys(stored).map((name) => {
    try {
      return bytesOf(name);
    } catch {
      return new Uint8Array();
    }
  }).filter(isGob);
  assert(originals.length > 10);
  for (let round = 0; round < 5_000; round++) {
    const bytes = originals[random(originals.length)]!.slice();
    for (let i = random(4); i >= 0; i--) bytes[random(bytes.length)] = random(256);
    try {
      assertInstanceOf(await deserializeError(bytes.toBase64(), "DBOS_JSON"), WorkflowError);
    } catch (error) {
      assertInstanceOf(error, UnsupportedSerializationError, bytes.toBase64());
    }
  }
});

import { assert, assertEquals, assertInstanceOf, assertRejects, assertThrows } from "@std/assert";
import {
  DBOSJSON,
  DBOSPortableJSON,
  serializeArgs,
  serializeResError,
  // deno-lint-ignore no-import-prefix -- the import maps of the tests have no subpaths of packages
} from "npm:@dbos-inc/dbos-sdk@5.3.0/internal/serialization";
import { Buffer } from "node:buffer";
import { UnsupportedSerializationError, WorkflowError } from "../mod.ts";
import { deserializeValue } from "../src/serialization/read.ts";
import { deserializeError } from "./support/deserialize_error.ts";
import { portableJsonReader } from "../src/serialization/read_portable_json.ts";
import { superjsonReader } from "../src/serialization/read_superjson.ts";
import { portableJsonWriter } from "../src/serialization/write_portable_json.ts";
import { superjsonWriter } from "../src/serialization/write_superjson.ts";

const date = new Date("2026-01-02T03:04:05.678Z");

class Money {
  constructor(readonly cents: number) {}
  toJSON(): string {
    return `${this.cents / 100} EUR`;
  }
}

const portableValues: Record<string, unknown> = {
  text: 'ä 😀 \0 "quoted" \\ \\ud800',
  numbers: [0, -0, 1.5, 1e21],
  undefined: undefined,
  null: null,
  undefinedInside: [undefined, { a: undefined }],
  date,
  bigint: -12345678901234567890n,
  map: new Map<string, unknown>([["a", 1], ["b", new Map([["c", 2n]])]]),
  set: new Set([1, "two", date, new Set([3n])]),
  error: Object.assign(new RangeError("too much"), { code: 7 }),
  toJSON: new Money(150),
  nested: { list: [date, { map: new Map([["at", date]]), error: new Error("inside") }, [1n]] },
};

const superjsonValues: Record<string, unknown> = {
  undefined: undefined,
  null: null,
  text: 'ä 😀 \0 \ud800 "quoted" \\ a.b',
  numbers: [0, -0, NaN, Infinity, -Infinity],
  date,
  bigint: 2n ** 70n,
  map: new Map<unknown, unknown>([[1, "one"], [date, new Map([["a", 1n]])]]),
  set: new Set([1, undefined, date]),
  regexp: /a\/b/gi,
  url: new URL("https://example.com/?a=b"),
  bytes: new Uint8Array([0, 127, 255]),
  nested: { list: [undefined, { date, many: 1n }] },
};

Deno.test("portable_json writes the same text as the DBOS SDK", async () => {
  for (const [name, value] of Object.entries(portableValues)) {
    assertEquals(portableJsonWriter.serializeValue(value), DBOSPortableJSON.stringify(value), name);
  }
  const args = Object.values(portableValues);
  for (const namedArgs of [undefined, { at: date, many: 2n }]) {
    const { serializedValue } = await serializeArgs(args, namedArgs, DBOSJSON, "portable");
    const text = portableJsonWriter.serializeArgs(args, namedArgs);
    assertEquals(text, serializedValue);
    assertEquals(
      portableJsonReader.deserializeArgs(text),
      JSON.parse(JSON.stringify(text && JSON.parse(text).positionalArgs)),
    );
  }
  assertEquals(portableJsonReader.deserializeArgs("{}"), []);
});

Deno.test("a value that Go before 1.8 labels as portable_json is read correctly", async () => {
  for (const value of [null, [1], { a: [] }, "text", true, -7.5]) {
    const json = JSON.stringify(value);
    assertEquals(portableJsonReader.deserializeArgs(json), [value]);
    assertEquals(await deserializeValue(btoa(json), "portable_json"), value);
  }
  assertEquals(await deserializeValue("__DBOS_NIL", "portable_json"), null);
});

Deno.test("portable_json throws on values that JSON cannot represent", () => {
  const cycle: Record<string, unknown> = {};
  cycle.list = [cycle];
  for (
    const [value, message] of [
      [() => {}, "a function"],
      [{ list: [Symbol("mark")] }, "a symbol"],
      [class {}, "a function"],
      [new Map([[7, "seven"]]), "expected string keys, found type number"],
      [cycle, "it has a circular reference"],
    ] as const
  ) {
    assertThrows(() => portableJsonWriter.serializeValue(value), TypeError, message);
    assertThrows(() => portableJsonWriter.serializeArgs([value]), TypeError, message);
    assertThrows(() => portableJsonWriter.serializeArgs([], { value }), TypeError, message);
  }
});

Deno.test("portable_json reads the errors that the DBOS SDK writes", async () => {
  const error = Object.assign(new Error("no such order"), {
    name: "OrderError",
    code: "E7",
    data: { order: 7 },
  });
  const { serializedValue } = await serializeResError(error, DBOSJSON, "portable");
  const read = await deserializeError(serializedValue!, "portable_json");
  assertInstanceOf(read, WorkflowError);
  assertEquals([read.name, read.message, read.code, read.data], [
    "OrderError",
    "no such order",
    "E7",
    { order: 7 },
  ]);

  const bare = await serializeResError(new Error("bare"), DBOSJSON, "portable");
  const readBare = await deserializeError(bare.serializedValue!, "portable_json");
  assertEquals([readBare.name, readBare.message], ["Error", "bare"]);
  assert(!("code" in readBare) || readBare.code === undefined);
  assertEquals((await deserializeError('"just text"', "portable_json")).message, "just text");
});

Deno.test("js_superjson and the DBOS SDK read what the other writes", async () => {
  for (const [name, value] of Object.entries(superjsonValues)) {
    assertEquals(DBOSJSON.parse(superjsonWriter.serializeValue(value)), value, name);
    const text = DBOSJSON.stringify(value) as string;
    assertEquals(await deserializeValue(text, "js_superjson"), value, name);
  }
  const args = Object.values(superjsonValues);
  assertEquals(DBOSJSON.parse(superjsonWriter.serializeArgs(args)), args);
  assertEquals(superjsonReader.deserializeArgs(DBOSJSON.stringify(args) as string), args);
  assertThrows(() => superjsonWriter.serializeArgs([], { a: 1 }), TypeError, "namedArgs");
});

Deno.test("js_superjson preserves values under keys with dots and backslashes", async () => {
  const shared = { date };
  const value = {
    list: [{ "a.b": date, "c\\d": 1n, "\\.e": { "f\\": new Set([1]) } }],
    "g\\h": shared,
    "i.j": shared,
  };
  const text = superjsonWriter.serializeValue(value);
  assertEquals(DBOSJSON.parse(text), value);
  assertEquals(await deserializeValue(text, "js_superjson"), value);
});

Deno.test("js_superjson throws on keys that could change a prototype", () => {
  for (const key of ["__proto__", "constructor", "prototype"]) {
    const value = JSON.parse(`{"inside":[{"${key}":1}]}`);
    const reason = "a key is __proto__, constructor or prototype";
    assertThrows(() => superjsonWriter.serializeValue(value), TypeError, reason);
    assertThrows(() => superjsonWriter.serializeArgs([value]), TypeError, reason);
  }
});

Deno.test("js_superjson preserves shared references and cycles", async () => {
  const shared = { at: date };
  const value = { first: shared, second: [shared], self: undefined as unknown };
  value.self = value;
  for (
    const read of [
      DBOSJSON.parse(superjsonWriter.serializeValue(value)),
      await deserializeValue(DBOSJSON.stringify(value) as string, "js_superjson"),
    ] as (typeof value)[]
  ) {
    assert(read.first === read.second[0]);
    assert(read.self === read);
    assertEquals(read.first, shared);
  }
});

Deno.test("js_superjson writes a Buffer, and reads it as a Uint8Array", async () => {
  const buffer = Buffer.from("bytes ä");
  assertEquals(DBOSJSON.parse(superjsonWriter.serializeValue({ buffer })), { buffer });
  const read = await deserializeValue(DBOSJSON.stringify([buffer]) as string, "js_superjson");
  assertEquals(read, [new Uint8Array(buffer)]);
});

Deno.test("js_superjson reads the errors that the DBOS SDK writes", async () => {
  const cause = Object.assign(new TypeError("the cause"), { cause: "the cause of the cause" });
  const error = Object.assign(new Error("no such order", { cause }), {
    name: "OrderError",
    code: 7,
    data: { at: date },
    orderID: "o-7",
  });
  const { serializedValue } = await serializeResError(error, DBOSJSON, "native");
  const read = await deserializeError(serializedValue!, "js_superjson");
  assertInstanceOf(read, WorkflowError);
  assertEquals([read.name, read.message, read.code], ["OrderError", "no such order", 7]);
  assertEquals(read.stack, error.stack);
  assertEquals((read as unknown as typeof error).orderID, "o-7");
  assertInstanceOf(read.cause, WorkflowError);
  assertEquals([read.cause.name, read.cause.message], ["TypeError", "the cause"]);
  assertEquals(read.cause.cause, "the cause of the cause");

  const several = new AggregateError([new TypeError("one"), new Error("two")], "several");
  const text = (await serializeResError(several, DBOSJSON, "native")).serializedValue!;
  const readSeveral = await deserializeError(text, "js_superjson") as unknown as AggregateError;
  assertEquals([readSeveral.name, readSeveral.message], ["AggregateError", "several"]);
  assertEquals(readSeveral.errors.map(({ name, message }) => [name, message]), [
    ["TypeError", "one"],
    ["Error", "two"],
  ]);

  const thrownText = DBOSJSON.stringify("just text") as string;
  assertEquals((await deserializeError(thrownText, "js_superjson")).message, "just text");
});

Deno.test("deserializeValue() throws on js_superjson without its marker", async () => {
  for (const text of ['{"json":{"a":1}}', '{"a":1}', "[1]", "7", "null"]) {
    const message = 'expected __dbos_serializer to be "superjson"';
    for (const read of [deserializeValue, deserializeError]) {
      const error = await assertRejects(
        () => read(text, "js_superjson"),
        UnsupportedSerializationError,
        message,
      );
      assertInstanceOf(error.cause, TypeError);
    }
  }
});

Deno.test("deserializeValue() recognises a value without a format, or rejects it", async () => {
  const marked = DBOSJSON.stringify({ at: date }) as string;
  for (const serialization of [null, ""]) {
    assertEquals(await deserializeValue(marked, serialization), { at: date });
    for (const text of ['{"@class":"app.Order"}', "not JSON", ""]) {
      const error = await assertRejects(
        () => deserializeValue(text, serialization),
        UnsupportedSerializationError,
        "no serialization format is recorded with it",
      );
      assertEquals(error.serialization, null);
    }
  }
  assertEquals(await deserializeValue(null, null), null);
  assertEquals(await deserializeValue(null, "abacus"), null);
  const error = await assertRejects(
    () => deserializeValue("x", "DBOS_GOB"),
    UnsupportedSerializationError,
    "unknown serialization format DBOS_GOB",
  );
  assertEquals(error.serialization, "DBOS_GOB");
});

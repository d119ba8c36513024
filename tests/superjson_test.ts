import { assertEquals } from "@std/assert";
// deno-lint-ignore no-import-prefix -- the import maps of the tests have no subpaths of packages
import { DBOSJSON } from "npm:@dbos-inc/dbos-sdk@5.3.0/internal/serialization";
import fc, { type Arbitrary } from "fast-check";
import { Buffer } from "node:buffer";
import SuperJSON from "superjson";
import { deserializeValue } from "../src/serialization/read.ts";
import { describeGraph } from "./support/value_graph.ts";

type Kind = "array" | "object" | "map" | "set" | "error" | "leaf";

/** An object of a value: what it contains are primitives, or the objects with these indexes. */
interface Part {
  kind: Kind;
  leaf: unknown;
  contents: { key: string; primitive: unknown; index: number | null }[];
}

const primitive = fc.oneof(
  fc.constantFrom<unknown>(undefined, null, true, NaN, -0, 0, Infinity, -Infinity, 1.5, 2 ** 53),
  fc.bigInt(),
  fc.integer(),
  fc.string({ unit: "binary" }),
);
const leaf = fc.oneof(
  fc.date({ noInvalidDate: true }),
  fc.constantFrom<unknown>(/a\/b/gi, /[/\]]/u, new URL("https://example.com/?a=b#c")),
  fc.uint8Array({ maxLength: 5 }),
  fc.float32Array({ maxLength: 5, noNaN: true, noDefaultInfinity: true }),
  fc.uint8Array({ maxLength: 5 }).map((bytes) => Buffer.from(bytes)),
);

function parts(kinds: Kind[], keys: string[]): Arbitrary<Part[]> {
  const contents = fc.array(
    fc.record({
      key: fc.constantFrom(...keys),
      primitive,
      index: fc.option(fc.nat({ max: 6 }), { freq: 3 }),
    }),
    { maxLength: 3 },
  );
  const part = fc.record({ kind: fc.constantFrom(...kinds), leaf, contents });
  return fc.array(part, { minLength: 1, maxLength: 7 });
}

function create({ kind, leaf }: Part): unknown {
  switch (kind) {
    case "array":
      return [];
    case "object":
      return {};
    case "map":
      return new Map();
    case "set":
      return new Set();
    case "error":
      return new RangeError("too much");
    default:
      return leaf;
  }
}

/** Builds the value. Without cycles, an object contains only those after it. */
function build(parts: Part[], { isCyclic = false, hasObjectKeys = false } = {}): unknown {
  const objects = parts.map(create);
  parts.forEach(({ contents }, i) => {
    const object = objects[i];
    for (const { key, primitive, index } of contents) {
      const isAllowed = index !== null && index < objects.length && (isCyclic || index > i);
      const value = isAllowed ? objects[index] : primitive;
      if (Array.isArray(object)) object.push(value);
      else if (object instanceof Set) object.add(value);
      else if (object instanceof Map) object.set(hasObjectKeys ? value : key, value);
      else if (object?.constructor === Object) (object as Record<string, unknown>)[key] = value;
    }
  });
  return objects[0];
}

const plainKeys = ["a", "b", "0", "1", "", "then", "toString", "length", "size", "json", "ä 😀"];
const oddKeys = [...plainKeys, "a.b", "0.0", "c\\", "\\.", "\\\\d", ".", "e\\.f"];
const allKinds: Kind[] = ["array", "object", "map", "set", "error", "leaf"];
const runs = { numRuns: 1_000, seed: 1 };

function stringifyNewest(value: unknown): string {
  const superjson = new SuperJSON();
  superjson.registerCustom<Buffer, number[]>({
    isApplicable: (value): value is Buffer => Buffer.isBuffer(value),
    serialize: (bytes) => [...bytes],
    deserialize: (bytes) => Buffer.from(bytes),
  }, "Buffer");
  return JSON.stringify({ ...superjson.serialize(value), __dbos_serializer: "superjson" });
}

function sdkReads(text: string): unknown {
  return DBOSJSON.parse(text);
}

Deno.test("js_superjson reads what the DBOS SDK writes as the SDK reads it", async () => {
  const values = parts(allKinds, plainKeys).map((parts) => build(parts));
  await fc.assert(
    fc.asyncProperty(values, async (value) => {
      const text = DBOSJSON.stringify(value) as string;
      const read = await deserializeValue(text, "js_superjson");
      assertEquals(describeGraph(read), describeGraph(sdkReads(text)));
    }),
    runs,
  );
});

Deno.test("js_superjson reads all values of the newest superjson, with cycles and any keys", async () => {
  const values = parts(allKinds, oddKeys)
    .map((parts) => build(parts, { isCyclic: true, hasObjectKeys: true }));
  await fc.assert(
    fc.asyncProperty(values, async (value) => {
      const read = await deserializeValue(stringifyNewest(value), "js_superjson");
      assertEquals(describeGraph(read), describeGraph(value));
    }),
    runs,
  );
});

Deno.test("js_superjson reads errors of the newest superjson with their causes", async () => {
  const shared = { at: new Date(5) };
  const error = Object.assign(new Error("outer", { cause: { shared } }), { name: "OrderError" });
  const value = { error, shared };
  const read = await deserializeValue(stringifyNewest(value), "js_superjson");
  assertEquals(describeGraph(read), describeGraph(value));
});

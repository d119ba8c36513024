/** Values as workers of all languages store them, and what is likely to confuse their readers. */

import { DBOSJSON, DBOSPortableJSON, serializeResError } from // deno-lint-ignore no-import-prefix -- the import maps of the tests have no subpaths of packages
"npm:@dbos-inc/dbos-sdk@5.3.0/internal/serialization";
import { Buffer } from "node:buffer";

/** A stored text, the name of its format, and how it is encoded. */
export interface StoredValue {
  serialization: string | null;
  text: string;
  encoding: "json" | "base64" | "json in base64";
}

const vectors = new URL("../vectors/", import.meta.url);

async function readVectors(name: string): Promise<string[]> {
  const values = JSON.parse(await Deno.readTextFile(new URL(name, vectors)));
  return Object.values<string | string[]>(values).flat().filter((text) => text !== null);
}

const date = new Date("2026-01-02T03:04:05.678Z");
const shared: Record<string, unknown> = { date, list: [1, 2n] };
const cycle: Record<string, unknown> = { shared };
cycle.self = cycle;

const portableValues: unknown[] = [
  null,
  7,
  "text",
  { then: 1, toString: "x", constructor: { name: "y" } },
  [shared, { shared, again: [shared] }],
];
const values: unknown[] = [
  ...portableValues,
  { map: new Map<unknown, unknown>([["a", 1], [shared, new Set([shared, date])]]) },
  [new Set([1, undefined, date]), /a\/b/gi, new URL("https://example.com/?a=b")],
  [NaN, -0, Infinity, -Infinity, 2n ** 70n, undefined],
  [new Uint8Array([0, 255]), new Float64Array([0.5]), Buffer.from("bytes")],
  { nested: { error: new RangeError("too much"), list: [[[{ date }]]] } },
  cycle,
];
const error = Object.assign(new Error("no such order", { cause: new TypeError("the cause") }), {
  name: "OrderError",
  code: 7,
  data: { at: date },
});
const several = new AggregateError([error, new Error("two")], "several");

async function serializeErrors(format: "native" | "portable"): Promise<string[]> {
  const stored = await Promise.all(
    [error, several].map((error) => serializeResError(error, DBOSJSON, format)),
  );
  return stored.map(({ serializedValue }) => serializedValue!);
}

const legacy = [
  { dbos_type: "dbos_Date", dbos_data: date.toISOString() },
  { dbos_type: "dbos_BigInt", dbos_data: "12345678901234567890" },
  { type: "Buffer", data: [0, 255] },
  { name: "OrderError", message: "gone", stack: "here", code: 7, cause: { message: "why" } },
].map((value) => JSON.stringify({ value, ...value }));

function store(
  serialization: string | null,
  encoding: StoredValue["encoding"],
  texts: readonly string[],
): StoredValue[] {
  return texts.map((text) => ({ serialization, encoding, text }));
}

/** The values, by their format. */
export const storedValues: readonly StoredValue[][] = [
  store("portable_json", "json", [
    ...portableValues.map((value) => DBOSPortableJSON.stringify(value)!),
    ...await serializeErrors("portable"),
    '{"positionalArgs":[1,{"a":[]}],"namedArgs":{"b":2}}',
  ]),
  store("js_superjson", "json", [
    ...[...values, values].map((value) => DBOSJSON.stringify(value) as string),
    ...await serializeErrors("native"),
  ]),
  store("py_pickle", "base64", await readVectors("pickles.json")),
  [
    ...store("DBOS_JSON", "json in base64", await readVectors("go_json.json")),
    ...store("DBOS_JSON", "base64", await readVectors("gobs.json")),
  ],
  store("java_jackson", "json", await readVectors("java_jackson.json")),
  store("rust_serde", "json", await readVectors("rust_serde.json")),
  store(null, "json", legacy),
];

/** Pieces of JSON, many of which mean something in one of the formats. */
export const jsonTokens: readonly string[] = [
  ...["null", "true", "0", "-1", "3e8", "1e999999999", "-0", "9".repeat(400), "0.1", "[]", "{}"],
  ...['"then"', '"__proto__"', '"constructor"', '"prototype"', '"toString"', '"valueOf"'],
  ...['"length"', '"message"', '"name"', '"stack"', '"cause"', '"errors"', '"json"', '"meta"'],
  ...['{"then":{"then":1}}', '{"__proto__":{"then":1}}', '{"length":3e8}', '{"toString":1}'],
  ...['["bigint"]', '["Date"]', '["set"]', '["map"]', '["Error"]', '["regexp"]', '["URL"]'],
  ...['["number"]', '["undefined"]', '[["custom","Buffer"]]', '[["typed-array","Uint8Array"]]'],
  ...['[["class","a"]]', '[["symbol","a"]]', '[["custom","DBOS.WorkflowHandle"]]'],
  ...['"a.b"', '"0.0"', '"toString.constructor"', '"\\\\"', '"."', '{"v":1}', '"Infinity"'],
  ...['{"toString":["then"]}', '{"":["a"]}', '[["a"],{"a":["b"]}]', '{"@class":"a.B"}', '"@class"'],
  ...[
    '["[B","AH//"]',
    '["[I",[1]]',
    '["java.math.BigDecimal",1e999999999]',
    '["java.util.Date",1]',
  ],
  ...['["java.util.HashSet",[1]]', '{"dbos_type":"dbos_Date","dbos_data":{}}', '{"type":"Buffer"}'],
  ...['{"Application":{"A":{"message":{}}}}', '"Application"', '{"StepFailed":null}', '{"A":[]}'],
  ...['{"dbos_type":"dbos_BigInt","dbos_data":"1e9"}', '{"positionalArgs":{}}', '"py/object"'],
  ...["[".repeat(50) + "]".repeat(50), '"\\ud800"', '"\\u0000"'],
];

/** Pieces of pickles and gobs. */
export const binaryTokens: readonly string[] = [
  ..."(.012pqrtNIJKMLFGSTUVXBC])}lesudabcioR\x80\x81\x85\x86\x87\x88\x8a\x8c\x92\x93\x94\x95",
  ...["cbuiltins\ngetattr\n", "cos\nsystem\n", "ccopyreg\n_reconstructor\n", "ca\nb\n)R"],
  ...["cdatetime\ndatetime\n", "cuuid\nUUID\n", "cbuiltins\nset\n", "cbuiltins\nException\n"],
  ...["ccollections\nOrderedDict\n", "ccollections\ndefaultdict\n", "ccollections\nCounter\n"],
  ...["X\x09\0\0\0__proto__", "X\x04\0\0\0then", "X\x08\0\0\0toString", "X\x07\0\0\0message"],
  ...["X\xff\xff\xff\xff", "\x8a\xff", "\x95\xff\xff\xff\xff\xff\xff\xff\x7f", "I999999999999\n"],
  ...["\x94h\0", "h\0", "q\0", "}(", "u", "]h\0a", "\x85R", "}q\0(h\0h\0u", "\0", "\x01", "\xff"],
  ...["\xf8\xff\xff\xff\xff\xff\xff\xff\xff", "\x7f\x03\x01\x01", "\x05int\x04\x02", "\x10\0"],
];

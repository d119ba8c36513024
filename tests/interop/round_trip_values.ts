/** Generates values of all kinds that a format has, with edge cases. */
import fc, { type Arbitrary } from "fast-check";

/** Values that are not generated, since a format or a worker loses or rejects them. */
export interface Omissions {
  /** Half of a UTF-16 surrogate pair. */
  loneSurrogates?: boolean;
  /** Keys that can change a prototype. */
  prototypeKeys?: boolean;
  /** Keys with a dot. */
  dottedKeys?: boolean;
  /** Integers beyond the safe range, written without an exponent. */
  longIntegers?: boolean;
  /** More than 120 levels of nesting. */
  deepNesting?: boolean;
}

// Strings that mean something to a format, or resemble such a string.
const meaningfulTexts = [
  ...["null", "NaN", "true", "1e400", "12345678901234567890", "2026-01-02T03:04:05.678Z"],
  ...["__DBOS_NIL", "__DBOS_STREAM_CLOSED__", "undefined", "java.lang.String", "[B", "{", "W10="],
  ...["\\ud800", "\\u0000", "\\", '"', "'; --", "$1", ":name", "\ufeff", "\u2028", "\uffff", "\0"],
];
const meaningfulKeys = [
  ...["", "0", "10", "-1", "a.b", "a\\.b", "\\n", "toString", "hasOwnProperty", "then", "toJSON"],
  ...["json", "meta", "__dbos_serializer", "@class", "dbos_type", "py/object", "__class__"],
  ...["positionalArgs", "namedArgs", "args", "kwargs", "\0", "\u2028", "😀"],
];
const prototypeKeys = ["__proto__", "constructor", "prototype"];

const loneSurrogates = fc.string({
  unit: fc.oneof(
    fc.integer({ min: 0xd800, max: 0xdfff }).map((code) => String.fromCharCode(code)),
    fc.string({ unit: "binary", minLength: 1, maxLength: 1 }),
  ),
  maxLength: 8,
});

function texts(omissions: Omissions): Arbitrary<string> {
  return fc.oneof(
    { weight: 4, arbitrary: fc.string({ unit: "grapheme", maxLength: 20 }) },
    { weight: 4, arbitrary: fc.string({ unit: "binary", maxLength: 20 }) },
    { weight: 1, arbitrary: fc.constantFrom(...meaningfulTexts) },
    { weight: omissions.loneSurrogates ? 0 : 1, arbitrary: loneSurrogates },
  );
}

function keys(omissions: Omissions): Arbitrary<string> {
  const all = fc.oneof(
    { weight: 3, arbitrary: texts(omissions) },
    { weight: 2, arbitrary: fc.constantFrom(...meaningfulKeys) },
    { weight: 1, arbitrary: fc.constantFrom(...prototypeKeys) },
  );
  // In some releases of V8 (that of Node 24, not that of 22) JSON.parse() may read an escaped key,
  // such as a quote, as a backslash, after it has parsed an object with a backslash as a key.
  const omitted = ["\\", ...omissions.prototypeKeys ? prototypeKeys : []];
  return all.filter((key) =>
    !omitted.includes(key) && !(omissions.dottedKeys && key.includes("."))
  );
}

const longTexts = fc.tuple(fc.constantFrom("x", "é", "😀", '"\\', "\0"), fc.nat(5_000))
  .map(([text, count]) => text.repeat(count));

// The limits of exact numbers, and of integers of 8 to 64 bits.
const boundaries = fc.tuple(
  fc.constantFrom(2 ** 7, 2 ** 8, 2 ** 15, 2 ** 16, 2 ** 31, 2 ** 32, 2 ** 53, 2 ** 63, 2 ** 64),
  fc.integer({ min: -4, max: 4 }),
  fc.constantFrom(1, -1),
).map(([power, difference, sign]) => sign * (power + difference));

// `+ 0` turns -0 into 0, because JSON.stringify() does not write -0.
const numbers = fc.oneof(
  fc.integer(),
  fc.maxSafeInteger(),
  boundaries,
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.constantFrom(1e21, 1e-7, 1e308, Number.MAX_VALUE, Number.MIN_VALUE, 2.2250738585072014e-308),
).map((number) => number + 0);

function nest(value: unknown, depth: number, key: string | undefined): unknown {
  for (; depth > 0; depth--) value = key === undefined ? [value] : { [key]: value };
  return value;
}

/** Leaves, and nested collections of them. */
function nested(
  leaf: Arbitrary<unknown>,
  key: Arbitrary<string>,
  omissions: Omissions,
  collections: (value: Arbitrary<unknown>) => Arbitrary<unknown>[] = () => [],
): Arbitrary<unknown> {
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 5, depthSize: "small" },
      leaf,
      fc.array(tie("value"), { maxLength: 5 }),
      // Not by assignment, which would set the prototype for the key `__proto__`.
      fc.array(fc.tuple(key, tie("value")), { maxLength: 5 }).map(Object.fromEntries),
      ...collections(tie("value")),
    ),
  }));
  const deep = fc.tuple(
    leaf,
    fc.integer({ min: 1, max: omissions.deepNesting ? 120 : 200 }),
    fc.option(key, { nil: undefined }),
  )
    .map(([value, depth, key]) => nest(value, depth, key));
  return fc.oneof(
    { weight: 200, arbitrary: value },
    { weight: 1, arbitrary: deep },
    { weight: 1, arbitrary: longTexts },
  );
}

/** All values of JSON but objects and arrays. */
function jsonLeaves(omissions: Omissions): Arbitrary<unknown> {
  const isWritten = (number: number) =>
    !omissions.longIntegers || Number.isSafeInteger(number) || !/^-?\d+$/.test(String(number));
  return fc.oneof(
    texts(omissions),
    numbers.filter(isWritten),
    fc.boolean(),
    fc.constant(null),
  );
}

/** All values that JSON can hold. */
export function jsonValues(omissions: Omissions): Arbitrary<unknown> {
  return nested(jsonLeaves(omissions), keys(omissions), omissions);
}

/** All values that a `Value` of serde_json can hold: those of JSON, and integers of 64 bits. */
export function serdeValues(omissions: Omissions): Arbitrary<unknown> {
  // Smaller integers come back as numbers.
  const integers = fc.oneof(
    fc.bigInt({ min: 2n ** 53n, max: 2n ** 64n - 1n }),
    fc.bigInt({ min: -(2n ** 63n), max: -(2n ** 53n) }),
  );
  const leaf = fc.oneof(
    { weight: 4, arbitrary: jsonLeaves(omissions) },
    { weight: 1, arbitrary: integers },
  );
  return nested(leaf, keys(omissions), omissions);
}

const allNumbers = fc.oneof(numbers, fc.constantFrom(-0, NaN, Infinity, -Infinity));
const bytes = fc.uint8Array({ maxLength: 300 });

/** All values that superjson can hold: those of JSON, and other JavaScript types. */
export function superjsonValues(omissions: Omissions): Arbitrary<unknown> {
  const leaf = fc.oneof(
    texts(omissions),
    allNumbers,
    fc.boolean(),
    fc.constantFrom(null, undefined),
    fc.bigInt(),
    fc.date({ noInvalidDate: true }),
    bytes,
    fc.constantFrom(() => /a\/b/gi, () => new URL("https://example.com/?a=b#c"))
      .map((create) => create()),
  );
  // superjson mixes up the entries of a Map if a key, an object or NaN, also occurs elsewhere.
  const key = leaf.filter((value) => !Number.isNaN(value));
  return nested(leaf, keys(omissions), omissions, (value) => [
    fc.uniqueArray(leaf, { maxLength: 4 }).map((items) => new Set(items)),
    fc.array(fc.tuple(key, value), { maxLength: 4 }).map((entries) => new Map(entries)),
  ]);
}

// Smaller integers come back as numbers: a Python `int` is read as a number if that is exact.
const bigIntegers = fc.bigInt({ min: 2n ** 53n, max: 2n ** 200n }).chain((integer) =>
  fc.constantFrom(integer, -integer)
);
const datetimes = fc.date({
  min: new Date("0001-01-01T00:00:00Z"),
  max: new Date("9999-12-31T23:59:59.999Z"),
  noInvalidDate: true,
});

/** All values that a pickle of plain data can hold. */
export function pickleValues(omissions: Omissions): Arbitrary<unknown> {
  const text = texts(omissions);
  // No booleans: in Python, True equals 1, so a set cannot have both.
  const key = fc.oneof(text, allNumbers, bigIntegers, fc.constant(null));
  const leaf = fc.oneof(key, fc.boolean(), bytes, datetimes);
  const keyOfMap = fc.oneof(numbers, bigIntegers, fc.constant(null));
  return nested(leaf, keys(omissions), omissions, (value) => [
    fc.uniqueArray(key, { maxLength: 4 }).map((items) => new Set(items)),
    // A dict with only string keys is read as an object, so at least one key is not a string.
    fc.tuple(fc.tuple(keyOfMap, value), fc.array(fc.tuple(key, value), { maxLength: 4 }))
      .map(([first, others]) => new Map([first, ...others])),
  ]);
}

/** Generates values that a caller may pass by mistake or on purpose, of all kinds. */
import fc, { type Arbitrary } from "fast-check";

/** What hostile values throw. */
export class HostileError extends Error {}

function throwHostile(): never {
  throw new HostileError("hostile");
}

const throwingTraps: ProxyHandler<object> = Object.fromEntries(
  ["get", "has", "ownKeys", "getPrototypeOf", "getOwnPropertyDescriptor"]
    .map((trap) => [trap, throwHostile]),
);

function revoked(): unknown {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

function cycle(): unknown {
  const object: Record<string, unknown> = { list: [] };
  (object.list as unknown[]).push(new Map([["again", object]]));
  return object;
}

function nested(levels: number): unknown {
  return JSON.parse("[".repeat(levels) + "]".repeat(levels));
}

/** An object whose property has another value each time. */
function changing(): unknown {
  let reads = 0;
  return {
    get id() {
      return reads++ % 2 === 0 ? "id" : () => {};
    },
  };
}

function rejected(): unknown {
  const promise = Promise.reject(new HostileError("hostile"));
  promise.catch(() => {});
  return promise;
}

class WithGetters {
  get workflowName(): string {
    return "echo";
  }

  get queueName(): string {
    return throwHostile();
  }
}

const factories: (() => unknown)[] = [
  () => Symbol("hostile"),
  () => () => {},
  () => class {},
  () => new Date(NaN),
  () => new Date(8.64e15),
  () => /a/g,
  () => new Map<unknown, unknown>([[{}, 1], [NaN, 2]]),
  () => new Map([["\ud800", 1], ["__proto__", 2]] as const),
  () => new Set([undefined, new Set()]),
  () => Promise.resolve("id"),
  rejected,
  () => new Uint8Array(3),
  () => new BigInt64Array(3),
  () => new ArrayBuffer(3),
  () => new DataView(new ArrayBuffer(3)),
  () => new WeakMap(),
  () => new Error("error", { cause: new HostileError("cause") }),
  () => new String("boxed"),
  () => new Number(NaN),
  () => Object(1n),
  () => [],
  () => ({}),
  () => [, 1],
  () => Object.create(null),
  () => Object.create({ workflowID: "inherited", topic: "inherited" }),
  () => Object.freeze({ a: Object.freeze([1]) }),
  () => new URL("http://localhost/"),
  () => new URLSearchParams("a=b"),
  () => AbortSignal.abort(),
  () => ({ aborted: false, throwIfAborted() {} }),
  revoked,
  () => new Proxy({}, throwingTraps),
  () => new Proxy([], throwingTraps),
  () => new Proxy({ workflowID: "id" }, {}),
  () => new WithGetters(),
  () => ({
    get a() {
      return throwHostile();
    },
  }),
  changing,
  () => ({ then: (resolve: (value: unknown) => void) => resolve(1) }),
  () => ({ toString: throwHostile, valueOf: throwHostile }),
  () => ({ [Symbol.toPrimitive]: throwHostile, [Symbol.iterator]: throwHostile }),
  () => ({
    get [Symbol.toStringTag]() {
      return throwHostile();
    },
  }),
  ...[undefined, null, NaN, 1n, "\ud800", [], () => {}].map((json) => () => ({
    toJSON: () => json,
  })),
  () => ({ toJSON: throwHostile }),
  () => ({
    toJSON() {
      return this;
    },
  }),
  () => Object.defineProperty({}, "toJSON", { value: () => Symbol("hostile") }),
  cycle,
  () => nested(200),
  () => nested(5000),
  () => new Array(10_000).fill("x"),
  function* () {
    yield 1;
  },
  () => "x".repeat(3000),
  () => "é".repeat(1300),
  () => "x".repeat(200_000),
  () => crypto.randomUUID().repeat(100),
];

const texts = fc.oneof(
  fc.constantFrom(...[
    "",
    " ",
    "\0",
    "a\0b",
    "\ud800",
    "a\udfff",
    "\udc00\ud800",
    "\ufeff",
    "\u202e",
  ]),
  fc.constantFrom(...[
    "__proto__",
    "constructor",
    "then",
    "toJSON",
    "'; drop table x; --",
    "$1",
    ":schema",
  ]),
  fc.constantFrom(...[
    "\\ud800",
    "\\u0000",
    "NaN",
    "null",
    "{",
    "😀".repeat(100),
    "İ",
    "ﬀ",
    "e\u0301",
  ]),
  fc.string({ unit: "binary", maxLength: 20 }),
);

const numbers = fc.oneof(
  fc.constantFrom(...[
    NaN,
    Infinity,
    -Infinity,
    -0,
    0,
    -1,
    0.5,
    2 ** 31,
    2 ** 53,
    -(2 ** 63),
    1e300,
  ]),
  fc.double(),
  fc.integer(),
);

/** Makes a value. fast-check would touch the value itself. */
export type Maker = () => unknown;

const leaves: Arbitrary<Maker> = fc.oneof(
  fc.oneof(fc.constantFrom(undefined, null, true, false), texts, numbers, fc.bigInt())
    .map((value) => () => value),
  fc.constantFrom(...factories),
);

const { tree } = fc.letrec<{ tree: Maker }>((tie) => {
  const makers = tie("tree") as Arbitrary<Maker>;
  const entries = fc.array(fc.tuple(texts, makers), { maxLength: 4 });
  const toObject = (entries: [string, Maker][]) =>
    Object.fromEntries(entries.map(([key, make]) => [key, make()]));
  return {
    tree: fc.oneof(
      { depthSize: "small", withCrossShrink: true },
      { weight: 3, arbitrary: leaves },
      {
        weight: 1,
        arbitrary: fc.array(makers, { maxLength: 4 })
          .map((items) => () => items.map((make) => make())),
      },
      { weight: 1, arbitrary: entries.map((entries) => () => toObject(entries)) },
      { weight: 1, arbitrary: entries.map((entries) => () => Object.create(toObject(entries))) },
      {
        weight: 1,
        arbitrary: entries.map((entries) => () =>
          new Map(entries.map(([key, make]) => [key, make()]))
        ),
      },
    ),
  };
});

/** Values of every kind, alone or within others. */
export const hostileValues: Arbitrary<Maker> = tree;

/** Values that portable JSON keeps, and what a reader gets. */
export const keptValues: Arbitrary<{ value: unknown; read: unknown }> = fc.letrec<{
  kept: { value: unknown; read: unknown };
}>((tie) => {
  const same = (value: unknown) => ({ value, read: value });
  const texts = fc.string({ unit: "binary", maxLength: 10 });
  return {
    kept: fc.oneof(
      { depthSize: "small" },
      fc.oneof(texts, fc.boolean(), fc.constant(null), fc.integer(), fc.constant("\\ud800 \\u0000"))
        .map(same),
      fc.double({ noNaN: true, noDefaultInfinity: true })
        .map((value) => ({ value, read: value === 0 ? 0 : value })),
      fc.bigInt().map((value) => ({ value, read: String(value) })),
      fc.date({ noInvalidDate: true }).map((value) => ({ value, read: value.toISOString() })),
      texts.map((text) => ({
        value: new RangeError(text),
        read: { name: "RangeError", message: text },
      })),
      fc.array(tie("kept"), { maxLength: 4 }).map((items) => ({
        value: items.map(({ value }) => value),
        read: items.map(({ read }) => read),
      })),
      fc.uniqueArray(fc.tuple(texts, tie("kept")), { selector: ([key]) => key, maxLength: 4 })
        .map((entries) => ({
          value: Object.fromEntries(entries.map(([key, { value }]) => [key, value])),
          read: Object.fromEntries(entries.map(([key, { read }]) => [key, read])),
        })),
      fc.uniqueArray(fc.tuple(texts, tie("kept")), { selector: ([key]) => key, maxLength: 4 })
        .map((entries) => ({
          value: new Map(entries.map(([key, { value }]) => [key, value])),
          read: Object.fromEntries(entries.map(([key, { read }]) => [key, read])),
        })),
    ),
  };
}).kept;

/**
 * `py_pickle`: what Python workers write by default, a pickle as base64. It is only read here; what
 * writes it is in write_pickle.ts.
 */

import { WorkflowError } from "../../errors/workflow_error.ts";
import type { ReadingCodec } from "../codec.ts";
import { readPickle } from "./pickle.ts";
import { PyGlobal, PyObject } from "./pickle_machine.ts";
import { readDate, readDatetime, readTime, readTimedelta, utcOffset } from "./python_time.ts";
import { decodeBase64, requireArgs, setProperty, wrapErrors } from "../decoding.ts";

type Convert = (value: unknown) => unknown;

// Whoever calls these wants something to run. It would not here, but is no data either.
const modulesThatRun = new Set(
  ("builtins code codecs ctypes importlib multiprocessing nt os pickle posix pty runpy shutil " +
    "socket subprocess sys webbrowser").split(" "),
);

function isException(type: string): boolean {
  return /^builtins\.[A-Z]\w*(Error|Exception|Warning|Exit|Interrupt|Iteration|Group)$/.test(type);
}

/** The elements of an object, or of the one that its constructor was called with. */
function itemsOf(object: PyObject): unknown[] {
  const source = object.args?.[0];
  if (source === undefined || source === null) return object.items ?? [];
  if (!(source instanceof PyObject && source.items)) {
    throw new TypeError(`its ${object.type} is not made of items`);
  }
  return [...source.items, ...(object.items ?? [])];
}

/** The keys and values of an object, or of the one that its constructor was called with. */
function entriesOf(object: PyObject): unknown[] {
  const source = object.type === "collections.defaultdict" ? undefined : object.args?.[0];
  const entries = object.entries ?? [];
  if (!(source instanceof PyObject)) return entries;
  const pairs = (source.items ?? []).flatMap((pair) =>
    pair instanceof PyObject && pair.items?.length === 2 ? pair.items : [undefined]
  );
  if (pairs.includes(undefined)) throw new TypeError(`its ${object.type} is not made of pairs`);
  return [...source.entries ?? pairs, ...entries];
}

function toMapOrObject(object: PyObject, remember: Convert, convert: Convert): unknown {
  const entries = entriesOf(object);
  const isPlain = entries.every((entry, i) => i % 2 === 1 || typeof entry === "string");
  const target = remember(isPlain ? {} : new Map());
  for (let i = 0; i < entries.length; i += 2) {
    const value = convert(entries[i + 1]);
    if (target instanceof Map) target.set(convert(entries[i]), value);
    else setProperty(target as object, entries[i] as string, value);
  }
  return target;
}

function toArray(object: PyObject, remember: Convert, convert: Convert): unknown {
  const array = remember([]) as unknown[];
  for (const item of itemsOf(object)) array.push(convert(item));
  return array;
}

function toSet(object: PyObject, remember: Convert, convert: Convert): unknown {
  const set = remember(new Set()) as Set<unknown>;
  for (const item of itemsOf(object)) set.add(convert(item));
  return set;
}

/** What may contain itself, so that it has to be there before its content. */
const collections: Record<string, typeof toArray> = {
  "builtins.list": toArray,
  "builtins.tuple": toArray,
  "collections.deque": toArray,
  "builtins.set": toSet,
  "builtins.frozenset": toSet,
  "builtins.dict": toMapOrObject,
  "collections.OrderedDict": toMapOrObject,
  "collections.defaultdict": toMapOrObject,
  "collections.Counter": toMapOrObject,
};

function fromLatin1(text: unknown): Uint8Array {
  if (typeof text !== "string") throw new TypeError("it has bytes that are none");
  return Uint8Array.from(text, (char) => {
    const code = char.charCodeAt(0);
    if (code > 255) throw new RangeError("it has bytes that are none");
    return code;
  });
}

function toBytes(args: unknown[]): unknown {
  if (args.length === 0) return new Uint8Array();
  return args[0] instanceof Uint8Array ? args[0] : fromLatin1(args[0]);
}

function toDecimal([text]: unknown[]): unknown {
  if (typeof text === "string") return text;
  throw new TypeError("it has a Decimal that is no text");
}

function toUuid(object: PyObject): string {
  const entries = object.state instanceof PyObject ? object.state.entries ?? [] : [];
  const int = entries[entries.indexOf("int") + 1];
  if (typeof int !== "bigint" && typeof int !== "number") {
    throw new TypeError("it has a UUID that is no number");
  }
  const hex = BigInt(int).toString(16).padStart(32, "0");
  if (!/^[\da-f]{32}$/.test(hex)) throw new RangeError("it has a UUID of more than 128 bits");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

/** What becomes a value of JavaScript's own, from the arguments of its constructor. */
const values: Record<string, (args: unknown[], object: PyObject) => unknown> = {
  "_codecs.encode": ([text]) => fromLatin1(text),
  "builtins.bytes": toBytes,
  "builtins.bytearray": toBytes,
  "builtins.complex": ([real, imaginary]) => ({ real, imaginary }),
  "builtins.range": ([start, stop, step]) => ({ start, stop, step }),
  "builtins.xrange": ([start, stop, step]) => ({ start, stop, step }),
  "builtins.slice": ([start, stop, step]) => ({ start, stop, step }),
  "decimal.Decimal": toDecimal,
  "uuid.UUID": (_args, object) => toUuid(object),
  "datetime.date": ([packed]) => readDate(packed),
  "datetime.time": ([packed], object) => readTime(packed, object.args?.[1]),
  "datetime.datetime": ([packed], object) => readDatetime(packed, object.args?.[1]),
  "datetime.timedelta": (args) => readTimedelta(args),
  "datetime.timezone": (_args, object) => utcOffset(object),
  "zoneinfo.ZoneInfo._unpickle": ([key]) => key,
};

/** The attributes of an object, from its state: a dict, or that of `__dict__` and of slots. */
function attributesOf({ state }: PyObject): [string, unknown][] | undefined {
  if (!(state instanceof PyObject)) return state === null || state === undefined ? [] : undefined;
  const dicts = state.type === "builtins.tuple" && state.items?.length === 2
    ? state.items
    : [state];
  const attributes: [string, unknown][] = [];
  for (const dict of dicts) {
    if (dict === null) continue;
    if (!(dict instanceof PyObject && dict.type === "builtins.dict")) return undefined;
    const entries = dict.entries ?? [];
    for (let i = 0; i < entries.length; i += 2) {
      const name = entries[i];
      if (typeof name !== "string") return undefined;
      attributes.push([name, entries[i + 1]]);
    }
  }
  return attributes;
}

/** An object of any other class: its attributes, under a label that tells the class. */
function toLabelled(object: PyObject, remember: Convert, convert: Convert): unknown {
  const labelled = remember({ __class__: object.type }) as Record<string, unknown>;
  if (object.args) labelled.__args__ = object.args.map(convert);
  if (object.kwargs) labelled.__kwargs__ = convert(object.kwargs);
  if (object.items) labelled.__items__ = object.items.map(convert);
  if (object.entries) {
    labelled.__items__ = convert(
      Object.assign(new PyObject("builtins.dict"), { entries: object.entries }),
    );
  }
  const attributes = attributesOf(object);
  if (!attributes) labelled.__state__ = convert(object.state);
  for (const [name, value] of attributes ?? []) {
    if (!Object.hasOwn(labelled, name)) setProperty(labelled, name, convert(value));
  }
  return labelled;
}

// Not deeper than its parts: the same text within many arguments must not unfold.
function toMessage(args: unknown[]): string {
  return args.map((arg) => typeof arg === "object" && arg !== null ? "[object]" : String(arg))
    .join(", ");
}

/** The error has the arguments of Python's exception as `args`. */
function toWorkflowError(object: PyObject, convert: Convert): WorkflowError {
  const args = (object.args ?? []).map(convert);
  const attributes = new Map(attributesOf(object));
  // DBOS's error for all languages brings the name that it has in the others.
  const { name, message, code } = Object.fromEntries(
    ["name", "message", "code"].map((key) => [key, attributes.get(key)]),
  );
  const isPortable = object.type.endsWith(".PortableWorkflowError");
  const error = new WorkflowError(typeof message === "string" ? message : toMessage(args), {
    name: isPortable && typeof name === "string" ? name : object.type.replace(/^.*\./, ""),
    ...((typeof code === "string" || typeof code === "number") && { code }),
    ...(attributes.has("data") && { data: convert(attributes.get("data")) }),
  });
  return Object.assign(error, { args });
}

function createConverter(): Convert {
  const done = new Map<PyObject, unknown>();
  const begun = new Set<PyObject>();

  function convertObject(object: PyObject): unknown {
    const { type } = object;
    const remember: Convert = (value) => (done.set(object, value), value);
    const convertCollection = Object.hasOwn(collections, type) && collections[type];
    if (convertCollection) return convertCollection(object, remember, convert);
    if (begun.has(object)) throw new TypeError(`its ${type} contains itself`);
    begun.add(object);
    if (Object.hasOwn(values, type)) {
      return remember(values[type]!((object.args ?? []).map(convert), object));
    }
    if (isException(type)) return remember(toWorkflowError(object, convert));
    if (modulesThatRun.has(type.split(".")[0]!)) throw new TypeError(`it calls ${type}`);
    return toLabelled(object, remember, convert);
  }

  function convert(value: unknown): unknown {
    if (value instanceof PyGlobal) return { __global__: value.name };
    if (!(value instanceof PyObject)) return value;
    return done.has(value) ? done.get(value) : convertObject(value);
  }
  return convert;
}

function deserializeValue(text: string): unknown {
  return createConverter()(readPickle(decodeBase64(text)));
}

function deserializeArgs(text: string): unknown[] {
  const inputs = deserializeValue(text) as { args?: unknown } | null;
  return requireArgs(inputs?.args);
}

function deserializeError(text: string): WorkflowError {
  const value = readPickle(decodeBase64(text));
  const convert = createConverter();
  if (!(value instanceof PyObject)) return new WorkflowError(String(convert(value)));
  if (Object.hasOwn(collections, value.type) || Object.hasOwn(values, value.type)) {
    throw new TypeError(`its ${value.type} is no exception`);
  }
  convert(value); // It refuses what no exception is made of.
  return toWorkflowError(value, convert);
}

export const pyPickle: ReadingCodec = wrapErrors({
  name: "py_pickle",
  deserializeValue,
  deserializeArgs,
  deserializeError,
});

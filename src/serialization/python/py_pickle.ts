/** Reads `py_pickle`, the default format of Python workers: a pickle, encoded as base64. */

import { WorkflowError } from "../../errors/workflow_error.ts";
import type { ReadingCodec } from "../codec.ts";
import { readPickle } from "./pickle.ts";
import { maxItems, PyGlobal, PyObject } from "./pickle_machine.ts";
import { readDate, readDatetime, readTime, readTimedelta, utcOffset } from "./python_time.ts";
import { decodeBase64, requireArgs, setProperty, wrapErrors } from "../decoding.ts";
import { maxErrors, toText } from "../stored_error.ts";

type Convert = (value: unknown) => unknown;

// A pickle that calls these is meant to run code. None would run here, but it is not data either.
const forbiddenModules = new Set(
  ("builtins code codecs ctypes importlib multiprocessing nt os pickle posix pty runpy shutil " +
    "socket subprocess sys webbrowser").split(" "),
);

function isException(type: string): boolean {
  return /^builtins\.(?=[A-Z])\w*(Error|Exception|Warning|Exit|Interrupt|Iteration|Group)$/.test(
    type,
  );
}

/** Returns the elements of an object, including those passed to its constructor. */
function itemsOf(object: PyObject): unknown[] {
  const source = object.args?.[0];
  if (source === undefined || source === null) return object.items ?? [];
  if (!(source instanceof PyObject && source.items)) {
    throw new TypeError(`invalid ${object.type}: expected items`);
  }
  return [...source.items, ...(object.items ?? [])];
}

/** Returns the keys and values of an object, including those passed to its constructor. */
function entriesOf(object: PyObject): unknown[] {
  const source = object.type === "collections.defaultdict" ? undefined : object.args?.[0];
  const entries = object.entries ?? [];
  if (!(source instanceof PyObject)) return entries;
  const pairs = (source.items ?? []).flatMap((pair) =>
    pair instanceof PyObject && pair.items?.length === 2 ? pair.items : [undefined]
  );
  if (pairs.includes(undefined)) throw new TypeError(`invalid ${object.type}: expected pairs`);
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

/** Collections may contain themselves, so they are created before their contents. */
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
  if (typeof text !== "string") throw new TypeError("invalid bytes");
  const bytes = new Uint8Array(text.length);
  // Uint8Array.from() takes ten times as long.
  for (let i = 0; i < bytes.length; i++) {
    const code = text.charCodeAt(i);
    if (code > 255) throw new RangeError("invalid bytes");
    bytes[i] = code;
  }
  return bytes;
}

function toBytes(args: unknown[]): unknown {
  if (args.length === 0) return new Uint8Array();
  return args[0] instanceof Uint8Array ? args[0] : fromLatin1(args[0]);
}

function toDecimal([text]: unknown[]): unknown {
  if (typeof text === "string") return text;
  throw new TypeError("invalid Decimal: expected a string");
}

function toUuid(object: PyObject): string {
  const entries = object.state instanceof PyObject ? object.state.entries ?? [] : [];
  const int = entries[entries.indexOf("int") + 1];
  if (typeof int !== "bigint" && !Number.isInteger(int)) {
    throw new TypeError("invalid UUID: expected an integer");
  }
  const hex = BigInt(int as bigint | number).toString(16).padStart(32, "0");
  if (!/^[\da-f]{32}$/.test(hex)) throw new RangeError("invalid UUID: more than 128 bits");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

/** Types that become JavaScript values, made from the arguments of their constructors. */
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

/** Returns the parts of the state of an object: one, or a pair for `__dict__` and `__slots__`. */
function statesOf({ state }: PyObject): unknown[] {
  const isPair = state instanceof PyObject && state.type === "builtins.tuple" &&
    state.items?.length === 2;
  return isPair ? state.items! : [state];
}

/** Returns the attributes of an object. Returns undefined if its state does not consist of dicts. */
function attributesOf(object: PyObject): [string, unknown][] | undefined {
  const { state } = object;
  if (!(state instanceof PyObject)) return state === null || state === undefined ? [] : undefined;
  const attributes: [string, unknown][] = [];
  for (const dict of statesOf(object)) {
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

/** Converts an object of any other class: its attributes, with the class name as `__class__`. */
function toTaggedObject(object: PyObject, remember: Convert, convert: Convert): unknown {
  const result = remember({ __class__: object.type }) as Record<string, unknown>;
  if (object.args) result.__args__ = object.args.map(convert);
  if (object.kwargs) result.__kwargs__ = convert(object.kwargs);
  if (object.items) result.__items__ = object.items.map(convert);
  if (object.entries) {
    result.__items__ = convert(
      Object.assign(new PyObject("builtins.dict"), { entries: object.entries }),
    );
  }
  const attributes = attributesOf(object);
  if (!attributes) result.__state__ = convert(object.state);
  for (const [name, value] of attributes ?? []) {
    if (!Object.hasOwn(result, name)) setProperty(result, name, convert(value));
  }
  return result;
}

// Nested arguments are not written out, since shared ones could expand to a huge text.
function toMessage(args: unknown[]): string {
  return args.map((arg) => typeof arg === "object" && arg !== null ? "[object]" : String(arg))
    .join(", ");
}

/** Converts an exception to an error with the arguments of the exception as `args`. */
function toWorkflowError(object: PyObject, convert: Convert): WorkflowError {
  const args = (object.args ?? []).map(convert);
  const attributes = new Map(attributesOf(object));
  // PortableWorkflowError of DBOS contains the name of the error in other languages.
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

/** The number of items that an object copies from others: from its first argument and its state. */
function countCopied(object: PyObject): number {
  let count = 0;
  for (const source of [object.args?.[0], ...statesOf(object)]) {
    if (!(source instanceof PyObject)) continue;
    count += (source.items?.length ?? 0) + (source.entries?.length ?? 0);
  }
  return count;
}

function createConverter(): Convert {
  const converted = new Map<PyObject, unknown>();
  const started = new Set<PyObject>();
  let copied = 0;
  let errors = 0;

  // The limit of expanded items counts an object inside itself as one. But a thousand sets that are
  // each made of the list that contains them all copy a million items.
  function count(object: PyObject): void {
    copied += countCopied(object);
    if (copied > maxItems) throw new RangeError(`copies more than ${maxItems} items`);
    if (isException(object.type) && ++errors > maxErrors) {
      throw new RangeError(`more than ${maxErrors} errors`);
    }
  }

  function convertObject(object: PyObject): unknown {
    const { type } = object;
    count(object);
    const remember: Convert = (value) => (converted.set(object, value), value);
    const convertCollection = Object.hasOwn(collections, type) && collections[type];
    if (convertCollection) return convertCollection(object, remember, convert);
    if (started.has(object)) throw new TypeError(`circular reference in ${type}`);
    started.add(object);
    if (Object.hasOwn(values, type)) {
      return remember(values[type]!((object.args ?? []).map(convert), object));
    }
    if (isException(type)) return remember(toWorkflowError(object, convert));
    if (forbiddenModules.has(type.split(".")[0]!)) throw new TypeError(`forbidden call of ${type}`);
    return toTaggedObject(object, remember, convert);
  }

  function convert(value: unknown): unknown {
    if (value instanceof PyGlobal) return { __global__: value.name };
    if (!(value instanceof PyObject)) return value;
    return converted.has(value) ? converted.get(value) : convertObject(value);
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
  if (!(value instanceof PyObject)) return new WorkflowError(toText(convert(value)));
  if (Object.hasOwn(collections, value.type) || Object.hasOwn(values, value.type)) {
    throw new TypeError(`expected an exception, found ${value.type}`);
  }
  convert(value); // Rejects forbidden calls.
  return toWorkflowError(value, convert);
}

export const pyPickle: ReadingCodec = wrapErrors({
  name: "py_pickle",
  deserializeValue,
  deserializeArgs,
  deserializeError,
});

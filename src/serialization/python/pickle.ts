/**
 * Reads Python pickles of protocols 0 to 5 as descriptions of the objects that they would build.
 * Nothing that a pickle names is looked up, imported or called. The time and memory that it
 * takes are bounded.
 */

import { Machine, maxItems, parseInteger, PyGlobal, PyObject } from "./pickle_machine.ts";

// Python's pickler does not go deeper either.
const maxDepth = 1_000;
const maxNameLength = 500;

// Python 3 writes protocols 0 to 2 with the module names of Python 2.
const modulesOfPython2: Record<string, string> = {
  __builtin__: "builtins",
  copy_reg: "copyreg",
  exceptions: "builtins",
};

function parseFloat64(text: string): number {
  const special: Record<string, number> = { inf: Infinity, "-inf": -Infinity, nan: NaN };
  if (Object.hasOwn(special, text)) return special[text]!;
  if (!/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text)) {
    throw new SyntaxError("invalid float");
  }
  return Number(text);
}

// Python's raw-unicode-escape: Latin-1 with escapes for other code points.
function unescapeUnicode(text: string): string {
  return text.replace(/\\u([\da-fA-F]{4})|\\U([\da-fA-F]{8})/g, (_escape, short, long) => {
    const code = parseInt(short ?? long, 16);
    if (code > 0x10ffff) throw new RangeError("invalid text"); // The engine's error quotes it.
    return String.fromCodePoint(code);
  });
}

function newGlobal(module: unknown, name: unknown): PyGlobal {
  if (typeof module !== "string" || typeof name !== "string") {
    throw new TypeError("invalid name: expected a string");
  }
  if (module.length + name.length > maxNameLength) throw new RangeError("name is too long");
  const known = Object.hasOwn(modulesOfPython2, module) ? modulesOfPython2[module] : module;
  return new PyGlobal(`${known}.${name}`);
}

function newCollection(type: string, content: { items: unknown[] } | { entries: unknown[] }) {
  return Object.assign(new PyObject(type), content);
}

const newTuple = (items: unknown[]) => newCollection("builtins.tuple", { items });

function newObject(type: unknown, args: unknown, kwargs?: unknown): PyObject {
  if (!(type instanceof PyGlobal)) throw new TypeError("invalid name in a call");
  if (!(args instanceof PyObject && args.items && args.type === "builtins.tuple")) {
    throw new TypeError("invalid arguments in a call: expected a tuple");
  }
  const object = new PyObject(type.name);
  if (args.items.length > 0) object.args = args.items;
  if (kwargs instanceof PyObject && kwargs.entries?.length) object.kwargs = kwargs;
  return object;
}

// Python pickles some objects as a call of one of these functions, which only names their class.
function reduce(machine: Machine, callee: unknown, args: unknown): unknown {
  const items = args instanceof PyObject ? args.items ?? [] : [];
  switch (callee instanceof PyGlobal && callee.name) {
    case "copyreg._reconstructor": { // class, built-in base class, value of the base class
      const base = items[2];
      const isTuple = base instanceof PyObject && base.type === "builtins.tuple";
      return newObject(items[0], isTuple ? base : newTuple(base == null ? [] : [base]));
    }
    case "copyreg.__newobj__":
      machine.count(items.length); // They are copied, maybe not for the first time.
      return newObject(items[0], newTuple(items.slice(1)));
    case "copyreg.__newobj_ex__":
      return newObject(items[0], items[1], items[2]);
    case "builtins.getattr": // a name inside a class
      if (items[0] instanceof PyGlobal) return newGlobal(items[0].name, items[1]);
  }
  return newObject(callee, args);
}

function build(machine: Machine): void {
  const state = machine.pop();
  const object = machine.top();
  if (!(object instanceof PyObject)) {
    throw new TypeError("state of a value that is not an object");
  }
  if (object.state !== undefined) throw new TypeError("duplicate state of an object");
  object.state = state;
}

function append(object: unknown, items: unknown[]): void {
  if (!(object instanceof PyObject)) {
    throw new TypeError("items appended to a value that is not an object");
  }
  if (object.type === "builtins.tuple") throw new TypeError("items appended to a tuple");
  object.items ??= [];
  for (const item of items) object.items.push(item);
}

function setItems(object: unknown, entries: unknown[]): void {
  if (!(object instanceof PyObject)) {
    throw new TypeError("items set on a value that is not an object");
  }
  if (entries.length % 2 !== 0) throw new RangeError("key without a value");
  object.entries ??= [];
  for (const entry of entries) object.entries.push(entry);
}

function reduceTop(machine: Machine): void {
  const args = machine.pop();
  machine.push(reduce(machine, machine.pop(), args));
}

function pushTuple(machine: Machine, length: number): void {
  const items = [];
  for (let i = 0; i < length; i++) items.unshift(machine.pop());
  machine.push(newTuple(items));
}

function pushText(machine: Machine, text: string): void {
  machine.push(text);
}

function pushInt(machine: Machine): void {
  const line = machine.line();
  const booleans: Record<string, boolean> = { "00": false, "01": true };
  machine.push(Object.hasOwn(booleans, line) ? booleans[line] : parseInteger(line));
}

function pushQuoted(machine: Machine): void {
  const quoted = /^(['"])([^\\]*)\1$/.exec(machine.line());
  if (!quoted) throw new TypeError("unsupported Python 2 string with escapes");
  machine.push(quoted[2]);
}

const pushBytes = (machine: Machine, length: number) => machine.push(machine.take(length));

/** The operations of all protocols by opcode. Others are rejected. */
const operations: Record<string, (machine: Machine) => void> = {
  "\x80": (machine) => {
    const protocol = machine.uint8();
    if (protocol > 5) throw new RangeError(`unknown protocol ${protocol}`);
  },
  "\x95": (machine) => machine.frame(),
  ".": (machine) => {
    machine.result = machine.pop();
    machine.isStopped = true;
  },

  "(": (machine) => machine.mark(),
  "0": (machine) => machine.popItemOrMark(),
  "1": (machine) => void machine.popMark(),
  "2": (machine) => machine.push(machine.top()),

  "p": (machine) => machine.put(Number(parseInteger(machine.line()))),
  "q": (machine) => machine.put(machine.uint8()),
  "r": (machine) => machine.put(machine.uint32()),
  "\x94": (machine) => machine.memoize(),
  "g": (machine) => machine.get(Number(parseInteger(machine.line()))),
  "h": (machine) => machine.get(machine.uint8()),
  "j": (machine) => machine.get(machine.uint32()),

  "N": (machine) => machine.push(null),
  "\x88": (machine) => machine.push(true),
  "\x89": (machine) => machine.push(false),
  "I": pushInt,
  "J": (machine) => machine.push(machine.int32()),
  "K": (machine) => machine.push(machine.uint8()),
  "M": (machine) => machine.push(machine.uint16()),
  "L": (machine) => machine.push(parseInteger(machine.line().replace(/L$/, ""))),
  "\x8a": (machine) => machine.push(machine.integer(machine.uint8())),
  "\x8b": (machine) => machine.push(machine.integer(machine.uint32())),
  "F": (machine) => machine.push(parseFloat64(machine.line())),
  "G": (machine) => machine.push(machine.float64()),

  "S": pushQuoted,
  "T": (machine) => pushText(machine, machine.ascii(machine.uint32())),
  "U": (machine) => pushText(machine, machine.ascii(machine.uint8())),
  "V": (machine) => pushText(machine, unescapeUnicode(machine.line())),
  "X": (machine) => pushText(machine, machine.text(machine.uint32())),
  "\x8c": (machine) => pushText(machine, machine.text(machine.uint8())),
  "\x8d": (machine) => pushText(machine, machine.text(machine.length64())),
  "B": (machine) => pushBytes(machine, machine.uint32()),
  "C": (machine) => pushBytes(machine, machine.uint8()),
  "\x8e": (machine) => pushBytes(machine, machine.length64()),
  "\x96": (machine) => pushBytes(machine, machine.length64()),

  ")": (machine) => pushTuple(machine, 0),
  "\x85": (machine) => pushTuple(machine, 1),
  "\x86": (machine) => pushTuple(machine, 2),
  "\x87": (machine) => pushTuple(machine, 3),
  "t": (machine) => machine.push(newTuple(machine.popMark())),
  "]": (machine) => machine.push(newCollection("builtins.list", { items: [] })),
  "l": (machine) => machine.push(newCollection("builtins.list", { items: machine.popMark() })),
  "a": (machine) => {
    const item = machine.pop();
    append(machine.top(), [item]);
  },
  "e": (machine) => {
    const items = machine.popMark();
    append(machine.top(), items);
  },
  "}": (machine) => machine.push(newCollection("builtins.dict", { entries: [] })),
  "d": (machine) => {
    const dict = new PyObject("builtins.dict");
    setItems(dict, machine.popMark());
    machine.push(dict);
  },
  "s": (machine) => {
    const value = machine.pop();
    const key = machine.pop();
    setItems(machine.top(), [key, value]);
  },
  "u": (machine) => {
    const entries = machine.popMark();
    setItems(machine.top(), entries);
  },
  "\x8f": (machine) => machine.push(newCollection("builtins.set", { items: [] })),
  "\x90": (machine) => {
    const items = machine.popMark();
    append(machine.top(), items);
  },
  "\x91": (machine) =>
    machine.push(newCollection("builtins.frozenset", { items: machine.popMark() })),

  "c": (machine) => machine.push(newGlobal(machine.line(), machine.line())),
  "\x93": (machine) => {
    const name = machine.pop();
    machine.push(newGlobal(machine.pop(), name));
  },
  "R": reduceTop,
  "b": build,
  "i": (machine) => {
    const type = newGlobal(machine.line(), machine.line());
    machine.push(newObject(type, newTuple(machine.popMark())));
  },
  "o": (machine) => {
    const [type, ...args] = machine.popMark();
    machine.push(newObject(type, newTuple(args)));
  },
  "\x81": (machine) => {
    const args = machine.pop();
    machine.push(newObject(machine.pop(), args));
  },
  "\x92": (machine) => {
    const kwargs = machine.pop();
    const args = machine.pop();
    machine.push(newObject(machine.pop(), args, kwargs));
  },
};

const operationsByOpcode = Array.from(
  { length: 256 },
  (_, byte) => operations[String.fromCharCode(byte)],
);

interface ExpandedSize {
  size: number;
  depth: number;
}

function sizeOf(value: unknown): number {
  // Long texts, bytes and large integers count as several items, according to their size.
  if (typeof value === "string" || value instanceof Uint8Array) return 1 + value.length / 100;
  return typeof value === "bigint" ? 10 : 1;
}

function throwTooDeep(): never {
  throw new RangeError(`nested deeper than ${maxDepth} levels`);
}

/**
 * Limits the size of a value in which shared objects are counted each time that they occur, as by
 * JSON.stringify() or any code that walks over it. A small pickle can expand to a huge value.
 */
function checkExpandedSize(
  value: unknown,
  level = 1,
  sizes: Map<PyObject, ExpandedSize> = new Map(),
): ExpandedSize {
  if (!(value instanceof PyObject)) return { size: sizeOf(value), depth: 0 };
  const known = sizes.get(value);
  if (known) return known;
  if (level > maxDepth) throwTooDeep();
  const expanded = { size: 1, depth: 1 };
  sizes.set(value, expanded); // An object inside itself is counted as one item.
  let size = 1;
  let depth = 1;
  for (const children of [value.args, value.items, value.entries, [value.state, value.kwargs]]) {
    for (const child of children ?? []) {
      const inner = checkExpandedSize(child, level + 1, sizes);
      size += inner.size;
      depth = Math.max(depth, inner.depth + 1);
      if (size > maxItems) throw new RangeError(`expands to more than ${maxItems} items`);
      if (depth > maxDepth) throwTooDeep();
    }
  }
  return Object.assign(expanded, { size, depth });
}

/**
 * Reads a pickle. The result consists of null, booleans, numbers, texts, bytes,
 * {@linkcode PyGlobal}s and {@linkcode PyObject}s.
 */
export function readPickle(bytes: Uint8Array): unknown {
  const machine = new Machine(bytes);
  while (!machine.isStopped) {
    const opcode = machine.uint8();
    const operation = operationsByOpcode[opcode];
    if (!operation) throw new TypeError(`unknown opcode 0x${opcode.toString(16)}`);
    operation(machine);
  }
  checkExpandedSize(machine.result);
  return machine.result;
}

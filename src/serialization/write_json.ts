/**
 * Writes values as JSON. What JSON.stringify() would silently drop, empty or change is refused, with
 * its path.
 */

/** A path within a value: the keys and indexes that lead to it. */
export type Path = readonly (string | number)[];

const identifier = /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u;
const maxKeyLength = 40;
const maxSteps = 20;

/** Writes a path as in JavaScript, such as `[0].user["first name"]`. */
export function pathToText(path: Path): string {
  const steps = path.slice(0, maxSteps).map((step) => {
    if (typeof step === "number") return `[${step}]`;
    const key = step.slice(0, maxKeyLength);
    return identifier.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;
  });
  return steps.join("") + (path.length > maxSteps ? "…" : "");
}

/** The class of an object that the language defines, such as `RegExp`; otherwise `Object`. */
function classOf(value: object): string {
  return Object.prototype.toString.call(value).slice("[object ".length, -1);
}

/** How values are written. */
export interface JsonFormat {
  /** The name of the format, for error messages. */
  readonly name: string;
  /** Whether all workers that read the format can read half of a UTF-16 pair. */
  readonly allowsLoneSurrogates?: boolean;
  /** Whether it has a way of its own to write a Map, a Set or a bigint, unless in an object of a class. */
  readonly hasOwnTypes?: boolean;
  /** How many levels of nesting all workers can read; by default the 1000 of Java. */
  readonly maxDepth?: number;
  /** Converts a bigint; by default to its digits. `refuse` throws an error with the reason. */
  fromBigint?(value: bigint, refuse: (reason: string) => never): unknown;
}

/** Makes a function that copies a value, converted to what JSON can hold. `root` names the value. */
function createConverter(format: JsonFormat, root: string): (value: unknown) => unknown {
  const { maxDepth = 1000 } = format;
  const path: (string | number)[] = [];
  const ancestors = new Set<object>();

  function fail(reason: string): string {
    return `Cannot serialize ${root}${pathToText(path)} as ${format.name}: ${reason}`;
  }

  function refuse(reason: string): never {
    throw new TypeError(fail(reason));
  }

  function convertAt(step: string | number, value: unknown): unknown {
    path.push(step);
    const converted = convert(value);
    path.pop();
    return converted;
  }

  function checkWellFormed(text: string, what: string): void {
    if (format.allowsLoneSurrogates || text.isWellFormed()) return;
    refuse(
      `${what} contains a lone surrogate, which not every worker can read; use toWellFormed()`,
    );
  }

  function convertArray(array: readonly unknown[]): unknown[] {
    const converted = [];
    for (let index = 0; index < array.length; index++) {
      // JSON.stringify() would write null, as for a value that is undefined.
      if (!(index in array)) refuse(`it is a sparse array, without a value at index ${index}`);
      converted.push(convertAt(index, array[index]));
    }
    return converted;
  }

  function convertEntries(entries: Iterable<readonly [string, unknown]>): Record<string, unknown> {
    const converted: [string, unknown][] = [];
    for (const [key, value] of entries) {
      checkWellFormed(key, "one of its keys");
      converted.push([key, convertAt(key, value)]);
    }
    return Object.fromEntries(converted);
  }

  function convertMap(map: ReadonlyMap<unknown, unknown>): Record<string, unknown> {
    for (const key of map.keys()) {
      if (typeof key === "string") continue;
      refuse(`it is a Map; expected string keys, found type ${typeof key}`);
    }
    return convertEntries(map as ReadonlyMap<string, unknown>);
  }

  function convertOther(object: object): unknown {
    if (typeof (object as { then?: unknown }).then === "function") {
      refuse("it is a Promise; await it first");
    }
    const entries = Object.entries(object);
    const name = classOf(object);
    // What such an object holds is not in its properties: it would become {}.
    if (entries.length === 0 && name !== "Object") refuse(`it is a ${name}`);
    return convertEntries(entries);
  }

  function convertContent(object: object): unknown {
    if (ArrayBuffer.isView(object)) {
      refuse(`it is a ${classOf(object)}; use an array of numbers, or text such as base64`);
    }
    if (Array.isArray(object)) return convertArray(object);
    if (format.hasOwnTypes && (object instanceof Map || object instanceof Set)) {
      refuse(`it is a ${classOf(object)} in an object of a class`);
    }
    if (object instanceof Map) return convertMap(object);
    if (object instanceof Set) return convertArray([...object]);
    if (object instanceof Error) {
      return convertEntries(Object.entries({ name: object.name, message: object.message }));
    }
    const isBoxed = object instanceof String || object instanceof Number ||
      object instanceof Boolean;
    return isBoxed ? convert(object.valueOf()) : convertOther(object);
  }

  function convertObject(object: object): unknown {
    const { toJSON } = object as { toJSON?: unknown };
    if (typeof toJSON !== "function" || ArrayBuffer.isView(object)) return convertContent(object);
    const json = toJSON.call(object, String(path.at(-1) ?? ""));
    if (json === undefined) refuse("its toJSON() returns undefined");
    if (json === null && classOf(object) === "Date") refuse("it is an invalid Date");
    // As in JSON.stringify(), the toJSON() of what it returns is not called.
    return typeof json === "object" && json !== null ? convertContent(json) : convert(json);
  }

  function convert(value: unknown): unknown {
    switch (typeof value) {
      case "string":
        checkWellFormed(value, "it");
        return value;
      case "number":
        if (!Number.isFinite(value)) refuse(`it is ${value}`);
        return value;
      case "bigint":
        if (format.hasOwnTypes) refuse("it is a bigint in an object of a class");
        return format.fromBigint ? format.fromBigint(value, refuse) : value.toString();
      case "function":
      case "symbol":
        return refuse(`it is a ${typeof value}`);
      case "object":
        break;
      default:
        return value;
    }
    if (value === null) return null;
    if (ancestors.has(value)) refuse("it has a circular reference");
    if (ancestors.size === maxDepth) {
      throw new RangeError(fail(`it is nested deeper than ${maxDepth} levels`));
    }
    ancestors.add(value);
    const converted = convertObject(value);
    ancestors.delete(value);
    return converted;
  }
  return convert;
}

/** Copies a value, converted to what JSON can hold. `root` names the value in errors. */
export function toJsonValue(value: unknown, format: JsonFormat, root: string): unknown {
  return createConverter(format, root)(value);
}

/** Like {@linkcode toJsonValue}, for an array, which must stay one. */
export function toJsonArray(array: unknown, format: JsonFormat, root: string): unknown[] {
  const converted = toJsonValue(array, format, root);
  if (Array.isArray(converted)) return converted;
  throw new TypeError(`Cannot serialize ${root} as ${format.name}: toJSON() returns no array`);
}

/** Like {@linkcode toJsonValue}, for an object, which must stay one. */
export function toJsonObject(object: unknown, format: JsonFormat, root: string): object {
  const converted = toJsonValue(object, format, root);
  const isObject = typeof converted === "object" && converted !== null && !Array.isArray(converted);
  if (isObject) return converted;
  throw new TypeError(`Cannot serialize ${root} as ${format.name}: toJSON() returns no object`);
}

// A value that is nested deeper is converted, which notices a circular reference.
const maxPlainDepth = 100;

/** Whether JSON.stringify() writes a value as the converter would, apart from lone surrogates. */
function isPlain(value: unknown, depth: number): boolean {
  switch (typeof value) {
    case "string":
    case "boolean":
    case "undefined":
      return true;
    case "number":
      return Number.isFinite(value);
    case "object":
      break;
    default:
      return false;
  }
  if (value === null) return true;
  if (depth === maxPlainDepth || (value as { toJSON?: unknown }).toJSON !== undefined) return false;
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index++) {
      const item = value[index];
      if (!isPlain(item, depth + 1) || (item === undefined && !(index in value))) return false;
    }
    return true;
  }
  if (Object.getPrototypeOf(value) !== Object.prototype) return false;
  for (const key in value) {
    if (!isPlain((value as Record<string, unknown>)[key], depth + 1)) return false;
  }
  return true;
}

/**
 * Writes a value as JSON. A value that is not plain is first converted, by `convert`: that takes
 * several times as long.
 */
export function stringify(value: unknown, convert: () => unknown): string {
  if (isPlain(value, 0)) {
    const text = JSON.stringify(value);
    // How it writes a lone surrogate.
    if (!text.includes("\\ud")) return text;
  }
  return JSON.stringify(convert());
}

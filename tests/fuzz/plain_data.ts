import { assert, fail } from "@std/assert";
import { WorkflowError } from "../../mod.ts";

const plainPrototypes = new Set<unknown>([
  ...[Object, Array, Date, Map, Set, RegExp, URL, Error, WorkflowError],
  ...[Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array],
  ...[Float32Array, Float64Array],
].map(({ prototype }) => prototype));

const errorPrototypes = new Set<unknown>([Error.prototype, WorkflowError.prototype]);

function childrenOf(value: object): unknown[] {
  // The engine keeps what it needs of a URL in properties of its own.
  if (ArrayBuffer.isView(value) || value instanceof URL) return [];
  const children: unknown[] = [];
  const isError = errorPrototypes.has(Object.getPrototypeOf(value));
  for (const key of Reflect.ownKeys(value)) {
    // Some engines make the stack of an error an accessor.
    if (isError && key === "stack") continue;
    const property = Object.getOwnPropertyDescriptor(value, key)!;
    assert("value" in property, `${String(key)} is an accessor`);
    assert(typeof key === "string", "a key is a symbol");
    children.push(property.value);
  }
  if (value instanceof Map) children.push(...[...value].flat());
  if (value instanceof Set) children.push(...value);
  return children;
}

/**
 * Checks that a value is nothing but data, and that it is no larger than `maxSize` if every object
 * is counted each time that it occurs, but not inside itself.
 */
export function assertPlainData(root: unknown, maxSize: number): void {
  let size = 0;
  const ancestors = new Set<object>();
  const pending: { value: unknown; isLeft?: boolean }[] = [{ value: root }];
  while (pending.length > 0) {
    const { value, isLeft } = pending.pop()!;
    if (isLeft) {
      ancestors.delete(value as object);
      continue;
    }
    if (++size > maxSize) fail(`expands to more than ${maxSize} values`);
    assert(typeof value !== "function" && typeof value !== "symbol", `found a ${typeof value}`);
    if (typeof value !== "object" || value === null || ancestors.has(value)) continue;
    assert(plainPrototypes.has(Object.getPrototypeOf(value)), "unexpected prototype");
    ancestors.add(value);
    pending.push({ value, isLeft: true });
    for (const child of childrenOf(value)) pending.push({ value: child });
  }
}

const prototypes: object[] = [
  ...[Object, Function, Array, Error, Map, Set, Date, RegExp, URL, String, Number, Promise],
].map(({ prototype }) => prototype);

function describePrototypes(): unknown[] {
  return prototypes.map((prototype) => Object.getOwnPropertyDescriptors(prototype)).flatMap(
    (properties) =>
      Reflect.ownKeys(properties).flatMap((key) => {
        const { value, get, set } = properties[key as string]!;
        return [key, value, get, set];
      }),
  );
}

const untouched = describePrototypes();

/** Checks that no prototype of JavaScript was changed. */
export function assertPrototypesUntouched(): void {
  const now = describePrototypes();
  const isUntouched = now.length === untouched.length &&
    now.every((value, i) => Object.is(value, untouched[i]));
  assert(isUntouched, "a prototype was changed");
}

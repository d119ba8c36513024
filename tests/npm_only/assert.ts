/** Replaces `@std/assert` where JSR cannot be reached, with the functions that the tests use. */
import nodeAssert, { AssertionError } from "node:assert/strict";

export { AssertionError };

// deno-lint-ignore no-explicit-any -- any other parameter type would reject some error classes
type ErrorClass<E extends Error> = abstract new (...args: any[]) => E;

export function assert(value: unknown, message?: string): asserts value {
  check(value, "Expected a truthy value", message);
}

export function fail(message?: string): never {
  throw new AssertionError({ message: message ?? "Failed" });
}

export function assertEquals<T>(actual: T, expected: T, message?: string): void {
  nodeAssert.deepEqual(actual, expected, message);
}

export function assertNotEquals<T>(actual: T, expected: T, message?: string): void {
  nodeAssert.notDeepEqual(actual, expected, message);
}

export function assertStrictEquals<T>(
  actual: unknown,
  expected: T,
  message?: string,
): asserts actual is T {
  nodeAssert.equal(actual, expected, message);
}

export function assertInstanceOf<T>(
  actual: unknown,
  // deno-lint-ignore no-explicit-any -- as above
  expected: abstract new (...args: any[]) => T,
  message?: string,
): asserts actual is T {
  check(actual instanceof expected, `Expected ${actual} to be a ${expected.name}`, message);
}

export function assertExists<T>(actual: T, message?: string): asserts actual is NonNullable<T> {
  check(actual !== undefined && actual !== null, `Expected a value, not ${actual}`, message);
}

export function assertMatch(actual: string, expected: RegExp, message?: string): void {
  nodeAssert.match(actual, expected, message);
}

export function assertStringIncludes(actual: string, expected: string, message?: string): void {
  check(actual.includes(expected), `Expected "${actual}" to contain "${expected}"`, message);
}

export function assertGreater<T>(actual: T, expected: T, message?: string): void {
  check(actual > expected, `Expected ${actual} > ${expected}`, message);
}

export function assertGreaterOrEqual<T>(actual: T, expected: T, message?: string): void {
  check(actual >= expected, `Expected ${actual} >= ${expected}`, message);
}

export function assertLess<T>(actual: T, expected: T, message?: string): void {
  check(actual < expected, `Expected ${actual} < ${expected}`, message);
}

export function assertLessOrEqual<T>(actual: T, expected: T, message?: string): void {
  check(actual <= expected, `Expected ${actual} <= ${expected}`, message);
}

export function assertArrayIncludes<T>(
  actual: ArrayLike<T>,
  expected: ArrayLike<T>,
  message?: string,
): void {
  const missing = Array.from(expected).filter((item) => {
    return !Array.from(actual).some((candidate) => isDeepEqual(candidate, item));
  });
  nodeAssert.deepEqual(missing, [], message ?? "Expected the array to include all of them");
}

export function assertObjectMatch(
  // deno-lint-ignore no-explicit-any -- objects of any class can be matched
  actual: Record<PropertyKey, any>,
  expected: Record<PropertyKey, unknown>,
  message?: string,
): void {
  nodeAssert.deepEqual(pick(actual, expected), expected, message);
}

export function assertThrows(fn: () => unknown, message?: string): unknown;
export function assertThrows<E extends Error = Error>(
  fn: () => unknown,
  errorClass: ErrorClass<E>,
  messageIncludes?: string,
  message?: string,
): E;
export function assertThrows(
  fn: () => unknown,
  expected?: ErrorClass<Error> | string,
  messageIncludes?: string,
  message?: string,
): unknown {
  try {
    fn();
  } catch (error) {
    return checkError(error, expected, messageIncludes, message);
  }
  throw new AssertionError({ message: "Expected the function to throw" });
}

export function assertRejects(fn: () => PromiseLike<unknown>, message?: string): Promise<unknown>;
export function assertRejects<E extends Error = Error>(
  fn: () => PromiseLike<unknown>,
  errorClass: ErrorClass<E>,
  messageIncludes?: string,
  message?: string,
): Promise<E>;
export async function assertRejects(
  fn: () => PromiseLike<unknown>,
  expected?: ErrorClass<Error> | string,
  messageIncludes?: string,
  message?: string,
): Promise<unknown> {
  let promise: PromiseLike<unknown>;
  try {
    promise = fn();
  } catch (cause) {
    throw new Error("Expected a promise that rejects: the function itself threw", { cause });
  }
  try {
    await promise;
  } catch (error) {
    return checkError(error, expected, messageIncludes, message);
  }
  throw new AssertionError({ message: "Expected the promise to reject" });
}

function checkError(
  error: unknown,
  expected?: ErrorClass<Error> | string,
  messageIncludes = "",
  message?: string,
): unknown {
  if (typeof expected !== "function") return error;
  assertInstanceOf(error, expected, message);
  assertStringIncludes(error.message, messageIncludes, message);
  return error;
}

function check(condition: unknown, defaultMessage: string, message?: string): asserts condition {
  if (!condition) throw new AssertionError({ message: message ?? defaultMessage });
}

function isDeepEqual(a: unknown, b: unknown): boolean {
  try {
    nodeAssert.deepEqual(a, b);
    return true;
  } catch {
    return false;
  }
}

/** Picks the keys of `expected` from `actual`, at any depth. */
function pick(actual: unknown, expected: unknown): unknown {
  if (!isPlainObject(actual) || !isPlainObject(expected)) return actual;
  const keys = Reflect.ownKeys(expected).filter((key) => key in actual);
  return Object.fromEntries(keys.map((key) => [key, pick(actual[key], expected[key])]));
}

function isPlainObject(value: unknown): value is Record<PropertyKey, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Checks arguments and options before a statement is sent. */

import { mapInSlices } from "./event_loop.ts";

// Of what the library calls, this came last to runtimes. Older ones would fail in the middle of calls.
if (!("isWellFormed" in String.prototype)) {
  throw new Error(
    "Cannot use @dbos-community/client: this runtime is too old; use Deno 2.2, Node 20.18 or Bun 1.2.3, " +
      "or a later release",
  );
}

/** Whether `await` would wait for a value: a Promise, of this realm or another one, or a query. */
export function isThenable(value: unknown): boolean {
  return typeof value === "object" && value !== null && "then" in value &&
    typeof value.then === "function";
}

function describe(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "an array";
  return isThenable(value) ? "a Promise" : `a value of type ${typeof value}`;
}

/** Throws a TypeError that says what was expected. */
export function refuseType(what: string, value: unknown, expected: string): never {
  const advice = isThenable(value) ? "; await it first" : "";
  throw new TypeError(`Cannot use ${describe(value)} as ${what}: expected ${expected}${advice}`);
}

/** Throws a RangeError that says what was expected. */
export function refuseValue(what: string, value: unknown, expected: string): never {
  throw new RangeError(`Cannot use ${value} as ${what}: expected ${expected}`);
}

function refuseText(what: string, reason: string): never {
  throw new RangeError(`Cannot use the given ${what}: it ${reason}`);
}

/** Refuses values that are not strings, are blank, or cannot be stored by Postgres. */
export function checkText(what: string, value: unknown): asserts value is string {
  if (typeof value !== "string") refuseType(what, value, "a string");
  if (value.trim() === "") refuseText(what, "is empty or only white space");
  if (value.includes("\0")) refuseText(what, "contains a NUL character");
  if (!value.isWellFormed()) refuseText(what, "contains a lone surrogate");
}

/** Refuses a text of more characters than a column of type `varchar` holds. */
export function checkLength(what: string, text: string, maxCharacters: number): void {
  // Most texts are much shorter. Postgres counts code points.
  if (text.length <= maxCharacters || [...text].length <= maxCharacters) return;
  refuseText(what, `has more than ${maxCharacters} characters`);
}

// A row of an index may have 2704 bytes. That also leaves room for a status, a priority, and what
// schedules add to their names.
const maxIndexedBytes = 2500;
const maxBytesPerUnit = 3;

/** Whether texts are so short that one index holds all of them, in any encoding. */
export function areShort(...texts: readonly (string | undefined)[]): boolean {
  let units = 0;
  for (const text of texts) if (text !== undefined) units += text.length;
  return units * maxBytesPerUnit <= maxIndexedBytes;
}

/**
 * Refuses texts, by name, that one index cannot hold together. Postgres would abort the transaction.
 * `call` is the function that they are given to, unless their names tell.
 */
export function checkIndexed(
  texts: Readonly<Record<string, string | undefined>>,
  call?: string,
): void {
  const given = Object.entries(texts).filter(([, text]) => text !== undefined);
  const bytes = new TextEncoder().encode(given.map(([, text]) => text).join("")).length;
  if (bytes <= maxIndexedBytes) return;
  const names = given.map(([name]) => name).join(" with ");
  throw new RangeError(
    `Cannot use the given ${names}${
      call ? ` of ${call}` : ""
    }: ${bytes} bytes in UTF-8, of which ` +
      `an index of Postgres may hold ${maxIndexedBytes}`,
  );
}

/** Like {@linkcode checkText}, for an option that may be left out. */
export function checkOptionalText(what: string, value: unknown): void {
  if (value !== undefined) checkText(what, value);
}

/** Refuses a value that is not an array. */
export function checkArray(what: string, value: unknown): void {
  if (!Array.isArray(value)) refuseType(what, value, "an array");
}

/**
 * Like {@linkcode checkTexts}, for many texts: in slices, unless it is to be done in one turn. Returns a
 * promise only if there are several slices.
 */
export function checkManyTexts(
  what: string,
  value: unknown,
  inOneTurn: boolean,
): string[] | Promise<string[]> {
  if (!Array.isArray(value)) refuseType(what, value, "an array of strings");
  return mapInSlices(
    Array.from(value),
    (text) => {
      checkText(what, text);
      return text;
    },
    inOneTurn,
  );
}

/** Like {@linkcode checkText}, for an array of strings. Returns a copy of it. */
export function checkTexts(what: string, value: unknown): string[] {
  return checkManyTexts(what, value, true) as string[];
}

/** Refuses a value that is not an AbortSignal, of this realm or another one. */
export function checkSignal(what: string, value: unknown): void {
  const { throwIfAborted, addEventListener } = Object(value);
  if (typeof throwIfAborted === "function" && typeof addEventListener === "function") return;
  refuseType(what, value, "an AbortSignal");
}

/** Refuses a value that is not a function. */
export function checkFunction(what: string, value: unknown): void {
  if (typeof value !== "function") refuseType(what, value, "a function");
}

/** Refuses a value that is not one of `choices`. */
export function checkChoice(what: string, value: unknown, choices: readonly string[]): void {
  if (choices.includes(value as string)) return;
  const expected = choices.map((choice) => `"${choice}"`).join(" or ");
  if (typeof value !== "string") refuseType(what, value, expected);
  refuseValue(what, `"${value}"`, expected);
}

/** Refuses a value that is not a finite number from `min` to `max`. */
export function checkNumber(
  what: string,
  value: unknown,
  min: number,
  max: number = Number.MAX_VALUE,
): void {
  if (typeof value !== "number") refuseType(what, value, "a number");
  if (value >= min && value <= max) return;
  const range = max === Number.MAX_VALUE ? `of at least ${min}` : `from ${min} to ${max}`;
  refuseValue(what, value, `a finite number ${range}`);
}

/** Refuses a value that is not an integer from `min` to `max`. */
export function checkInteger(
  what: string,
  value: unknown,
  min: number,
  max: number = Number.MAX_SAFE_INTEGER,
): void {
  if (typeof value !== "number") refuseType(what, value, "a number");
  if (Number.isInteger(value) && value >= min && value <= max) return;
  refuseValue(what, value, `an integer from ${min} to ${max}`);
}

/** Refuses a value that is not a boolean. */
export function checkBoolean(what: string, value: unknown): void {
  if (typeof value !== "boolean") refuseType(what, value, "a boolean");
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** Refuses a value that is not a plain object. Plain objects of other realms are accepted. */
export function checkPlainObject(
  what: string,
  value: unknown,
): asserts value is Record<string, unknown> {
  if (!isPlainObject(value)) refuseType(what, value, "a plain object");
}

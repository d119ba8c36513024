/** Checks arguments and options before a statement is sent. */

function describe(value: unknown): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "an array" : `a value of type ${typeof value}`;
}

function refuseType(what: string, value: unknown, expected: string): never {
  throw new TypeError(`Cannot use ${describe(value)} as ${what}: expected ${expected}`);
}

function refuseValue(what: string, value: unknown, expected: string): never {
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

/** Like {@linkcode checkText}, for an option that may be left out. */
export function checkOptionalText(what: string, value: unknown): void {
  if (value !== undefined) checkText(what, value);
}

/** Like {@linkcode checkText}, for an optional array of strings. */
export function checkOptionalTexts(what: string, value: unknown): void {
  if (value === undefined) return;
  if (!Array.isArray(value)) refuseType(what, value, "an array of strings");
  value.forEach((text) => checkText(what, text));
}

/** Refuses a value that is not an AbortSignal, of this realm or another one. */
export function checkSignal(value: unknown): void {
  if (value === undefined || typeof Object(value).throwIfAborted === "function") return;
  refuseType("signal", value, "an AbortSignal");
}

/** Refuses a value that is not one of `choices`. */
export function checkChoice(what: string, value: unknown, choices: readonly string[]): void {
  if (value === undefined || choices.includes(value as string)) return;
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
  if (value === undefined) return;
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
  if (value === undefined) return;
  if (typeof value !== "number") refuseType(what, value, "a number");
  if (Number.isInteger(value) && value >= min && value <= max) return;
  refuseValue(what, value, `an integer from ${min} to ${max}`);
}

/** Refuses a value that is not a boolean. */
export function checkBoolean(what: string, value: unknown): void {
  if (value !== undefined && typeof value !== "boolean") refuseType(what, value, "a boolean");
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

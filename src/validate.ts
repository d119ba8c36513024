/** Checks of what callers pass, made before anything is sent. */

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

function refuseText(what: string, fault: string): never {
  throw new RangeError(`Cannot use the given ${what}: it ${fault}`);
}

/** Refuses text that Postgres cannot store or that names nothing. */
export function checkText(what: string, value: unknown): asserts value is string {
  if (typeof value !== "string") refuseType(what, value, "a string");
  if (value.trim() === "") refuseText(what, "is empty or only white space");
  if (value.includes("\0")) refuseText(what, "contains a NUL character");
  if (!value.isWellFormed()) refuseText(what, "contains a lone surrogate");
}

/** The same for an option that may be left out. */
export function checkOptionalText(what: string, value: unknown): void {
  if (value !== undefined) checkText(what, value);
}

/** The same for a list of them. */
export function checkOptionalTexts(what: string, value: unknown): void {
  if (value === undefined) return;
  if (!Array.isArray(value)) refuseType(what, value, "an array of strings");
  value.forEach((text) => checkText(what, text));
}

/** Refuses what is not one of `choices`. */
export function checkChoice(what: string, value: unknown, choices: readonly string[]): void {
  if (value === undefined || choices.includes(value as string)) return;
  const expected = choices.map((choice) => `"${choice}"`).join(" or ");
  if (typeof value !== "string") refuseType(what, value, expected);
  refuseValue(what, `"${value}"`, expected);
}

/** Refuses what is not a finite number from `min` to `max`. */
export function checkNumber(
  what: string,
  value: unknown,
  min: number,
  max: number = Number.MAX_VALUE,
): void {
  if (value === undefined) return;
  if (typeof value !== "number") refuseType(what, value, "a number");
  if (value >= min && value <= max) return;
  const limit = max === Number.MAX_VALUE ? "" : ` or above ${max}`;
  refuseValue(what, value, `a finite number not below ${min}${limit}`);
}

/** Refuses what is not an integer from `min` to `max`. */
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

/** Refuses what is neither true nor false. */
export function checkBoolean(what: string, value: unknown): void {
  if (value !== undefined && typeof value !== "boolean") refuseType(what, value, "a boolean");
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** Refuses what is not an object literal; objects of another realm count as well. */
export function checkPlainObject(
  what: string,
  value: unknown,
): asserts value is Record<string, unknown> {
  if (!isPlainObject(value)) refuseType(what, value, "a plain object");
}

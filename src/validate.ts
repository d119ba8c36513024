/** Checks of what callers pass, made before anything is sent. */

function describe(value: unknown): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "an array" : `a value of type ${typeof value}`;
}

/** Refuses text that Postgres cannot store or that names nothing. */
export function checkText(what: string, value: unknown): asserts value is string {
  if (typeof value !== "string") {
    throw new TypeError(`Cannot use ${describe(value)} as ${what}: expected a string`);
  }
  if (value.trim() === "") {
    throw new RangeError(`Cannot use the given ${what}: it is empty or only white space`);
  }
  if (value.includes("\0")) {
    throw new RangeError(`Cannot use the given ${what}: it contains a NUL character`);
  }
  if (!value.isWellFormed()) {
    throw new RangeError(`Cannot use the given ${what}: it contains a lone surrogate`);
  }
}

/** The same for an option that may be left out. */
export function checkOptionalText(what: string, value: unknown): void {
  if (value !== undefined) checkText(what, value);
}

/** The same for a list of them. */
export function checkOptionalTexts(what: string, value: unknown): void {
  if (value === undefined) return;
  if (!Array.isArray(value)) {
    throw new TypeError(`Cannot use ${describe(value)} as ${what}: expected an array of strings`);
  }
  value.forEach((text) => checkText(what, text));
}

/** Refuses what is not one of `choices`. */
export function checkChoice(what: string, value: unknown, choices: readonly string[]): void {
  if (value === undefined || choices.includes(value as string)) return;
  const expected = choices.map((choice) => `"${choice}"`).join(" or ");
  throw typeof value === "string"
    ? new RangeError(`Cannot use "${value}" as ${what}: expected ${expected}`)
    : new TypeError(`Cannot use ${describe(value)} as ${what}: expected ${expected}`);
}

/** Refuses what is not a finite number from `least` to `most`. */
export function checkNumber(
  what: string,
  value: unknown,
  least: number,
  most: number = Number.MAX_VALUE,
): void {
  if (value === undefined) return;
  if (typeof value !== "number") {
    throw new TypeError(`Cannot use ${describe(value)} as ${what}: expected a number`);
  }
  if (!Number.isFinite(value) || value < least || value > most) {
    const limit = most === Number.MAX_VALUE ? "" : ` or above ${most}`;
    throw new RangeError(
      `Cannot use ${value} as ${what}: expected a finite number not below ${least}${limit}`,
    );
  }
}

/** Refuses what is not an integer from `least` to `most`. */
export function checkInteger(
  what: string,
  value: unknown,
  least: number,
  most: number = Number.MAX_SAFE_INTEGER,
): void {
  if (value === undefined) return;
  if (typeof value !== "number") {
    throw new TypeError(`Cannot use ${describe(value)} as ${what}: expected a number`);
  }
  if (!Number.isInteger(value) || value < least || value > most) {
    throw new RangeError(
      `Cannot use ${value} as ${what}: expected an integer from ${least} to ${most}`,
    );
  }
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** Refuses what is neither true nor false. */
export function checkBoolean(what: string, value: unknown): void {
  if (value === undefined || typeof value === "boolean") return;
  throw new TypeError(`Cannot use ${describe(value)} as ${what}: expected a boolean`);
}

/** Refuses what is not an object literal; objects of another realm count as well. */
export function checkPlainObject(
  what: string,
  value: unknown,
): asserts value is Record<string, unknown> {
  if (!isPlainObject(value)) {
    throw new TypeError(`Cannot use ${describe(value)} as ${what}: expected a plain object`);
  }
}

/**
 * Reads an object of options: each option once, into a plain object of checked values. So a getter
 * cannot pass a check with one value and be written with another.
 */

import { contractIn, contractKey } from "./contracts/contract.ts";
import {
  areShort,
  checkArray,
  checkBoolean,
  checkChoice,
  checkFunction,
  checkIndexed,
  checkInteger,
  checkLength,
  checkNumber,
  checkPlainObject,
  checkSignal,
  checkText,
  checkTexts,
  isThenable,
  refuseType,
} from "./validate.ts";

/** Checks a value, and returns the value to use. */
export type Check<Value> = (what: string, value: unknown) => Value;

/** A check for every option; as `{ required }` if the option must be given. */
export type OptionChecks<Options extends object> = {
  readonly [Name in keyof Options]-?: Partial<Pick<Options, Name>> extends Pick<Options, Name>
    ? Check<Exclude<Options[Name], undefined>>
    : { readonly required: Check<Options[Name]> };
};

/** What is known of an object of options. */
export interface OptionsDescription<Options extends object> {
  readonly checks: OptionChecks<Options>;
  readonly byName: ReadonlyMap<string, Check<unknown>>;
  readonly required: readonly string[];
  /** What to do instead of an option that only other functions or clients have. */
  readonly replacements: Readonly<Record<string, string>>;
}

/** Describes an object of options. */
export function describeOptions<Options extends object>(
  checks: OptionChecks<Options>,
  replacements: Readonly<Record<string, string>> = {},
): OptionsDescription<Options> {
  const byName = new Map<string, Check<unknown>>();
  const required: string[] = [];
  type AnyCheck = Check<unknown> | { readonly required: Check<unknown> };
  for (const [name, check] of Object.entries<AnyCheck>(checks)) {
    if (typeof check !== "function") required.push(name);
    byName.set(name, typeof check === "function" ? check : check.required);
  }
  return { checks, byName, required, replacements };
}

/** The names of all properties: own and inherited ones, enumerable or not. */
function namesOf(options: object): Iterable<string> {
  const prototype = Object.getPrototypeOf(options);
  if (prototype === Object.prototype || prototype === null) {
    return Object.getOwnPropertyNames(options);
  }
  const names = new Set<string>();
  for (let object = options; object !== null; object = Object.getPrototypeOf(object)) {
    for (const name of Object.getOwnPropertyNames(object)) {
      if (!(name in Object.prototype)) names.add(name);
    }
  }
  return names;
}

/** The number of characters that two texts have in common, in the same order. */
function countCommon(a: string, b: string): number {
  let counts = new Array<number>(b.length + 1).fill(0);
  for (const character of a) {
    const next = [0];
    for (let i = 0; i < b.length; i++) {
      next.push(character === b[i] ? counts[i]! + 1 : Math.max(counts[i + 1]!, next[i]!));
    }
    counts = next;
  }
  return counts.at(-1)!;
}

/** The name that has the most in common with `name`. There must be one. */
export function findNearest(name: string, names: Iterable<string>): string {
  const similarityTo = (other: string) =>
    countCommon(name.toLowerCase(), other.toLowerCase()) / (name.length + other.length);
  return [...names].reduce((a, b) => similarityTo(b) > similarityTo(a) ? b : a);
}

const maxNameLength = 40;

function refuseName<Options extends object>(
  call: string,
  { byName, replacements }: OptionsDescription<Options>,
  fullName: string,
): never {
  const name = fullName.slice(0, maxNameLength);
  const advice = Object.hasOwn(replacements, name)
    ? replacements[name]
    : `there is no such option; did you mean ${findNearest(name, byName.keys())}?`;
  throw new TypeError(`Cannot use ${name} as an option of ${call}: ${advice}`);
}

/** Whether an option is a field of a contract that a function has no use for. */
function isFieldOfContract(
  options: object,
  name: string,
  value: unknown,
  replacements: OptionsDescription<object>["replacements"],
): boolean {
  const contract = contractIn(options) as Record<string, unknown> | undefined;
  return contract?.[name] === value && !Object.hasOwn(replacements, name);
}

function checkIsObject(call: string, options: unknown, names: Iterable<string>): void {
  const [name] = names;
  const isObject = typeof options === "object" && options !== null && !Array.isArray(options);
  if (isObject && !isThenable(options)) return;
  refuseType(`the options of ${call}`, options, `an object such as { ${name}: … }`);
}

/**
 * Reads the options of `call`. Refuses values that their checks refuse, missing options, and names
 * that the description does not have, but not the fields of a contract that the options are spread of.
 * What is undefined counts as not given.
 */
export function readOptions<Options extends object>(
  call: string,
  description: OptionsDescription<Options>,
  options: Options | undefined,
): Options {
  const { byName, required } = description;
  const read: Record<PropertyKey, unknown> = {};
  if (options !== undefined) {
    checkIsObject(call, options, byName.keys());
    const contract = contractIn(options);
    if (contract) read[contractKey] = contract;
    for (const name of namesOf(options)) {
      const value = (options as Record<string, unknown>)[name];
      if (value === undefined) continue;
      const check = byName.get(name);
      if (check) read[name] = check(`${name} of ${call}`, value);
      else if (!isFieldOfContract(options, name, value, description.replacements)) {
        refuseName(call, description, name);
      }
    }
  }
  for (const name of required) {
    if (read[name] === undefined) byName.get(name)!(`${name} of ${call}`, undefined);
  }
  return read as Options;
}

function keeping<Value>(check: (what: string, value: unknown) => void): Check<Value> {
  return (what, value) => {
    check(what, value);
    return value as Value;
  };
}

/** Any value. It is checked when it is serialized. */
export const asAnything: Check<unknown> = (_what, value) => value;

export const asText: Check<string> = keeping(checkText);
/** A text that an index holds. */
export const asIndexedText: Check<string> = keeping((what, value) => {
  checkText(what, value);
  if (!areShort(value)) checkIndexed({ [what]: value });
});

/** A text of a column of type `varchar(255)`. */
export const asShortText: Check<string> = keeping((what, value) => {
  checkText(what, value);
  checkLength(what, value, 255);
});

export const asBoolean: Check<boolean> = keeping(checkBoolean);
export const asPlainObject: Check<Record<string, unknown>> = keeping(checkPlainObject);
export const asSignal: Check<AbortSignal> = keeping(checkSignal);

/** An array, whatever it holds. */
export const asArray: Check<unknown[]> = keeping(checkArray);

/** A copy of an array of texts. */
export const asTexts: Check<string[]> = checkTexts;

/** A text, or a copy of an array of texts. */
export const asTextOrTexts: Check<string | string[]> = (what, value) =>
  Array.isArray(value) ? checkTexts(what, value) : asText(what, value);

export function asFunction<Value>(): Check<Value> {
  return keeping(checkFunction);
}

export function asInteger(min: number, max?: number): Check<number> {
  return keeping((what, value) => checkInteger(what, value, min, max));
}

export function asNumber(min: number, max?: number): Check<number> {
  return keeping((what, value) => checkNumber(what, value, min, max));
}

export function asChoice<Choice extends string>(...choices: readonly Choice[]): Check<Choice> {
  return keeping((what, value) => checkChoice(what, value, choices));
}

/** A copy of an array of choices. */
export function asChoices<Choice extends string>(...choices: readonly Choice[]): Check<Choice[]> {
  const asOne = asChoice(...choices);
  return (what, value) => {
    const array = asArray(what, value);
    return Array.from(array, (choice) => asOne(what, choice));
  };
}

/** Also accepts null. */
export function orNull<Value>(check: Check<Value>): Check<Value | null> {
  return (what, value) => value === null ? null : check(what, value);
}

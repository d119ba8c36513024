/** Checks values with the schemas of contracts. It is loaded when there is a schema. */

import { abortable } from "../promises.ts";
import { ContractError, type ContractIssue } from "../errors/contract.ts";
import { checkArray, checkPlainObject } from "../validate.ts";
import type { ContractField } from "./contract.ts";
import type { StandardSchemaIssue, StandardSchemaResult } from "./standard_schema.ts";

// A text of fewer characters may be any word, so it is only removed in quotation marks.
const minWordLength = 4;
const maxValues = 1000;

function childrenOf(value: object): Iterable<unknown> {
  if (value instanceof Date) return [String(value), JSON.stringify(value)?.slice(1, -1)];
  if (value instanceof Map) return [...value.keys(), ...value.values()];
  return value instanceof Set ? value : Object.values(value);
}

/** The texts and numbers in a value; undefined if there are too many. */
function collectLeaves(value: unknown): Set<string> | undefined {
  const leaves = new Set<string>();
  const seen = new Set([value]);
  // A Set is iterated to what is added meanwhile.
  for (const next of seen) {
    if (typeof next === "string" || typeof next === "number" || typeof next === "bigint") {
      if (next !== "") leaves.add(String(next));
    } else if (typeof next === "object" && next !== null) {
      for (const child of childrenOf(next)) {
        if (seen.add(child).size > maxValues) return undefined;
      }
    }
  }
  return leaves;
}

/** Removes the values from a text, because some libraries say what they were given. */
function withoutValues(text: string, leaves: ReadonlySet<string>): string {
  const longestFirst = [...leaves].sort((a, b) => b.length - a.length);
  for (const leaf of longestFirst) {
    const escaped = JSON.stringify(leaf).slice(1, -1);
    for (const written of new Set([leaf, escaped])) {
      for (const mark of `"'\``) text = text.replaceAll(`${mark}${written}${mark}`, "…");
      if (leaf.trim() === "") continue;
      if (Number.isNaN(Number(leaf))) {
        if (leaf.length >= minWordLength) text = text.replaceAll(written, "…");
      } else {
        const pattern = written.replace(/[.+]/g, "\\$&");
        text = text.replace(new RegExp(`(?<![\\w.])${pattern}n?(?![\\w]|\\.\\d)`, "g"), "…");
      }
    }
  }
  return text;
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  let found = value;
  for (const key of path) {
    found = found instanceof Map ? found.get(key) : (found as Record<PropertyKey, unknown>)?.[key];
  }
  return found;
}

function toIssue(issue: StandardSchemaIssue, value: unknown): ContractIssue {
  const { message, path = [] } = issue;
  // The arrays of some libraries are of classes whose map() returns something else.
  const keys = Array.from(path, (part) => typeof part === "object" ? part.key : part);
  // What valibot and arktype have checked, which may differ from what was given.
  const { input, data } = issue as { input?: unknown; data?: unknown };
  const leaves = collectLeaves([valueAt(value, keys), input, data]);
  return { message: leaves ? withoutValues(message, leaves) : "Invalid value", path: keys };
}

/** Returns the value of a result, or throws the issues. */
function readResult(
  { workflowName, field }: ContractField,
  value: unknown,
  result: StandardSchemaResult,
): unknown {
  if (result.issues) {
    throw new ContractError(
      workflowName,
      field,
      Array.from(result.issues, (issue) => toIssue(issue, value)),
    );
  }
  const what = `what the schema of ${field} of workflow ${workflowName} returns`;
  if (field === "args") checkArray(what, result.value);
  if (field === "namedArgs") checkPlainObject(what, result.value);
  return result.value;
}

/**
 * Goes on with what the schema of a field makes of a value. Throws a ContractError if it has issues. Ends
 * the wait for a schema that never settles when the signal is aborted.
 */
export function useChecked<Value, Result>(
  field: ContractField,
  value: Value,
  signal: AbortSignal | undefined,
  use: (value: Value) => Result | Promise<Result>,
): Result | Promise<Result> {
  // Nobody would wait for what the schema returns.
  signal?.throwIfAborted();
  const result = field.schema!["~standard"].validate(value);
  const useResult = (result: StandardSchemaResult) =>
    use(readResult(field, value, result) as Value);
  return result instanceof Promise
    ? abortable(signal, () => result).then(useResult)
    : useResult(result);
}

/** Makes the errors of workflows from what is stored of them, whatever that is. */

import { WorkflowError, type WorkflowErrorDetails } from "../errors/workflow_error.ts";
import { isObject, setProperty } from "./decoding.ts";

/** The maximum number of errors in a value. Each records a stack, so a million take many seconds. */
export const maxErrors = 10_000;

// JSON.stringify() of Bun takes 9 s for 100,000 levels.
const maxDepth = 100;

function isDeep(value: unknown, levels: number, seen: Set<unknown>): boolean {
  if (!isObject(value) || seen.has(value)) return false;
  seen.add(value);
  return levels === 0 || Object.values(value).some((item) => isDeep(item, levels - 1, seen));
}

/** Converts a stored value to a text, which is JSON for an object. */
export function toText(value: unknown): string {
  if (!isObject(value)) return String(value);
  if (isDeep(value, maxDepth, new Set())) return "[object]";
  try {
    return JSON.stringify(value) ?? "";
  } catch {
    return "[object]"; // It contains itself, or a bigint.
  }
}

/** What is stored of an error. The properties may have any type. */
export type StoredError = { readonly [Name in keyof WorkflowErrorDetails | "message"]?: unknown };

/** Makes an error. Its message, name and stack are texts, whatever is stored. */
export function createWorkflowError(stored: StoredError): WorkflowError {
  const { message, name, stack, code, data } = stored;
  return new WorkflowError(toText(message ?? ""), {
    code,
    data,
    name: toText(name ?? "Error"),
    ...(typeof stack === "string" && { stack }),
    ...(Object.hasOwn(stored, "cause") && { cause: stored.cause }),
  });
}

/**
 * Adds the further properties of a stored error. Those that would hide a method of errors are left
 * out, because the error could not be printed.
 */
export function addProperties(error: WorkflowError, properties: object): void {
  for (const [name, value] of Object.entries(properties)) {
    if (!(name in Error.prototype)) setProperty(error, name, value);
  }
}

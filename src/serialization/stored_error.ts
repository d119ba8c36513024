/** Makes the errors of workflows from what is stored of them, whatever that is. */

import { WorkflowError, type WorkflowErrorDetails } from "../errors/workflow_error.ts";
import { isObject, setProperty } from "./decoding.ts";

/** Converts a stored value to a text, which is JSON for an object. */
export function toText(value: unknown): string {
  if (!isObject(value)) return String(value);
  try {
    return JSON.stringify(value) ?? "";
  } catch {
    return "[object]"; // It contains itself or a bigint, or is nested too deeply.
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

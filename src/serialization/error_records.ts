/** Reads errors as workers in TypeScript store them: as objects of their properties. */

import type { WorkflowError } from "../errors/workflow_error.ts";
import { isObject, setHidden } from "./decoding.ts";
import {
  addProperties,
  createWorkflowError,
  maxErrors,
  type StoredError,
  toText,
} from "./stored_error.ts";

function isErrorLike(value: unknown): value is StoredError {
  return isObject(value) && ("message" in value || "name" in value);
}

/**
 * Makes an error of a value, and of the errors in it, which may contain themselves. The SDK stores
 * an error with all its properties, even inherited and non-enumerable ones.
 */
export function toWorkflowError(root: unknown): WorkflowError {
  if (!isErrorLike(root)) return createWorkflowError({ message: toText(root) });
  const errors = new Map<StoredError, WorkflowError>();

  function revive(value: unknown): unknown {
    if (!isErrorLike(value)) return value;
    const known = errors.get(value);
    if (known || errors.size === maxErrors) return known ?? value;
    const { message, name, stack } = value;
    const error = createWorkflowError({ message, name, stack });
    errors.set(value, error);
    return error;
  }

  const result = revive(root) as WorkflowError;
  // This also visits what it adds.
  for (const [value, error] of errors) {
    const { message: _, name, stack: _stack, cause, ...properties } = value as Record<
      string,
      unknown
    >;
    if (cause !== undefined) setHidden(error, "cause", revive(cause));
    if (name === "AggregateError" && Array.isArray(properties.errors)) {
      properties.errors = properties.errors.map(revive);
    }
    addProperties(error, properties);
  }
  return result;
}

/** Reads `portable_json`: JSON that workers in every language write. */

import type { WorkflowError } from "../errors/workflow_error.ts";
import type { ReadingCodec } from "./codec.ts";
import { isObject, parseJson, requireArgs, wrapErrors } from "./decoding.ts";
import { createWorkflowError, toText } from "./stored_error.ts";

function deserializeArgs(text: string): unknown[] {
  const value = parseJson(text);
  const isEnvelope = isObject(value) && !Array.isArray(value) &&
    Object.keys(value).every((key) => key === "positionalArgs" || key === "namedArgs");
  // For a child of a portable workflow, Go before 1.8 writes its one argument without an envelope.
  return isEnvelope ? requireArgs(value.positionalArgs ?? []) : [value];
}

function deserializeError(text: string): WorkflowError {
  const value = parseJson(text);
  const isError = isObject(value) && !Array.isArray(value);
  return createWorkflowError(isError ? value : { message: toText(value) });
}

/** `portable_json`, without the functions that write it. */
export const portableJsonReader: ReadingCodec = wrapErrors({
  name: "portable_json",
  deserializeValue: parseJson,
  deserializeArgs,
  deserializeError,
});

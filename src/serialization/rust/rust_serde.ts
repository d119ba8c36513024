/** Reads `rust_serde`, the format of Rust workers: JSON as serde writes it. */

import type { WorkflowError } from "../../errors/workflow_error.ts";
import type { ReadingCodec } from "../codec.ts";
import { isObject, wrapErrors } from "../decoding.ts";
import { parseLossless, toNumberOrBigint } from "../lossless_json.ts";
import { portableJsonReader } from "../read_portable_json.ts";
import { createWorkflowError } from "../stored_error.ts";

function deserializeValue(text: string): unknown {
  return parseLossless(text, toNumberOrBigint);
}

// In Rust, variants begin with a capital letter and fields do not.
const variantName = /^\p{Lu}[\p{L}\p{N}]*$/u;

/** Splits an enum, as serde writes it by default, into the name of the variant and its data. */
function splitVariant(value: unknown): [name: string, data: unknown] | undefined {
  if (typeof value === "string") return variantName.test(value) ? [value, value] : undefined;
  if (!isObject(value) || Array.isArray(value)) return undefined;
  const [first, ...others] = Object.entries(value);
  return first && others.length === 0 && variantName.test(first[0]) ? first : undefined;
}

const portableFields = ["name", "message", "code", "data"];

/**
 * Makes an error of what Rust stores of it: `{"Application": …}` with the application's own error, or
 * another variant of the crate's error. Its text is not stored; this is the closest among its fields.
 */
function toWorkflowError(stored: unknown): WorkflowError {
  const outer = splitVariant(stored);
  const own = outer?.[0] === "Application" ? outer[1] : stored;
  const [variant, content] = splitVariant(own) ?? [undefined, own];
  const fields = isObject(content) && !Array.isArray(content) ? content : {};
  const isPortable = "message" in fields &&
    Object.keys(fields).every((name) => portableFields.includes(name));
  return createWorkflowError({
    name: variant ?? (isPortable ? fields.name : undefined),
    message: fields.message ?? fields.detail ?? content,
    code: fields.code,
    data: isPortable ? fields.data : isObject(content) ? content : undefined,
  });
}

export const rustSerde: ReadingCodec = wrapErrors({
  name: "rust_serde",
  deserializeValue,
  // A workflow in Rust has one argument, which may be a tuple of several, or nothing.
  deserializeArgs(text) {
    const value = deserializeValue(text);
    return value === null ? [] : [value];
  },
  deserializeError: (text) => toWorkflowError(deserializeValue(text)),
});

/** Rust stores an error in the same way if the format of the workflow is portable JSON. */
export const portableOfRust: ReadingCodec = wrapErrors({
  ...portableJsonReader,
  deserializeError(text) {
    const stored = deserializeValue(text);
    return splitVariant(stored)
      ? toWorkflowError(stored)
      : portableJsonReader.deserializeError(text);
  },
});

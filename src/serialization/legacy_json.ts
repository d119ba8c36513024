/**
 * Reads the JSON of TypeScript workers before about DBOS 4.3, which recorded no format. The JSON of
 * early Java and Python workers, which recorded none either, is recognized by its class names and
 * rejected.
 */

import type { WorkflowError } from "../errors/workflow_error.ts";
import type { ReadingCodec } from "./codec.ts";
import { isObject, parseBigint, parseJson, requireArgs, wrapErrors } from "./decoding.ts";
import { addProperties, createWorkflowError, toText } from "./stored_error.ts";

function isFromJava(value: unknown): boolean {
  if (Array.isArray(value)) {
    return value.length === 2 && typeof value[0] === "string" &&
      /^(\[+[ZBCSIJFD]$|\[+L.*;$|([a-z_]\w*\.)+[A-Z][\w$]*(<.*>)?$)/.test(value[0]);
  }
  return isObject(value) && Object.hasOwn(value, "@class");
}

// The first releases for Python wrote jsonpickle.
function isFromPython(value: unknown): boolean {
  return isObject(value) &&
    Object.keys(value).some((key) => key.startsWith("py/"));
}

function toDate(text: unknown): Date {
  const date = new Date(typeof text === "string" ? text : NaN);
  if (Number.isNaN(date.getTime())) throw new TypeError("invalid date");
  return date;
}

function toBytes(data: unknown): Uint8Array {
  if (!Array.isArray(data) || !data.every((item) => typeof item === "number")) {
    throw new TypeError("invalid bytes");
  }
  return Uint8Array.from(data);
}

function revive(_key: string, value: unknown): unknown {
  if (isFromJava(value) || isFromPython(value)) {
    throw new TypeError("possibly written by a worker in another language");
  }
  if (!isObject(value)) return value;
  if (value.dbos_type === "dbos_Date") return toDate(value.dbos_data);
  if (value.dbos_type === "dbos_BigInt") return parseBigint(value.dbos_data);
  return value.type === "Buffer" ? toBytes(value.data) : value;
}

function deserializeValue(text: string): unknown {
  return parseJson(text, revive);
}

function deserializeError(text: string): WorkflowError {
  const value = deserializeValue(text);
  if (!isObject(value)) return createWorkflowError({ message: toText(value) });
  const { name, message, stack, cause, ...properties } = value;
  const error = createWorkflowError({
    name,
    message,
    stack,
    ...(cause !== undefined && { cause }),
  });
  addProperties(error, properties);
  return error;
}

export const legacyJson: ReadingCodec = wrapErrors({
  name: "",
  deserializeValue,
  deserializeArgs: (text) => requireArgs(deserializeValue(text)),
  deserializeError,
});

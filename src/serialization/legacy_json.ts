/**
 * Reads the JSON of TypeScript workers before about DBOS 4.3, which recorded no format. The JSON of
 * early Java and Python workers, which recorded none either, is recognized by its class names and
 * rejected.
 */

import { WorkflowError } from "../errors/workflow_error.ts";
import type { ReadingCodec } from "./codec.ts";
import { requireArgs, setProperty, wrapErrors } from "./decoding.ts";

function isFromJava(value: unknown): boolean {
  if (Array.isArray(value)) {
    return value.length === 2 && typeof value[0] === "string" &&
      /^(\[+[ZBCSIJFD]$|\[+L.*;$|([a-z_]\w*\.)+[A-Z][\w$]*(<.*>)?$)/.test(value[0]);
  }
  return typeof value === "object" && value !== null && "@class" in value;
}

// The first releases for Python wrote jsonpickle.
function isFromPython(value: unknown): boolean {
  return typeof value === "object" && value !== null &&
    Object.keys(value).some((key) => key.startsWith("py/"));
}

function toDate(text: unknown): Date {
  const date = new Date(String(text));
  if (Number.isNaN(date.getTime())) throw new TypeError("invalid date");
  return date;
}

function toBytes(data: unknown): Uint8Array {
  if (!Array.isArray(data)) throw new TypeError("invalid bytes");
  return Uint8Array.from(data);
}

function revive(_key: string, value: unknown): unknown {
  if (isFromJava(value) || isFromPython(value)) {
    throw new TypeError("possibly written by a worker in another language");
  }
  if (typeof value !== "object" || value === null) return value;
  const { dbos_type: type, dbos_data: text, data } = value as Record<string, unknown>;
  if (type === "dbos_Date") return toDate(text);
  if (type === "dbos_BigInt") return BigInt(text as string);
  return (value as { type?: unknown }).type === "Buffer" ? toBytes(data) : value;
}

function deserializeValue(text: string): unknown {
  return JSON.parse(text, revive);
}

function deserializeError(text: string): WorkflowError {
  const value = deserializeValue(text);
  if (typeof value !== "object" || value === null) return new WorkflowError(String(value));
  const { name, message, stack, cause, ...properties } = value as Record<string, unknown>;
  const error = new WorkflowError(String(message ?? ""), {
    name: String(name ?? "Error"),
    ...(typeof stack === "string" && { stack }),
    ...(cause !== undefined && { cause }),
  });
  for (const [key, value] of Object.entries(properties)) setProperty(error, key, value);
  return error;
}

export const legacyJson: ReadingCodec = wrapErrors({
  name: "",
  deserializeValue,
  deserializeArgs: (text) => requireArgs(deserializeValue(text)),
  deserializeError,
});

/**
 * `portable_json`: JSON that workers in every language can read.
 *
 * Not every language preserves every value:
 *
 * - Go and Java reorder the keys of an object.
 * - A Python workflow fails if a value is nested several hundred levels deep.
 * - JSON has no -0, NaN or Infinity.
 */

import { WorkflowError } from "../errors/workflow_error.ts";
import type { Codec } from "./codec.ts";
import { stringify, toJsonArray, toJsonObject, toJsonValue } from "./write_json.ts";

const format = { name: "portable JSON" };

interface PortableError {
  name?: string;
  message?: string;
  code?: string | number;
  data?: unknown;
}

function toWorkflowError(value: unknown): WorkflowError {
  if (typeof value !== "object" || value === null) return new WorkflowError(String(value));
  const { message, ...details } = value as PortableError;
  return new WorkflowError(message ?? "", details);
}

function deserializeArgs(text: string): unknown[] {
  const value = JSON.parse(text);
  const isEnvelope = typeof value === "object" && value !== null && !Array.isArray(value) &&
    Object.keys(value).every((key) => key === "positionalArgs" || key === "namedArgs");
  // For a child of a portable workflow, Go before 1.8 writes its one argument without an envelope.
  return isEnvelope ? value.positionalArgs ?? [] : [value];
}

function serializeValue(value: unknown, path = "value"): string {
  const given = value ?? null;
  return stringify(given, () => toJsonValue(given, format, path));
}

function serializeArgs(
  args: readonly unknown[],
  namedArgs?: Readonly<Record<string, unknown>>,
  path = "",
): string {
  return stringify({ positionalArgs: args, namedArgs }, () => ({
    positionalArgs: toJsonArray(args, format, `${path}args`),
    namedArgs: namedArgs && toJsonObject(namedArgs, format, `${path}namedArgs`),
  }));
}

/** Writes an object that must stay one, such as attributes. */
export function serializeObject(object: object, path: string): string {
  return stringify(object, () => toJsonObject(object, format, path));
}

export const portableJson: Codec = {
  name: "portable_json",
  serializeValue,
  serializeArgs,
  deserializeValue: (text) => JSON.parse(text),
  deserializeArgs,
  deserializeError: (text) => toWorkflowError(JSON.parse(text)),
};

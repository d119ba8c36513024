/**
 * `js_superjson`: what TypeScript workers write by default, superjson with a mark of DBOS.
 *
 * superjson refuses the keys `__proto__`, `constructor` and `prototype`, and mixes up the entries of
 * a Map whose key is an object, or NaN, that the value has elsewhere too. The older one of the DBOS
 * SDK does not read what it writes of a Date, a Map and so on that is under a key with a dot.
 */

import SuperJSON from "superjson";
import { WorkflowError } from "../errors/workflow_error.ts";
import type { Codec } from "./codec.ts";
import { setProperty } from "./decoding.ts";

const superjson = new SuperJSON();

// Two types that the DBOS SDK for TypeScript adds to superjson's own. A Buffer is read as the
// Uint8Array that it is, for not every runtime has Buffer.
superjson.registerCustom<Uint8Array, number[]>({
  isApplicable: (value): value is Uint8Array =>
    value instanceof Uint8Array && value.constructor.name === "Buffer",
  serialize: (bytes) => Array.from(bytes),
  deserialize: (bytes) => Uint8Array.from(bytes),
}, "Buffer");
superjson.registerCustom<{ workflowID: string }, { wfid: string }>({
  isApplicable: (_value): _value is { workflowID: string } => false,
  serialize: ({ workflowID }) => ({ wfid: workflowID }),
  deserialize: ({ wfid }) => ({ workflowID: wfid }),
}, "DBOS.WorkflowHandle");

// superjson leaves them in its output, and JSON would leave them out.
function refuseUnserializable(_key: string, value: unknown): unknown {
  if (typeof value === "function" || typeof value === "symbol") {
    throw new TypeError(`Cannot serialize a ${typeof value} as superjson`);
  }
  return value;
}

function serialize(value: unknown): string {
  const { json, meta } = superjson.serialize(value);
  // The SDK's older superjson has no escapes for the backslashes in a path, nor a version of paths.
  const olderMeta = meta &&
    JSON.parse(JSON.stringify({ ...meta, v: undefined }).replaceAll("\\\\\\\\", "\\\\"));
  return JSON.stringify(
    { json, meta: olderMeta, __dbos_serializer: "superjson" },
    refuseUnserializable,
  );
}

function deserialize(text: string): unknown {
  const parsed = JSON.parse(text);
  if (parsed?.__dbos_serializer !== "superjson") {
    throw new TypeError("Cannot read a js_superjson value: it lacks the mark of DBOS's serializer");
  }
  return superjson.deserialize(parsed);
}

function isErrorLike(value: unknown): value is { name?: string; message?: string } {
  return typeof value === "object" && value !== null && ("message" in value || "name" in value);
}

function reviveError(value: unknown): unknown {
  return isErrorLike(value) ? toWorkflowError(value) : value;
}

// The SDK stores an error as an object of its properties, the inherited and hidden ones included.
function toWorkflowError(value: unknown): WorkflowError {
  if (!isErrorLike(value)) return new WorkflowError(String(value));
  const { message, name, stack, cause, ...properties } = value as Record<string, unknown>;
  const error = new WorkflowError(String(message ?? ""), {
    name: String(name ?? "Error"),
    ...(typeof stack === "string" && { stack }),
    ...(cause !== undefined && { cause: reviveError(cause) }),
  });
  if (name === "AggregateError" && Array.isArray(properties.errors)) {
    properties.errors = properties.errors.map(reviveError);
  }
  // Not by assignment, for which a key `__proto__` is the prototype.
  for (const [key, value] of Object.entries(properties)) setProperty(error, key, value);
  return error;
}

export const jsSuperjson: Codec = {
  name: "js_superjson",
  serializeValue: serialize,
  serializeArgs(args, namedArgs) {
    if (namedArgs) {
      throw new TypeError(
        'Cannot serialize namedArgs with serializationType "superjson": only "portable" has them, ' +
          'and "py_pickle"',
      );
    }
    return serialize(args);
  },
  deserializeValue: deserialize,
  deserializeArgs: (text) => deserialize(text) as unknown[],
  deserializeError: (text) => toWorkflowError(deserialize(text)),
};

/**
 * `js_superjson`: the default format of TypeScript workers, superjson with the property
 * `__dbos_serializer`.
 *
 * superjson rejects the keys `__proto__`, `constructor` and `prototype`. It mixes up the entries of
 * a Map if one of its keys is an object, or NaN, that also occurs elsewhere in the value. The DBOS
 * SDK uses an older superjson, which cannot read back the dates, maps and so on that it writes
 * under a key with a dot.
 */

import SuperJSON from "superjson";
import { WorkflowError } from "../errors/workflow_error.ts";
import type { Codec } from "./codec.ts";
import { setProperty } from "./decoding.ts";
import { toJsonValue } from "./write_json.ts";

const superjson = new SuperJSON();

// Two types that the DBOS SDK for TypeScript adds to those of superjson. A Buffer is read as a
// Uint8Array, since not every runtime has Buffer.
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

// Only TypeScript reads superjson, and it keeps lone surrogates.
const format = { name: "superjson", allowsLoneSurrogates: true, hasOwnTypes: true };

function toSuperJson(value: unknown, path: string): ReturnType<typeof superjson.serialize> {
  try {
    return superjson.serialize(value);
  } catch (error) {
    // Its words for a key such as __proto__.
    if (!(error instanceof Error && /prototype pollution/.test(error.message))) throw error;
    throw new TypeError(
      `Cannot serialize ${path} as superjson: a key is __proto__, constructor or prototype`,
      { cause: error },
    );
  }
}

function serialize(value: unknown, path = "value"): string {
  const { json, meta } = toSuperJson(value, path);
  // The SDK's older superjson neither escapes backslashes in paths nor has a version for paths.
  const olderMeta = meta &&
    JSON.parse(JSON.stringify({ ...meta, v: undefined }).replaceAll("\\\\\\\\", "\\\\"));
  return JSON.stringify({
    // superjson passes on what it does not know, such as functions and objects of classes.
    json: toJsonValue(json, format, path),
    meta: olderMeta,
    __dbos_serializer: "superjson",
  });
}

function deserialize(text: string): unknown {
  const parsed = JSON.parse(text);
  if (parsed?.__dbos_serializer !== "superjson") {
    throw new TypeError(
      'Cannot read a js_superjson value: expected __dbos_serializer to be "superjson"',
    );
  }
  return superjson.deserialize(parsed);
}

function isErrorLike(value: unknown): value is { name?: string; message?: string } {
  return typeof value === "object" && value !== null && ("message" in value || "name" in value);
}

function reviveError(value: unknown): unknown {
  return isErrorLike(value) ? toWorkflowError(value) : value;
}

// The SDK stores an error with all its properties, even inherited and non-enumerable ones.
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
  for (const [key, value] of Object.entries(properties)) setProperty(error, key, value);
  return error;
}

export const jsSuperjson: Codec = {
  name: "js_superjson",
  serializeValue: serialize,
  serializeArgs(args, namedArgs, path = "") {
    if (namedArgs) {
      throw new TypeError(
        'Cannot serialize namedArgs with serializationType "superjson": use "portable" or ' +
          '"py_pickle"',
      );
    }
    return serialize(args, `${path}args`);
  },
  deserializeValue: deserialize,
  deserializeArgs: (text) => deserialize(text) as unknown[],
  deserializeError: (text) => toWorkflowError(deserialize(text)),
};

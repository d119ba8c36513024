/** Reads `DBOS_JSON`, the default format of Go workers: JSON, encoded as base64. */

import { WorkflowError } from "../../errors/workflow_error.ts";
import type { ReadingCodec } from "../codec.ts";
import { parseLossless, toNumberOrBigint } from "../lossless_json.ts";
import { type GobValue, isGob, readGob } from "./go_gob.ts";
import { decodeBase64, wrapErrors } from "../decoding.ts";

const nil = "__DBOS_NIL";

function deserializeValue(text: string): unknown {
  if (text === nil) return null;
  const json = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(
    decodeBase64(text),
  );
  return parseLossless(json, toNumberOrBigint);
}

/** The names of the error codes of DBOS. The first code is 1. */
const codeNames =
  ("ConflictingID Initialization NonExistentWorkflow UnexpectedWorkflow WorkflowCancelled " +
    "UnexpectedStep AwaitedWorkflowCancelled ConflictingRegistration WorkflowUnexpectedType " +
    "WorkflowExecution StepExecution DeadLetterQueue MaxStepRetriesExceeded QueueDeduplicated " +
    "PatchingNotEnabled Timeout NoApplicationVersions QueueNotFound ScheduleNotFound " +
    "InvalidOption WorkflowPanic StepNondeterminism WorkflowIDInUse").split(" ");

type Fields = Readonly<Record<string, unknown>>;

function readText(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function toCamelCase(name: string): string {
  return name.slice(0, 1).toLowerCase() + name.slice(1);
}

/** Makes the same error that Go writes as portable JSON. */
function fromDbosError({ Code, Message, ...others }: Fields): WorkflowError {
  const name = (typeof Code === "number" && codeNames[Code - 1]) ||
    `ErrorCode(${describe(Code ?? 0)})`;
  const data = Object.entries(others).map(([key, value]) => [toCamelCase(key), value]);
  return new WorkflowError(`DBOS Error ${name}: ${readText(Message) ?? ""}`, {
    name,
    code: Code,
    ...(data.length > 0 && { data: Object.fromEntries(data) }),
  });
}

function fromPortableError({ Name, Message, Code, Data }: Fields): WorkflowError {
  const name = readText(Name);
  return new WorkflowError(readText(Message) ?? "", {
    ...(name !== undefined && { name }),
    code: Code,
    data: Data,
  });
}

const dbosErrors: Record<string, (fields: Fields) => WorkflowError> = {
  "*dbos.DBOSError": fromDbosError,
  "*dbos.PortableWorkflowError": fromPortableError,
};

function isStruct(value: unknown): value is Fields {
  return typeof value === "object" && value !== null &&
    Object.getPrototypeOf(value) === Object.prototype;
}

function describe(value: unknown): string {
  return typeof value === "object" && value !== null ? "[object]" : String(value);
}

// In Go a method of the error's type makes the message. This is the closest text among its fields.
function toMessage(value: unknown): string {
  if (Array.isArray(value)) return value.map(describe).join(", ");
  if (!isStruct(value)) return describe(value);
  return readText(value.Message) ?? readText(value.Msg) ??
    Object.entries(value).map(([name, field]) => `${name}: ${describe(field)}`).join(", ");
}

function toWorkflowError({ typeName, value }: GobValue): WorkflowError {
  if (isStruct(value) && Object.hasOwn(dbosErrors, typeName)) {
    return dbosErrors[typeName]!(value);
  }
  const code = isStruct(value) && value.Code;
  return new WorkflowError(toMessage(value), {
    // Without the package and type arguments.
    name: typeName.replace(/\[.*$/s, "").replace(/^.*[.*/]/s, "") || typeName,
    ...((typeof code === "string" || typeof code === "number") && { code }),
    ...(typeof value === "object" && { data: value }),
  });
}

/** Decodes a gob. Returns undefined if the text is only the message of an error. */
function decodeGob(text: string): Uint8Array | undefined {
  const start = text.slice(0, 16);
  // A message may be one word, such as "forbidden".
  const isEncoded = text.length % 4 === 0 && /^[A-Za-z\d+/]{8,}={0,2}$/.test(start) &&
    isGob(decodeBase64(start));
  return isEncoded ? decodeBase64(text) : undefined;
}

function deserializeError(text: string): WorkflowError {
  const gob = decodeGob(text);
  return gob ? toWorkflowError(readGob(gob)) : new WorkflowError(text);
}

export const goJson: ReadingCodec = wrapErrors({
  name: "DBOS_JSON",
  deserializeValue,
  // Workflows in Go have only one argument.
  deserializeArgs: (text) => [deserializeValue(text)],
  deserializeError,
});

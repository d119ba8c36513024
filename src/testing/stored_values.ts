/** Writes results, errors, events and the like as a worker does: in the format of the workflow. */

import type { SystemDatabase } from "../database/system_database.ts";
import { UnsupportedSerializationError } from "../errors/reading.ts";
import { toBinary } from "../serialization/binary.ts";
import type { CustomCodec, WritingCodec } from "../serialization/codec.ts";
import { isObject } from "../serialization/decoding.ts";
import { codecOf, type SerializationType } from "../serialization/write.ts";

/** What to write for each name of a format. */
const types: ReadonlyMap<string, SerializationType> = new Map([
  ["portable_json", "portable"],
  ["js_superjson", "superjson"],
  ["py_pickle", "py_pickle"],
  ["DBOS_JSON", "DBOS_JSON"],
  ["rust_serde", "rust_serde"],
]);

/** The codec of a format; that of the serializer, or else superjson, for a workflow without one. */
async function findWriter(
  { settings: { serializer } }: SystemDatabase,
  serialization: string | null,
): Promise<WritingCodec | CustomCodec> {
  if (serializer && (!serialization || serialization === serializer.name)) {
    return await serializer.load();
  }
  const type = types.get(serialization || "js_superjson");
  if (!type) throw new UnsupportedSerializationError(serialization);
  return await codecOf(type);
}

/** Writes a value, which the path names in errors. */
export async function writeValue(
  database: SystemDatabase,
  serialization: string | null,
  value: unknown,
  path: string,
): Promise<string> {
  return await (await findWriter(database, serialization)).serializeValue(value, path);
}

/** The pickle of a Python `Exception` with this message, in protocol 2. */
function pickleException(message: string): string {
  const text = new TextEncoder().encode(message);
  const length = new Uint8Array(new Uint32Array([text.length]).buffer);
  const start = new TextEncoder().encode("cbuiltins\nException\nX");
  const bytes = [0x80, 2, ...start, ...length, ...text, 0x85, 0x52, 0x2e];
  return btoa(toBinary(Uint8Array.from(bytes)));
}

/** What portable JSON keeps of an error. */
interface PortableError {
  readonly name: string;
  readonly message: string;
  readonly code?: unknown;
  readonly data?: unknown;
}

/** What `read` returns; undefined if it throws, as getters and `toString()` may. */
function attempt<Value>(read: () => Value): Value | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

function toPortableError(error: unknown): PortableError {
  const read = (name: string) => attempt(() => isObject(error) ? error[name] : undefined);
  const toText = (value: unknown) => value === undefined ? value : attempt(() => String(value));
  const code = read("code");
  const data = read("data");
  return {
    name: toText(read("name")) ?? "Error",
    message: toText(read("message")) ?? attempt(() => String(error)) ?? "no message",
    ...(code !== undefined && { code }),
    ...(data !== undefined && { data }),
  };
}

/** All that superjson keeps of an error. */
function toRecord(error: unknown): object {
  if (!isObject(error)) return toPortableError(error);
  const { stack, cause } = error;
  return {
    ...error,
    ...toPortableError(error),
    ...(typeof stack === "string" && { stack }),
    ...(cause !== undefined && { cause: isObject(cause) ? toPortableError(cause) : cause }),
  };
}

/** Without what Postgres cannot store. */
function toStorableText(text: string): string {
  return text.toWellFormed().replaceAll("\0", "\ufffd");
}

/**
 * Writes the error of a workflow. Portable JSON keeps its name, message, code and data; superjson all
 * of its properties, unless the format cannot hold one of them. The formats of Python, Go and Rust keep
 * its message.
 */
export async function writeError(
  database: SystemDatabase,
  serialization: string | null,
  error: unknown,
): Promise<string> {
  const { name, message } = toPortableError(error);
  const text = toStorableText(message);
  if (serialization === "py_pickle") return pickleException(text);
  if (serialization === "DBOS_JSON") return text;
  const write = (value: object) => writeValue(database, serialization, value, "error");
  if (serialization === "rust_serde") return await write({ Application: text });
  try {
    return await write(
      serialization === "portable_json" ? toPortableError(error) : toRecord(error),
    );
  } catch {
    return await write({ name: toStorableText(name), message: text });
  }
}

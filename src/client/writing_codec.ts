/** Writes values in the format of a call: its own `serializationType`, or what its client writes. */

import type { SystemDatabase } from "../database/system_database.ts";
import { abortable } from "../promises.ts";
import { applySchema } from "../contracts/apply_schema.ts";
import { type ContractField, contractIn } from "../contracts/contract.ts";
import type { CustomCodec, WritingCodec } from "../serialization/codec.ts";
import { codecOf, type SerializationType } from "../serialization/write.ts";

// Releases without this column do not record formats, and cannot read portable JSON.
const formatColumn = "workflow_status.serialization";

/** A value as it is stored. */
export interface Serialized {
  readonly text: string;
  /** The name of its format. */
  readonly serialization: string;
}

type AnyCodec = WritingCodec | CustomCodec;

/**
 * Writes a value. Returns a promise only if the codec must be loaded, or is that of the client's
 * serializer, for which the call waits until its signal is aborted.
 */
function serialize(
  { settings }: SystemDatabase,
  type: SerializationType | undefined = settings.serializationType,
  toText: (codec: AnyCodec) => string | Promise<string>,
): Serialized | Promise<Serialized> {
  const toSerialized = (codec: AnyCodec) => {
    const text = toText(codec);
    const { name: serialization } = codec;
    return text instanceof Promise
      ? text.then((text) => ({ text, serialization }))
      : { text, serialization };
  };
  const codec = type ? codecOf(type) : settings.serializer!.load();
  const write = () => codec instanceof Promise ? codec.then(toSerialized) : toSerialized(codec);
  if (type) return write();
  return abortable(settings.serializer!.signal, async () => await write());
}

/**
 * Writes the arguments of a workflow, or what its contract makes of them. The path precedes their names in
 * errors.
 */
export function serializeArgs(
  database: SystemDatabase,
  options: { serializationType?: SerializationType; namedArgs?: Record<string, unknown> },
  args: readonly unknown[],
  path?: string,
): Serialized | Promise<Serialized> {
  const { signal } = database;
  const { serializationType, namedArgs } = options;
  const write = (args: readonly unknown[], namedArgs?: Record<string, unknown>) =>
    serialize(database, serializationType, (codec) => codec.serializeArgs(args, namedArgs, path));
  const contract = contractIn(options);
  if (!contract) return write(args, namedArgs);
  return applySchema(
    contract.args,
    args,
    signal,
    (args) =>
      applySchema(contract.namedArgs, namedArgs, signal, (namedArgs) => write(args, namedArgs)),
  );
}

/** Writes a value, or what its contract makes of it. The path names it in errors. */
export function serializeValue(
  database: SystemDatabase,
  field: ContractField | undefined,
  type: SerializationType | undefined,
  value: unknown,
  path: string,
): Serialized | Promise<Serialized> {
  const write = (value: unknown) =>
    serialize(database, type, (codec) => codec.serializeValue(value, path));
  return field ? applySchema(field, value, database.signal, write) : write(value);
}

/** Whether the schema must be read before values of a type are written. */
export function needsFormatColumn(
  database: SystemDatabase,
  type: SerializationType | undefined = database.settings.serializationType,
): boolean {
  return type === "portable" && !database.hasColumn(formatColumn);
}

/** Refuses portable JSON if the schema cannot record the format. */
export async function requireFormatColumn(
  database: SystemDatabase,
  type: SerializationType | undefined,
): Promise<void> {
  if (!needsFormatColumn(database, type)) return;
  await database.requireColumn("serializationType portable", formatColumn);
}

/** The format that a call writes values in: its own `serializationType`, or that of its client. */

import type { SystemDatabase } from "../database/system_database.ts";
import type { WritingCodec } from "../serialization/codec.ts";
import { codecOf, type SerializationType } from "../serialization/write.ts";

// Releases without this column do not record formats, and cannot read portable JSON.
const formatColumn = "workflow_status.serialization";

/** The codec of a call. It is a promise only if the codec must be loaded. */
export function writingCodecOf(
  database: SystemDatabase,
  type: SerializationType = database.settings.serializationType,
): WritingCodec | Promise<WritingCodec> {
  return codecOf(type);
}

/** Whether the schema must be read before values of a type are written. */
export function needsFormatColumn(
  database: SystemDatabase,
  type: SerializationType = database.settings.serializationType,
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

/** Portable JSON needs a column for its name: no worker reads it that recorded no format. */

import type { SystemDatabase } from "../database/system_database.ts";
import type { SerializationType } from "./mod.ts";

const formatColumn = "workflow_status.serialization";

/** Whether the schema may have to be looked at before values of a type are written. */
export function needsFormatColumn(
  database: SystemDatabase,
  type: SerializationType = database.settings.serializationType,
): boolean {
  return type === "portable" && !database.hasColumn(formatColumn);
}

/** Refuses portable JSON where the schema has no place for the name of a format. */
export async function requireFormatColumn(
  database: SystemDatabase,
  type: SerializationType | undefined,
): Promise<void> {
  if (!needsFormatColumn(database, type)) return;
  await database.requireColumn("serializationType portable", formatColumn);
}

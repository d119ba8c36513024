import type { SystemDatabase } from "../database/system_database.ts";
import type { Codec } from "./codec.ts";
import { codecOf, type SerializationType } from "./mod.ts";

const formatColumn = "workflow_status.serialization";

/**
 * The codec that values are written with; a promise only where it has to be loaded, or the schema
 * to be looked at.
 *
 * No worker reads portable JSON that recorded no format of what it wrote: there it is refused.
 */
export function writingCodecOf(
  database: SystemDatabase,
  type: SerializationType = database.settings.serializationType,
): Codec | Promise<Codec> {
  const codec = codecOf(type);
  if (type !== "portable" || database.isKnownToHave(formatColumn)) return codec;
  return database.require("serializationType portable", formatColumn).then(() => codec);
}

import type { WorkflowError } from "../../mod.ts";
import { findCodec } from "../../src/serialization/read.ts";

/** Deserializes a stored error. */
export async function deserializeError(
  text: string,
  serialization: string | null,
): Promise<WorkflowError> {
  return (await findCodec(serialization, text)).deserializeError(text);
}

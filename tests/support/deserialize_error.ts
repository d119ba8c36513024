import type { WorkflowError } from "../../mod.ts";
import { findCodec } from "../../src/serialization/mod.ts";

/** The error of a stored text. */
export async function deserializeError(
  text: string,
  serialization: string | null,
): Promise<WorkflowError> {
  return (await findCodec(serialization, text)).deserializeError(text);
}

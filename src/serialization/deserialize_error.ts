import type { WorkflowError } from "../errors/workflow_error.ts";
import { findCodec } from "./mod.ts";

/** The error of a stored text. */
export async function deserializeError(
  text: string,
  serialization: string | null,
): Promise<WorkflowError> {
  return (await findCodec(serialization, text)).deserializeError(text);
}

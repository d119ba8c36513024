import {
  AwaitedWorkflowCancelledError,
  AwaitedWorkflowExceededMaxRecoveryAttemptsError,
} from "../errors/waiting.ts";
import { findCodec } from "../serialization/mod.ts";
import type { Outcome } from "./workflow.ts";

/** The error of a workflow that has ended without a result. */
export async function toError(workflowID: string, outcome: Outcome): Promise<Error> {
  switch (outcome.status) {
    case "CANCELLED":
      return new AwaitedWorkflowCancelledError(workflowID);
    case "MAX_RECOVERY_ATTEMPTS_EXCEEDED":
      return new AwaitedWorkflowExceededMaxRecoveryAttemptsError(workflowID);
    default: {
      const text = outcome.error ?? "null";
      return (await findCodec(outcome.serialization, text)).deserializeError(text);
    }
  }
}

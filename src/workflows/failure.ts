import {
  AwaitedWorkflowCancelledError,
  AwaitedWorkflowExceededMaxRecoveryAttemptsError,
} from "../errors/waiting.ts";
import { deserializeError } from "../serialization/deserialize_error.ts";
import type { Outcome } from "./workflow.ts";

/** The error of a workflow that has ended without a result. */
export async function toError(workflowID: string, outcome: Outcome): Promise<Error> {
  switch (outcome.status) {
    case "CANCELLED":
      return new AwaitedWorkflowCancelledError(workflowID);
    case "MAX_RECOVERY_ATTEMPTS_EXCEEDED":
      return new AwaitedWorkflowExceededMaxRecoveryAttemptsError(workflowID);
    default:
      return await deserializeError(outcome.error ?? "null", outcome.serialization);
  }
}

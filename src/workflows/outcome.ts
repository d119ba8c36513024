import * as sql from "../../sql/workflows/mod.ts";
import {
  AwaitedWorkflowCancelledError,
  AwaitedWorkflowExceededMaxRecoveryAttemptsError,
} from "../errors/waiting.ts";
import { applySchema } from "../contracts/apply_schema.ts";
import type { ContractField } from "../contracts/contract.ts";
import { WorkflowError } from "../errors/workflow_error.ts";
import { pollCompletions, type PollQuery } from "../polling/poll_query.ts";
import { deserializeValue, readStored } from "../serialization/read.ts";
import type { CustomFormat } from "../serialization/custom_format.ts";

/** How a workflow ended: a row of sql/workflows/find_outcome.sql. */
export type Outcome = NonNullable<typeof sql.findOutcome.row>;

/** Finds the outcomes of workflows, by their IDs. */
export const outcomesQuery: PollQuery<Outcome> = pollCompletions(sql.findOutcomes, sql.findOutcome);

async function readError(
  text: string | null,
  serialization: string | null | undefined,
  custom: CustomFormat | undefined,
): Promise<Error> {
  if (text === null) return new WorkflowError("The workflow failed, but no error is stored");
  return await readStored(text, serialization, custom, (codec) => codec.deserializeError(text));
}

async function toError(
  workflowID: string,
  outcome: Outcome,
  custom: CustomFormat | undefined,
): Promise<Error> {
  switch (outcome.status) {
    case "CANCELLED":
      return new AwaitedWorkflowCancelledError(workflowID);
    case "MAX_RECOVERY_ATTEMPTS_EXCEEDED":
      return new AwaitedWorkflowExceededMaxRecoveryAttemptsError(workflowID);
    default:
      return await readError(outcome.error, outcome.serialization, custom);
  }
}

/** Returns the result of a workflow that has ended, checked by its contract, or throws its error. */
export async function toResult(
  workflowID: string,
  outcome: Outcome,
  custom: CustomFormat | undefined,
  field: ContractField | undefined,
  signal: AbortSignal | undefined,
): Promise<unknown> {
  if (outcome.status !== "SUCCESS") throw await toError(workflowID, outcome, custom);
  const result = await deserializeValue(outcome.value, outcome.serialization, custom);
  return await applySchema(field, result, signal, (result) => result);
}

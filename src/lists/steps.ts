import { type Client, systemDatabaseOf } from "../client/client.ts";
import * as sql from "../../sql/lists/mod.ts";
import type { Driver } from "../drivers/driver.ts";
import { runWithTimeout } from "./statement_timeout.ts";
import type { WorkflowError } from "../errors/workflow_error.ts";
import { deserializeIfKnown, type SerializedValue } from "../serialization/serialized_value.ts";
import { checkBoolean, checkInteger, checkText } from "../validate.ts";

/**
 * What DBOS has recorded of a step of a workflow.
 *
 * An output or error that this client cannot read is a {@linkcode SerializedValue}.
 */
export interface StepInfo {
  /** Its number within the workflow. */
  readonly functionID: number;
  /** The name of its function. */
  readonly name: string;
  /** What it returned, or null. */
  readonly output: unknown;
  /** What it threw, or null. */
  readonly error: WorkflowError | SerializedValue | null;
  /** The workflow that it started, or null. */
  readonly childWorkflowID: string | null;
  /** When it started, in milliseconds since 1970. */
  readonly startedAtEpochMs?: number;
  /** When it ended, in milliseconds since 1970. */
  readonly completedAtEpochMs?: number;
}

/** How many steps to list, and how much of each. */
export interface ListWorkflowStepsOptions {
  /**
   * How many steps to list at most.
   *
   * @default {undefined} all of the workflow
   */
  limit?: number;
  /**
   * How many of the first ones to leave out.
   *
   * @default {0}
   */
  offset?: number;
  /**
   * Whether to read their outputs and errors; without, both are null.
   *
   * @default {true}
   */
  loadOutput?: boolean;
}

type StepRow = NonNullable<typeof sql.listSteps.row>;

async function toStepInfo(row: StepRow): Promise<StepInfo> {
  const [output, error] = await Promise.all([
    deserializeIfKnown(
      row.output,
      row.serialization,
      (codec, text) => codec.deserializeValue(text),
    ),
    deserializeIfKnown(row.error, row.serialization, (codec, text) => codec.deserializeError(text)),
  ]);
  const { started_at_epoch_ms: startedAt, completed_at_epoch_ms: completedAt } = row;
  return {
    functionID: row.function_id!,
    name: row.name ?? "",
    output: output ?? null,
    error: error ?? null,
    childWorkflowID: row.child_workflow_id,
    ...(startedAt && { startedAtEpochMs: Number(startedAt) }),
    ...(completedAt && { completedAtEpochMs: Number(completedAt) }),
  };
}

/**
 * What DBOS has recorded of the steps of a workflow so far, in their order.
 *
 * @example
 * ```ts
 * import { connect, listWorkflowSteps } from "@dbos-community/client";
 *
 * await using client = await connect();
 * const steps = await listWorkflowSteps(client, "task-7", { limit: 100 });
 * for (const { functionID, name, error } of steps ?? []) console.log(functionID, name, error);
 * ```
 *
 * @param client A client, or a driver's pool, connection or transaction.
 * @param workflowID The ID of the workflow.
 * @param options How many steps to list, and how much of each.
 * @returns The steps, or null if there is no such workflow.
 * @throws {TypeError} If an argument is of the wrong type.
 * @throws {RangeError} If the ID is empty, or an option is out of its range.
 * @throws {QueryTimeoutError} If the server takes too long.
 */
export async function listWorkflowSteps(
  client: Client | Driver,
  workflowID: string,
  options: ListWorkflowStepsOptions = {},
): Promise<StepInfo[] | null> {
  checkText("workflowID", workflowID);
  const { limit, offset, loadOutput = true } = options;
  checkInteger("limit", limit, 0, 2 ** 31 - 1);
  checkInteger("offset", offset, 0, 2 ** 31 - 1);
  checkBoolean("loadOutput", loadOutput);
  const rows = await runWithTimeout(systemDatabaseOf(client), sql.listSteps, {
    workflow_id: workflowID,
    limit,
    offset,
    load_output: loadOutput ? 1 : undefined,
  });
  if (rows.length === 0) return null;
  const steps = rows.filter(({ function_id }) => function_id !== null);
  return await Promise.all(steps.map(toStepInfo));
}

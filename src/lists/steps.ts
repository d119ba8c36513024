import { callDescription, type CallOptions, type Client, openCall } from "../client/client.ts";
import * as sql from "../../sql/lists/mod.ts";
import type { Driver } from "../drivers/driver.ts";
import { readInSlices } from "../read_in_slices.ts";
import { runWithTimeout } from "./statement_timeout.ts";
import type { WorkflowError } from "../errors/workflow_error.ts";
import {
  deserializeErrorIfKnown,
  deserializeValueIfKnown,
  type SerializedValue,
} from "../serialization/serialized_value.ts";
import type { CustomFormat } from "../serialization/custom_format.ts";
import { asBoolean, asInteger, describeOptions, type OptionsDescription } from "../options.ts";
import { checkText } from "../validate.ts";

/**
 * A step of a workflow, as DBOS recorded it.
 *
 * An output or error that this client cannot read is a {@linkcode SerializedValue}.
 */
export interface StepInfo {
  /** The number of the step within the workflow. */
  readonly functionID: number;
  /** The name of the function. */
  readonly name: string;
  /** The value that the step returned, or null. */
  readonly output: unknown;
  /** The error that the step threw, or null. */
  readonly error: WorkflowError | SerializedValue | null;
  /** The ID of the workflow that the step started, or null. */
  readonly childWorkflowID: string | null;
  /** The time at which the step started, in milliseconds since 1970. */
  readonly startedAtEpochMs?: number;
  /** The time at which the step ended, in milliseconds since 1970. */
  readonly completedAtEpochMs?: number;
}

/** How many steps to list, and which of their fields. */
export interface ListWorkflowStepsOptions extends CallOptions {
  /**
   * The maximum number of steps to list.
   *
   * @default {undefined} no limit
   */
  limit?: number;
  /**
   * The number of steps to skip.
   *
   * @default {0}
   */
  offset?: number;
  /**
   * Whether to read the outputs and errors of the steps. If false, both are null.
   *
   * @default {true}
   */
  loadOutput?: boolean;
}

const stepsDescription: OptionsDescription<ListWorkflowStepsOptions> = describeOptions<
  ListWorkflowStepsOptions
>({
  ...callDescription.checks,
  limit: asInteger(0, 2 ** 31 - 1),
  offset: asInteger(0, 2 ** 31 - 1),
  loadOutput: asBoolean,
});

type StepRow = NonNullable<typeof sql.listSteps.row>;

function createStepInfo(row: StepRow, output: unknown, error: unknown): StepInfo {
  const { started_at_epoch_ms: startedAt, completed_at_epoch_ms: completedAt } = row;
  return {
    functionID: row.function_id!,
    name: row.name ?? "",
    output: output ?? null,
    error: (error ?? null) as StepInfo["error"],
    childWorkflowID: row.child_workflow_id,
    ...(startedAt && { startedAtEpochMs: Number(startedAt) }),
    ...(completedAt && { completedAtEpochMs: Number(completedAt) }),
  };
}

/** Converts a row to a step. Returns a promise only if its values take one to be deserialized. */
function toStepInfo(
  row: StepRow,
  custom: CustomFormat | undefined,
): StepInfo | Promise<StepInfo> {
  const { serialization: format } = row;
  const output = deserializeValueIfKnown(row.output, format, custom);
  const error = deserializeErrorIfKnown(row.error, format, custom);
  return output instanceof Promise || error instanceof Promise
    ? Promise.all([output, error]).then((values) => createStepInfo(row, ...values))
    : createStepInfo(row, output, error);
}

/**
 * Lists the steps of a workflow that DBOS has recorded so far, in order.
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
 * @param options How many steps to list, and which of their fields.
 * @returns The steps, or null if the workflow does not exist.
 * @throws {TypeError} If the ID or an option has the wrong type.
 * @throws {RangeError} If the ID is empty.
 * @throws {RangeError} If an option is out of range.
 * @throws {QueryTimeoutError} If the query takes longer than `observabilityQueryTimeoutMs`.
 */
export async function listWorkflowSteps(
  client: Client | Driver,
  workflowID: string,
  options: ListWorkflowStepsOptions = {},
): Promise<StepInfo[] | null> {
  const [database, read] = openCall(client, "listWorkflowSteps()", stepsDescription, options);
  checkText("workflowID of listWorkflowSteps()", workflowID);
  const { limit, offset, loadOutput = true } = read;
  const rows = await runWithTimeout(database, sql.listSteps, {
    workflow_id: workflowID,
    limit,
    offset,
    load_output: loadOutput ? 1 : undefined,
  });
  if (rows.length === 0) return null;
  const steps = rows.filter(({ function_id }) => function_id !== null);
  const { serializer } = database.settings;
  return await readInSlices(steps, database.signal, (row) => toStepInfo(row, serializer));
}

import { type Client, systemDatabaseOf } from "../client/client.ts";
import type { Driver } from "../drivers/driver.ts";
import { ResultTimeoutError } from "../errors/waiting.ts";
import { waitFor, type WaitOptions } from "../polling/waiter.ts";
import { checkText } from "../validate.ts";
import { outcomesQuery, toResult } from "./outcome.ts";
import type { WorkflowStatus } from "./workflow_status.ts";

/** A workflow, known by its ID. */
export interface WorkflowHandle<Result = unknown> {
  /** The ID of the workflow. */
  readonly workflowID: string;
  /** What {@linkcode getStatus} says of the workflow. */
  getStatus(): Promise<WorkflowStatus | null>;
  /** What {@linkcode getResult} gives for the workflow. */
  getResult(options?: WaitOptions): Promise<Result>;
}

/** A handle to a workflow, of which nothing is checked. */
export function createHandle<Result>(
  client: Client | Driver,
  workflowID: string,
): WorkflowHandle<Result> {
  return {
    workflowID,
    async getStatus() {
      // Most handles are for results: this is 1.7 KB gzipped.
      const { getStatus } = await import("./workflow_status.ts");
      return await getStatus(client, workflowID);
    },
    getResult: (options) => getResult<Result>(client, workflowID, options),
  };
}

/**
 * A handle to a workflow, which need not be there yet. Nothing is sent.
 *
 * @example
 * ```ts
 * import { connect, retrieveWorkflow } from "@dbos-community/client";
 *
 * await using client = await connect();
 * console.log(await retrieveWorkflow<string>(client, "task-7").getResult());
 * ```
 *
 * @param client A client, or a driver's pool, connection or transaction.
 * @param workflowID The ID of the workflow.
 * @returns The handle.
 * @throws {TypeError} If the ID is not a string.
 * @throws {RangeError} If the ID is empty.
 */
export function retrieveWorkflow<Result = unknown>(
  client: Client | Driver,
  workflowID: string,
): WorkflowHandle<Result> {
  checkText("workflowID", workflowID);
  return createHandle(client, workflowID);
}

/**
 * Waits until a workflow has ended, and gives its result or throws its error. A workflow that is not
 * there yet is waited for as well.
 *
 * @example
 * ```ts
 * import { connect, getResult } from "@dbos-community/client";
 *
 * await using client = await connect();
 * console.log(await getResult(client, "task-7", { timeoutSeconds: 30 }));
 * ```
 *
 * @param client A client, or a driver's pool, connection or transaction.
 * @param workflowID The ID of the workflow.
 * @param options How long to wait, and how; without, for as long as it takes.
 * @returns The result of the workflow.
 * @throws {WorkflowError} If the workflow ended with an error: name, message, code and data are the
 * workflow's own.
 * @throws {AwaitedWorkflowCancelledError} If the workflow was cancelled.
 * @throws {AwaitedWorkflowExceededMaxRecoveryAttemptsError} If DBOS gave the workflow up.
 * @throws {ResultTimeoutError} If it has not ended within `timeoutSeconds`.
 * @throws {UnsupportedSerializationError} If the result is in a format that is not known.
 */
export async function getResult<Result = unknown>(
  client: Client | Driver,
  workflowID: string,
  options: WaitOptions = {},
): Promise<Result> {
  checkText("workflowID", workflowID);
  const database = systemDatabaseOf(client);
  const outcome = await waitFor(database, outcomesQuery, { item: workflowID }, options);
  if (!outcome) {
    throw new ResultTimeoutError(workflowID, options.timeoutSeconds ?? Infinity);
  }
  return await toResult(workflowID, outcome) as Result;
}

import { callDescription, type CallOptions, type Client, openCall } from "../client/client.ts";
import * as sql from "../../sql/workflows/mod.ts";
import type { ContractOption } from "../contracts/contract.ts";
import type { Driver } from "../drivers/driver.ts";
import { NonExistentWorkflowError } from "../errors/managing.ts";
import { mapInSlices } from "../event_loop.ts";
import { joinLists } from "../database/text_lists.ts";
import type { SystemDatabase } from "../database/system_database.ts";
import { uuidV7 } from "../uuid_v7.ts";
import { asBoolean, asIndexedText, describeOptions, type OptionsDescription } from "../options.ts";
import { checkManyTexts, checkText } from "../validate.ts";
import { internalQueueName } from "./enqueue_options.ts";
import { createHandle, type WorkflowHandle } from "./workflow.ts";
import type { WorkflowResult } from "./workflow_function.ts";

/** Checks the IDs of a call, in slices if there are many and the order of its statement does not matter. */
function readIDs(
  database: SystemDatabase,
  call: string,
  workflowIDs: readonly string[],
): string[] | Promise<string[]> {
  return checkManyTexts(`workflowIDs of ${call}`, workflowIDs, database.isInTransaction());
}

/** What to cancel besides the workflows themselves. */
export interface CancelWorkflowsOptions extends CallOptions {
  /**
   * Also cancel the workflows that they started, directly or indirectly.
   *
   * @default {false}
   */
  cancelChildren?: boolean;
}

/** Where to resume workflows. */
export interface ResumeWorkflowsOptions extends CallOptions {
  /**
   * The queue to put them on.
   *
   * @default {"_dbos_internal_queue"} the internal queue that every DBOS application has, which
   * runs them at once
   */
  queueName?: string;
}

/** What to delete besides the workflows themselves. */
export interface DeleteWorkflowsOptions extends CallOptions {
  /**
   * Also delete the workflows that they started, directly or indirectly.
   *
   * @default {false}
   */
  deleteChildren?: boolean;
}

const cancelDescription: OptionsDescription<CancelWorkflowsOptions> = describeOptions<
  CancelWorkflowsOptions
>({ ...callDescription.checks, cancelChildren: asBoolean });

const resumeDescription: OptionsDescription<ResumeWorkflowsOptions> = describeOptions<
  ResumeWorkflowsOptions
>({ ...callDescription.checks, queueName: asIndexedText });

const deleteDescription: OptionsDescription<DeleteWorkflowsOptions> = describeOptions<
  DeleteWorkflowsOptions
>({ ...callDescription.checks, deleteChildren: asBoolean });

async function requireParents(database: SystemDatabase, option: string): Promise<void> {
  await database.requireColumn(option, "workflow_status.parent_workflow_id");
}

/**
 * Cancels a workflow: removes it from its queue or, if it is running, stops it before its next
 * step.
 *
 * A workflow that has ended is not changed, and an unknown ID is ignored.
 *
 * @example
 * ```ts
 * import { cancelWorkflow, connect, enqueue } from "@dbos-community/client";
 *
 * await using client = await connect();
 * const handle = await enqueue(client, { workflowName: "processTask", queueName: "tasks" }, 8);
 * await cancelWorkflow(client, handle.workflowID, { cancelChildren: true });
 * ```
 *
 * @param client A client, or a driver's pool, connection or transaction.
 * @param workflowID The ID of the workflow.
 * @param options Whether to also cancel its children.
 * @throws {TypeError} If the ID is not a string, or the option is not a boolean.
 * @throws {RangeError} If the ID is empty.
 * @throws {UnsupportedFeatureError} If `cancelChildren` is set, and the system database does not
 * record the parents of workflows.
 */
export async function cancelWorkflow(
  client: Client | Driver,
  workflowID: string,
  options: CancelWorkflowsOptions = {},
): Promise<void> {
  const [, read] = openCall(client, "cancelWorkflow()", cancelDescription, options);
  checkText("workflowID of cancelWorkflow()", workflowID);
  await cancelWorkflows(client, [workflowID], read);
}

/**
 * Cancels workflows as {@linkcode cancelWorkflow} does, all in one statement.
 *
 * @example
 * ```ts
 * import { cancelWorkflows, connect } from "@dbos-community/client";
 *
 * await using client = await connect();
 * await cancelWorkflows(client, ["task-8", "task-9"]);
 * ```
 *
 * @param client A client, or a driver's pool, connection or transaction.
 * @param workflowIDs The IDs of the workflows.
 * @param options Whether to also cancel their children.
 * @throws {TypeError} If the IDs are not an array of strings, or the option is not a boolean.
 * @throws {RangeError} If one of the IDs is empty.
 * @throws {UnsupportedFeatureError} If `cancelChildren` is set, and the system database does not
 * record the parents of workflows.
 */
export async function cancelWorkflows(
  client: Client | Driver,
  workflowIDs: readonly string[],
  options: CancelWorkflowsOptions = {},
): Promise<void> {
  const [database, { cancelChildren = false }] = openCall(
    client,
    "cancelWorkflows()",
    cancelDescription,
    options,
  );
  const checking = readIDs(database, "cancelWorkflows()", workflowIDs);
  const workflow_ids = checking instanceof Promise ? await checking : checking;
  if (cancelChildren) await requireParents(database, "cancelChildren");
  const parameters = {
    ...joinLists({ workflow_ids }),
    with_children: cancelChildren ? 1 : undefined,
  };
  let cancelled;
  do {
    [cancelled] = await database.run(sql.cancelWorkflows, parameters, { isLong: true });
  } while (cancelChildren && cancelled!.cancelled > 0);
}

/**
 * Resumes a workflow that was cancelled or exceeded its maximum recovery attempts: it continues
 * after its last completed step. Its recovery attempts are reset, and its deadline is removed.
 *
 * A workflow that is enqueued or delayed runs now. A workflow that is running is started again, and
 * its current run stops before its next step. A workflow that ended with a result or an error is
 * not changed.
 *
 * @example
 * ```ts
 * import { cancelWorkflow, connect, enqueue, resumeWorkflow } from "@dbos-community/client";
 *
 * await using client = await connect();
 * const { workflowID } = await enqueue(
 *   client,
 *   { workflowName: "processTask", queueName: "tasks", delaySeconds: 3600 },
 *   { id: 8 },
 * );
 * await cancelWorkflow(client, workflowID);
 * const handle = await resumeWorkflow(client, workflowID, { queueName: "tasks" });
 * console.log(await handle.getResult({ timeoutSeconds: 30 }));
 * ```
 *
 * @param client A client, or a driver's pool, connection or transaction.
 * @param workflowID The ID of the workflow.
 * @param options The queue to put it on.
 * @returns A handle to the workflow.
 * @throws {TypeError} If the ID or the queue is not a string.
 * @throws {RangeError} If the ID or the queue is empty.
 * @throws {NonExistentWorkflowError} If there is no such workflow.
 */
export async function resumeWorkflow<Workflow = unknown>(
  client: Client | Driver,
  workflowID: string,
  options: ResumeWorkflowsOptions & ContractOption<Workflow> = {},
): Promise<WorkflowHandle<WorkflowResult<Workflow>>> {
  const [, read] = openCall(client, "resumeWorkflow()", resumeDescription, options);
  checkText("workflowID of resumeWorkflow()", workflowID);
  const [handle] = await resumeWorkflows(client, [workflowID], read);
  return createHandle(client, handle!.workflowID, options);
}

/**
 * Resumes workflows as {@linkcode resumeWorkflow} does, all in one statement. If one of them does
 * not exist, none is resumed.
 *
 * @example
 * ```ts
 * import { connect, resumeWorkflows } from "@dbos-community/client";
 *
 * await using client = await connect();
 * for (const handle of await resumeWorkflows(client, ["task-7"])) {
 *   console.log(await handle.getResult({ timeoutSeconds: 30 }));
 * }
 * ```
 *
 * @param client A client, or a driver's pool, connection or transaction.
 * @param workflowIDs The IDs of the workflows.
 * @param options The queue to put them on.
 * @returns Handles to the workflows, in the order of the IDs.
 * @throws {TypeError} If the IDs are not an array of strings, or the queue is not a string.
 * @throws {RangeError} If one of the IDs or the queue is empty.
 * @throws {NonExistentWorkflowError} If a workflow does not exist; the error has the IDs of all
 * that do not.
 */
export async function resumeWorkflows<Workflow = unknown>(
  client: Client | Driver,
  workflowIDs: readonly string[],
  options: ResumeWorkflowsOptions & ContractOption<Workflow> = {},
): Promise<WorkflowHandle<WorkflowResult<Workflow>>[]> {
  const [database, { queueName = internalQueueName }] = openCall(
    client,
    "resumeWorkflows()",
    resumeDescription,
    options,
  );
  const checking = readIDs(database, "resumeWorkflows()", workflowIDs);
  const workflow_ids = checking instanceof Promise ? await checking : checking;
  const parameters = {
    ...joinLists({ workflow_ids }),
    queue_name: queueName,
    creator_xid: uuidV7(),
  };
  const rows = await database.run(sql.resumeWorkflows, parameters, { isLong: true });
  if (rows.length > 0) {
    throw new NonExistentWorkflowError(rows.map((row) => row.missing_id), "resume");
  }
  return await mapInSlices(
    workflow_ids,
    (workflowID) => createHandle<WorkflowResult<Workflow>>(client, workflowID, options),
  );
}

/**
 * Deletes a workflow with all its data: steps, messages, events and streams.
 *
 * Cancel a running workflow before you delete it. An unknown ID is ignored.
 *
 * @example
 * ```ts
 * import { connect, deleteWorkflow } from "@dbos-community/client";
 *
 * await using client = await connect();
 * await deleteWorkflow(client, "task-9", { deleteChildren: true });
 * ```
 *
 * @param client A client, or a driver's pool, connection or transaction.
 * @param workflowID The ID of the workflow.
 * @param options Whether to also delete its children.
 * @throws {TypeError} If the ID is not a string, or the option is not a boolean.
 * @throws {RangeError} If the ID is empty.
 * @throws {UnsupportedFeatureError} If `deleteChildren` is set, and the system database does not
 * record the parents of workflows.
 */
export async function deleteWorkflow(
  client: Client | Driver,
  workflowID: string,
  options: DeleteWorkflowsOptions = {},
): Promise<void> {
  const [, read] = openCall(client, "deleteWorkflow()", deleteDescription, options);
  checkText("workflowID of deleteWorkflow()", workflowID);
  await deleteWorkflows(client, [workflowID], read);
}

/**
 * Deletes workflows as {@linkcode deleteWorkflow} does, all in one statement.
 *
 * @example
 * ```ts
 * import { connect, deleteWorkflows } from "@dbos-community/client";
 *
 * await using client = await connect();
 * await deleteWorkflows(client, ["task-8", "task-9"]);
 * ```
 *
 * @param client A client, or a driver's pool, connection or transaction.
 * @param workflowIDs The IDs of the workflows.
 * @param options Whether to also delete their children.
 * @throws {TypeError} If the IDs are not an array of strings, or the option is not a boolean.
 * @throws {RangeError} If one of the IDs is empty.
 * @throws {UnsupportedFeatureError} If `deleteChildren` is set, and the system database does not
 * record the parents of workflows.
 */
export async function deleteWorkflows(
  client: Client | Driver,
  workflowIDs: readonly string[],
  options: DeleteWorkflowsOptions = {},
): Promise<void> {
  const [database, { deleteChildren = false }] = openCall(
    client,
    "deleteWorkflows()",
    deleteDescription,
    options,
  );
  const checking = readIDs(database, "deleteWorkflows()", workflowIDs);
  const workflow_ids = checking instanceof Promise ? await checking : checking;
  if (deleteChildren) await requireParents(database, "deleteChildren");
  const parameters = {
    ...joinLists({ workflow_ids }),
    with_children: deleteChildren ? 1 : undefined,
  };
  await database.run(sql.deleteWorkflows, parameters, { isLong: true });
}

import { type Client, systemDatabaseOf } from "../client/client.ts";
import { writingCodecOf } from "../client/writing_codec.ts";
import type { Driver } from "../drivers/driver.ts";
import {
  checkEnqueueOptions,
  type EnqueueOptions,
  requireColumns,
  usesOptionalColumns,
} from "./enqueue_options.ts";
import { createHandle, type WorkflowHandle } from "./workflow.ts";
import { toWorkflowRow } from "./workflow_row.ts";
import { writeWorkflow } from "./write_workflow.ts";

/** The result of a workflow, of which the type or the function's type is given. */
export type WorkflowResult<Workflow> = Workflow extends (...args: never[]) => infer Result
  ? Awaited<Result>
  : Workflow;

/** The arguments of a workflow, where the function's type is given. */
export type WorkflowArgs<Workflow> = Workflow extends (...args: infer Args) => unknown ? Args
  : unknown[];

/**
 * Enqueues a workflow, in one round trip, and gives a handle to it.
 *
 * A call with the ID of a workflow that is there already writes nothing and gives a handle to that.
 * Concurrent calls on one client go together as one statement or a few, stamped in the order of the
 * calls, which is the order that a queue runs them in.
 * In an open transaction the workflow is enqueued when that commits.
 *
 * @example
 * ```ts
 * import { connect, enqueue } from "@dbos-community/client";
 *
 * await using client = await connect();
 * const handle = await enqueue<string>(
 *   client,
 *   { workflowName: "processTask", queueName: "tasks", workflowID: "task-7" },
 *   { id: 7 },
 * );
 * console.log(await handle.getResult({ timeoutSeconds: 30 }));
 * ```
 *
 * @typeParam Workflow The type of the workflow's result, or of the workflow function itself, which
 * then types the arguments too.
 * @param client A client, or a driver's pool, connection or transaction.
 * @param options Which workflow, on which queue, and how.
 * @param args The arguments of the workflow.
 * @returns A handle to the workflow.
 * @throws {TypeError} If an option is of the wrong type or an argument cannot be serialized.
 * @throws {RangeError} If an option is empty or out of its range.
 * @throws {ConflictingWorkflowError} If another workflow has the ID.
 * @throws {WorkflowIDInUseError} If the ID is in use and `workflowIDReusePolicy` is `"reject"`.
 * @throws {QueueDuplicatedError} If another workflow holds the deduplication ID.
 * @throws {UnsupportedFeatureError} If the system database has no column for an option.
 */
export async function enqueue<Workflow = unknown>(
  client: Client | Driver,
  options: EnqueueOptions,
  ...args: WorkflowArgs<Workflow>
): Promise<WorkflowHandle<WorkflowResult<Workflow>>> {
  checkEnqueueOptions(options);
  const database = systemDatabaseOf(client);
  const loading = writingCodecOf(database, options.serializationType);
  // Awaited only if it must be, so that the calls of one turn reach the batcher in their order.
  const codec = loading instanceof Promise ? await loading : loading;
  const row = toWorkflowRow(database, codec, options, args);
  if (usesOptionalColumns(database, options)) await requireColumns(database, options);
  return createHandle(client, await writeWorkflow(database, options, row));
}

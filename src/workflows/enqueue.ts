import { type Client, runInSpan, systemDatabaseOf, tracingOf } from "../client/client.ts";
import { serializeArgs } from "../client/writing_codec.ts";
import type { ContractOption, NotInferred } from "../contracts/contract.ts";
import type { Driver } from "../drivers/driver.ts";
import type { Tracing } from "../tracing/tracing.ts";
import {
  checkCombination,
  checkIndexes,
  enqueueDescription,
  type EnqueueOptions,
  requireColumns,
  usesOptionalColumns,
} from "./enqueue_options.ts";
import { readOptions } from "../options.ts";
import { createHandle, type WorkflowHandle } from "./workflow.ts";
import type {
  OptionalWorkflowArgs,
  WorkflowArg,
  WorkflowArgs,
  WorkflowResult,
} from "./workflow_function.ts";
import { toWorkflowRow } from "./workflow_row.ts";
import { insertWorkflow, settleConflict } from "./write_workflow.ts";

/** Enqueues a workflow in a span of its own. Returns its ID. */
async function enqueueInSpan(
  tracing: Tracing,
  options: EnqueueOptions,
  args: readonly unknown[],
): Promise<string> {
  const call = { name: "enqueue()", isSending: true, details: options };
  const enqueueUntraced = (client: Client) => enqueue(client, options, ...args as WorkflowArg[]);
  const { workflowID } = await runInSpan(tracing, call, enqueueUntraced, (handle) => handle);
  return workflowID;
}

/**
 * Enqueues a workflow in one round trip, and returns a handle to it.
 *
 * If a workflow with the given ID exists, the call writes nothing and returns a handle to that
 * workflow. Concurrent calls on one client are sent together in one statement or a few. The
 * workflows get creation times in the order of the calls, and queues run them in that order. In an
 * open transaction the workflow is enqueued when the transaction commits.
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
 * @typeParam Workflow The type of the workflow's result, or the type of the workflow function,
 * which also types the arguments. A contract has it.
 * @param client A client, or a driver's pool, connection or transaction.
 * @param options Which workflow to enqueue, on which queue, and how: its names, or its contract.
 * @param args The arguments of the workflow. A value of type `unknown`, such as JSON that was received,
 * needs a cast: `input as WorkflowArg`.
 * @returns A handle to the workflow.
 * @throws {TypeError} If an option has the wrong type, or an argument cannot be serialized.
 * @throws {ContractError} If the contract does not allow the arguments.
 * @throws {RangeError} If an option is empty or out of range.
 * @throws {ConflictingWorkflowError} If another workflow has the ID.
 * @throws {WorkflowIDInUseError} If the ID is in use and `workflowIDReusePolicy` is `"reject"`.
 * @throws {QueueDuplicatedError} If another workflow holds the deduplication ID.
 * @throws {HiddenRowError} If row-level security hides the workflow that has the ID or the
 * deduplication ID.
 * @throws {UnsupportedFeatureError} If the system database has no column for an option.
 */
export function enqueue<Workflow = unknown>(
  client: Client | Driver,
  options: EnqueueOptions & ContractOption<Workflow, undefined>,
  ...args: WorkflowArgs<Workflow>
): Promise<WorkflowHandle<WorkflowResult<Workflow>>>;
/**
 * Enqueues a workflow with named arguments, which may take the place of positional ones, unless a contract
 * says which ones are which.
 */
export function enqueue<Workflow = unknown, NamedArgs = Record<string, unknown>>(
  client: Client | Driver,
  options:
    & EnqueueOptions
    & { namedArgs: NotInferred<NamedArgs> }
    & ContractOption<Workflow, NamedArgs>,
  ...args: Record<string, unknown> extends NamedArgs ? OptionalWorkflowArgs<Workflow>
    : WorkflowArgs<Workflow>
): Promise<WorkflowHandle<WorkflowResult<Workflow>>>;
export async function enqueue<Workflow>(
  client: Client | Driver,
  options: EnqueueOptions,
  ...args: unknown[]
): Promise<WorkflowHandle<WorkflowResult<Workflow>>> {
  const database = systemDatabaseOf(client);
  const read = readOptions("enqueue()", enqueueDescription, options);
  const tracing = tracingOf(database, client);
  if (tracing) return createHandle(client, await enqueueInSpan(tracing, read, args), read);
  checkCombination("enqueue()", read);
  checkIndexes("enqueue()", read, database.settings.applicationName);
  const ownDatabase = systemDatabaseOf(client, read.signal);
  const serializing = serializeArgs(ownDatabase, read, args);
  // Only awaited if necessary, so that calls made in the same tick reach the batcher in order.
  const serialized = serializing instanceof Promise ? await serializing : serializing;
  const row = toWorkflowRow(database, serialized, read);
  if (usesOptionalColumns(database, read)) {
    await requireColumns(ownDatabase, read);
  }
  // Not in a function of its own: of 100,000 calls at once, each takes half a kilobyte less.
  const conflict = await insertWorkflow(database, read, row);
  const workflowID = conflict
    ? await settleConflict(database, read, row, conflict)
    : row.workflowID;
  return createHandle(client, workflowID, options);
}

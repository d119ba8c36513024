import { type Client, runInSpan, systemDatabaseOf, tracingOf } from "../client/client.ts";
import * as sql from "../../sql/workflows/mod.ts";
import type { SystemDatabase } from "../database/system_database.ts";
import { createSlicer, mapInSlices } from "../event_loop.ts";
import type { ContractField } from "../contracts/contract.ts";
import type { Driver } from "../drivers/driver.ts";
import { WaitTimeoutError } from "../errors/waiting.ts";
import { SerializedValue } from "../serialization/serialized_value.ts";
import { type CustomFormat, formatForCall } from "../serialization/custom_format.ts";
import { checkText, refuseType } from "../validate.ts";
import { pollCompletions, type PollQuery } from "../polling/poll_query.ts";
import { readOptions } from "../options.ts";
import type { WaitTarget } from "../polling/wait.ts";
import {
  createWaiter,
  waitDescription,
  type Waiter,
  type WaitOptions,
  withWaiter,
} from "../polling/waiter.ts";
import { type Outcome, outcomesQuery, toResult } from "./outcome.ts";
import { readErrorOptions } from "./wait_error.ts";
import { createHandle, resultFieldOf, type WorkflowHandle } from "./workflow.ts";

/** The outcome of a workflow that ended with a result. */
export interface WorkflowSuccess<Result = unknown> {
  /** The ID of the workflow. */
  readonly workflowID: string;
  /** The final status. */
  readonly status: "SUCCESS";
  /**
   * The result; a {@linkcode SerializedValue} if this client cannot read it, or the contract of its handle
   * does not allow it.
   */
  readonly result: Result;
}

/** The outcome of a workflow that ended without a result. */
export interface WorkflowFailure {
  /** The ID of the workflow. */
  readonly workflowID: string;
  /** The final status. */
  readonly status: "ERROR" | "CANCELLED" | "MAX_RECOVERY_ATTEMPTS_EXCEEDED";
  /** The error that `getResult` throws: for `ERROR`, the workflow's own error. */
  readonly error: Error;
}

/** How a workflow ended. It has a `result` if `status` is `SUCCESS`, otherwise an `error`. */
export type WorkflowOutcome<Result = unknown> = WorkflowSuccess<Result> | WorkflowFailure;

/** The type of the handle that is given or, for a workflow ID, of a new handle. */
export type HandleOf<Workflow extends string | WorkflowHandle> = Workflow extends string
  ? WorkflowHandle
  : Workflow;

/** The result type of a workflow handle; unknown for a workflow ID. */
export type ResultOf<Workflow extends string | WorkflowHandle> = Workflow extends
  WorkflowHandle<infer Result> ? Result : unknown;

/** The ID of a workflow that is given as its ID or a handle. */
function toWorkflowID(what: string, workflow: string | WorkflowHandle): string {
  const workflowID = typeof workflow === "string" ? workflow : workflow?.workflowID;
  if (typeof workflowID !== "string") refuseType(what, workflow, "a handle or a workflowID");
  checkText(what, workflowID);
  return workflowID;
}

/** The workflows of a call by their IDs, each as it was given first. */
type Workflows<Workflow extends string | WorkflowHandle> = Map<
  string,
  Workflow | HandleOf<Workflow>
>;

/** A copy of the workflows of a call, because the caller may reuse the array meanwhile. */
function copyWorkflows<Workflow>(call: string, workflows: readonly Workflow[]): Workflow[] {
  if (!Array.isArray(workflows)) {
    refuseType(`workflows of ${call}`, workflows, "an array of handles or workflow IDs");
  }
  return Array.from(workflows);
}

/** Checks workflows as {@linkcode mapInSlices} maps them. */
function toWorkflows<Workflow extends string | WorkflowHandle>(
  call: string,
  workflows: readonly Workflow[],
  inOneTurn = false,
): Workflows<Workflow> | Promise<Workflows<Workflow>> {
  const byID: Workflows<Workflow> = new Map();
  const adding = mapInSlices(workflows, (workflow, index) => {
    const workflowID = toWorkflowID(`workflows[${index}] of ${call}`, workflow);
    if (!byID.has(workflowID)) byID.set(workflowID, workflow);
  }, inOneTurn);
  return adding instanceof Promise ? adding.then(() => byID) : byID;
}

/** The handle that was given, or one that all places of an ID share. */
function toHandle<Workflow extends string | WorkflowHandle>(
  client: Client | Driver,
  byID: Workflows<Workflow>,
  workflow: Workflow | string,
): HandleOf<Workflow> {
  const given = typeof workflow === "string" ? byID.get(workflow) : workflow;
  if (typeof given !== "string") return given as HandleOf<Workflow>;
  const handle = createHandle(client, given) as HandleOf<Workflow>;
  byID.set(given, handle);
  return handle;
}

/** When a workflow ended: a row of sql/workflows/find_completion_times.sql. */
type Completion = NonNullable<typeof sql.findCompletionTimes.row>;

const completionTimesQuery: PollQuery<Completion> = pollCompletions(sql.findCompletionTimes);

/** Yields the rows of each poll, in the order in which the workflows ended. */
async function* findAll<Found extends Completion>(
  database: SystemDatabase,
  waiter: Waiter<Found>,
  workflowIDs: Iterable<string>,
  signal: AbortSignal | undefined,
): AsyncGenerator<Found[], void, void> {
  const endSlice = createSlicer();
  const targets = new Map<string, WaitTarget>();
  for (const item of workflowIDs) {
    targets.set(item, { item, workflowID: item });
    const pause = endSlice();
    if (pause) await pause;
  }
  while (targets.size > 0) {
    const found = await waiter.next([...targets.values()]);
    if (!found && waiter.isEnded) return;
    if (!found) {
      const missing = [...targets.keys()];
      const details = await readErrorOptions(database, missing[0]!, signal, waiter);
      throw new WaitTimeoutError(missing, waiter.timeoutSeconds, details);
    }
    for (const { workflow_id } of found) targets.delete(workflow_id);
    yield found.sort((a, b) => Number(a.completed_at) - Number(b.completed_at));
  }
}

/**
 * Waits until the first of several workflows has ended, with a result or not. A workflow that does
 * not exist yet is waited for too.
 *
 * @example
 * ```ts
 * import { connect, retrieveWorkflow, waitFirst } from "@dbos-community/client";
 *
 * await using client = await connect();
 * const handles = [retrieveWorkflow(client, "task-7"), retrieveWorkflow(client, "task-8")];
 * const first = await waitFirst(client, handles, { timeoutSeconds: 30 });
 * console.log(first.workflowID, await first.getResult());
 * ```
 *
 * @param client A client, or a driver's pool, connection or transaction.
 * @param workflows Handles of the workflows, or their IDs.
 * @param options How long to wait, and how. By default there is no timeout.
 * @returns The handle of the workflow that ended first.
 * @throws {TypeError} If `workflows` is not an array of handles or workflow IDs.
 * @throws {TypeError} If a transaction is open on the client, unless `timeoutSeconds` is 0.
 * @throws {RangeError} If `workflows` is empty.
 * @throws {WaitTimeoutError} If none of them has ended in time.
 */
export async function waitFirst<Workflow extends string | WorkflowHandle>(
  client: Client | Driver,
  workflows: readonly Workflow[],
  options: WaitOptions = {},
): Promise<HandleOf<Workflow>> {
  const database = systemDatabaseOf(client);
  const checking = toWorkflows("waitFirst()", copyWorkflows("waitFirst()", workflows));
  const read = readOptions("waitFirst()", waitDescription, options);
  const byID = checking instanceof Promise ? await checking : checking;
  const tracing = tracingOf(database, client);
  if (tracing) {
    const call = { name: "waitFirst()" };
    const handles = [...byID.keys()].map((workflowID) => toHandle(client, byID, workflowID));
    const waitUntraced = (client: Client) => waitFirst<WorkflowHandle>(client, handles, read);
    return await runInSpan(tracing, call, waitUntraced) as HandleOf<Workflow>;
  }
  if (byID.size === 0) {
    throw new RangeError("Cannot wait for the first workflow: expected at least one workflow");
  }
  const waiter = createWaiter(database, completionTimesQuery, read);
  const { value } = await findAll(database, waiter, byID.keys(), read.signal).next();
  return toHandle(client, byID, value![0]!.workflow_id);
}

/**
 * Waits until several workflows have all ended, with a result or not. A workflow that does not
 * exist yet is waited for too.
 *
 * @example
 * ```ts
 * import { connect, enqueue, waitAll } from "@dbos-community/client";
 *
 * await using client = await connect();
 * const task = { workflowName: "processTask", queueName: "tasks" };
 * const handles = await Promise.all([1, 2, 3].map((id) => enqueue(client, task, { id })));
 * for (const handle of await waitAll(client, handles, { timeoutSeconds: 30 })) {
 *   console.log(await handle.getResult());
 * }
 * ```
 *
 * @param client A client, or a driver's pool, connection or transaction.
 * @param workflows Handles of the workflows, or their IDs.
 * @param options How long to wait for all of them, and how. By default there is no timeout.
 * @returns The handles, in the order of `workflows`.
 * @throws {TypeError} If `workflows` is not an array of handles or workflow IDs.
 * @throws {TypeError} If a transaction is open on the client, unless `timeoutSeconds` is 0.
 * @throws {WaitTimeoutError} If not all of them have ended in time; the error has
 * the IDs of those that have not.
 */
export async function waitAll<Workflow extends string | WorkflowHandle>(
  client: Client | Driver,
  workflows: readonly Workflow[],
  options: WaitOptions = {},
): Promise<HandleOf<Workflow>[]> {
  const database = systemDatabaseOf(client);
  const given = copyWorkflows("waitAll()", workflows);
  const checking = toWorkflows("waitAll()", given);
  const read = readOptions("waitAll()", waitDescription, options);
  const byID = checking instanceof Promise ? await checking : checking;
  const toHandles = () => mapInSlices(given, (workflow) => toHandle(client, byID, workflow));
  const tracing = tracingOf(database, client);
  if (tracing) {
    const call = { name: "waitAll()" };
    const handles = await toHandles();
    await runInSpan(tracing, call, (client) => waitAll<WorkflowHandle>(client, handles, read));
    return handles;
  }
  const waiter = createWaiter(database, completionTimesQuery, read);
  for await (const _ of findAll(database, waiter, byID.keys(), read.signal));
  return await toHandles();
}

async function toOutcome<Result>(
  found: Outcome,
  custom: CustomFormat | undefined,
  field: ContractField | undefined,
  signal: AbortSignal | undefined,
): Promise<WorkflowOutcome<Result>> {
  const workflowID = found.workflow_id;
  const status = found.status as WorkflowOutcome["status"];
  try {
    const result = await toResult(workflowID, found, custom, field, signal) as Result;
    return { workflowID, status: "SUCCESS", result };
  } catch (error) {
    signal?.throwIfAborted();
    if (status !== "SUCCESS") return { workflowID, status, error: error as Error };
    // A result that cannot be read must not end the wait for the other workflows.
    const result = new SerializedValue(found.serialization || null, found.value ?? "");
    return { workflowID, status, result: result as Result };
  }
}

/**
 * Waits for workflows to end, and yields the outcome of each as it ends.
 *
 * There may be thousands of workflows: one query polls for all of them. A workflow that does not
 * exist yet is waited for too, and a workflow that is given more than once has one outcome. While
 * the caller handles an outcome, no query is sent.
 *
 * @example
 * ```ts
 * import { connect, enqueue, waitEach } from "@dbos-community/client";
 *
 * await using client = await connect();
 * const task = { workflowName: "processTask", queueName: "tasks" };
 * const handles = await Promise.all([1, 2, 3].map((id) => enqueue(client, task, { id })));
 * for await (const outcome of waitEach(client, handles, { timeoutSeconds: 30 })) {
 *   if (outcome.status === "SUCCESS") console.log(outcome.workflowID, outcome.result);
 *   else console.error(outcome.workflowID, outcome.error);
 * }
 * ```
 *
 * @param client A client, or a driver's pool, connection or transaction.
 * @param workflows Handles of the workflows, or their IDs.
 * @param options How long to wait for all of them, and how. By default there is no timeout.
 * @returns The outcomes, in the order in which the workflows end. Outcomes that one poll finds
 * together are sorted by the time at which the workflows ended.
 * @throws {TypeError} If `workflows` is not an array of handles or workflow IDs.
 * @throws {TypeError} If a transaction is open on the client, unless `timeoutSeconds` is 0.
 * @throws {WaitTimeoutError} If not all of them have ended in time; the error has
 * the IDs of those that have not.
 */
export function waitEach<Workflow extends string | WorkflowHandle>(
  client: Client | Driver,
  workflows: readonly Workflow[],
  options: WaitOptions = {},
): AsyncGenerator<WorkflowOutcome<ResultOf<Workflow>>, void, void> {
  const database = systemDatabaseOf(client);
  const copied = copyWorkflows("waitEach()", workflows);
  const byID = toWorkflows("waitEach()", copied, true) as Workflows<Workflow>;
  const read = readOptions("waitEach()", waitDescription, options);
  const waiter = createWaiter(database, outcomesQuery, read);
  const serializer = formatForCall(database.settings.serializer, read.signal);
  async function* outcomes(): AsyncGenerator<WorkflowOutcome<ResultOf<Workflow>>, void, void> {
    for await (const found of findAll(database, waiter, byID.keys(), read.signal)) {
      for (const row of found) {
        const given = byID.get(row.workflow_id);
        const field = typeof given === "string" ? undefined : resultFieldOf(given);
        yield await toOutcome(row, serializer, field, read.signal);
      }
    }
  }
  return withWaiter(waiter, outcomes());
}

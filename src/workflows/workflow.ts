import { type CallOptions, type Client, systemDatabaseOf } from "../client/client.ts";
import { type ContractField, contractIn, type ContractOption } from "../contracts/contract.ts";
import type { Driver } from "../drivers/driver.ts";
import type { WorkflowExplanation } from "../explanation.ts";
import { onDemand } from "../promises.ts";
import type { WaitOptions } from "../polling/waiter.ts";
import { checkText, refuseType } from "../validate.ts";
import type { WorkflowStatus } from "./workflow_status.ts";
import type { WorkflowResult } from "./workflow_function.ts";

type Waiting = typeof import("./wait_for_result.ts");

// Many programs only enqueue. Waiting is 5 KB gzipped, a status 2 KB, and an explanation 4 KB.
const loadWaiting = onDemand(() => import("./wait_for_result.ts"));
const loadStatus = onDemand(() => import("./workflow_status.ts"));
const loadExplanation = onDemand(() => import("./explain_workflow.ts"));

/** A handle to a workflow. */
export interface WorkflowHandle<Result = unknown> {
  /** The ID of the workflow. */
  readonly workflowID: string;
  /** Returns the status of the workflow, as {@linkcode getStatus} does. */
  getStatus(options?: CallOptions): Promise<WorkflowStatus | null>;
  /** Waits for the result of the workflow, as {@linkcode getResult} does. */
  getResult(options?: WaitOptions): Promise<Result>;
  /** Explains why the workflow has not ended, as `explainWorkflow()` does. */
  explain(options?: CallOptions): Promise<WorkflowExplanation>;
}

/** Of the handles whose contract has a schema for the result. */
const resultFields = new WeakMap<object, ContractField>();

/** The field of the result in the contract of a handle, if it has a schema. */
export function resultFieldOf(handle: WorkflowHandle | undefined): ContractField | undefined {
  return handle && resultFields.get(handle);
}

/** Waits for a result, with the function that is loaded for that. */
function waitForResult<Result>(
  ...args: Parameters<Waiting["waitForResult"]>
): Promise<Result> {
  const loading = loadWaiting();
  // Only awaited if necessary, so that waits that begin in the same tick share a poll.
  return loading instanceof Promise
    ? loading.then((waiting) => waiting.waitForResult<Result>(...args))
    : loading.waitForResult<Result>(...args);
}

/**
 * Makes a handle to a workflow, without checks. In a transaction, it is bound to the connection of the
 * transaction, which somebody else may use after the commit. If the options of the call are spread of a
 * contract, results of the workflow are read as that says.
 */
export function createHandle<Result>(
  client: Client | Driver,
  workflowID: string,
  options?: object,
): WorkflowHandle<Result> {
  const isBound = systemDatabaseOf(client).isInTransaction();
  const field = contractIn(options)?.result;
  const handle: WorkflowHandle<Result> = {
    workflowID,
    async getStatus(options) {
      const { getStatus } = await loadStatus();
      return await getStatus(client, workflowID, options);
    },
    getResult: (options) => waitForResult(client, workflowID, options, isBound, field),
    async explain(options) {
      const { explainWorkflow } = await loadExplanation();
      return await explainWorkflow(client, workflowID, options);
    },
  };
  if (field?.schema) resultFields.set(handle, field);
  return handle;
}

/**
 * Returns a handle to a workflow, which need not exist yet. No query is sent.
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
 * @param contract The contract of the workflow, which types the result and checks it.
 * @returns The handle.
 * @throws {TypeError} If the client is none, or the ID is not a string.
 * @throws {RangeError} If the ID is empty.
 */
export function retrieveWorkflow<Workflow = unknown>(
  client: Client | Driver,
  workflowID: string,
  contract?: ContractOption<Workflow>,
): WorkflowHandle<WorkflowResult<Workflow>> {
  systemDatabaseOf(client);
  checkText("workflowID of retrieveWorkflow()", workflowID);
  if (contract !== undefined && !contractIn(contract)) {
    refuseType("contract of retrieveWorkflow()", contract, "what defineWorkflow() returns");
  }
  return createHandle(client, workflowID, contract);
}

/**
 * Waits until a workflow has ended, and returns its result or throws its error. A workflow that
 * does not exist yet is waited for too.
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
 * @param options How long to wait, and how, and the contract of the workflow if there is one. By default
 * there is no timeout.
 * @returns The result of the workflow.
 * @throws {TypeError} If the ID or an option has the wrong type.
 * @throws {TypeError} If a transaction is open on the client, unless `timeoutSeconds` is 0.
 * @throws {RangeError} If the ID is empty, or an option is out of range.
 * @throws {WorkflowError} If the workflow ended with an error. Name, message, code and data are
 * those of the workflow's error.
 * @throws {AwaitedWorkflowCancelledError} If the workflow was cancelled.
 * @throws {AwaitedWorkflowExceededMaxRecoveryAttemptsError} If the workflow exceeded its maximum
 * recovery attempts.
 * @throws {ResultTimeoutError} If the workflow has not ended in time. It says why, as
 * `explainWorkflow()` does, unless `timeoutSeconds` is 0. Its `cause` is the error of the database, if
 * that has not answered.
 * @throws {UnsupportedSerializationError} If the result is in an unknown format, or damaged.
 * @throws {ContractError} If the contract does not allow the result.
 */
export function getResult<Workflow = unknown>(
  client: Client | Driver,
  workflowID: string,
  options: WaitOptions & ContractOption<Workflow> = {},
): Promise<WorkflowResult<Workflow>> {
  return waitForResult(client, workflowID, options, false, undefined);
}

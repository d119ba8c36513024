import { type Client, runInSpan, systemDatabaseOf, tracingOf } from "../client/client.ts";
import * as sql from "../../sql/workflows/mod.ts";
import { retryOnConflict } from "../batching/retry_on_conflict.ts";
import type { ContractOption } from "../contracts/contract.ts";
import type { Driver } from "../drivers/driver.ts";
import type { WorkflowArgs, WorkflowResult } from "./workflow_function.ts";
import {
  checkCombination,
  checkIndexes,
  enqueueDescription,
  type EnqueueOptions,
  internalQueueName,
  requireColumns,
} from "./enqueue_options.ts";
import { toWorkflowRow } from "./workflow_row.ts";
import { writeWorkflow } from "./write_workflow.ts";
import { QueueDuplicatedError } from "../errors/enqueuing.ts";
import { serializeArgs } from "../client/writing_codec.ts";
import type { SystemDatabase } from "../database/system_database.ts";
import {
  asChoice,
  asIndexedText,
  asInteger,
  describeOptions,
  type OptionsDescription,
  readOptions,
} from "../options.ts";
import { areShort, checkIndexed, checkInteger, checkText } from "../validate.ts";
import { createHandle, type WorkflowHandle } from "./workflow.ts";

/** Which workflow to debounce, and how. */
export interface DebounceOptions extends
  Omit<
    EnqueueOptions,
    | "queueName"
    | "workflowIDReusePolicy"
    | "workflowConfigName"
    | "deduplicationID"
    | "duplicationPolicy"
    | "priority"
    | "queuePartitionKey"
    | "delaySeconds"
  > {
  /**
   * The queue to put it on.
   *
   * @default {"_dbos_internal_queue"} the internal queue that every DBOS application has
   */
  queueName?: string;
  /**
   * The maximum time that calls can delay the workflow, counted from the first one, in
   * milliseconds.
   *
   * @default {undefined} no limit
   */
  debounceTimeoutMs?: number;
  /**
   * Which official clients and workers use the same debounce keys: `"typescript"` for those of
   * TypeScript, `"python"` for those of Python and Go, which ignore the class.
   *
   * @default {"typescript"}
   */
  keyFormat?: "typescript" | "python";
}

const {
  workflowIDReusePolicy: _workflowIDReusePolicy,
  workflowConfigName: _workflowConfigName,
  deduplicationID: _deduplicationID,
  duplicationPolicy: _duplicationPolicy,
  priority: _priority,
  queuePartitionKey: _queuePartitionKey,
  delaySeconds: _delaySeconds,
  ...debounceChecks
} = enqueueDescription.checks;

const itself = "debounce() sets it itself";

const debounceDescription: OptionsDescription<DebounceOptions> = describeOptions<DebounceOptions>({
  ...debounceChecks,
  queueName: asIndexedText,
  debounceTimeoutMs: asInteger(1),
  keyFormat: asChoice("typescript", "python"),
}, {
  workflowIDReusePolicy: itself,
  workflowConfigName: itself,
  deduplicationID: itself,
  duplicationPolicy: itself,
  priority: itself,
  queuePartitionKey: itself,
  delaySeconds: itself,
});

/**
 * Extends the delay of the workflow that holds the debounce key, and returns its ID. Returns
 * undefined if no workflow holds the key, and null if the delay of that workflow has just ended.
 */
async function extendDelay(
  database: SystemDatabase,
  options: EnqueueOptions,
  ignoresClass: boolean,
  job: string,
): Promise<string | null | undefined> {
  const [row] = await database.run(sql.debounce, { job: `[${job}]` }, {
    retryParameters: { is_retry: 1 },
  });
  if (row?.extended_id) return row.extended_id;
  if (!row?.holder_id) return undefined;
  const applicationName = options.applicationName ?? database.settings.applicationName;
  const isSameWorkflow = row.is_debounced && row.name === options.workflowName &&
    (ignoresClass || (row.class_name ?? "") === (options.workflowClassName ?? "")) &&
    (!row.application_name || !applicationName || row.application_name === applicationName);
  if (isSameWorkflow) return null;
  throw new QueueDuplicatedError(
    options.workflowID ?? "",
    options.queueName,
    options.deduplicationID ?? "",
    row.holder_id,
  );
}

/**
 * Debounces a workflow: it runs once for several calls, `periodMs` after the last call and with the
 * arguments of that call.
 *
 * Calls are debounced together if they have the same workflow, class, queue and `debounceKey`. They
 * may come from this client or from official clients of the same `keyFormat`, but not from those
 * for Java, which debounce in another way. The options of the first call apply, including
 * `debounceTimeoutMs`; later calls only replace the arguments and extend the delay. In an open
 * transaction the call takes effect when the transaction commits; until then, other calls with the
 * same key wait for it.
 *
 * @example
 * ```ts
 * import { connect, debounce } from "@dbos-community/client";
 *
 * await using client = await connect();
 * const options = { workflowName: "processTask", queueName: "tasks", debounceTimeoutMs: 10_000 };
 * await debounce(client, options, "customer-7", 500, { draft: "Dear" });
 * const handle = await debounce(client, options, "customer-7", 500, { draft: "Dear Ann" });
 * console.log(await handle.getResult({ timeoutSeconds: 30 }));
 * ```
 *
 * @typeParam Workflow The type of the workflow's result, or the type of the workflow function,
 * which also types the arguments.
 * @param client A client, or a driver's pool, connection or transaction.
 * @param options Which workflow to debounce, on which queue, and how.
 * @param debounceKey The key that the calls have in common.
 * @param periodMs How long to delay the workflow after each call, in milliseconds.
 * @param args The arguments of the workflow.
 * @returns A handle to the workflow, the same one for all calls that are debounced together.
 * @throws {TypeError} If an option has the wrong type or is one that debounce sets itself, or an
 * argument cannot be serialized.
 * @throws {RangeError} If an option is empty or out of range.
 * @throws {ContractError} If the contract does not allow the arguments.
 * @throws {QueueDuplicatedError} If the debounce key is held by a workflow that is not debounced,
 * has another name or class, or belongs to another application.
 * @throws {ConflictingWorkflowError} If another workflow has the given ID.
 * @throws {HiddenRowError} If row-level security hides the workflow that has the ID or the key.
 * @throws {UnsupportedFeatureError} If the system database does not support debouncing, or has no
 * column for an option.
 */
export async function debounce<Workflow = unknown>(
  client: Client | Driver,
  options: DebounceOptions & ContractOption<Workflow>,
  debounceKey: string,
  periodMs: number,
  ...args: WorkflowArgs<Workflow>
): Promise<WorkflowHandle<WorkflowResult<Workflow>>> {
  const database = systemDatabaseOf(client);
  checkText("debounceKey of debounce()", debounceKey);
  checkInteger("periodMs of debounce()", periodMs, 1);
  const readAll = readOptions("debounce()", debounceDescription, options);
  const tracing = tracingOf(database, client);
  if (tracing) {
    const { queueName = internalQueueName } = readAll;
    const details = { ...readAll, queueName };
    const call = { name: "debounce()", isSending: true, details };
    const debounceUntraced = (client: Client) =>
      debounce<Workflow>(client, readAll, debounceKey, periodMs, ...args);
    const { workflowID } = await runInSpan(tracing, call, debounceUntraced, (handle) => handle);
    return createHandle(client, workflowID, readAll);
  }
  const { keyFormat, debounceTimeoutMs, ...read } = readAll;
  const { workflowClassName = "", workflowName } = read;
  const ignoresClass = keyFormat === "python";
  const prefix = ignoresClass ? workflowName : `${workflowClassName}.${workflowName}`;
  const deduplicationID = `${prefix}-${debounceKey}`;
  const { queueName = internalQueueName } = read;
  const enqueueOptions: EnqueueOptions = { ...read, queueName, deduplicationID };
  checkCombination("debounce()", enqueueOptions);
  if (!areShort(queueName, deduplicationID)) {
    // Named as the caller knows it: the ID has the key in it.
    checkIndexed({ queueName, debounceKey: deduplicationID }, "debounce()");
  }
  checkIndexes("debounce()", enqueueOptions, database.settings.applicationName);
  const ownDatabase = systemDatabaseOf(client, read.signal);
  const serializing = serializeArgs(ownDatabase, read, args);
  // Only awaited if necessary, so that the arguments are written as they are when it is called.
  const serialized = serializing instanceof Promise ? await serializing : serializing;
  const row = toWorkflowRow(database, serialized, enqueueOptions, {
    delay_ms: periodMs,
    is_debounced: true,
    debounce_timeout_ms: debounceTimeoutMs,
    ignores_class: ignoresClass,
  });
  await requireColumns(ownDatabase, enqueueOptions);

  const job = JSON.stringify(row.columns);
  const action = `debounce workflow ${workflowName} by key ${debounceKey}`;
  const cause = "the key was taken and freed";
  const workflowID = await retryOnConflict(database, action, cause, async () => {
    const extendedID = await extendDelay(ownDatabase, enqueueOptions, ignoresClass, job);
    if (extendedID) return extendedID;
    if (extendedID === null) return undefined;
    try {
      return await writeWorkflow(database, enqueueOptions, row);
    } catch (error) {
      // Another call took the key meanwhile. The next attempt extends the delay of its workflow.
      if (!(error instanceof QueueDuplicatedError)) throw error;
    }
  });
  return createHandle(client, workflowID, options);
}

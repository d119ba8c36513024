import { type Client, systemDatabaseOf } from "../client/client.ts";
import * as sql from "../../sql/workflows/mod.ts";
import { retryOnConflict } from "../batching/retry_on_conflict.ts";
import type { Driver } from "../drivers/driver.ts";
import type { WorkflowArgs, WorkflowResult } from "./enqueue.ts";
import {
  checkEnqueueOptions,
  type EnqueueOptions,
  internalQueueName,
  requireColumns,
} from "./enqueue_options.ts";
import { toWorkflowRow } from "./workflow_row.ts";
import { writeWorkflow } from "./write_workflow.ts";
import { QueueDuplicatedError } from "../errors/enqueuing.ts";
import { writingCodecOf } from "../client/writing_codec.ts";
import type { SystemDatabase } from "../database/system_database.ts";
import { checkChoice, checkInteger, checkText } from "../validate.ts";
import { createHandle, type WorkflowHandle } from "./workflow.ts";

// What a debounce decides itself.
const ownOptions = [
  "workflowIDReusePolicy",
  "workflowConfigName",
  "deduplicationID",
  "duplicationPolicy",
  "priority",
  "queuePartitionKey",
  "delaySeconds",
] as const;

/** Which workflow to run once the calls for it have come to rest, and how. */
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
   * @default {"_dbos_internal_queue"} one of DBOS's own, which every application has
   */
  queueName?: string;
  /**
   * How long the workflow is put off at most, from the first call on, in milliseconds.
   *
   * @default {undefined} as long as it is called for
   */
  debounceTimeoutMs?: number;
  /**
   * Whose calls these belong together with: `"typescript"`, those of the official TypeScript client
   * and workers; `"python"`, those of Python's and Go's, which take no account of the class.
   *
   * @default {"typescript"}
   */
  keyFormat?: "typescript" | "python";
}

function checkOptions(options: DebounceOptions): EnqueueOptions {
  for (const name of ownOptions) {
    if ((options as Partial<EnqueueOptions>)[name] === undefined) continue;
    throw new TypeError(`Cannot debounce with ${name}: a debounce decides that itself`);
  }
  checkInteger("debounceTimeoutMs", options.debounceTimeoutMs, 1);
  checkChoice("keyFormat", options.keyFormat, ["typescript", "python"]);
  const enqueueOptions = { queueName: internalQueueName, ...options };
  checkEnqueueOptions(enqueueOptions);
  return enqueueOptions;
}

function checkPeriod(periodMs: unknown): void {
  if (periodMs === undefined) throw new TypeError("Cannot debounce without periodMs");
  checkInteger("periodMs", periodMs, 1);
}

/**
 * Puts off the workflow that waits under the debounce key, and gives its ID; undefined if none does.
 * Null says that one did and has just been let go.
 */
async function extendDelay(
  database: SystemDatabase,
  options: EnqueueOptions,
  ignoresClass: boolean,
  job: string,
): Promise<string | null | undefined> {
  const [row] = await database.run(sql.debounce, { job: `[${job}]` });
  if (row?.extended_id) return row.extended_id;
  if (!row?.holder_id) return undefined;
  const applicationName = options.applicationName ?? database.settings.applicationName;
  const isOwn = row.is_debounced && row.name === options.workflowName &&
    (ignoresClass || (row.class_name ?? "") === (options.workflowClassName ?? "")) &&
    (!row.application_name || !applicationName || row.application_name === applicationName);
  if (isOwn) return null;
  throw new QueueDuplicatedError(
    options.workflowID ?? "",
    options.queueName,
    options.deduplicationID ?? "",
    row.holder_id,
  );
}

/**
 * Runs a workflow once the calls for it have come to rest: `periodMs` after the last one, with the
 * arguments of that.
 *
 * Calls belong together if they have the same workflow, class, queue and `debounceKey`, whether
 * they come from here or from official clients of the `keyFormat`. Java's have a way of their own.
 * The options of the first call hold, its `debounceTimeoutMs` included; of later ones only the
 * arguments. In an open transaction the call counts when that commits, and others for the key wait
 * for it.
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
 * @typeParam Workflow The type of the workflow's result, or of the workflow function itself, which
 * then types the arguments too.
 * @param client A client, or a driver's pool, connection or transaction.
 * @param options Which workflow, on which queue, and how.
 * @param debounceKey What the calls have in common.
 * @param periodMs How long the workflow is put off, in milliseconds.
 * @param args The arguments of the workflow.
 * @returns A handle to the workflow, the same for all calls that belong together.
 * @throws {TypeError} If an option is of the wrong type or one that a debounce decides itself, or an
 * argument cannot be serialized.
 * @throws {RangeError} If an option is empty or out of its range.
 * @throws {QueueDuplicatedError} If a workflow that is not debounced, has another name or class, or
 * belongs to another application holds the debounce key.
 * @throws {ConflictingWorkflowError} If another workflow has the given ID.
 * @throws {UnsupportedFeatureError} If the system database has no debounced workflows, or no column
 * for an option.
 */
export async function debounce<Workflow = unknown>(
  client: Client | Driver,
  options: DebounceOptions,
  debounceKey: string,
  periodMs: number,
  ...args: WorkflowArgs<Workflow>
): Promise<WorkflowHandle<WorkflowResult<Workflow>>> {
  checkText("debounceKey", debounceKey);
  checkPeriod(periodMs);
  const { workflowClassName = "", workflowName, keyFormat = "typescript" } = options;
  const ignoresClass = keyFormat === "python";
  const prefix = ignoresClass ? workflowName : `${workflowClassName}.${workflowName}`;
  const enqueueOptions: EnqueueOptions = {
    ...checkOptions(options),
    deduplicationID: `${prefix}-${debounceKey}`,
  };
  const database = systemDatabaseOf(client);
  const codec = await writingCodecOf(database, options.serializationType);
  const row = toWorkflowRow(database, codec, enqueueOptions, args, {
    delay_ms: periodMs,
    is_debounced: true,
    debounce_timeout_ms: options.debounceTimeoutMs,
    ignores_class: ignoresClass,
  });
  await requireColumns(database, enqueueOptions);

  const action = `debounce workflow ${workflowName} by key ${debounceKey}`;
  const heldID = await retryOnConflict(action, "the key was taken and freed", async () => {
    const extendedID = await extendDelay(database, enqueueOptions, ignoresClass, row.text);
    if (extendedID) return extendedID;
    if (extendedID === null) return undefined;
    try {
      return await writeWorkflow(database, enqueueOptions, row);
    } catch (error) {
      // Another call has taken the key since; that one's workflow is put off then.
      if (!(error instanceof QueueDuplicatedError)) throw error;
    }
  });
  return createHandle(client, heldID);
}

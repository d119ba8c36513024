import { callDescription, type CallOptions, type Client, openCall } from "../client/client.ts";
import * as sql from "../../sql/explanations/mod.ts";
import { toNumber } from "../database/rows.ts";
import type { SystemDatabase } from "../database/system_database.ts";
import type { Driver } from "../drivers/driver.ts";
import type { WorkflowExplanation } from "../explanation.ts";
import { findNearest } from "../options.ts";
import { checkText } from "../validate.ts";
import { explainRow, toLimits } from "./explanation_text.ts";

// Comparing long names takes a time that is quadratic in their lengths.
const maxCompared = 60;

/** The name that is most similar to one that is not registered. */
function findNearestOf(
  name: string | null,
  isRegistered: boolean | null,
  names: string | null,
): string | undefined {
  if (name === null || isRegistered !== false || names === null) return undefined;
  const byStart = new Map<string, string>();
  for (const other of JSON.parse(names) as string[]) {
    byStart.set(other.slice(0, maxCompared), other);
  }
  return byStart.get(findNearest(name.slice(0, maxCompared), byStart.keys()));
}

/** Explains a workflow with one query. `options` are those of `database.run()`. */
export async function explain(
  database: SystemDatabase,
  workflowID: string,
  options: Parameters<SystemDatabase["run"]>[2] = {},
): Promise<WorkflowExplanation> {
  const [found] = await database.run(
    sql.explainWorkflow,
    { workflow_id: workflowID },
    options,
  );
  const row = found!;
  const nearestQueueName = row.is_queue_in_use
    ? undefined
    : findNearestOf(row.queue_name, row.is_queue_registered, row.queue_names);
  const nearestApplicationName = findNearestOf(
    row.application_name,
    row.is_application_registered,
    row.application_names,
  );
  const { reason, text } = explainRow(row, { nearestQueueName, nearestApplicationName });
  const isEnqueued = row.status === "ENQUEUED";
  const explanation = {
    workflowID,
    reason,
    message: reason === "not_found"
      ? `There is no workflow ${workflowID} in schema ${database.settings.schema} of database ` +
        `${row.database}. ${text}`
      : `Workflow ${workflowID} ${text}`,
    status: row.status,
    workflowName: row.name,
    since: toNumber(row.since_epoch_ms),
    queueName: row.queue_name,
    nearestQueueName: reason === "queue_not_registered" ? nearestQueueName : undefined,
    queuePartitionKey: row.queue_partition_key,
    priority: row.priority,
    workflowsAhead: isEnqueued ? row.workflows_ahead : undefined,
    limits: isEnqueued ? toLimits(row.limits) : undefined,
    applicationName: row.application_name,
    nearestApplicationName: isEnqueued ? nearestApplicationName : undefined,
    applicationVersion: row.application_version,
    latestApplicationVersion: row.latest_version,
    executorId: row.executor_id,
    recoveryAttempts: toNumber(row.recovery_attempts),
    delayUntilEpochMS: toNumber(row.delay_until_epoch_ms),
    deadlineEpochMS: toNumber(row.deadline_epoch_ms),
  };
  const entries = Object.entries(explanation).filter(([, value]) => value != null);
  return Object.fromEntries(entries) as unknown as WorkflowExplanation;
}

/**
 * Explains why a workflow has not ended, or how it has ended: with a reason, a sentence for people, and
 * the facts that they are based on. One query reads them.
 *
 * The database does not show which workers are running. So a workflow that nothing holds back has the
 * reason `waiting_for_worker`, whether a worker takes it soon or none is there.
 *
 * @example
 * ```ts
 * import { connect, explainWorkflow } from "@dbos-community/client";
 *
 * await using client = await connect();
 * const { reason, message } = await explainWorkflow(client, "task-7");
 * console.log(reason, message);
 * ```
 *
 * @param client A client, or a driver's pool, connection or transaction.
 * @param workflowID The ID of the workflow.
 * @param options An abort signal.
 * @returns The explanation; its reason is `not_found` if there is no such workflow.
 * @throws {TypeError} If the ID is not a string.
 * @throws {RangeError} If the ID is empty.
 */
export async function explainWorkflow(
  client: Client | Driver,
  workflowID: string,
  options: CallOptions = {},
): Promise<WorkflowExplanation> {
  const [database] = openCall(client, "explainWorkflow()", callDescription, options);
  checkText("workflowID of explainWorkflow()", workflowID);
  return await explain(database, workflowID);
}

import {
  callDescription,
  type CallOptions,
  type Client,
  openCall,
  runInSpan,
  systemDatabaseOf,
  tracingOf,
} from "../client/client.ts";
import * as sql from "../../sql/schedules/mod.ts";
import { abortable } from "../promises.ts";
import { createTicker } from "./cron.ts";
import { addInBatches } from "../batching/batcher.ts";
import type { ContractOption } from "../contracts/contract.ts";
import type { Driver } from "../drivers/driver.ts";
import {
  checkIndexes,
  type EnqueueOptions,
  internalQueueName,
} from "../workflows/enqueue_options.ts";
import { toWorkflowRow, type WorkflowRow } from "../workflows/workflow_row.ts";
import { batcherOf, writeWorkflow } from "../workflows/write_workflow.ts";
import { toConflictError } from "../workflows/conflict.ts";
import { WorkflowIDInUseError } from "../errors/enqueuing.ts";
import { NonExistentScheduleError } from "../errors/managing.ts";
import { openContext } from "./context.ts";
import type { SystemDatabase } from "../database/system_database.ts";
import { checkText } from "../validate.ts";
import { createHandle, type WorkflowHandle } from "../workflows/workflow.ts";
import type { WorkflowResult } from "../workflows/workflow_function.ts";

/** A copy of a Date, which the caller may change while the call is in progress. */
function copyDate(what: string, value: unknown): Date {
  if (!(value instanceof Date)) {
    throw new TypeError(`Cannot use a value of type ${typeof value} as ${what}: expected a Date`);
  }
  if (Number.isNaN(value.getTime())) {
    throw new RangeError(`Cannot use the given ${what}: invalid Date`);
  }
  return new Date(value);
}

/** What is needed to run the workflow of a schedule. */
interface Runnable {
  readonly schedule: string;
  readonly cronTimezone: string | undefined;
  readonly run: Awaited<ReturnType<typeof openContext>>;
  readonly options: EnqueueOptions;
}

async function findRunnable(
  database: SystemDatabase,
  name: string,
  action: string,
): Promise<Runnable> {
  const application_name = database.settings.applicationName ?? null;
  const [row] = await database.run(sql.findSchedule, { name, application_name });
  if (!row) throw new NonExistentScheduleError(name, action);
  const run = await openContext(row.context, database.settings.serializer);
  const { serialization } = run;
  // Only Python 2.13 has schedules, but no column for formats. It reads pickles.
  if (serialization !== "py_pickle") {
    await database.requireColumn(`a context in ${serialization}`, "workflow_status.serialization");
  }
  return {
    schedule: row.schedule,
    // Go stores an empty text for none.
    cronTimezone: row.cron_timezone || undefined,
    run,
    options: {
      workflowName: row.workflow_name,
      queueName: row.queue_name || internalQueueName,
      ...(row.workflow_class_name && { workflowClassName: row.workflow_class_name }),
      ...(row.latest_version && { appVersion: row.latest_version }),
      ...(row.application_name && { applicationName: row.application_name }),
    },
  };
}

async function toRun(
  call: string,
  database: SystemDatabase,
  scheduleName: string,
  { run: { serializeRun, serialization }, options }: Runnable,
  workflowID: string,
  time: Date,
): Promise<WorkflowRow> {
  const columns = { schedule_name: scheduleName };
  const runOptions = { ...options, workflowID };
  checkIndexes(call, runOptions, database.settings.applicationName);
  const args = { text: await serializeRun(time), serialization };
  return toWorkflowRow(database, args, runOptions, columns);
}

let lastTriggerMs = 0;

/**
 * Enqueues the workflow of a schedule once, now, even if the schedule is paused. The first argument
 * of the workflow is the current time.
 *
 * In an open transaction, the workflow is enqueued when it commits.
 *
 * @example
 * ```ts
 * import { connect, triggerSchedule } from "@dbos-community/client";
 *
 * await using client = await connect();
 * const handle = await triggerSchedule(client, "hourly-check");
 * console.log(await handle.getResult({ timeoutSeconds: 30 }));
 * ```
 *
 * @typeParam Workflow The type of the workflow's result, or the type of the workflow function.
 * @param client A client, or a driver's pool, connection or transaction.
 * @param name The name of the schedule.
 * @param options An abort signal.
 * @returns A handle to the workflow.
 * @throws {TypeError} If the name is not a string.
 * @throws {RangeError} If the name is empty.
 * @throws {NonExistentScheduleError} If the schedule does not exist.
 * @throws {UnsupportedSerializationError} If the context is in an unknown format, damaged, or not one
 * that this client can write.
 * @throws {UnsupportedFeatureError} If the schema has no table for schedules, or no column for the
 * format of the context.
 */
export async function triggerSchedule<Workflow = unknown>(
  client: Client | Driver,
  name: string,
  options: CallOptions & ContractOption<Workflow> = {},
): Promise<WorkflowHandle<WorkflowResult<Workflow>>> {
  const call = "triggerSchedule()";
  const [ownDatabase, read] = openCall(client, call, callDescription, options);
  checkText("name of triggerSchedule()", name);
  const database = systemDatabaseOf(client);
  const tracing = tracingOf(database, client);
  if (tracing) {
    const tracedCall = { name: call, isSending: true };
    const trigger = (client: Client) => triggerSchedule(client, name, read);
    const { workflowID } = await runInSpan(tracing, tracedCall, trigger, (handle) => handle);
    return createHandle(client, workflowID, read);
  }
  const runnable = await findRunnable(ownDatabase, name, "trigger");
  while (true) {
    // The ID is a millisecond. Of calls in the same one, the others take those that follow.
    lastTriggerMs = Math.max(Date.now(), lastTriggerMs + 1);
    const time = new Date(lastTriggerMs);
    const workflowID = `sched-${name}-trigger-${time.toISOString()}`;
    const run = await toRun(call, database, name, runnable, workflowID, time);
    const enqueueOptions: EnqueueOptions = {
      ...runnable.options,
      ...read,
      workflowID,
      workflowIDReusePolicy: "reject",
    };
    try {
      return createHandle(client, await writeWorkflow(database, enqueueOptions, run), options);
    } catch (error) {
      if (!(error instanceof WorkflowIDInUseError)) throw error;
    }
  }
}

/**
 * Enqueues the workflow of a schedule for each scheduled time between `start` and `end`, both
 * excluded, unless it was already enqueued for that time.
 *
 * A schedule without a time zone uses that of this process. In an open transaction, the workflows
 * are enqueued when it commits; otherwise a call that failed halfway can be repeated.
 *
 * @example
 * ```ts
 * import { backfillSchedule, connect } from "@dbos-community/client";
 *
 * await using client = await connect();
 * const start = new Date("2026-01-01T00:00:00Z");
 * const end = new Date("2026-01-01T03:00:00Z");
 * for (const handle of await backfillSchedule(client, "hourly-check", start, end)) {
 *   console.log(handle.workflowID);
 * }
 * ```
 *
 * @typeParam Workflow The type of the workflow's result, or the type of the workflow function.
 * @param client A client, or a driver's pool, connection or transaction.
 * @param name The name of the schedule.
 * @param start The time after which to run the workflow.
 * @param end The time before which to run the workflow.
 * @param options An abort signal.
 * @returns A handle to the workflow of each time, in order, also of those that were enqueued
 * before.
 * @throws {TypeError} If an argument has the wrong type.
 * @throws {RangeError} If the name is empty.
 * @throws {RangeError} If `start` or `end` is an invalid Date.
 * @throws {RangeError} If the cron expression or the time zone of the schedule is invalid.
 * @throws {NonExistentScheduleError} If the schedule does not exist.
 * @throws {ConflictingWorkflowError} If a workflow of another name or class has the ID of a run.
 * @throws {UnsupportedSerializationError} If the context is in an unknown format, damaged, or not one
 * that this client can write.
 * @throws {UnsupportedFeatureError} If the schema has no table for schedules, or no column for the
 * format of the context.
 */
export async function backfillSchedule<Workflow = unknown>(
  client: Client | Driver,
  name: string,
  start: Date,
  end: Date,
  options: CallOptions & ContractOption<Workflow> = {},
): Promise<WorkflowHandle<WorkflowResult<Workflow>>[]> {
  const call = "backfillSchedule()";
  const [ownDatabase, read] = openCall(client, call, callDescription, options);
  checkText("name of backfillSchedule()", name);
  const after = copyDate("start of backfillSchedule()", start);
  const before = copyDate("end of backfillSchedule()", end);
  const database = systemDatabaseOf(client);
  const tracing = tracingOf(database, client);
  if (tracing) {
    const tracedCall = { name: call, isSending: true };
    const backfill = (client: Client) => backfillSchedule(client, name, after, before, read);
    const toDetails = ({ length }: WorkflowHandle[]) => ({ count: length });
    const handles = await runInSpan(tracing, tracedCall, backfill, toDetails);
    return handles.map(({ workflowID }) => createHandle(client, workflowID, read));
  }
  const runnable = await findRunnable(ownDatabase, name, "backfill");
  const nextTime = await createTicker(runnable.schedule, runnable.cronTimezone);
  const runs: WorkflowRow[] = [];
  for (let time = nextTime(after); time && time < before; time = nextTime(time)) {
    const workflowID = `sched-${name}-${time.toISOString()}`;
    runs.push(await toRun(call, database, name, runnable, workflowID, time));
  }
  const { signal } = read;
  const conflicts = await abortable(
    signal,
    () => addInBatches(database, batcherOf(database), runs, signal),
  );
  return runs.map(({ workflowID }, index) => {
    const conflict = conflicts[index];
    // Without existing_id, a concurrent call has just enqueued the run for the same time.
    const error = conflict?.existing_id &&
      toConflictError(workflowID, runnable.options, conflict);
    if (error) throw error;
    return createHandle(client, workflowID, options);
  });
}

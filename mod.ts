/**
 * A client for DBOS, which runs durable workflows on Postgres: it enqueues workflows, waits for
 * their results, sends them messages and reads their events. It runs on Deno, Node and Bun, uses
 * the Postgres driver that your program already has, and works with workers in any DBOS language.
 *
 * ## Install
 *
 * ```sh
 * deno add jsr:@dbos-community/client   # Deno
 * npx jsr add @dbos-community/client    # Node
 * bunx jsr add @dbos-community/client   # Bun
 * ```
 *
 * ## Start a worker
 *
 * The client enqueues workflows, and a worker runs them. If you have none yet, save this as
 * `worker.ts`. Set `DBOS_SYSTEM_DATABASE_URL` to the URL of a Postgres database, such as
 * `postgres://postgres:secret@localhost:5432/shop_dbos_sys`; the worker creates it. Then run
 * `deno add npm:@dbos-inc/dbos-sdk` and `deno run -A worker.ts`.
 *
 * ```ts
 * import { DBOS } from "@dbos-inc/dbos-sdk";
 *
 * async function processTask(task: { id: number }) {
 *   await DBOS.setEvent("progress", 50);
 *   return `task ${task.id} is done`;
 * }
 * DBOS.registerWorkflow(processTask, { name: "processTask" });
 *
 * DBOS.setConfig({ name: "shop", systemDatabaseUrl: process.env.DBOS_SYSTEM_DATABASE_URL! });
 * await DBOS.launch();
 * await DBOS.registerQueue("tasks");
 * ```
 *
 * ## Enqueue a workflow
 *
 * Every function takes the client first: the result of {@linkcode connect} or
 * {@linkcode createClient}, or the driver itself: a pool, a connection or an open transaction.
 *
 * @example With a URL
 * ```ts
 * import { connect, enqueue, getEvent } from "@dbos-community/client";
 *
 * const client = await connect(); // reads DBOS_SYSTEM_DATABASE_URL
 * const task = { workflowName: "processTask", queueName: "tasks" };
 * const handle = await enqueue(client, task, { id: 7 });
 * console.log(await getEvent(client, handle.workflowID, "progress")); // 50
 * console.log(await handle.getResult()); // task 7 is done
 * await client.close();
 * ```
 *
 * @example With a pool of `npm:pg`
 * ```ts
 * import pg from "pg";
 * import { enqueue } from "@dbos-community/client";
 *
 * const pool = new pg.Pool({ connectionString: process.env.DBOS_SYSTEM_DATABASE_URL });
 * pool.on("error", console.error);
 * const task = { workflowName: "processTask", queueName: "tasks" };
 * const handle = await enqueue(pool, task, { id: 8 });
 * console.log(await handle.getResult()); // task 8 is done
 * await pool.end();
 * ```
 *
 * @module
 */

// What most programs need: clients, to enqueue, to wait for results and events, to send.
export { connect, type ConnectOptions } from "./connect.ts";
export * from "./core.ts";

// Workflows
export {
  type EnqueueJob,
  type EnqueueJobArgs,
  type EnqueueJobOf,
  enqueueMany,
  type EnqueueManyOptions,
  type EnqueueOutcome,
  type EnqueueTotals,
} from "./src/workflows/enqueue_many.ts";
export { explainWorkflow } from "./src/workflows/explain_workflow.ts";
export { getStatus, getStatus as getWorkflow } from "./src/workflows/workflow_status.ts";
export {
  type HandleOf,
  type ResultOf,
  waitAll,
  waitEach,
  waitFirst,
  type WorkflowFailure,
  type WorkflowOutcome,
  type WorkflowSuccess,
} from "./src/workflows/wait_many.ts";

// Lists
export {
  iterateWorkflows,
  type IterateWorkflowsOptions,
  listQueuedWorkflows,
  listWorkflows,
  type ListWorkflowsOptions,
} from "./src/lists/list.ts";
export {
  countWorkflows,
  type CountWorkflowsOptions,
  type WorkflowCount,
} from "./src/lists/count.ts";
export { countSteps, type CountStepsOptions, type StepCount } from "./src/lists/count_steps.ts";
export {
  listWorkflowSteps,
  type ListWorkflowStepsOptions,
  type StepInfo,
} from "./src/lists/steps.ts";
export type { WorkflowFilters } from "./src/lists/workflow_filters.ts";

// Workflow management
export {
  cancelWorkflow,
  cancelWorkflows,
  type CancelWorkflowsOptions,
  deleteWorkflow,
  deleteWorkflows,
  type DeleteWorkflowsOptions,
  resumeWorkflow,
  resumeWorkflows,
  type ResumeWorkflowsOptions,
} from "./src/workflows/manage.ts";
export {
  type Fork,
  forkWorkflow,
  type ForkWorkflowOptions,
  forkWorkflows,
  type ForkWorkflowsOptions,
  type RerunOptions,
  rewindWorkflow,
  type RewindWorkflowOptions,
} from "./src/workflows/fork.ts";
export {
  setWorkflowDelay,
  type SetWorkflowDelayOptions,
  setWorkflowPriority,
  updateWorkflowAttributes,
  type UpdateWorkflowAttributesOptions,
} from "./src/workflows/update.ts";

// Messages and events
export {
  type Message,
  type MessageOutcome,
  sendMany,
  type SendManyOptions,
} from "./src/messages/messages.ts";
export { type EventValues, getAllEvents } from "./src/messages/all_events.ts";
export {
  followEvents,
  type WorkflowEvent,
  type WorkflowEventOf,
} from "./src/messages/follow_events.ts";
export {
  getAllNotifications,
  type WorkflowNotification,
} from "./src/messages/all_notifications.ts";

// Streams
export {
  getAllStreamEntries,
  type StreamEntries,
  type StreamEntriesOf,
  type StreamEntry,
} from "./src/messages/all_stream_entries.ts";
export {
  readStream,
  readStreamOffset,
  type ReadStreamOffsetOptions,
  type ReadStreamOptions,
} from "./src/messages/streams.ts";

// Queues
export {
  deleteQueue,
  listQueues,
  type ListQueuesOptions,
  type Queue,
  registerQueue,
  type RegisterQueueOptions,
  retrieveQueue,
  updateQueue,
} from "./src/queues/queues.ts";
export type { QueueChanges, QueueLimits, QueueRateLimit } from "./src/queues/queue_limits.ts";

// Schedules
export {
  applySchedules,
  createSchedule,
  updateSchedule,
} from "./src/schedules/define_schedules.ts";
export { deleteSchedule, pauseSchedule, resumeSchedule } from "./src/schedules/manage_schedules.ts";
export type {
  ResumeScheduleOptions,
  ScheduleChanges,
  ScheduleOptions,
} from "./src/schedules/schedule_options.ts";
export {
  getSchedule,
  listSchedules,
  type ListSchedulesOptions,
  type WorkflowSchedule,
} from "./src/schedules/schedules.ts";
export { backfillSchedule, triggerSchedule } from "./src/schedules/run_schedules.ts";

// Debounce
export { debounce, type DebounceOptions } from "./src/workflows/debounce.ts";

// Application versions and names
export {
  type ApplicationVersion,
  type ApplicationVersionOptions,
  getLatestApplicationVersion,
  listApplicationVersions,
  setLatestApplicationVersion,
} from "./src/applications/versions.ts";
export {
  type ApplicationRowCounts,
  renameApplication,
  type RenameApplicationOptions,
} from "./src/applications/applications.ts";
export {
  describeSystemDatabase,
  type SystemDatabaseDescription,
} from "./src/applications/describe.ts";

// Values that cannot be read
export { SerializedValue } from "./src/serialization/serialized_value.ts";

// Errors
export * from "./errors.ts";

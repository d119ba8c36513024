/**
 * The DBOS client from anywhere: enqueue workflows, wait for their results, send them messages and
 * read their events, through any Postgres driver, on Deno, Node and Bun.
 *
 * @example
 * ```ts
 * import { connect, enqueue } from "@dbos-community/client";
 *
 * await using client = await connect("postgres://localhost/shop_dbos_sys");
 * const handle = await enqueue(client, { workflowName: "processTask", queueName: "tasks" }, 7);
 * console.log(await handle.getResult());
 * ```
 *
 * @module
 */

// What most programs need: clients, to enqueue, to wait for results and events, to send.
export * from "./core.ts";

// Workflows
export {
  type EnqueueJob,
  enqueueMany,
  type EnqueueManyOptions,
  type EnqueueOutcome,
  type EnqueueTotals,
} from "./src/workflows/enqueue_many.ts";
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
export { getAllEvents } from "./src/messages/all_events.ts";

// Streams
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
  deleteSchedule,
  pauseSchedule,
  resumeSchedule,
  updateSchedule,
} from "./src/schedules/manage_schedules.ts";
export type { ScheduleChanges, ScheduleOptions } from "./src/schedules/schedule_options.ts";
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

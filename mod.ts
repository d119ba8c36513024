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

// Clients
export {
  type Client,
  type ClientOptions,
  connect,
  type ConnectOptions,
  createClient,
} from "./client.ts";
export type {
  DenoPostgresDriver,
  DenoPostgresPoolDriver,
  Driver,
  PgDriver,
  PGliteDriver,
  SqlTagDriver,
} from "./src/drivers/adapter.ts";

// Workflows
export {
  enqueue,
  type EnqueueOptions,
  type WorkflowArgs,
  type WorkflowResult,
} from "./src/workflows/enqueue.ts";
export {
  type EnqueueJob,
  enqueueMany,
  type EnqueueManyOptions,
  type EnqueueOutcome,
  type EnqueueTotals,
} from "./src/workflows/enqueue_many.ts";
export { getResult, retrieveWorkflow, type WorkflowHandle } from "./src/workflows/workflow.ts";
export {
  getStatus,
  getStatus as getWorkflow,
  type WorkflowStatus,
} from "./src/workflows/workflow_status.ts";
export type { WaitOptions } from "./src/database/wait.ts";
export {
  completed,
  type HandleOf,
  type ResultOf,
  waitAll,
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
} from "./src/workflows/adjust.ts";

// Messages and events
export {
  type Message,
  type MessageOutcome,
  send,
  sendMany,
  type SendManyOptions,
  type SendOptions,
} from "./src/messages/messages.ts";
export { getEvent } from "./src/messages/events.ts";
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

// Values
export type { SerializationType } from "./src/serialization/mod.ts";
export { SerializedValue } from "./src/serialization/serialized_value.ts";

// Errors
export {
  ConflictingWorkflowError,
  QueueDuplicatedError,
  WorkflowIDInUseError,
} from "./src/errors/enqueuing.ts";
export {
  ActiveWorkflowError,
  NonExistentQueueError,
  NonExistentScheduleError,
  NonExistentVersionError,
  NonExistentWorkflowError,
  OwnedByAnotherApplicationError,
  QueryTimeoutError,
  ScheduleExistsError,
} from "./src/errors/managing.ts";
export { SystemSchemaNotFoundError, UnsupportedFeatureError } from "./src/errors/schema.ts";
export { UnsupportedSerializationError } from "./src/errors/reading.ts";
export { WorkflowError, type WorkflowErrorDetails } from "./src/errors/workflow_error.ts";
export {
  AwaitedWorkflowCancelledError,
  AwaitedWorkflowExceededMaxRecoveryAttemptsError,
  ResultTimeoutError,
  StreamEndedError,
  StreamTimeoutError,
  WaitTimeoutError,
} from "./src/errors/waiting.ts";

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
} from "./src/enqueue.ts";
export {
  type EnqueueJob,
  enqueueMany,
  type EnqueueManyOptions,
  type EnqueueOutcome,
  type EnqueueTotals,
} from "./src/enqueue_many.ts";
export {
  getResult,
  getStatus,
  getStatus as getWorkflow,
  retrieveWorkflow,
  type WorkflowHandle,
} from "./src/workflow.ts";
export type { WorkflowStatus } from "./src/workflow_status.ts";
export type { WaitOptions } from "./src/wait.ts";
export {
  completed,
  type HandleOf,
  type ResultOf,
  waitAll,
  waitFirst,
  type WorkflowFailure,
  type WorkflowOutcome,
  type WorkflowSuccess,
} from "./src/wait_many.ts";

// Lists
export {
  iterateWorkflows,
  type IterateWorkflowsOptions,
  listQueuedWorkflows,
  listWorkflows,
  type ListWorkflowsOptions,
} from "./src/list.ts";
export { countWorkflows, type CountWorkflowsOptions, type WorkflowCount } from "./src/count.ts";
export { listWorkflowSteps, type ListWorkflowStepsOptions, type StepInfo } from "./src/steps.ts";
export type { WorkflowFilters } from "./src/workflow_filters.ts";

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
} from "./src/manage.ts";
export {
  type Fork,
  forkWorkflow,
  type ForkWorkflowOptions,
  forkWorkflows,
  type ForkWorkflowsOptions,
  type RerunOptions,
  rewindWorkflow,
  type RewindWorkflowOptions,
} from "./src/fork.ts";
export {
  setWorkflowDelay,
  type SetWorkflowDelayOptions,
  setWorkflowPriority,
  updateWorkflowAttributes,
  type UpdateWorkflowAttributesOptions,
} from "./src/adjust.ts";

// Messages and events
export {
  type Message,
  type MessageOutcome,
  send,
  sendMany,
  type SendManyOptions,
  type SendOptions,
} from "./src/messages.ts";
export { getAllEvents, getEvent } from "./src/events.ts";

// Streams
export {
  readStream,
  readStreamOffset,
  type ReadStreamOffsetOptions,
  type ReadStreamOptions,
} from "./src/streams.ts";

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
} from "./src/queues.ts";
export type { QueueChanges, QueueLimits, QueueRateLimit } from "./src/queue_limits.ts";

// Schedules
export {
  applySchedules,
  createSchedule,
  deleteSchedule,
  pauseSchedule,
  resumeSchedule,
  updateSchedule,
} from "./src/manage_schedules.ts";
export type { ScheduleChanges, ScheduleOptions } from "./src/schedule_options.ts";
export {
  getSchedule,
  listSchedules,
  type ListSchedulesFilters,
  type WorkflowSchedule,
} from "./src/schedules.ts";
export { backfillSchedule, triggerSchedule } from "./src/run_schedules.ts";

// Debounce
export { debounce, type DebounceOptions } from "./src/debounce.ts";

// Application versions and names
export {
  type ApplicationVersion,
  type ApplicationVersionOptions,
  getLatestApplicationVersion,
  listApplicationVersions,
  setLatestApplicationVersion,
} from "./src/versions.ts";
export {
  type ApplicationRowCounts,
  renameApplication,
  type RenameApplicationOptions,
} from "./src/applications.ts";

// Values
export { type SerializationType, SerializedValue } from "./src/serialization/mod.ts";

// Errors
export {
  ActiveWorkflowError,
  AwaitedWorkflowCancelledError,
  AwaitedWorkflowExceededMaxRecoveryAttemptsError,
  ConflictingWorkflowError,
  NonExistentQueueError,
  NonExistentScheduleError,
  NonExistentVersionError,
  NonExistentWorkflowError,
  OwnedByAnotherApplicationError,
  QueryTimeoutError,
  QueueDuplicatedError,
  ResultTimeoutError,
  ScheduleExistsError,
  StreamEndedError,
  StreamTimeoutError,
  SystemSchemaNotFoundError,
  UnsupportedFeatureError,
  UnsupportedSerializationError,
  WaitTimeoutError,
  WorkflowError,
  type WorkflowErrorDetails,
  WorkflowIDInUseError,
} from "./src/errors.ts";

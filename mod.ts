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
  getResult,
  getStatus,
  retrieveWorkflow,
  type WorkflowHandle,
  type WorkflowStatus,
} from "./src/workflow.ts";
export type { WaitOptions } from "./src/wait.ts";

// Messages and events
export { send, type SendOptions } from "./src/messages.ts";
export { getEvent } from "./src/events.ts";

// Values
export { type SerializationType, SerializedValue } from "./src/serialization/mod.ts";

// Errors
export {
  AwaitedWorkflowCancelledError,
  AwaitedWorkflowExceededMaxRecoveryAttemptsError,
  ConflictingWorkflowError,
  NonExistentWorkflowError,
  QueryTimeoutError,
  QueueDuplicatedError,
  ResultTimeoutError,
  SystemSchemaNotFoundError,
  UnsupportedFeatureError,
  UnsupportedSerializationError,
  WorkflowError,
  type WorkflowErrorDetails,
  WorkflowIDInUseError,
} from "./src/errors.ts";

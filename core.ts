/**
 * The functions that most programs need: enqueue workflows, wait for their results, send them
 * messages and read their events. It loads less code than the main module, which also exports all
 * of this, so use it in programs that start often or are bundled.
 *
 * @example
 * ```ts
 * import { connect, enqueue } from "@dbos-community/client/core";
 *
 * await using client = await connect();
 * const handle = await enqueue(client, { workflowName: "processTask", queueName: "tasks" }, 7);
 * console.log(await handle.getResult());
 * ```
 *
 * @module
 */

export { connect, type ConnectOptions, createClient } from "./client.ts";
export type { CallOptions, Client, ClientOptions } from "./src/client/client.ts";
export type {
  CustomDriver,
  DenoPostgresDriver,
  DenoPostgresPoolDriver,
  Driver,
  DrizzleDriver,
  KnexDriver,
  KyselyDriver,
  MikroORMDriver,
  NotificationListener,
  PgDriver,
  PGliteDriver,
  PrismaDriver,
  SequelizeDriver,
  SequelizeTransactionDriver,
  SqlTagDriver,
  TypeORMDriver,
} from "./src/drivers/driver.ts";
export { enqueue } from "./src/workflows/enqueue.ts";
export type { EnqueueOptions } from "./src/workflows/enqueue_options.ts";
export { getResult, retrieveWorkflow, type WorkflowHandle } from "./src/workflows/workflow.ts";
export type {
  OptionalWorkflowArgs,
  WorkflowArg,
  WorkflowArgs,
  WorkflowResult,
} from "./src/workflows/workflow_function.ts";
export type { WorkflowStatus } from "./src/workflows/workflow_status.ts";
export type { ExplanationReason, LimitUse, WorkflowExplanation } from "./src/explanation.ts";
export type { WaitOptions } from "./src/polling/waiter.ts";
export { send, type SendOptions } from "./src/messages/messages.ts";
export { getEvent } from "./src/messages/events.ts";
export type { Logger } from "./src/logger.ts";
export type { DBOSSerializer } from "./src/serialization/serializer.ts";
export type { SerializationType } from "./src/serialization/write.ts";

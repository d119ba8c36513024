/**
 * The functions that most programs need: enqueue workflows, wait for their results, send them
 * messages and read their events. It loads less code than the main module, which also exports all
 * of this, so use it in programs that start often or are bundled. It imports nothing of Node, and no
 * driver; `connect()` is in a module of its own.
 *
 * @example
 * ```ts
 * import pg from "pg";
 * import { enqueue } from "@dbos-community/client/core";
 *
 * const pool = new pg.Pool({ connectionString: process.env.DBOS_SYSTEM_DATABASE_URL });
 * pool.on("error", console.error);
 * const handle = await enqueue(pool, { workflowName: "processTask", queueName: "tasks" }, 7);
 * console.log(await handle.getResult());
 * await pool.end();
 * ```
 *
 * @module
 */

export { createClient } from "./client.ts";
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
  NeonHttpDriver,
  NotificationListener,
  PgDriver,
  PGliteDriver,
  PrismaDriver,
  SequelizeDriver,
  SequelizeTransactionDriver,
  SqlTagDriver,
  TypeORMDriver,
} from "./src/drivers/driver.ts";
export {
  type ContractKey,
  contractKey,
  type ContractOption,
  type ContractTypes,
  type MessageOption,
  type MessageTopic,
  type NotInferred,
  type WorkflowTypes,
} from "./src/contracts/contract.ts";
export type {
  StandardSchema,
  StandardSchemaIssue,
  StandardSchemaResult,
} from "./src/contracts/standard_schema.ts";
export {
  type ContractOf,
  contractOf,
  defineWorkflow,
  type FieldInput,
  type FieldOutput,
  type FieldsOf,
  type FieldType,
  ofType,
  type TypesOf,
  type WorkflowContract,
  type WorkflowDefinition,
  type WorkflowField,
  type WorkflowFunction,
  type WorkflowOf,
} from "./src/workflows/define_workflow.ts";
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
export type { DBOSSerializer } from "./src/serialization/codec.ts";
export type { SerializationType } from "./src/serialization/write.ts";

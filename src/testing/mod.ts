/**
 * A worker for the tests of programs that use this library: it runs plain functions as workflows, on a
 * database in memory, and needs no DBOS application.
 *
 * @example
 * ```ts
 * import { enqueue } from "@dbos-community/client";
 * import { startTestWorker } from "@dbos-community/client/testing";
 *
 * await using worker = await startTestWorker();
 * await enqueue(worker.client, { workflowName: "sendEmail", queueName: "emails" }, "ann");
 * const { workflowID, input } = await worker.waitForEnqueued({ workflowName: "sendEmail" });
 * console.log(input); // [ "ann" ]
 * await worker.completeWorkflow(workflowID, "sent");
 * ```
 *
 * @module
 */

export {
  startTestWorker,
  type TestWorker,
  type TestWorkerOptions,
  type WorkflowFunctions,
} from "./test_worker.ts";
export type { SentMessage, TestMethods, WaitForEnqueuedOptions } from "./test_methods.ts";
export type { TestFunction } from "./dispatcher.ts";
export { DBOS } from "./workflow_methods.ts";
export type { ReceiveOptions, StepOptions, WorkflowContext } from "./workflow_context.ts";

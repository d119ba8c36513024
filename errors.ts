/**
 * The errors that a caller may want to catch, with readonly fields for the details. The main module
 * also exports them; this module is for programs that import `core`.
 *
 * @example
 * ```ts
 * import { connect } from "@dbos-community/client/connect";
 * import { getResult } from "@dbos-community/client/core";
 * import { ResultTimeoutError } from "@dbos-community/client/errors";
 *
 * await using client = await connect();
 * try {
 *   console.log(await getResult(client, "task-7", { timeoutSeconds: 5 }));
 * } catch (error) {
 *   if (!(error instanceof ResultTimeoutError)) throw error;
 *   console.log("It takes longer than", error.timeoutSeconds, "s");
 * }
 * ```
 *
 * @module
 */

export {
  ConflictingWorkflowError,
  QueueDuplicatedError,
  WorkflowIDInUseError,
} from "./src/errors/enqueuing.ts";
export type { ExplanationReason, LimitUse, WorkflowExplanation } from "./src/explanation.ts";
export { ContractError, type ContractIssue } from "./src/errors/contract.ts";
export {
  DatabaseTimeoutError,
  HiddenRowError,
  ShardedDatabaseError,
  SystemSchemaNotFoundError,
  UnsupportedFeatureError,
} from "./src/errors/database.ts";
export {
  ActiveWorkflowError,
  NonExistentQueueError,
  NonExistentScheduleError,
  NonExistentVersionError,
  NonExistentWorkflowError,
  OwnedByAnotherApplicationError,
  QueryTimeoutError,
  ScheduleExistsError,
  UnreadableContextError,
} from "./src/errors/managing.ts";
export { InsufficientPrivilegeError } from "./src/errors/privileges.ts";
export { ReadOnlyServerError } from "./src/errors/read_only.ts";
export { UnsupportedSerializationError } from "./src/errors/reading.ts";
export { WorkflowError, type WorkflowErrorDetails } from "./src/errors/workflow_error.ts";
export {
  AwaitedWorkflowCancelledError,
  AwaitedWorkflowExceededMaxRecoveryAttemptsError,
  EventTimeoutError,
  ResultTimeoutError,
  StreamEndedError,
  StreamTimeoutError,
  type WaitErrorOptions,
  WaitTimeoutError,
} from "./src/errors/waiting.ts";

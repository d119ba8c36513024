/** Explanations of workflows: what explainWorkflow() returns, and what errors of waits carry. */

/**
 * Why a workflow has not ended, or how it has ended. There is no such workflow, or it has ended:
 *
 * - `not_found`: there is no such workflow.
 * - `succeeded`, `failed`, `cancelled`, `max_recovery_attempts_exceeded`: how it ended.
 *
 * It is not on its queue, or no worker may start it any more:
 *
 * - `pending`: a worker has taken it, and it has not ended.
 * - `delayed`: it is put on its queue later.
 * - `deadline_passed`: its deadline is over, but no worker has cancelled it yet.
 * - `unknown_status`: it has a status that this client does not know.
 *
 * It is on its queue, and no worker takes it until something is changed:
 *
 * - `application_not_registered`: it belongs to an application that has registered nothing.
 * - `queue_not_registered`: no application has registered its queue.
 * - `queue_of_another_application`: its queue belongs to another application.
 * - `partition_key_missing`: its queue is partitioned, and it has no partition key.
 * - `version_not_registered`: no worker of its application version has been launched.
 *
 * It is on its queue, and may be taken later:
 *
 * - `concurrency_limit`: as many workflows run as a limit of its queue allows.
 * - `rate_limit`: as many workflows have been started as a limit of its queue allows in a period.
 * - `version_not_latest`: only workers of an older application version may take it.
 * - `waiting_for_worker`: nothing in the database holds it back.
 */
export type ExplanationReason =
  | "not_found"
  | "succeeded"
  | "failed"
  | "cancelled"
  | "max_recovery_attempts_exceeded"
  | "pending"
  | "delayed"
  | "deadline_passed"
  | "unknown_status"
  | "application_not_registered"
  | "queue_not_registered"
  | "queue_of_another_application"
  | "partition_key_missing"
  | "version_not_registered"
  | "concurrency_limit"
  | "rate_limit"
  | "version_not_latest"
  | "waiting_for_worker";

/** A limit of a queue, and how much of it is used. */
export interface LimitUse {
  /** The name that the limit has as an option of `registerQueue()`. */
  readonly name:
    | "workerConcurrency"
    | "partitionWorkerConcurrency"
    | "rateLimit"
    | "partitionRateLimit"
    | "globalConcurrency"
    | "partitionConcurrency";
  /** The maximum number of workflows. */
  readonly max: number;
  /**
   * How many workflows run, or were started in the current period. The limits of a worker have the
   * number of the worker that runs the fewest, of those that run any workflow of the queue.
   */
  readonly used: number;
  /** When a rate limit that is reached allows the next start, in milliseconds since 1970. */
  readonly freeAt?: number;
}

/**
 * Why a workflow has not ended, or how it has ended. Times are in milliseconds since 1970. What does
 * not apply, is not set, or is not in the schema of an older DBOS release is undefined.
 */
export interface WorkflowExplanation {
  /** The ID of the workflow. */
  readonly workflowID: string;
  /** The reason. Later releases of this client may have further ones. */
  readonly reason: ExplanationReason;
  /** The reason in a sentence or two, for people; its wording may change in any release. */
  readonly message: string;
  /** The status of the workflow; undefined if there is no such workflow. */
  readonly status?: string;
  /** The name that the workflow is registered under. */
  readonly workflowName?: string;
  /** Since when it has the status. */
  readonly since?: number;
  /** The queue that it is or was on. */
  readonly queueName?: string;
  /** The registered queue whose name is most similar, if no application has registered the queue. */
  readonly nearestQueueName?: string;
  /** Its partition of the queue. */
  readonly queuePartitionKey?: string;
  /** Its priority on the queue. Lower runs first. */
  readonly priority?: number;
  /**
   * How many enqueued workflows of the queue, and of the partition if it is partitioned, come before
   * it; 1000 stands for any larger number.
   */
  readonly workflowsAhead?: number;
  /** The limits of the queue, in the order in which workers check them, if it is `ENQUEUED`. */
  readonly limits?: readonly LimitUse[];
  /** The application that it belongs to. */
  readonly applicationName?: string;
  /** The registered application whose name is most similar, if the application is not registered. */
  readonly nearestApplicationName?: string;
  /** The application version that runs, ran or will run it. */
  readonly applicationVersion?: string;
  /** The latest version of its application, if it is `ENQUEUED`. */
  readonly latestApplicationVersion?: string;
  /** The worker that runs or ran it. */
  readonly executorId?: string;
  /** How many times it was started. */
  readonly recoveryAttempts?: number;
  /** The time until which it is or was delayed. */
  readonly delayUntilEpochMS?: number;
  /** When DBOS cancels it if it has not ended. */
  readonly deadlineEpochMS?: number;
}

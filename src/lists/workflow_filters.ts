/**
 * Filters for workflows. A workflow must match all filters that are given. A filter with an array
 * matches any of its values; an empty array matches no workflow.
 *
 * Times are ISO 8601 strings, dates or milliseconds since 1970. Both ends of a time range are
 * included.
 */
export interface WorkflowFilters {
  /**
   * The IDs of the workflows.
   *
   * @default {undefined} any
   */
  workflowIDs?: readonly string[];
  /**
   * Prefixes of the IDs of the workflows.
   *
   * @default {undefined} any
   */
  workflow_id_prefix?: string | readonly string[];
  /**
   * The names that the workflows are registered under.
   *
   * @default {undefined} any
   */
  workflowName?: string | readonly string[];
  /**
   * The classes that have the workflows as methods.
   *
   * @default {undefined} any
   */
  className?: string | readonly string[];
  /**
   * The configured instances that have the workflows as methods.
   *
   * @default {undefined} any
   */
  configName?: string | readonly string[];
  /**
   * The statuses: `PENDING` (running), `ENQUEUED`, `DELAYED`, `SUCCESS`, `ERROR`, `CANCELLED` or
   * `MAX_RECOVERY_ATTEMPTS_EXCEEDED`.
   *
   * @default {undefined} any
   */
  status?: string | readonly string[];
  /**
   * The queues that the workflows are or were on.
   *
   * @default {undefined} any
   */
  queueName?: string | readonly string[];
  /**
   * Whether to include only the unfinished workflows of queues: those with status `ENQUEUED`,
   * `PENDING` (running) or `DELAYED`.
   *
   * @default {false}
   */
  queuesOnly?: boolean;
  /**
   * The deduplication IDs that the workflows hold.
   *
   * @default {undefined} any
   */
  deduplicationID?: string | readonly string[];
  /**
   * Whether a debouncer enqueued the workflows.
   *
   * @default {undefined} both
   */
  isDebounced?: boolean;
  /**
   * The users on whose behalf the workflows run.
   *
   * @default {undefined} any
   */
  authenticatedUser?: string | readonly string[];
  /**
   * The workers that run or ran the workflows.
   *
   * @default {undefined} any
   */
  executorId?: string | readonly string[];
  /**
   * The application versions that run, ran or are to run the workflows.
   *
   * @default {undefined} any
   */
  applicationVersion?: string | readonly string[];
  /**
   * The applications that the workflows belong to. Workflows that belong to no application match
   * every one. An empty array stands for all applications.
   *
   * @default {undefined} the application of the client; all if it has none or `workflowIDs` is
   * given
   */
  applicationName?: string | readonly string[];
  /**
   * The IDs of the workflows that the workflows were forked from.
   *
   * @default {undefined} any
   */
  forkedFrom?: string | readonly string[];
  /**
   * Whether the workflows are forks.
   *
   * @default {undefined} both
   */
  isFork?: boolean;
  /**
   * Whether the workflows have forks.
   *
   * @default {undefined} both
   */
  wasForkedFrom?: boolean;
  /**
   * The IDs of the parent workflows, which started the workflows.
   *
   * @default {undefined} any
   */
  parentWorkflowID?: string | readonly string[];
  /**
   * Whether another workflow started the workflows.
   *
   * @default {undefined} both
   */
  hasParent?: boolean;
  /**
   * The names of the schedules that started the workflows.
   *
   * @default {undefined} any
   */
  scheduleName?: string | readonly string[];
  /**
   * Attributes that the workflows have, among others. An empty object matches all workflows.
   *
   * @default {undefined} any
   */
  attributes?: Readonly<Record<string, unknown>>;
  /**
   * The earliest time at which the workflows were enqueued or started.
   *
   * @default {undefined} any
   */
  startTime?: string | Date | number;
  /**
   * The latest time at which the workflows were enqueued or started.
   *
   * @default {undefined} any
   */
  endTime?: string | Date | number;
  /**
   * The earliest time at which a worker dequeued the workflows.
   *
   * @default {undefined} any
   */
  dequeuedAfter?: string | Date | number;
  /**
   * The latest time at which a worker dequeued the workflows.
   *
   * @default {undefined} any
   */
  dequeuedBefore?: string | Date | number;
  /**
   * The earliest time at which the workflows ended.
   *
   * @default {undefined} any
   */
  completedAfter?: string | Date | number;
  /**
   * The latest time at which the workflows ended.
   *
   * @default {undefined} any
   */
  completedBefore?: string | Date | number;
}

import { type Client, systemDatabaseOf } from "../../client.ts";
import type { Driver } from "../drivers/adapter.ts";
import { serializeAttributes } from "./attributes.ts";
import {
  requireColumns,
  toWorkflowRow,
  usesOptionalColumns,
  writeWorkflow,
} from "./workflow_row.ts";
import { codecOf, type SerializationType, serializationTypes } from "../serialization/mod.ts";
import {
  checkChoice,
  checkInteger,
  checkNumber,
  checkOptionalText,
  checkOptionalTexts,
  checkPlainObject,
  checkText,
} from "../validate.ts";
import { createHandle, type WorkflowHandle } from "./workflow.ts";

/** Which workflow to enqueue, on which queue, and how. */
export interface EnqueueOptions {
  /** The name that the application registered the workflow under. */
  workflowName: string;
  /** The queue to put it on. */
  queueName: string;
  /**
   * The ID of the workflow. With an ID of your own, a call that is repeated enqueues one workflow.
   *
   * @default {undefined} a new UUID of version 7
   */
  workflowID?: string;
  /**
   * What to do when a workflow of the same name, class and configured instance has `workflowID`:
   * give a handle to that, or throw a {@linkcode WorkflowIDInUseError}.
   *
   * @default {"return-existing"}
   */
  workflowIDReusePolicy?: "return-existing" | "reject";
  /**
   * The class that has the workflow as a method; Java needs it always, TypeScript for methods.
   *
   * @default {undefined}
   */
  workflowClassName?: string;
  /**
   * The configured instance that has the workflow as a method.
   *
   * @default {undefined}
   */
  workflowConfigName?: string;
  /**
   * The application version that shall run the workflow.
   *
   * @default {undefined} the newest one
   */
  appVersion?: string;
  /**
   * The application whose workers shall run the workflow.
   *
   * @default {undefined} that of the client; without one, any application of the system database
   */
  applicationName?: string;
  /**
   * How long the workflow may run once it has started, in milliseconds; then DBOS cancels it.
   *
   * @default {undefined} as long as it takes
   */
  workflowTimeoutMS?: number;
  /**
   * When DBOS cancels the workflow unless it has ended, whether it has started or not, in
   * milliseconds since 1970; not together with `workflowTimeoutMS`. Older workers, and those of
   * Java, cancel it only once it has started.
   *
   * @default {undefined} never
   */
  deadlineEpochMS?: number;
  /**
   * At most one workflow of the queue with this ID is waiting or running at any time.
   *
   * @default {undefined}
   */
  deduplicationID?: string;
  /**
   * What to do when another workflow holds `deduplicationID`: throw a
   * {@linkcode QueueDuplicatedError}, or give a handle to that workflow.
   *
   * @default {"reject"}
   */
  duplicationPolicy?: "reject" | "return-existing";
  /**
   * Lower runs first, 0 to 2147483647.
   *
   * @default {0}
   */
  priority?: number;
  /**
   * The partition of a partitioned queue; such a queue runs nothing that has none.
   *
   * @default {undefined}
   */
  queuePartitionKey?: string;
  /**
   * How long the workflow is kept from running, in seconds.
   *
   * @default {0}
   */
  delaySeconds?: number;
  /**
   * What lists of workflows can be filtered by; JSON is made of it.
   *
   * @default {undefined}
   */
  attributes?: Record<string, unknown>;
  /**
   * The user on whose behalf the workflow runs.
   *
   * @default {undefined}
   */
  authenticatedUser?: string;
  /**
   * The role that the user acts in.
   *
   * @default {undefined}
   */
  assumedRole?: string;
  /**
   * The roles of that user.
   *
   * @default {[]}
   */
  authenticatedRoles?: string[];
  /**
   * The format of the arguments; the worker gives its result in the same. `"py_pickle"` and
   * `"DBOS_JSON"` are for workers of Python and Go that are too old for portable JSON.
   *
   * @default {"portable"} or the `serializationType` of the client
   */
  serializationType?: SerializationType;
  /**
   * Named arguments, for workflows in Python; only in portable JSON, or as `"py_pickle"`.
   *
   * @default {undefined}
   */
  namedArgs?: Record<string, unknown>;
}

/** The result of a workflow, of which the type or the function's type is given. */
export type WorkflowResult<Workflow> = Workflow extends (...args: never[]) => infer Result
  ? Awaited<Result>
  : Workflow;

/** The arguments of a workflow, where the function's type is given. */
export type WorkflowArgs<Workflow> = Workflow extends (...args: infer Args) => unknown ? Args
  : unknown[];

const maxPriority = 2 ** 31 - 1;
const optionalTexts: readonly string[] = [
  "workflowID",
  "workflowClassName",
  "workflowConfigName",
  "appVersion",
  "applicationName",
  "deduplicationID",
  "queuePartitionKey",
  "authenticatedUser",
  "assumedRole",
] satisfies (keyof EnqueueOptions)[];

/** Refuses options of which no workflow can be made. */
export function checkEnqueueOptions(options: EnqueueOptions): void {
  checkText("workflowName", options.workflowName);
  checkText("queueName", options.queueName);
  // Few of them are given.
  for (const name in options) {
    if (optionalTexts.includes(name)) {
      checkOptionalText(name, options[name as keyof EnqueueOptions]);
    }
  }
  checkChoice("workflowIDReusePolicy", options.workflowIDReusePolicy, [
    "return-existing",
    "reject",
  ]);
  checkInteger("workflowTimeoutMS", options.workflowTimeoutMS, 1);
  checkInteger("deadlineEpochMS", options.deadlineEpochMS, 0);
  if (options.workflowTimeoutMS !== undefined && options.deadlineEpochMS !== undefined) {
    throw new TypeError("Cannot use both workflowTimeoutMS and deadlineEpochMS");
  }
  checkChoice("duplicationPolicy", options.duplicationPolicy, ["reject", "return-existing"]);
  if (options.duplicationPolicy === "return-existing" && options.deduplicationID === undefined) {
    throw new TypeError('Cannot use duplicationPolicy "return-existing" without deduplicationID');
  }
  checkInteger("priority", options.priority, 0, maxPriority);
  checkNumber("delaySeconds", options.delaySeconds, 0, Number.MAX_SAFE_INTEGER / 1000);
  checkOptionalTexts("authenticatedRoles", options.authenticatedRoles);
  checkChoice("serializationType", options.serializationType, serializationTypes);
  if (options.namedArgs !== undefined) checkPlainObject("namedArgs", options.namedArgs);
  if (options.attributes !== undefined) serializeAttributes(options.attributes);
}

/**
 * Enqueues a workflow, in one round trip, and gives a handle to it.
 *
 * A call with the ID of a workflow that is there already writes nothing and gives a handle to that.
 * Concurrent calls on one client go together as one statement or a few, stamped in the order of the
 * calls, which is the order that a queue runs them in.
 * In an open transaction the workflow is enqueued when that commits.
 *
 * @example
 * ```ts
 * import { connect, enqueue } from "@dbos-community/client";
 *
 * await using client = await connect();
 * const handle = await enqueue<string>(
 *   client,
 *   { workflowName: "processTask", queueName: "tasks", workflowID: "task-7" },
 *   { id: 7 },
 * );
 * console.log(await handle.getResult({ timeoutSeconds: 30 }));
 * ```
 *
 * @typeParam Workflow The type of the workflow's result, or of the workflow function itself, which
 * then types the arguments too.
 * @param client A client, or a driver's pool, connection or transaction.
 * @param options Which workflow, on which queue, and how.
 * @param args The arguments of the workflow.
 * @returns A handle to the workflow.
 * @throws {TypeError} If an option is of the wrong type or an argument cannot be serialized.
 * @throws {RangeError} If an option is empty or out of its range.
 * @throws {ConflictingWorkflowError} If another workflow has the ID.
 * @throws {WorkflowIDInUseError} If the ID is in use and `workflowIDReusePolicy` is `"reject"`.
 * @throws {QueueDuplicatedError} If another workflow holds the deduplication ID.
 * @throws {UnsupportedFeatureError} If the system database has no column for an option.
 */
export async function enqueue<Workflow = unknown>(
  client: Client | Driver,
  options: EnqueueOptions,
  ...args: WorkflowArgs<Workflow>
): Promise<WorkflowHandle<WorkflowResult<Workflow>>> {
  checkEnqueueOptions(options);
  const database = systemDatabaseOf(client);
  // Not awaited in vain, so that calls reach the batch in their order.
  const codecFound = codecOf(options.serializationType ?? database.settings.serializationType);
  const codec = codecFound instanceof Promise ? await codecFound : codecFound;
  const job = toWorkflowRow(database, codec, options, args);
  if (usesOptionalColumns(database, options)) await requireColumns(database, options);
  return createHandle(client, await writeWorkflow(database, options, job));
}

import { callDescription, type CallOptions, type Client, openCall } from "../client/client.ts";
import * as sql from "../../sql/workflows/mod.ts";
import { mapItems } from "../batching/map_items.ts";
import { retryOnConflict } from "../batching/retry_on_conflict.ts";
import type { ContractOption } from "../contracts/contract.ts";
import type { SystemDatabase } from "../database/system_database.ts";
import type { Driver } from "../drivers/driver.ts";
import { WorkflowIDInUseError } from "../errors/enqueuing.ts";
import { ActiveWorkflowError, NonExistentWorkflowError } from "../errors/managing.ts";
import { mapInSlices, toJsonArray } from "../event_loop.ts";
import { internalQueueName } from "./enqueue_options.ts";
import { uuidV7 } from "../uuid_v7.ts";
import {
  asIndexedText,
  asInteger,
  asText,
  type Check,
  describeOptions,
  type OptionsDescription,
  readOptions,
} from "../options.ts";
import { areShort, checkArray, checkIndexed, checkPlainObject, checkText } from "../validate.ts";
import { createHandle, type WorkflowHandle } from "./workflow.ts";
import type { WorkflowResult } from "./workflow_function.ts";

/** Where to run workflows again. */
export interface RerunOptions extends CallOptions {
  /**
   * The application version that runs them.
   *
   * @default {undefined} the application version of the workflow
   */
  applicationVersion?: string;
  /**
   * The queue to put them on.
   *
   * @default {"_dbos_internal_queue"} the internal queue that every DBOS application has, which
   * runs them at once
   */
  queueName?: string;
  /**
   * The partition of a partitioned queue. Such a queue does not run workflows without a partition.
   *
   * @default {undefined}
   */
  queuePartitionKey?: string;
}

/** How to fork workflows. */
export interface ForkWorkflowsOptions extends RerunOptions {
  /**
   * How long each fork may run once it has started, in milliseconds. Then DBOS cancels it.
   *
   * @default {undefined} no limit
   */
  timeoutMS?: number;
  /**
   * Forks that replace children which were started before `startStep`: an object from the IDs of
   * the children to the IDs of their forks.
   *
   * @default {{}}
   */
  replacementChildren?: Record<string, string>;
}

/** How to fork a workflow. */
export interface ForkWorkflowOptions extends ForkWorkflowsOptions {
  /**
   * The ID of the fork.
   *
   * @default {undefined} a new UUID of version 7
   */
  newWorkflowID?: string;
}

/** A workflow to fork, and the step to fork it from. */
export interface Fork {
  /** The ID of the workflow. */
  workflowID: string;
  /** The first step that runs again. */
  startStep: number;
  /**
   * The ID of the fork.
   *
   * @default {undefined} a new UUID of version 7
   */
  newWorkflowID?: string;
}

/** How to rewind a workflow. */
export interface RewindWorkflowOptions extends RerunOptions {
  /**
   * The first step that runs again.
   *
   * @default {0} all steps run again
   */
  startStep?: number;
}

const asStep: Check<number> = asInteger(0, 2 ** 31 - 1);

/** A copy of an object whose keys and values are IDs. */
function asIDs(what: string, value: unknown): Record<string, string> {
  checkPlainObject(what, value);
  const entries = Object.entries(value);
  for (const id of entries.flat()) checkText(what, id);
  return Object.fromEntries(entries as [string, string][]);
}

const rerunDescription: OptionsDescription<RerunOptions> = describeOptions<RerunOptions>({
  ...callDescription.checks,
  applicationVersion: asText,
  queueName: asIndexedText,
  queuePartitionKey: asIndexedText,
});

const forkManyDescription: OptionsDescription<ForkWorkflowsOptions> = describeOptions<
  ForkWorkflowsOptions
>({ ...rerunDescription.checks, timeoutMS: asInteger(1), replacementChildren: asIDs });

const forkOneDescription: OptionsDescription<ForkWorkflowOptions> = describeOptions<
  ForkWorkflowOptions
>({ ...forkManyDescription.checks, newWorkflowID: asIndexedText });

const forkDescription: OptionsDescription<Fork> = describeOptions<Fork>({
  workflowID: { required: asText },
  startStep: { required: asStep },
  newWorkflowID: asIndexedText,
});

const rewindDescription: OptionsDescription<RewindWorkflowOptions> = describeOptions<
  RewindWorkflowOptions
>({ ...rerunDescription.checks, startStep: asStep });

/** A fork with its ID. */
type IdentifiedFork = Required<Fork>;

/** Reads the forks of a call as {@linkcode mapItems} maps them. */
function toForks(
  database: SystemDatabase,
  forks: readonly Fork[],
  { queueName, queuePartitionKey }: ForkWorkflowsOptions,
): IdentifiedFork[] | Promise<IdentifiedFork[]> {
  checkArray("forks of forkWorkflows()", forks);
  const newIDs = new Set<string>();
  // A copy, because the caller may reuse the array meanwhile.
  return mapItems(database, Array.from(forks), (fork, index) => {
    const read = readOptions(`forks[${index}] of forkWorkflows()`, forkDescription, fork);
    const { workflowID, startStep, newWorkflowID } = read;
    if (!areShort(queueName, queuePartitionKey, newWorkflowID)) {
      checkIndexed({ queueName, queuePartitionKey, newWorkflowID }, "forkWorkflows()");
    }
    if (newWorkflowID === undefined) return { workflowID, startStep, newWorkflowID: uuidV7() };
    if (newIDs.has(newWorkflowID)) {
      throw new RangeError(`Cannot fork workflows: duplicate newWorkflowID ${newWorkflowID}`);
    }
    newIDs.add(newWorkflowID);
    return { workflowID, startStep, newWorkflowID };
  });
}

/**
 * Forks a workflow: enqueues a copy that keeps the results of the steps before `startStep`, with
 * the events and stream values that those steps wrote, and that runs from `startStep` on.
 *
 * Steps are counted from 0, in Python applications from 1. The original workflow is not changed.
 * The fork belongs to the same application, and has the same arguments, user and attributes.
 *
 * @example
 * ```ts
 * import { connect, forkWorkflow } from "@dbos-community/client";
 *
 * await using client = await connect();
 * const handle = await forkWorkflow(client, "task-7", 1, { queueName: "tasks" });
 * console.log(await handle.getResult({ timeoutSeconds: 30 }));
 * ```
 *
 * @param client A client, or a driver's pool, connection or transaction.
 * @param workflowID The ID of the workflow.
 * @param startStep The first step that runs again.
 * @param options The ID of the fork, and where and how it runs.
 * @returns A handle to the fork.
 * @throws {TypeError} If an argument or option has the wrong type.
 * @throws {RangeError} If an ID or option is empty, or a number is out of range.
 * @throws {NonExistentWorkflowError} If there is no such workflow.
 * @throws {WorkflowIDInUseError} If another workflow has the ID of the fork.
 * @throws {HiddenRowError} If row-level security hides the workflow that has the ID of the fork.
 * @throws {UnsupportedFeatureError} If the system database has no history of events.
 */
export async function forkWorkflow<Workflow = unknown>(
  client: Client | Driver,
  workflowID: string,
  startStep: number,
  options: ForkWorkflowOptions & ContractOption<Workflow> = {},
): Promise<WorkflowHandle<WorkflowResult<Workflow>>> {
  const [, read] = openCall(client, "forkWorkflow()", forkOneDescription, options);
  const { newWorkflowID, ...otherOptions } = read;
  checkText("workflowID of forkWorkflow()", workflowID);
  asStep("startStep of forkWorkflow()", startStep);
  const fork = { workflowID, startStep, ...(newWorkflowID !== undefined && { newWorkflowID }) };
  const [handle] = await forkWorkflows(client, [fork], otherOptions);
  return createHandle(client, handle!.workflowID, options);
}

/**
 * Forks workflows as {@linkcode forkWorkflow} does, all in one statement.
 *
 * Nothing is written if a workflow does not exist or the ID of a fork is in use. The exception is
 * an ID that another call takes at the same time: then the call fails, but the other forks exist.
 *
 * @example
 * ```ts
 * import { connect, forkWorkflows } from "@dbos-community/client";
 *
 * await using client = await connect();
 * const [first, second] = await forkWorkflows(client, [
 *   { workflowID: "task-7", startStep: 0 },
 *   { workflowID: "task-7", startStep: 1 },
 * ]);
 * console.log(first?.workflowID, second?.workflowID);
 * ```
 *
 * @param client A client, or a driver's pool, connection or transaction.
 * @param forks The workflows to fork, the step to fork each from, and optionally the IDs of the
 * forks.
 * @param options Where and how the forks run.
 * @returns Handles to the forks, in the order of `forks`.
 * @throws {TypeError} If `forks` is not an array, or an ID, step or option has the wrong type.
 * @throws {RangeError} If an ID or option is empty, a number is out of range, or two forks have the
 * same ID.
 * @throws {NonExistentWorkflowError} If a workflow does not exist; the error has the IDs of all
 * that do not.
 * @throws {WorkflowIDInUseError} If another workflow has the ID of a fork.
 * @throws {HiddenRowError} If row-level security hides the workflow that has the ID of a fork.
 * @throws {UnsupportedFeatureError} If the system database has no history of events.
 */
export async function forkWorkflows<Workflow = unknown>(
  client: Client | Driver,
  forks: readonly Fork[],
  options: ForkWorkflowsOptions & ContractOption<Workflow> = {},
): Promise<WorkflowHandle<WorkflowResult<Workflow>>[]> {
  const [database, read] = openCall(client, "forkWorkflows()", forkManyDescription, options);
  const { queueName = internalQueueName, queuePartitionKey } = read;
  const reading = toForks(database, forks, read);
  const readForks = reading instanceof Promise ? await reading : reading;
  const creatorXid = uuidV7();
  const joining = toJsonArray(
    readForks,
    ({ workflowID, startStep, newWorkflowID }) =>
      JSON.stringify({
        original_id: workflowID,
        fork_id: newWorkflowID,
        start_step: startStep,
        queue_name: queueName,
        queue_partition_key: queuePartitionKey,
        application_version: read.applicationVersion,
        client_application_name: database.settings.applicationName,
        timeout_ms: read.timeoutMS,
        replacement_children: read.replacementChildren,
        creator_xid: creatorXid,
      }),
    database.isInTransaction(),
  );
  const parameters = { forks: joining instanceof Promise ? await joining : joining };
  return await retryOnConflict(
    database,
    "fork workflows",
    "the ID of a fork was taken and freed",
    async () => {
      const rows = await database.run(sql.forkWorkflows, parameters, { isLong: true });
      const missing = rows.filter((row) => !row.has_original);
      if (missing.length > 0) {
        const workflowIDs = new Set(missing.map(({ position }) => readForks[position]!.workflowID));
        throw new NonExistentWorkflowError([...workflowIDs], "fork");
      }
      const taken = rows.find((row) => row.existing_status !== null && !row.is_own);
      if (taken) {
        const { position, existing_status, existing_name } = taken;
        const { newWorkflowID } = readForks[position]!;
        throw new WorkflowIDInUseError(newWorkflowID, existing_status!, existing_name ?? "");
      }
      if (rows.every((row) => row.is_own)) {
        return await mapInSlices(
          readForks,
          ({ newWorkflowID }) =>
            createHandle<WorkflowResult<Workflow>>(client, newWorkflowID, options),
        );
      }
    },
  );
}

const activeStatuses = ["PENDING", "ENQUEUED", "DELAYED"];

/**
 * Rewinds a workflow that has ended: deletes its steps from `startStep` on, and runs it again from
 * there under the same ID.
 *
 * Steps are counted from 0, in Python applications from 1. Events get back the values that they had
 * before `startStep`. Messages that it received from `startStep` on, or has not received, are
 * deleted. Stream values are kept, and the streams are open again. What the application stores in
 * its own databases is not changed.
 *
 * @example
 * ```ts
 * import { connect, rewindWorkflow } from "@dbos-community/client";
 *
 * await using client = await connect();
 * const handle = await rewindWorkflow(client, "task-7", { startStep: 1 });
 * console.log(await handle.getResult({ timeoutSeconds: 30 }));
 * ```
 *
 * @param client A client, or a driver's pool, connection or transaction.
 * @param workflowID The ID of the workflow.
 * @param options The first step that runs again, and where the workflow runs.
 * @returns A handle to the workflow.
 * @throws {TypeError} If the ID or an option has the wrong type.
 * @throws {RangeError} If the ID or an option is empty, or `startStep` is out of range.
 * @throws {NonExistentWorkflowError} If there is no such workflow.
 * @throws {ActiveWorkflowError} If the workflow has not ended; cancel it first.
 * @throws {UnsupportedFeatureError} If the system database has no history of events.
 */
export async function rewindWorkflow<Workflow = unknown>(
  client: Client | Driver,
  workflowID: string,
  options: RewindWorkflowOptions & ContractOption<Workflow> = {},
): Promise<WorkflowHandle<WorkflowResult<Workflow>>> {
  const [database, read] = openCall(client, "rewindWorkflow()", rewindDescription, options);
  const { startStep = 0, queueName = internalQueueName, queuePartitionKey } = read;
  checkText("workflowID of rewindWorkflow()", workflowID);
  if (queuePartitionKey !== undefined) {
    checkIndexed({ queueName, queuePartitionKey, workflowID }, "rewindWorkflow()");
  }
  const parameters = {
    workflow_id: workflowID,
    start_step: startStep,
    queue_name: queueName,
    queue_partition_key: queuePartitionKey ?? null,
    application_version: read.applicationVersion ?? null,
    creator_xid: uuidV7(),
  };
  return await retryOnConflict(
    database,
    `rewind workflow ${workflowID}`,
    "it ran to completion",
    async () => {
      const [row] = await database.run(sql.rewindWorkflow, parameters, { isLong: true });
      if (!row) throw new NonExistentWorkflowError(workflowID, "rewind");
      if (row.is_rewound) {
        return createHandle<WorkflowResult<Workflow>>(client, workflowID, options);
      }
      if (activeStatuses.includes(row.status)) {
        throw new ActiveWorkflowError(
          workflowID,
          row.status,
        );
      }
    },
  );
}

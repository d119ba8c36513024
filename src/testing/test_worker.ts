/** Starts a worker for tests. */

import * as sql from "../../sql/testing/mod.ts";
import { createClosableClient } from "../../client.ts";
import { pause } from "../abort_signal.ts";
import { callDescription, type CallOptions, type Client } from "../client/client.ts";
import type { SystemDatabase } from "../database/system_database.ts";
import type { Driver } from "../drivers/driver.ts";
import { NonExistentWorkflowError } from "../errors/managing.ts";
import { listWorkflows } from "../lists/list.ts";
import { filterDescription } from "../lists/filter_parameters.ts";
import type { WorkflowFilters } from "../lists/workflow_filters.ts";
import { nullTopic } from "../messages/null_topic.ts";
import {
  asIndexedText,
  asInteger,
  asNumber,
  asPlainObject,
  asText,
  asTexts,
  type Check,
  describeOptions,
  type OptionsDescription,
  readOptions,
} from "../options.ts";
import type { QueueLimits } from "../queues/queue_limits.ts";
import { registerQueue } from "../queues/queues.ts";
import { asSerializer, type DBOSSerializer } from "../serialization/serializer.ts";
import { deserializeValueIfKnown } from "../serialization/serialized_value.ts";
import { maxTimerMs } from "../timer.ts";
import { checkFunction, checkText } from "../validate.ts";
import { internalQueueName } from "../workflows/enqueue_options.ts";
import type { WorkflowStatus } from "../workflows/workflow_status.ts";
import { startDispatcher, type WorkflowFunction } from "./dispatcher.ts";
import { openPGlite } from "./open_pglite.ts";
import { writeError, writeValue } from "./stored_values.ts";
import { createSystemTables } from "./system_tables.ts";

/** The functions that run workflows, by the names of the workflows. */
export type WorkflowFunctions = Readonly<Record<string, WorkflowFunction>>;

/** Where a test worker runs, and what it runs. */
export interface TestWorkerOptions {
  /**
   * A pool or database of any driver that the library knows, on which the worker creates the schema. The
   * caller closes it.
   *
   * @default {undefined} a new database of `npm:@electric-sql/pglite` in memory
   */
  database?: Driver;
  /**
   * The schema of the system tables, which must not exist.
   *
   * @default {"dbos"}
   */
  schema?: string;
  /**
   * The queues to register, with their limits. Queues that are not registered have no limits.
   *
   * @default {{}}
   */
  queues?: Readonly<Record<string, QueueLimits>>;
  /**
   * The queues whose workflows to run.
   *
   * @default {undefined} all queues
   */
  listenQueues?: readonly string[];
  /**
   * The application that the worker and its client belong to. The worker then runs only workflows of that
   * application, or of none.
   *
   * @default {undefined} the worker runs workflows of all applications
   */
  applicationName?: string;
  /**
   * The version of the application. The worker then runs only workflows of that version, or of none.
   *
   * @default {undefined} the worker runs workflows of all versions, and `"test"` is the version of those
   * without one
   */
  applicationVersion?: string;
  /**
   * A serializer of your own, for the worker and its client.
   *
   * @default {undefined}
   */
  serializer?: DBOSSerializer;
  /**
   * How long the worker waits between two looks for work, in milliseconds, and at most its client between
   * two looks for a result.
   *
   * @default {20}
   */
  pollingIntervalMs?: number;
}

/** How long to wait for a workflow. */
export interface WaitForEnqueuedOptions extends CallOptions {
  /**
   * How long to wait, in seconds.
   *
   * @default {4} which is less than what vitest and `bun test` give a test
   */
  timeoutSeconds?: number;
}

/** A message that was sent to a workflow. */
export interface SentMessage {
  /** The ID of the workflow that it was sent to. */
  readonly destinationID: string;
  /** The topic, or null for a message without one. */
  readonly topic: string | null;
  /** The message. One that the client cannot read is a `SerializedValue`. */
  readonly message: unknown;
  /** When it was sent, in milliseconds since 1970. */
  readonly createdAtEpochMs: number;
  /** Whether the workflow has received it. */
  readonly consumed: boolean;
}

/** A worker for tests, made by {@linkcode startTestWorker}. */
export interface TestWorker extends AsyncDisposable {
  /** A client of its system database, for all functions of the library. */
  readonly client: Client;
  /**
   * Waits for a workflow, and returns it: the oldest that matches and that no earlier call has returned,
   * whether it has started or not.
   *
   * @param match Filters, as those of `listWorkflows()`.
   * @param options How long to wait, and an abort signal.
   * @returns The status of the workflow, with its input.
   * @throws {TypeError} If an option has the wrong type.
   * @throws {RangeError} If an option is out of range.
   * @throws {Error} If there is none in time; the message names the workflows that there are.
   */
  waitForEnqueued(
    match?: WorkflowFilters,
    options?: WaitForEnqueuedOptions,
  ): Promise<WorkflowStatus>;
  /**
   * Ends a workflow with a result, in its own serialization format. If its function runs, the signal of
   * the function is aborted.
   *
   * @param workflowID The ID of the workflow.
   * @param result The result.
   * @throws {TypeError} If the ID is not a string, or the format cannot hold the result.
   * @throws {NonExistentWorkflowError} If there is no such workflow.
   * @throws {Error} If the workflow has ended.
   */
  completeWorkflow(workflowID: string, result?: unknown): Promise<void>;
  /**
   * Ends a workflow with an error, in its own serialization format. If its function runs, the signal of
   * the function is aborted.
   *
   * @param workflowID The ID of the workflow.
   * @param error The error.
   * @throws {TypeError} If the ID is not a string, or the format cannot hold the error.
   * @throws {NonExistentWorkflowError} If there is no such workflow.
   * @throws {Error} If the workflow has ended.
   */
  failWorkflow(workflowID: string, error: unknown): Promise<void>;
  /**
   * Returns the messages that were sent to all workflows, in the order in which they were sent, whether
   * they were received or not.
   */
  sentMessages(): Promise<SentMessage[]>;
  /**
   * Ends the delays of the workflows that are delayed now, and the sleeps of those that run. It does not
   * change the clock: timeouts, schedules and rate limits go on.
   */
  skipDelays(): Promise<void>;
  /**
   * Stops the worker, aborts the signals of the functions that run, and closes the client. A database
   * that was passed to {@linkcode startTestWorker} stays open.
   *
   * @throws {Error} If the worker could not go on, because of its database.
   */
  close(): Promise<void>;
}

const optionsDescription: OptionsDescription<TestWorkerOptions> = describeOptions<
  TestWorkerOptions
>({
  // The client checks it.
  database: (_what, value) => value as Driver,
  schema: asText,
  // Each is checked when it is registered.
  queues: asPlainObject as Check<Readonly<Record<string, QueueLimits>>>,
  listenQueues: asTexts,
  applicationName: asIndexedText,
  applicationVersion: asText,
  serializer: asSerializer,
  pollingIntervalMs: asInteger(1, maxTimerMs),
});

const waitDescription: OptionsDescription<WaitForEnqueuedOptions> = describeOptions<
  WaitForEnqueuedOptions
>({ ...callDescription.checks, timeoutSeconds: asNumber(0) });

const defaultTimeoutSeconds = 4;
const defaultPollingIntervalMs = 20;

function readFunctions(functions: WorkflowFunctions): Map<string, WorkflowFunction> {
  asPlainObject("functions of startTestWorker()", functions);
  const read = new Map(Object.entries(functions));
  for (const [name, run] of read) checkFunction(`function of workflow ${name}`, run);
  return read;
}

/** The methods of a test worker that read and write its database. */
function createTestMethods(
  client: Client,
  database: SystemDatabase,
  pollingIntervalMs: number,
): Pick<
  TestWorker,
  "waitForEnqueued" | "completeWorkflow" | "failWorkflow" | "sentMessages"
> {
  const returnedIDs = new Set<string>();

  async function find(match: WorkflowFilters): Promise<WorkflowStatus | undefined> {
    const found = await listWorkflows(client, match);
    const next = found.find(({ workflowID }) => !returnedIDs.has(workflowID));
    if (next) returnedIDs.add(next.workflowID);
    return next;
  }

  async function describeWorkflows(): Promise<string> {
    const all = await listWorkflows(client, { loadInput: false, loadOutput: false });
    if (all.length === 0) return "none was enqueued";
    const names = all.map(({ workflowName, queueName, status }) =>
      `${workflowName} on queue ${queueName} (${status})`
    );
    return `there are ${names.slice(0, 20).join(", ")}`;
  }

  /** Ends a workflow that has not ended. */
  async function end(
    action: string,
    workflowID: string,
    toOutcome: (
      serialization: string | null,
    ) => Promise<{ status: string; output: string | null; error: string | null }>,
  ): Promise<void> {
    checkText(`workflowID of ${action}Workflow()`, workflowID);
    const [found] = await database.run(sql.findFormat, { workflow_id: workflowID });
    if (!found) throw new NonExistentWorkflowError(workflowID, action);
    const outcome = await toOutcome(found.serialization);
    const parameters = { ...outcome, workflow_id: workflowID };
    const [row] = await database.run(sql.completeWorkflow, parameters);
    if (row!.completed === 1) return;
    const { status } = (await database.run(sql.findFormat, { workflow_id: workflowID }))[0] ??
      found;
    throw new Error(`Cannot ${action} workflow ${workflowID}: it has ended with status ${status}`);
  }

  return {
    async waitForEnqueued(match = {}, options) {
      const filters = readOptions("waitForEnqueued()", filterDescription, match);
      const { timeoutSeconds = defaultTimeoutSeconds, signal = new AbortController().signal } =
        readOptions("waitForEnqueued()", waitDescription, options);
      const deadline = performance.now() + timeoutSeconds * 1000;
      while (true) {
        signal.throwIfAborted();
        const found = await find(filters);
        if (found) return found;
        if (performance.now() >= deadline) break;
        await pause(pollingIntervalMs, signal);
      }
      throw new Error(
        `Cannot find a workflow within ${timeoutSeconds} s: no other one matches; ` +
          await describeWorkflows(),
      );
    },
    completeWorkflow: (workflowID, result) =>
      end("complete", workflowID, async (serialization) => ({
        status: "SUCCESS",
        output: await writeValue(database, serialization, result, "result"),
        error: null,
      })),
    failWorkflow: (workflowID, error) =>
      end("fail", workflowID, async (serialization) => ({
        status: "ERROR",
        output: null,
        error: await writeError(database, serialization, error),
      })),
    async sentMessages() {
      const rows = await database.run(sql.listSentMessages, {});
      const { serializer } = database.settings;
      return await Promise.all(rows.map(async (row) => ({
        destinationID: row.destination_id,
        topic: row.topic === nullTopic ? null : row.topic,
        message: await deserializeValueIfKnown(row.message, row.serialization, serializer),
        createdAtEpochMs: Number(row.created_at),
        consumed: row.consumed,
      })));
    },
  };
}

/**
 * Starts a worker for tests, which needs neither a server nor a DBOS application: it creates the system
 * tables on an empty database, by default one of PGlite in memory, and runs plain functions as
 * workflows. A workflow without a function stays on its queue, and a test can complete it.
 *
 * The worker obeys queues, priorities, delays, deduplication, timeouts and cancellation, and the functions
 * can use events, messages and streams, as {@linkcode DBOS}. docs/testing.md says what it does not do.
 *
 * @example
 * ```ts
 * import { enqueue } from "@dbos-community/client";
 * import { startTestWorker } from "@dbos-community/client/testing";
 *
 * await using worker = await startTestWorker({
 *   sum: (a: number, b: number) => a + b,
 * });
 * const task = { workflowName: "sum", queueName: "tasks" };
 * const handle = await enqueue<number>(worker.client, task, 2, 3);
 * console.log(await handle.getResult()); // 5
 * ```
 *
 * @param functions The functions that run workflows, by the names of the workflows; that of a method is
 * `Class.method`. They get the positional arguments.
 * @param options Where the worker runs, and the queues.
 * @returns The worker; close it with `await using` or `close()`.
 * @throws {TypeError} If a function or an option has the wrong type.
 * @throws {RangeError} If an option is out of range.
 * @throws {Error} If the database has the schema, or PGlite does not start.
 */
export async function startTestWorker(
  functions: WorkflowFunctions = {},
  options: TestWorkerOptions = {},
): Promise<TestWorker> {
  const functionsByName = readFunctions(functions);
  const {
    database: given,
    queues = {},
    listenQueues,
    applicationVersion,
    pollingIntervalMs = defaultPollingIntervalMs,
    ...clientOptions
  } = readOptions("startTestWorker()", optionsDescription, options);
  const pglite = given ? undefined : await openPGlite();
  const { client, database } = createClosableClient(
    given ?? pglite!,
    { ...clientOptions, pollingIntervalMs },
    async () => await pglite?.close(),
  );
  try {
    await createSystemTables(database);
    for (const [name, limits] of Object.entries(queues)) await registerQueue(client, name, limits);
  } catch (error) {
    await client.close();
    throw error;
  }
  const dispatcher = startDispatcher(client, database, {
    functions: functionsByName,
    queueNames: listenQueues && [...listenQueues, internalQueueName],
    applicationName: clientOptions.applicationName,
    applicationVersion,
    pollingIntervalMs,
  });
  let closed: Promise<void> | undefined;
  async function closeOnce(): Promise<void> {
    try {
      await dispatcher.stop();
    } finally {
      await client.close();
    }
  }
  const close = () => closed ??= closeOnce();
  return {
    client,
    ...createTestMethods(client, database, pollingIntervalMs),
    skipDelays: dispatcher.skipDelays,
    close,
    [Symbol.asyncDispose]: close,
  };
}

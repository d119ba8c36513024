/** Starts a worker for tests. */

import { createClosableClient } from "../../client.ts";
import type { Client } from "../client/client.ts";
import type { Driver } from "../drivers/driver.ts";
import {
  asIndexedText,
  asInteger,
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
import { asSerializer } from "../serialization/custom_format.ts";
import type { DBOSSerializer } from "../serialization/codec.ts";
import { maxTimerMs } from "../event_loop.ts";
import { checkFunction } from "../validate.ts";
import { internalQueueName } from "../workflows/enqueue_options.ts";
import { startDispatcher, type TestFunction } from "./dispatcher.ts";
import { openPGlite } from "./open_pglite.ts";
import { createSystemTables } from "./system_tables.ts";
import { createTestMethods, type TestMethods } from "./test_methods.ts";

/** The functions that run workflows, by the names of the workflows. */
export type WorkflowFunctions = Readonly<Record<string, TestFunction>>;

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
   * How long the worker waits between two polls for work, in milliseconds, and the `pollingIntervalMs` of
   * its client.
   *
   * @default {20}
   */
  pollingIntervalMs?: number;
}

/** A worker for tests, made by {@linkcode startTestWorker}. */
export interface TestWorker extends TestMethods, AsyncDisposable {
  /** A client of its system database, for all functions of the library. */
  readonly client: Client;
  /**
   * Ends the delays of the workflows that are delayed now, and the sleeps of those that run. It does not
   * change the clock: timeouts and rate limits take as long as they say.
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

const defaultPollingIntervalMs = 20;

function readFunctions(functions: WorkflowFunctions): Map<string, TestFunction> {
  asPlainObject("functions of startTestWorker()", functions);
  const read = new Map(Object.entries(functions));
  for (const [name, run] of read) checkFunction(`function of workflow ${name}`, run);
  return read;
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
  const pglite = given === undefined ? await openPGlite() : undefined;
  const { client, database } = createClosableClient(
    given === undefined ? pglite! : given,
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

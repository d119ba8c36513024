import { callDescription, type CallOptions, type Client, openCall } from "../client/client.ts";
import * as sql from "../../sql/queues/mod.ts";
import { toApplicationNames } from "../applications/applications.ts";
import { retryOnConflict } from "../batching/retry_on_conflict.ts";
import type { Driver } from "../drivers/driver.ts";
import { NonExistentQueueError, OwnedByAnotherApplicationError } from "../errors/managing.ts";
import {
  changesDescription,
  checkConsistency,
  limitsDescription,
  partitionLimits,
  type QueueChanges,
  type QueueLimits,
  type QueueRateLimit,
  replacements,
  toColumns,
} from "./queue_limits.ts";
import { joinLists } from "../database/text_lists.ts";
import type { SystemDatabase } from "../database/system_database.ts";
import {
  asChoice,
  asIndexedText,
  asTextOrTexts,
  describeOptions,
  type OptionsDescription,
  readOptions,
} from "../options.ts";
import { checkText } from "../validate.ts";
import { reservedQueuePrefix } from "../workflows/enqueue_options.ts";

/** The limits of a queue, and the application that it belongs to. */
export interface RegisterQueueOptions extends QueueLimits, CallOptions {
  /**
   * The application whose workers run the queue.
   *
   * @default {undefined} the application of the client, or any application if it has none
   */
  applicationName?: string;
  /**
   * What to do if the queue exists: `"always_update"` replaces all of its limits with the given
   * ones, `"never_update"` leaves it unchanged.
   *
   * @default {"always_update"}
   */
  onConflict?: "always_update" | "never_update";
}

/** Which queues to list. */
export interface ListQueuesOptions extends CallOptions {
  /**
   * The applications whose queues to list. An empty array stands for all applications.
   *
   * @default {undefined} the application of the client, or all if it has none
   */
  applicationName?: string | readonly string[];
}

const registerDescription: OptionsDescription<RegisterQueueOptions> = describeOptions<
  RegisterQueueOptions
>({
  ...callDescription.checks,
  ...limitsDescription.checks,
  applicationName: asIndexedText,
  onConflict: asChoice("always_update", "never_update"),
}, replacements);

const listDescription: OptionsDescription<ListQueuesOptions> = describeOptions<ListQueuesOptions>({
  ...callDescription.checks,
  applicationName: asTextOrTexts,
});

/** A queue that is registered in the system database. A limit that is not set is undefined. */
export interface Queue extends Readonly<QueueLimits> {
  /** The name of the queue. */
  readonly name: string;
  /** How long a worker waits between two polls of the queue, in milliseconds. */
  readonly minPollingIntervalMs: number;
  /** The application that the queue belongs to; undefined if none. */
  readonly applicationName?: string;
}

type QueueRow = NonNullable<typeof sql.listQueues.row>;

function toRateLimit(
  limitPerPeriod: number | null | undefined,
  periodSec: string | null | undefined,
): QueueRateLimit | undefined {
  if (limitPerPeriod == null || periodSec == null) return undefined;
  return { limitPerPeriod, periodSec: Number(periodSec) };
}

function toQueue(row: QueueRow): Queue {
  const queue = {
    name: row.name,
    globalConcurrency: row.concurrency,
    workerConcurrency: row.worker_concurrency,
    rateLimit: toRateLimit(row.rate_limit_max, row.rate_limit_period_sec),
    partitionConcurrency: row.partition_concurrency,
    partitionWorkerConcurrency: row.partition_worker_concurrency,
    partitionRateLimit: toRateLimit(
      row.partition_rate_limit_max,
      row.partition_rate_limit_period_sec,
    ),
    // Rounded to microseconds, without the error of the multiplication.
    minPollingIntervalMs: Math.round(Number(row.polling_interval_sec) * 1e6) / 1e3,
    applicationName: row.application_name,
  };
  const entries = Object.entries(queue).filter(([, value]) => value != null);
  return Object.fromEntries(entries) as unknown as Queue;
}

async function requireLimits(database: SystemDatabase, limits: QueueChanges): Promise<void> {
  for (const limit of partitionLimits) {
    if (limits[limit] != null) await database.requireColumn(limit, "queues.partition_concurrency");
  }
}

/**
 * Registers a queue. The workers of its application then run the workflows that are enqueued on it,
 * within its limits. Workers that are already running notice the queue in about a second.
 *
 * An update of a queue that belongs to no application assigns it to `applicationName`.
 *
 * @example
 * ```ts
 * import { connect, registerQueue } from "@dbos-community/client";
 *
 * await using client = await connect();
 * const queue = await registerQueue(client, "emails", {
 *   globalConcurrency: 10,
 *   workerConcurrency: 5,
 *   rateLimit: { limitPerPeriod: 100, periodSec: 60 },
 * });
 * console.log(queue.rateLimit?.periodSec);
 * ```
 *
 * @param client A client, or a driver's pool, connection or transaction.
 * @param name The name of the queue.
 * @param options The limits of the queue, and what to do if it exists.
 * @returns The queue as it is registered after the call.
 * @throws {TypeError} If the name or an option has the wrong type.
 * @throws {TypeError} If an option exists only in other DBOS releases, such as `concurrency`.
 * @throws {RangeError} If the name is empty, or begins with the reserved prefix `_dbos_`.
 * @throws {RangeError} If an option is out of range.
 * @throws {RangeError} If a limit exceeds a wider one, such as a `workerConcurrency` above
 * `globalConcurrency`.
 * @throws {OwnedByAnotherApplicationError} If the queue exists and belongs to another application.
 * @throws {HiddenRowError} If row-level security hides a queue of that name.
 * @throws {UnsupportedFeatureError} If the schema has no table for queues, or no column for an
 * option.
 */
export async function registerQueue(
  client: Client | Driver,
  name: string,
  options: RegisterQueueOptions = {},
): Promise<Queue> {
  const [database, read] = openCall(client, "registerQueue()", registerDescription, options);
  const { onConflict = "always_update", minPollingIntervalMs = null } = read;
  const applicationName = read.applicationName ?? database.settings.applicationName;
  asIndexedText("name of registerQueue()", name);
  if (name.startsWith(reservedQueuePrefix)) {
    throw new RangeError(
      `Cannot register queue ${name}: the prefix ${reservedQueuePrefix} is reserved for DBOS`,
    );
  }
  checkConsistency(name, read);
  await requireLimits(database, read);
  if (read.applicationName) {
    await database.requireColumn("applicationName", "queues.application_name");
  }

  const queue = JSON.stringify([{
    name,
    ...toColumns({ ...read, minPollingIntervalMs }),
    partition_queue: partitionLimits.some((limit) => read[limit] != null),
    application_name: applicationName,
  }]);
  const action = `register queue ${name}`;
  return retryOnConflict(database, action, "it was registered and deleted", async () => {
    const [row] = await database.run(sql.registerQueue, { queue, on_conflict: onConflict });
    if (!row) return undefined;
    const owner = row.application_name;
    if (owner && applicationName && owner !== applicationName) {
      throw new OwnedByAnotherApplicationError(action, applicationName, owner);
    }
    return toQueue(row);
  });
}

/**
 * Reads a registered queue, whichever application it belongs to.
 *
 * @example
 * ```ts
 * import { connect, retrieveQueue } from "@dbos-community/client";
 *
 * await using client = await connect();
 * console.log((await retrieveQueue(client, "tasks"))?.minPollingIntervalMs);
 * ```
 *
 * @param client A client, or a driver's pool, connection or transaction.
 * @param name The name of the queue.
 * @param options An abort signal.
 * @returns The queue, or null if it does not exist.
 * @throws {TypeError} If the name is not a string.
 * @throws {RangeError} If the name is empty.
 * @throws {UnsupportedFeatureError} If the schema has no table for queues.
 */
export async function retrieveQueue(
  client: Client | Driver,
  name: string,
  options: CallOptions = {},
): Promise<Queue | null> {
  const [database] = openCall(client, "retrieveQueue()", callDescription, options);
  checkText("name of retrieveQueue()", name);
  const [row] = await database.run(sql.listQueues, { name });
  return row ? toQueue(row) : null;
}

/**
 * Lists the registered queues of one or more applications, and those that belong to no application,
 * sorted by name.
 *
 * Queues that are only declared in a program, as in older DBOS releases, are not registered.
 *
 * @example
 * ```ts
 * import { connect, listQueues } from "@dbos-community/client";
 *
 * await using client = await connect();
 * for (const { name, globalConcurrency } of await listQueues(client)) {
 *   console.log(name, globalConcurrency ?? "without limit");
 * }
 * ```
 *
 * @param client A client, or a driver's pool, connection or transaction.
 * @param options The applications whose queues to list.
 * @returns The queues.
 * @throws {TypeError} If `applicationName` has the wrong type.
 * @throws {RangeError} If `applicationName` is or contains an empty string.
 * @throws {UnsupportedFeatureError} If the schema has no table for queues.
 */
export async function listQueues(
  client: Client | Driver,
  options: ListQueuesOptions = {},
): Promise<Queue[]> {
  const [database, read] = openCall(client, "listQueues()", listDescription, options);
  const filter = { application_names: toApplicationNames(database, read.applicationName) };
  const rows = await database.run(sql.listQueues, joinLists(filter));
  return rows.map(toQueue);
}

/**
 * Changes limits of a registered queue. Running workers apply them in about a second; workflows
 * that are already running continue.
 *
 * @example
 * ```ts
 * import { connect, registerQueue, updateQueue } from "@dbos-community/client";
 *
 * await using client = await connect();
 * await registerQueue(client, "emails", { globalConcurrency: 10 });
 * await updateQueue(client, "emails", { globalConcurrency: null, workerConcurrency: 5 });
 * ```
 *
 * @param client A client, or a driver's pool, connection or transaction.
 * @param name The name of the queue.
 * @param changes The limits to change. Null resets a limit to its default.
 * @param options An abort signal.
 * @returns The queue after the change.
 * @throws {TypeError} If the name or a limit has the wrong type.
 * @throws {TypeError} If a limit exists only in other DBOS releases, such as `concurrency`.
 * @throws {RangeError} If the name is empty.
 * @throws {RangeError} If a limit is out of range.
 * @throws {RangeError} If a limit would exceed a wider one, such as a `workerConcurrency` above
 * `globalConcurrency`.
 * @throws {NonExistentQueueError} If the queue does not exist.
 * @throws {UnsupportedFeatureError} If the schema has no table for queues, or no column for a
 * limit.
 */
export async function updateQueue(
  client: Client | Driver,
  name: string,
  changes: QueueChanges,
  options: CallOptions = {},
): Promise<Queue> {
  const [database] = openCall(client, "updateQueue()", callDescription, options);
  checkText("name of updateQueue()", name);
  const read = readOptions("updateQueue()", changesDescription, changes);
  await requireLimits(database, read);

  const isPartitioningChanged = partitionLimits.some((limit) => read[limit] !== undefined);
  const [row] = await database.run(sql.updateQueue, {
    name,
    changes: JSON.stringify({
      ...toColumns(read),
      ...(isPartitioningChanged && { partition_queue: null }),
    }),
  });
  if (!row) throw new NonExistentQueueError(name);
  const queue = toQueue(row);
  if (!row.is_updated) checkConsistency(name, queue);
  return queue;
}

/**
 * Deletes a registered queue, whichever application it belongs to. Does nothing if it does not
 * exist.
 *
 * Workflows on the queue are no longer run until a queue of that name is registered again.
 *
 * @example
 * ```ts
 * import { connect, deleteQueue, registerQueue } from "@dbos-community/client";
 *
 * await using client = await connect();
 * await registerQueue(client, "newsletter");
 * await deleteQueue(client, "newsletter");
 * ```
 *
 * @param client A client, or a driver's pool, connection or transaction.
 * @param name The name of the queue.
 * @param options An abort signal.
 * @throws {TypeError} If the name is not a string.
 * @throws {RangeError} If the name is empty.
 * @throws {UnsupportedFeatureError} If the schema has no table for queues.
 */
export async function deleteQueue(
  client: Client | Driver,
  name: string,
  options: CallOptions = {},
): Promise<void> {
  const [database] = openCall(client, "deleteQueue()", callDescription, options);
  checkText("name of deleteQueue()", name);
  await database.run(sql.deleteQueue, { name });
}

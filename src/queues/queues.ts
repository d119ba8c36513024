import { type Client, systemDatabaseOf } from "../client/client.ts";
import * as sql from "../../sql/queues/mod.ts";
import { toApplicationNames } from "../applications/applications.ts";
import { retryOnConflict } from "../batching/retry_on_conflict.ts";
import type { Driver } from "../drivers/driver.ts";
import { NonExistentQueueError, OwnedByAnotherApplicationError } from "../errors/managing.ts";
import {
  checkAgreement,
  checkLimits,
  partitionLimits,
  type QueueChanges,
  type QueueLimits,
  type QueueRateLimit,
  toColumns,
} from "./queue_limits.ts";
import { joinLists } from "../database/text_lists.ts";
import type { SystemDatabase } from "../database/system_database.ts";
import { checkChoice, checkOptionalText, checkText } from "../validate.ts";

/** The limits of a queue, and whose queue it is. */
export interface RegisterQueueOptions extends QueueLimits {
  /**
   * The application whose workers run the queue.
   *
   * @default {undefined} that of the client; without one, any application of the system database
   */
  applicationName?: string;
  /**
   * What to do when there is a queue of that name: give it these limits and no others, or leave it
   * as it is.
   *
   * @default {"always_update"}
   */
  onConflict?: "always_update" | "never_update";
}

/** Which queues to list. */
export interface ListQueuesOptions {
  /**
   * The applications whose queues to list; an empty array lists those of all.
   *
   * @default {undefined} that of the client; without one, all of the system database
   */
  applicationName?: string | readonly string[];
}

/** A queue that is registered in the system database. A limit that is not set is undefined. */
export interface Queue extends Readonly<QueueLimits> {
  /** The name of the queue. */
  readonly name: string;
  /** How long a worker waits between two looks at the queue, in milliseconds. */
  readonly minPollingIntervalMs: number;
  /** The application that it belongs to; undefined if to none. */
  readonly applicationName?: string;
}

type QueueRow = NonNullable<typeof sql.listQueues.row>;

const reservedPrefix = "_dbos_";

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
    // To the microsecond, without what a product of fractions leaves behind.
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
 * Registers a queue: the workers of the application that it belongs to run what is enqueued on it,
 * within its limits. A worker that runs already takes it up in about a second.
 *
 * A queue that belongs to no application becomes that of the client with the update.
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
 * @param options Its limits, and what to do when there is a queue of that name.
 * @returns The queue as it is registered then.
 * @throws {TypeError} If the name or an option is of the wrong type, or of other releases only.
 * @throws {RangeError} If the name is empty or reserved, an option is out of its range, or a limit
 * exceeds another that holds for more.
 * @throws {OwnedByAnotherApplicationError} If a queue of that name belongs to another application.
 * @throws {UnsupportedFeatureError} If the system database has no place for the queue or a limit.
 */
export async function registerQueue(
  client: Client | Driver,
  name: string,
  options: RegisterQueueOptions = {},
): Promise<Queue> {
  const { onConflict = "always_update", minPollingIntervalMs = null } = options;
  const database = systemDatabaseOf(client);
  const applicationName = options.applicationName ?? database.settings.applicationName;
  checkText("name", name);
  if (name.startsWith(reservedPrefix)) {
    throw new RangeError(
      `Cannot register queue ${name}: DBOS reserves names with ${reservedPrefix}`,
    );
  }
  checkLimits(options);
  checkAgreement(name, options);
  checkOptionalText("applicationName", applicationName);
  checkChoice("onConflict", onConflict, ["always_update", "never_update"]);
  await requireLimits(database, options);
  if (options.applicationName) {
    await database.requireColumn("applicationName", "queues.application_name");
  }

  const queue = JSON.stringify([{
    name,
    ...toColumns({ ...options, minPollingIntervalMs }),
    partition_queue: partitionLimits.some((limit) => options[limit] != null),
    application_name: applicationName,
  }]);
  return retryOnConflict(`register queue ${name}`, "it was registered and deleted", async () => {
    const [row] = await database.run(sql.registerQueue, { queue, on_conflict: onConflict });
    if (!row) return undefined;
    const owner = row.application_name;
    if (owner && applicationName && owner !== applicationName) {
      throw new OwnedByAnotherApplicationError(`register queue ${name}`, applicationName, owner);
    }
    return toQueue(row);
  });
}

/**
 * The registered queue of a name.
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
 * @returns The queue, of whichever application, or null if there is none of that name.
 * @throws {TypeError} If the name is not a string.
 * @throws {RangeError} If the name is empty.
 * @throws {UnsupportedFeatureError} If the system database has no place for queues.
 */
export async function retrieveQueue(
  client: Client | Driver,
  name: string,
): Promise<Queue | null> {
  checkText("name", name);
  const database = systemDatabaseOf(client);
  const [row] = await database.run(sql.listQueues, { name });
  return row ? toQueue(row) : null;
}

/**
 * The registered queues of the client's or the given applications and those that belong to none, by
 * name. Queues that a program of older releases only declares are not registered.
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
 * @param options Whose queues.
 * @returns The queues.
 * @throws {TypeError} If `applicationName` is of the wrong type.
 * @throws {RangeError} If a name is empty.
 * @throws {UnsupportedFeatureError} If the system database has no place for queues.
 */
export async function listQueues(
  client: Client | Driver,
  options: ListQueuesOptions = {},
): Promise<Queue[]> {
  const database = systemDatabaseOf(client);
  const filter = { application_names: toApplicationNames(database, options.applicationName) };
  const rows = await database.run(sql.listQueues, joinLists(filter));
  return rows.map(toQueue);
}

/**
 * Changes limits of a registered queue. Workers that run keep to them from about a second on;
 * workflows that are running already run on.
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
 * @param changes The limits to change; null puts one back to its default.
 * @returns The queue as it is then.
 * @throws {TypeError} If the name or a limit is of the wrong type, or of other releases only.
 * @throws {RangeError} If the name is empty, a limit is out of its range, or it would exceed another
 * that holds for more.
 * @throws {NonExistentQueueError} If there is no queue of that name.
 * @throws {UnsupportedFeatureError} If the system database has no place for queues or a limit.
 */
export async function updateQueue(
  client: Client | Driver,
  name: string,
  changes: QueueChanges,
): Promise<Queue> {
  checkText("name", name);
  checkLimits(changes);
  const database = systemDatabaseOf(client);
  await requireLimits(database, changes);

  const isPartitioningChanged = partitionLimits.some((limit) => changes[limit] !== undefined);
  const [row] = await database.run(sql.updateQueue, {
    name,
    changes: JSON.stringify({
      ...toColumns(changes),
      ...(isPartitioningChanged && { partition_queue: null }),
    }),
  });
  if (!row) throw new NonExistentQueueError(name);
  const queue = toQueue(row);
  if (!row.is_updated) checkAgreement(name, queue);
  return queue;
}

/**
 * Deletes a registered queue, of whichever application, if there is one of that name. Workflows that
 * are on it are not run any more, until a queue of that name is registered again.
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
 * @throws {TypeError} If the name is not a string.
 * @throws {RangeError} If the name is empty.
 * @throws {UnsupportedFeatureError} If the system database has no place for queues.
 */
export async function deleteQueue(client: Client | Driver, name: string): Promise<void> {
  checkText("name", name);
  const database = systemDatabaseOf(client);
  await database.run(sql.deleteQueue, { name });
}

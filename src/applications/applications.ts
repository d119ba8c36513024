import {
  callDescription,
  type Client,
  runInSpan,
  systemDatabaseOf,
  tracingOf,
} from "../client/client.ts";
import * as sql from "../../sql/applications/mod.ts";
import { finishOrAbort } from "../promises.ts";
import type { Driver } from "../drivers/driver.ts";
import type { SystemDatabase } from "../database/system_database.ts";
import {
  asBoolean,
  asFunction,
  asIndexedText,
  asInteger,
  describeOptions,
  type OptionsDescription,
  orNull,
  readOptions,
} from "../options.ts";
import { checkOptionalText } from "../validate.ts";

/** How to rename an application. */
export interface RenameApplicationOptions {
  /**
   * The number of finished workflows, or of steps, that one statement moves. Null moves all of them
   * in one statement.
   *
   * @default {10000}
   */
  batchSize?: number | null;
  /**
   * Whether to also move rows that belong to no application.
   *
   * @default {false}
   */
  adoptUnclaimedRows?: boolean;
  /**
   * Called after each statement with the numbers of rows moved so far.
   *
   * @default {undefined}
   */
  onProgress?: (moved: ApplicationRowCounts) => void;
  /**
   * Ends the call after the statement in flight: it rejects with the reason of the signal, unless all
   * is renamed.
   *
   * @default {undefined}
   */
  signal?: AbortSignal;
}

const renameDescription: OptionsDescription<RenameApplicationOptions> = describeOptions<
  RenameApplicationOptions
>({
  ...callDescription.checks,
  batchSize: orNull(asInteger(1, 2 ** 31 - 1)),
  adoptUnclaimedRows: asBoolean,
  onProgress: asFunction(),
});

/** How many rows were moved from one application to another. */
export interface ApplicationRowCounts {
  /** The number of queues. */
  queues: number;
  /** The number of schedules. */
  schedules: number;
  /** The number of application versions. */
  versions: number;
  /** The number of workflows. */
  workflows: number;
  /** The number of steps of workflows. */
  steps: number;
}

/**
 * The applications whose rows a caller asks for, by default the application of the client.
 * Undefined means all applications.
 */
export function toApplicationNames(
  database: SystemDatabase,
  applicationName: string | readonly string[] | undefined,
): readonly string[] | undefined {
  const names = [applicationName ?? database.settings.applicationName ?? []].flat();
  return names.length > 0 ? names : undefined;
}

/**
 * Renames an application: assigns its queues, schedules, versions, workflows and steps to another
 * application name.
 *
 * The application must not run during the call; this is not checked. One statement moves the
 * queues, schedules, versions and unfinished workflows. Then finished workflows and steps are moved
 * in batches. A call that was interrupted between two batches can be repeated, and continues from
 * there. In an open transaction, everything is moved when it commits.
 *
 * A statement whose answer was lost is retried. The rows that it had already moved are not counted.
 *
 * @example
 * ```ts
 * import { connect, renameApplication } from "@dbos-community/client";
 *
 * await using client = await connect();
 * const moved = await renameApplication(client, "old-shop", "shop", {
 *   onProgress: ({ workflows, steps }) => console.log(workflows, steps),
 * });
 * console.log(moved.queues);
 * ```
 *
 * @param client A client, or a driver's pool, connection or transaction.
 * @param oldName The application to rename. Undefined moves only rows that belong to no
 * application, and requires `adoptUnclaimedRows`.
 * @param newName The new name of the application.
 * @param options How many rows to move at a time, and whether to move rows of no application.
 * @returns The numbers of rows that were moved.
 * @throws {TypeError} If a name or an option has the wrong type.
 * @throws {TypeError} If neither `oldName` nor `adoptUnclaimedRows` is given.
 * @throws {RangeError} If a name is empty, or both are the same.
 * @throws {RangeError} If `batchSize` is out of range.
 * @throws {UnsupportedFeatureError} If the schema has no columns for application names.
 */
export async function renameApplication(
  client: Client | Driver,
  oldName: string | undefined,
  newName: string,
  options: RenameApplicationOptions = {},
): Promise<ApplicationRowCounts> {
  const database = systemDatabaseOf(client);
  checkOptionalText("oldName of renameApplication()", oldName);
  asIndexedText("newName of renameApplication()", newName);
  const read = readOptions("renameApplication()", renameDescription, options);
  const { batchSize = 10_000, adoptUnclaimedRows = false, onProgress, signal } = read;
  if (oldName === undefined && !adoptUnclaimedRows) {
    throw new TypeError("Cannot rename an application: expected oldName or adoptUnclaimedRows");
  }
  if (oldName === newName) {
    throw new RangeError(`Cannot rename application ${newName}: oldName and newName are the same`);
  }
  const tracing = tracingOf(database, client);
  if (tracing) {
    const call = { name: "renameApplication()" };
    const rename = (client: Client) => renameApplication(client, oldName, newName, read);
    return await runInSpan(tracing, call, rename);
  }
  const runOptions = { isLong: true, isNeeded: () => !signal?.aborted };

  const names = {
    new_name: newName,
    old_name: oldName ?? null,
    adopt_unclaimed: adoptUnclaimedRows ? 1 : 0,
  };
  const moved = { queues: 0, schedules: 0, versions: 0, workflows: 0, steps: 0 };

  async function move(table: "workflows" | "steps", after: string, limit?: number) {
    signal?.throwIfAborted();
    const statement = table === "workflows" ? sql.renameWorkflows : sql.renameSteps;
    const parameters = { ...names, after, batch_size: limit };
    const [batch] = await database.run(statement, parameters, runOptions);
    moved[table] += batch!.moved;
    onProgress?.({ ...moved });
    return batch!;
  }

  async function moveAll(table: "workflows" | "steps"): Promise<void> {
    for (let after = ""; batchSize !== null;) {
      const batch = await move(table, after, batchSize);
      if (batch.moved < batchSize) break;
      after = batch.last_id!;
    }
    // Moves the rest, including rows with smaller IDs that were added in the meantime.
    await move(table, "");
  }

  return await finishOrAbort(signal, async () => {
    const [first] = await database.run(sql.renameApplication, names, runOptions);
    Object.assign(moved, first);
    onProgress?.({ ...moved });
    await moveAll("workflows");
    await moveAll("steps");
    return moved;
  });
}

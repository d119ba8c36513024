import { type Client, systemDatabaseOf } from "../client/client.ts";
import * as sql from "../../sql/applications/mod.ts";
import type { Driver } from "../drivers/driver.ts";
import type { SystemDatabase } from "../database/system_database.ts";
import { checkBoolean, checkInteger, checkOptionalText, checkText } from "../validate.ts";

/** How to rename an application. */
export interface RenameApplicationOptions {
  /**
   * How many finished workflows, and how many steps, one statement moves; null moves all of them at
   * once.
   *
   * @default {10000}
   */
  batchSize?: number | null;
  /**
   * Whether to move also what belongs to no application.
   *
   * @default {false}
   */
  adoptUnclaimedRows?: boolean;
  /**
   * Is called after each statement with what was moved so far.
   *
   * @default {undefined}
   */
  onProgress?: (moved: ApplicationRowCounts) => void;
  /**
   * Ends the call after the statement that is under way.
   *
   * @default {undefined}
   */
  signal?: AbortSignal;
}

/** How many rows were moved from one application to another. */
export interface ApplicationRowCounts {
  /** How many queues. */
  queues: number;
  /** How many schedules. */
  schedules: number;
  /** How many application versions. */
  versions: number;
  /** How many workflows. */
  workflows: number;
  /** How many steps of workflows. */
  steps: number;
}

/**
 * The applications whose rows are asked for, as the text of a JSON array, and null for all; without
 * any that are given, the client's own.
 */
export function toApplicationNames(
  database: SystemDatabase,
  applicationName: string | readonly string[] | undefined,
): readonly string[] | undefined {
  const names = [applicationName ?? database.settings.applicationName ?? []].flat();
  names.forEach((name) => checkText("applicationName", name));
  return names.length > 0 ? names : undefined;
}

/**
 * Gives everything that belongs to an application to another: its queues, schedules, versions,
 * workflows and steps.
 *
 * The application must not run meanwhile; nothing checks that. Queues, schedules, versions and
 * unfinished workflows are moved by one statement, finished workflows and steps batch by batch after
 * that. A call that was ended between two batches can be made again and goes on from there. In an
 * open transaction all of it is moved when that commits.
 *
 * A statement whose answer got lost is sent again, and what it had moved is not counted then.
 *
 * @example
 * ```ts
 * import { connect, renameApplication } from "@dbos-community/client";
 *
 * await using client = await connect();
 * const moved = await renameApplication(client, "shop", "web-shop", {
 *   onProgress: ({ workflows, steps }) => console.log(workflows, steps),
 * });
 * console.log(moved.queues);
 * ```
 *
 * @param client A client, or a driver's pool, connection or transaction.
 * @param oldName The application to rename; undefined moves only what belongs to no application, and
 * needs `adoptUnclaimedRows`.
 * @param newName The name that it gets.
 * @param options How many rows to move at a time, and what else to move.
 * @returns How many rows were moved.
 * @throws {TypeError} If a name or an option is of the wrong type, or there is nothing to move.
 * @throws {RangeError} If a name is empty, both are the same, or `batchSize` is out of its range.
 * @throws {UnsupportedFeatureError} If the system database knows no applications.
 */
export async function renameApplication(
  client: Client | Driver,
  oldName: string | undefined,
  newName: string,
  options: RenameApplicationOptions = {},
): Promise<ApplicationRowCounts> {
  const { batchSize = 10_000, adoptUnclaimedRows = false, onProgress, signal } = options;
  checkOptionalText("oldName", oldName);
  checkText("newName", newName);
  if (batchSize !== null) checkInteger("batchSize", batchSize, 1, 2 ** 31 - 1);
  checkBoolean("adoptUnclaimedRows", adoptUnclaimedRows);
  if (oldName === undefined && !adoptUnclaimedRows) {
    throw new TypeError("Cannot rename an application without oldName or adoptUnclaimedRows");
  }
  if (oldName === newName) {
    throw new RangeError(`Cannot rename application ${newName}: that is its name already`);
  }
  signal?.throwIfAborted();
  const database = systemDatabaseOf(client);

  const names = {
    new_name: newName,
    old_name: oldName ?? null,
    adopt_unclaimed: adoptUnclaimedRows ? 1 : 0,
  };
  const [together] = await database.run(sql.renameApplication, names);
  const moved: ApplicationRowCounts = { ...together!, steps: 0 };
  onProgress?.({ ...moved });

  async function move(table: "workflows" | "steps", after: string, limit?: number) {
    signal?.throwIfAborted();
    const statement = table === "workflows" ? sql.renameWorkflows : sql.renameSteps;
    const [batch] = await database.run(statement, { ...names, after, batch_size: limit });
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
    // What has come before the end of the last batch meanwhile.
    await move(table, "");
  }

  await moveAll("workflows");
  await moveAll("steps");
  return moved;
}

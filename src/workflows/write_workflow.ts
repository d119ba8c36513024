/** Inserts workflows with sql/workflows/enqueue.sql. */

import * as sql from "../../sql/workflows/mod.ts";
import { type Batcher, createBatcher } from "../batching/batcher.ts";
import type { SystemDatabase } from "../database/system_database.ts";
import { type Conflict, resolveConflict } from "./conflict.ts";
import type { EnqueueOptions } from "./enqueue_options.ts";
import type { WorkflowRow } from "./workflow_row.ts";

const batchers = new WeakMap<SystemDatabase, Batcher<Conflict | undefined>>();

/** The batcher that inserts the workflows of a client. Its outcomes are the conflicts, if any. */
export function batcherOf(database: SystemDatabase): Batcher<Conflict | undefined> {
  let batcher = batchers.get(database);
  if (!batcher) {
    batcher = createBatcher(database, async (batch) => {
      const parameters = {
        jobs: batch.items,
        after: batch.after,
        all_columns: batch.allColumns,
        check_conflicts: batch.checkConflicts,
      };
      let rows = await database.run(sql.enqueue, parameters, batch.options);
      if (rows.some((row) => row.has_old_inputs)) {
        rows = await database.run(sql.enqueue, { ...parameters, replace_inputs: 1 }, batch.options);
      }
      const outcomes = new Array<Conflict | undefined>(batch.count);
      for (const row of rows) if (row.position !== null) outcomes[row.position] = row;
      const { server_ms, last_created_at } = rows[0]!;
      return { outcomes, serverMs: server_ms, lastCreatedAt: last_created_at };
    });
    batchers.set(database, batcher);
  }
  return batcher;
}

/**
 * Inserts a workflow, together with those of concurrent calls. Returns the ID of the workflow that
 * the caller gets a handle to.
 */
export async function writeWorkflow(
  database: SystemDatabase,
  options: EnqueueOptions,
  row: WorkflowRow,
): Promise<string> {
  const { add } = batcherOf(database);
  const write = () => add(row, options.signal);
  const conflict = await write();
  if (!conflict) return row.workflowID;
  return await resolveConflict(database, conflict, options, row.workflowID, write);
}

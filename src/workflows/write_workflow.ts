/** Inserts workflows with sql/workflows/enqueue.sql, or a single one with enqueue_one.sql. */

import * as sql from "../../sql/workflows/mod.ts";
import { type Batcher, createBatcher } from "../batching/batcher.ts";
import type { Batch, BatchResult, Single } from "../batching/item_writer.ts";
import type { SystemDatabase } from "../database/system_database.ts";
import { sqlStateOf, uniqueViolation } from "../drivers/error_codes.ts";
import type { Conflict } from "./conflict.ts";
import { onDemand } from "../promises.ts";
import type { EnqueueOptions } from "./enqueue_options.ts";
import type { WorkflowRow } from "./workflow_row.ts";

// Most workflows conflict with no other. This is 2 KB gzipped.
const loadConflict = onDemand(() => import("./conflict.ts"));

const batchers = new WeakMap<SystemDatabase, Batcher<Conflict | undefined>>();

/** Inserts workflows that may conflict with others, as {@linkcode insert} does. */
async function insertChecked(
  database: SystemDatabase,
  run: (how: { find_old_inputs?: 1; replace_inputs?: 1 }) => Promise<Conflict[]>,
): Promise<Conflict[]> {
  const isOutside = database.adapter.transactionStatus() === "none";
  try {
    // A violation would abort a transaction of the caller.
    const rows = await run(isOutside ? {} : { find_old_inputs: 1 });
    if (!rows.some((row) => row.has_old_inputs)) return rows;
  } catch (error) {
    if (!isOutside || sqlStateOf(error) !== uniqueViolation) throw error;
  }
  return await run({ replace_inputs: 1 });
}

/** Inserts workflows. Inputs that a deleted workflow of the same ID left behind are replaced. */
function insert(database: SystemDatabase, batch: Batch): Promise<Conflict[]> {
  const { items: jobs, after, allColumns: all_columns, checkConflicts: check_conflicts } = batch;
  const parameters = { jobs, after, all_columns, check_conflicts };
  if (!check_conflicts) return database.run(sql.enqueue, parameters, batch.options);
  return insertChecked(
    database,
    (how) => database.run(sql.enqueue, { ...parameters, ...how }, batch.options),
  );
}

/** Inserts a workflow. Returns undefined if a deleted workflow of the same ID left its inputs behind. */
async function insertOne(
  database: SystemDatabase,
  { columns, requestedAt, after, checkConflicts, options }: Single,
): Promise<Conflict[] | undefined> {
  const parameters = {
    ...columns as Omit<NonNullable<typeof sql.enqueueOne.parameters>, "after">,
    requested_at: requestedAt,
    after,
    check_conflicts: checkConflicts,
  };
  try {
    return await database.run(sql.enqueueOne, parameters, options);
  } catch (error) {
    if (!checkConflicts || sqlStateOf(error) !== uniqueViolation) throw error;
  }
}

function toResult(rows: Conflict[], count: number): BatchResult<Conflict | undefined> {
  const outcomes = new Array<Conflict | undefined>(count);
  for (const row of rows) if (row.position !== null) outcomes[row.position] = row;
  const { server_ms, last_created_at } = rows[0]!;
  return { outcomes, serverMs: server_ms, lastCreatedAt: last_created_at };
}

/** The batcher that inserts the workflows of a client. Its outcomes are the conflicts, if any. */
export function batcherOf(database: SystemDatabase): Batcher<Conflict | undefined> {
  let batcher = batchers.get(database);
  if (!batcher) {
    const statements = {
      sendBatch: async (batch: Batch) => toResult(await insert(database, batch), batch.count),
      async sendSingle(single: Single) {
        const rows = await insertOne(database, single);
        return rows && toResult(rows, 1);
      },
    };
    batchers.set(database, batcher = createBatcher(database, statements, { what: "workflows" }));
  }
  return batcher;
}

/** Inserts a workflow, together with those of concurrent calls. Returns its conflict, if any. */
export function insertWorkflow(
  database: SystemDatabase,
  options: EnqueueOptions,
  row: WorkflowRow,
): Promise<Conflict | undefined> {
  return batcherOf(database).add(row, options.signal);
}

/** Returns the ID of the workflow that a conflict gives the caller a handle to. */
export async function settleConflict(
  database: SystemDatabase,
  options: EnqueueOptions,
  row: WorkflowRow,
  conflict: Conflict,
): Promise<string> {
  const { resolveConflict } = await loadConflict();
  const insert = () => insertWorkflow(database, options, row);
  return await resolveConflict(database, conflict, options, row.workflowID, insert);
}

/** Inserts a workflow. Returns the ID of the workflow that the caller gets a handle to. */
export async function writeWorkflow(
  database: SystemDatabase,
  options: EnqueueOptions,
  row: WorkflowRow,
): Promise<string> {
  const conflict = await insertWorkflow(database, options, row);
  return conflict ? await settleConflict(database, options, row, conflict) : row.workflowID;
}

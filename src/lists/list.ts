import { callDescription, type CallOptions, type Client, openCall } from "../client/client.ts";
import * as sql from "../../sql/lists/mod.ts";
import type { Driver } from "../drivers/driver.ts";
import { createSlicer } from "../event_loop.ts";
import { readInSlices } from "../read_in_slices.ts";
import { runWithTimeout } from "./statement_timeout.ts";
import type { SystemDatabase } from "../database/system_database.ts";
import { asBoolean, asInteger, describeOptions, type OptionsDescription } from "../options.ts";
import {
  filterDescription,
  filterReplacements,
  type ListParameters,
  toFilterParameters,
} from "./filter_parameters.ts";
import type { WorkflowFilters } from "./workflow_filters.ts";
import {
  toWorkflowStatus,
  type WorkflowStatus,
  type WorkflowStatusRow,
} from "../workflows/workflow_status.ts";

/** Which workflows to read, which of their fields, and in which order. */
export interface IterateWorkflowsOptions extends WorkflowFilters, CallOptions {
  /**
   * Whether to sort the newest workflows first.
   *
   * @default {false}
   */
  sortDesc?: boolean;
  /**
   * Whether to read the inputs of the workflows.
   *
   * @default {true}
   */
  loadInput?: boolean;
  /**
   * Whether to read the outputs and errors of the workflows.
   *
   * @default {true}
   */
  loadOutput?: boolean;
  /**
   * The maximum number of workflows that are read by one query. It reads fewer if their values have
   * more than 4 MB together, but at least one.
   *
   * @default {100}
   */
  pageSize?: number;
}

/** Which workflows to list, which of their fields, in which order, and how many. */
export interface ListWorkflowsOptions extends Omit<IterateWorkflowsOptions, "pageSize"> {
  /**
   * The maximum number of workflows to list.
   *
   * @default {undefined} no limit
   */
  limit?: number;
  /**
   * The number of workflows to skip. To read many pages, {@linkcode iterateWorkflows} is faster.
   *
   * @default {0}
   */
  offset?: number;
}

const maxRows = 2 ** 31 - 1;
// Bounds the memory that a page takes: the values of a page may exceed it by those of one workflow.
const maxPageBytes = 4_000_000;

const iterateDescription: OptionsDescription<IterateWorkflowsOptions> = describeOptions<
  IterateWorkflowsOptions
>({
  ...callDescription.checks,
  ...filterDescription.checks,
  sortDesc: asBoolean,
  loadInput: asBoolean,
  loadOutput: asBoolean,
  pageSize: asInteger(1, maxRows),
}, filterReplacements);

const { pageSize: _pageSize, ...listChecks } = iterateDescription.checks;

const listDescription: OptionsDescription<ListWorkflowsOptions> = describeOptions<
  ListWorkflowsOptions
>(
  { ...listChecks, limit: asInteger(0, maxRows), offset: asInteger(0, maxRows) },
  filterReplacements,
);

const { queuesOnly: _queuesOnly, loadOutput: _loadOutput, ...queuedChecks } =
  listDescription.checks;

type ListQueuedWorkflowsOptions = Omit<ListWorkflowsOptions, "queuesOnly" | "loadOutput">;

const queuedDescription: OptionsDescription<ListQueuedWorkflowsOptions> = describeOptions<
  ListQueuedWorkflowsOptions
>(queuedChecks, filterReplacements);

function toParameters(
  { settings }: SystemDatabase,
  options: Omit<IterateWorkflowsOptions, "pageSize">,
): ListParameters {
  const { sortDesc = false, loadInput = true, loadOutput = true } = options;
  return {
    ...toFilterParameters(options, settings.applicationName),
    sort_desc: sortDesc ? 1 : undefined,
    load_input: loadInput ? 1 : undefined,
    load_output: loadOutput ? 1 : undefined,
    has_values: loadInput || loadOutput ? 1 : undefined,
  };
}

function readRows(
  database: SystemDatabase,
  parameters: ListParameters,
): Promise<WorkflowStatusRow[]> {
  // A list of IDs bounds the number of rows, so the query needs no timeout.
  return parameters.workflow_ids === undefined
    ? runWithTimeout(database, sql.listWorkflows, parameters)
    : database.run(sql.listWorkflows, parameters);
}

async function list(
  database: SystemDatabase,
  options: ListWorkflowsOptions,
): Promise<WorkflowStatus[]> {
  const { limit, offset } = options;
  const rows = await readRows(database, { ...toParameters(database, options), limit, offset });
  const { serializer } = database.settings;
  return await readInSlices(rows, database.signal, (row) => toWorkflowStatus(row, serializer));
}

/**
 * Lists the workflows that match all filters, the oldest first. All of them are in memory at once, and the
 * event loop runs while they are read; {@linkcode iterateWorkflows} reads any number in bounded memory.
 *
 * The server cancels the query if it takes longer than the `observabilityQueryTimeoutMs` of the
 * client, unless `workflowIDs` is given.
 *
 * @example
 * ```ts
 * import { connect, listWorkflows } from "@dbos-community/client";
 *
 * await using client = await connect();
 * const failed = await listWorkflows(client, {
 *   status: ["ERROR", "CANCELLED"],
 *   startTime: Date.now() - 86_400_000,
 *   sortDesc: true,
 *   limit: 100,
 * });
 * for (const { workflowID, error } of failed) console.log(workflowID, error);
 * ```
 *
 * @param client A client, or a driver's pool, connection or transaction.
 * @param options Which workflows to list, which of their fields, in which order, and how many.
 * @returns The statuses of the workflows.
 * @throws {TypeError} If an option has the wrong type.
 * @throws {RangeError} If an option is out of range.
 * @throws {QueryTimeoutError} If the query takes longer than `observabilityQueryTimeoutMs`.
 */
export async function listWorkflows(
  client: Client | Driver,
  options: ListWorkflowsOptions = {},
): Promise<WorkflowStatus[]> {
  const [database, read] = openCall(client, "listWorkflows()", listDescription, options);
  return await list(database, read);
}

/**
 * Lists the unfinished workflows of queues, the oldest first: those with status `ENQUEUED`,
 * `PENDING` (running) or `DELAYED`.
 *
 * @example
 * ```ts
 * import { connect, listQueuedWorkflows } from "@dbos-community/client";
 *
 * await using client = await connect();
 * const waiting = await listQueuedWorkflows(client, { queueName: "tasks", status: "ENQUEUED" });
 * console.log(waiting.map(({ workflowID, priority }) => `${workflowID} ${priority}`));
 * ```
 *
 * @param client A client, or a driver's pool, connection or transaction.
 * @param options Which of them to list, which of their fields, in which order, and how many.
 * @returns The statuses of the workflows.
 * @throws {TypeError} If an option has the wrong type.
 * @throws {RangeError} If an option is out of range.
 * @throws {QueryTimeoutError} If the query takes longer than `observabilityQueryTimeoutMs`.
 */
export async function listQueuedWorkflows(
  client: Client | Driver,
  options: Omit<ListWorkflowsOptions, "queuesOnly" | "loadOutput"> = {},
): Promise<WorkflowStatus[]> {
  const [database, read] = openCall(client, "listQueuedWorkflows()", queuedDescription, options);
  return await list(database, { ...read, queuesOnly: true, loadOutput: false });
}

/**
 * Iterates over the workflows that match all filters, the oldest first, however many there are.
 *
 * Pages are read on demand, and each continues after the last workflow of the previous page. A
 * workflow that is enqueued during the iteration is included if it sorts after the workflows that
 * were read so far. No workflow is returned twice.
 *
 * @example
 * ```ts
 * import { connect, iterateWorkflows } from "@dbos-community/client";
 *
 * await using client = await connect();
 * const options = { workflowName: "processTask", loadInput: false, loadOutput: false };
 * for await (const { workflowID, createdAt, completedAt } of iterateWorkflows(client, options)) {
 *   if (completedAt) console.log(workflowID, completedAt - createdAt);
 * }
 * ```
 *
 * @param client A client, or a driver's pool, connection or transaction.
 * @param options Which workflows to read, which of their fields, in which order, and how many at
 * once.
 * @returns An async iterator over the statuses of the workflows.
 * @throws {TypeError} If an option has the wrong type.
 * @throws {RangeError} If an option is out of range.
 * @throws {QueryTimeoutError} If the query for a page takes longer than
 * `observabilityQueryTimeoutMs`.
 */
export function iterateWorkflows(
  client: Client | Driver,
  options: IterateWorkflowsOptions = {},
): AsyncGenerator<WorkflowStatus, void, void> {
  const [database, read] = openCall(client, "iterateWorkflows()", iterateDescription, options);
  const { pageSize = 100, sortDesc, signal } = read;
  const parameters = toParameters(database, read);
  const cursorTime = sortDesc ? "before_time" : "after_time";

  async function* iterate(): AsyncGenerator<WorkflowStatus, void, void> {
    let page: ListParameters = {
      ...parameters,
      limit: pageSize,
      max_bytes: parameters.has_values && maxPageBytes,
    };
    let last: WorkflowStatusRow | undefined;
    const endSlice = createSlicer();
    do {
      const rows = await readRows(database, page);
      for (const row of rows) {
        const status = await toWorkflowStatus(row, database.settings.serializer);
        signal?.throwIfAborted();
        yield status;
        const pause = endSlice();
        if (pause) await pause;
      }
      last = rows.at(-1);
      if (rows.length < pageSize && !last?.is_cut) last = undefined;
      page = { ...page, [cursorTime]: last?.created_at, cursor_id: last?.workflow_id };
    } while (last);
  }
  return iterate();
}

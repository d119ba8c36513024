import { type Client, systemDatabaseOf } from "../client/client.ts";
import { retryOnConflict } from "../batching/retry_on_conflict.ts";
import type { Driver } from "../drivers/driver.ts";
import {
  checkEnqueueOptions,
  type EnqueueOptions,
  requireColumns,
  usesOptionalColumns,
} from "./enqueue_options.ts";
import { toWorkflowRow, type WorkflowRow } from "./workflow_row.ts";
import { batcherOf } from "./write_workflow.ts";
import type { ConflictingWorkflowError } from "../errors/enqueuing.ts";
import { type Conflict, idsTaken, isOwn, toConflictError } from "./conflict.ts";
import type { Codec } from "../serialization/codec.ts";
import { writingCodecOf } from "../client/writing_codec.ts";
import type { SystemDatabase } from "../database/system_database.ts";
import { checkBoolean } from "../validate.ts";

/** One of many workflows to enqueue. What is in its way is reported, so it has no policies. */
export interface EnqueueJob
  extends Omit<EnqueueOptions, "workflowIDReusePolicy" | "duplicationPolicy"> {
  /**
   * The arguments of the workflow.
   *
   * @default {[]}
   */
  args?: readonly unknown[];
}

/** What has become of one of many jobs. */
export interface EnqueueOutcome {
  /** The ID of the workflow: the new one, or the one that was in the way. */
  readonly workflowID: string;
  /**
   * `enqueued`; `existing`, if that workflow was enqueued before; `deduplicated`, if another workflow
   * holds the deduplication ID; `conflicting`, if a workflow of another name or class has the ID.
   */
  readonly outcome: "enqueued" | "existing" | "deduplicated" | "conflicting";
  /** What a single {@linkcode enqueue} would have thrown for a job that is `conflicting`. */
  readonly error?: ConflictingWorkflowError;
}

/** How many jobs have come to what. */
export interface EnqueueTotals {
  /** Jobs that are workflows now. */
  readonly enqueued: number;
  /** Jobs whose workflow was there before. */
  readonly existing: number;
  /** Jobs whose deduplication ID another workflow holds. */
  readonly deduplicated: number;
  /** Jobs whose ID belongs to a workflow of another name or class. */
  readonly conflicting: number;
}

/** How to enqueue many workflows. */
export interface EnqueueManyOptions {
  /**
   * Write all jobs as one statement, so that all are enqueued or none; they must fit in memory, and
   * in the 1 GB that Postgres takes. In a transaction that is so anyway.
   *
   * @default {false}
   */
  atomic?: boolean;
  /**
   * Ends the call after the statements that are under way: it rejects with the signal's reason.
   *
   * @default {undefined}
   */
  signal?: AbortSignal;
  /**
   * Is told the totals so far and the outcomes of the next jobs, in their order, statement by
   * statement.
   *
   * @default {undefined}
   */
  onProgress?: (totals: EnqueueTotals, outcomes: readonly EnqueueOutcome[]) => void;
}

interface PreparedJob {
  readonly options: EnqueueJob;
  readonly job: WorkflowRow;
}

// Larger statements gain little, hold more memory on both sides, and leave less to do side by side.
const maxRows = 500;
const maxCharacters = 1_000_000;
// As many statements at once keep the server busy while the next are made.
const maxStatements = 4;

/** What is to be written of a job; a promise only where something has to be loaded or looked at. */
function prepare(
  database: SystemDatabase,
  options: EnqueueJob,
): PreparedJob | Promise<PreparedJob> {
  checkEnqueueOptions(options);
  const toPrepared = (codec: Codec) => ({
    options,
    job: toWorkflowRow(database, codec, options, options.args ?? []),
  });
  const codec = writingCodecOf(database, options.serializationType);
  if (!(codec instanceof Promise) && !usesOptionalColumns(database, options)) {
    return toPrepared(codec);
  }
  return Promise.all([codec, requireColumns(database, options)]).then(([codec]) =>
    toPrepared(codec)
  );
}

/** Jobs in groups of a statement each, prepared as they are asked for. */
async function* group(
  database: SystemDatabase,
  jobs: Iterable<EnqueueJob> | AsyncIterable<EnqueueJob>,
  atomic: boolean,
): AsyncGenerator<PreparedJob[]> {
  let pending: PreparedJob[] = [];
  let characters = 0;

  /** Whether there is enough for a statement with it. */
  function add(prepared: PreparedJob): boolean {
    pending.push(prepared);
    characters += prepared.job.text.length;
    return !atomic && (pending.length >= maxRows || characters >= maxCharacters);
  }

  function take(): PreparedJob[] {
    const taken = pending;
    pending = [];
    characters = 0;
    return taken;
  }

  if (Symbol.iterator in jobs) {
    // To await each of them as well would take a sixth longer.
    for (const job of jobs) {
      const preparing = prepare(database, job);
      if (add(preparing instanceof Promise ? await preparing : preparing)) yield take();
    }
  } else {
    for await (const job of jobs) {
      if (add(await prepare(database, job))) yield take();
    }
  }
  if (pending.length > 0) yield pending;
}

/** What has become of a job; undefined if that can't be seen yet. */
function toOutcome(
  { options, job: { workflowID } }: PreparedJob,
  conflict: Conflict | undefined,
): EnqueueOutcome | undefined {
  if (!conflict || isOwn(options, conflict)) return { workflowID, outcome: "enqueued" };
  if (conflict.existing_id) {
    const error = toConflictError(workflowID, options, conflict);
    return error
      ? { workflowID, outcome: "conflicting", error }
      : { workflowID, outcome: "existing" };
  }
  if (conflict.holder_id) return { workflowID: conflict.holder_id, outcome: "deduplicated" };
  return undefined;
}

async function writeGroup(
  database: SystemDatabase,
  jobs: readonly PreparedJob[],
): Promise<EnqueueOutcome[]> {
  const { addAll } = batcherOf(database);
  const outcomes = new Array<EnqueueOutcome>(jobs.length);
  let unsettled = jobs.map((prepared, position) => ({ prepared, position }));
  return await retryOnConflict("enqueue one of many workflows", idsTaken, async () => {
    const conflicts = await addAll(unsettled.map(({ prepared }) => prepared.job));
    unsettled = unsettled.filter(({ prepared, position }, index) => {
      const outcome = toOutcome(prepared, conflicts[index]);
      if (outcome) outcomes[position] = outcome;
      return !outcome;
    });
    return unsettled.length === 0 ? outcomes : undefined;
  });
}

function addUp(totals: EnqueueTotals, outcomes: readonly EnqueueOutcome[]): EnqueueTotals {
  const sums = { ...totals };
  for (const { outcome } of outcomes) sums[outcome]++;
  return sums;
}

/** Writes group after group, some at a time, and gives their outcomes in order. */
async function* writeGroups(
  database: SystemDatabase,
  groups: AsyncIterable<PreparedJob[]>,
  signal: AbortSignal | undefined,
): AsyncGenerator<EnqueueOutcome[]> {
  const width = database.isInTransaction()
    ? 1
    : Math.min(database.adapter.maxConnections, maxStatements);
  const inFlight: Promise<EnqueueOutcome[]>[] = [];
  try {
    for await (const jobs of groups) {
      signal?.throwIfAborted();
      const writing = writeGroup(database, jobs);
      // It may fail before its turn to be awaited has come.
      writing.catch(() => {});
      inFlight.push(writing);
      if (inFlight.length >= width) yield await inFlight.shift()!;
    }
    while (inFlight.length > 0) yield await inFlight.shift()!;
  } finally {
    await Promise.allSettled(inFlight);
  }
}

/**
 * Enqueues many workflows, five hundred a statement, and reports of each what has become of it.
 *
 * A job that is there already fails no other. A job that is misused, or a fault of the database, ends
 * the call; what was written before stays, unless the call is `atomic` or in a transaction. With IDs of
 * your own you can call again. An async iterable is read only as fast as its jobs are written, and
 * kept in memory no longer.
 *
 * @example
 * ```ts
 * import { connect, enqueueMany } from "@dbos-community/client";
 *
 * await using client = await connect();
 * const jobs = [7, 8, 9].map((id) => ({
 *   workflowName: "processTask",
 *   queueName: "tasks",
 *   workflowID: `nightly-${id}`,
 *   args: [{ id }],
 * }));
 * for (const { workflowID, outcome } of await enqueueMany(client, jobs)) {
 *   console.log(workflowID, outcome);
 * }
 * ```
 *
 * @param client A client, or a driver's pool, connection or transaction.
 * @param jobs What to enqueue.
 * @param options Whether all or none, when to stop, and whom to tell.
 * @returns The outcome of each job, in order; for an async iterable, how many have come to what.
 * @throws {TypeError} If an option is of the wrong type or an argument cannot be serialized.
 * @throws {RangeError} If an option is empty or out of its range.
 * @throws {UnsupportedFeatureError} If the system database has no column for an option.
 */
export async function enqueueMany(
  client: Client | Driver,
  jobs: Iterable<EnqueueJob>,
  options?: EnqueueManyOptions,
): Promise<EnqueueOutcome[]>;
/** Enqueues the workflows of an async iterable, and gives how many have come to what. */
export async function enqueueMany(
  client: Client | Driver,
  jobs: AsyncIterable<EnqueueJob>,
  options?: EnqueueManyOptions,
): Promise<EnqueueTotals>;
export async function enqueueMany(
  client: Client | Driver,
  jobs: Iterable<EnqueueJob> | AsyncIterable<EnqueueJob>,
  { atomic = false, signal, onProgress }: EnqueueManyOptions = {},
): Promise<EnqueueOutcome[] | EnqueueTotals> {
  checkBoolean("atomic", atomic);
  signal?.throwIfAborted();
  const database = systemDatabaseOf(client);
  const all: EnqueueOutcome[] | undefined = Symbol.iterator in jobs ? [] : undefined;
  let totals: EnqueueTotals = { enqueued: 0, existing: 0, deduplicated: 0, conflicting: 0 };
  for await (const outcomes of writeGroups(database, group(database, jobs, atomic), signal)) {
    totals = addUp(totals, outcomes);
    for (const outcome of outcomes) all?.push(outcome);
    onProgress?.(totals, outcomes);
  }
  return all ?? totals;
}

import { type Client, runInSpan, systemDatabaseOf, tracingOf } from "../client/client.ts";
import { abortableValues, finishOrAbort } from "../promises.ts";
import { createSlicer, mapInSlices } from "../event_loop.ts";
import { retryOnConflict } from "../batching/retry_on_conflict.ts";
import type { ContractOption } from "../contracts/contract.ts";
import type { Driver } from "../drivers/driver.ts";
import {
  checkCombination,
  checkIndexes,
  enqueueDescription,
  type EnqueueOptions,
  requireColumns,
  usesOptionalColumns,
} from "./enqueue_options.ts";
import { toWorkflowRow, type WorkflowRow } from "./workflow_row.ts";
import { batcherOf } from "./write_workflow.ts";
import { HiddenRowError } from "../errors/database.ts";
import type { ConflictingWorkflowError } from "../errors/enqueuing.ts";
import { type Conflict, isOwn, toConflictError, transientConflict } from "./conflict.ts";
import { serializeArgs, type Serialized } from "../client/writing_codec.ts";
import type { SystemDatabase } from "../database/system_database.ts";
import {
  asArray,
  asBoolean,
  asFunction,
  asSignal,
  describeOptions,
  type OptionsDescription,
  readOptions,
} from "../options.ts";
import { refuseType } from "../validate.ts";

/** One of many workflows to enqueue. Its outcome reports a conflict, so there are no policies. */
export interface EnqueueJob
  extends Omit<EnqueueOptions, "workflowIDReusePolicy" | "duplicationPolicy" | "signal"> {
  /**
   * The arguments of the workflow.
   *
   * @default {[]}
   */
  // An array literal is a tuple because of the second type, so that a contract can check it.
  args?: readonly unknown[] | readonly [];
}

/** The arguments of a job, if `Workflow` is the type of the workflow function; otherwise any. */
export type EnqueueJobArgs<Workflow> = Workflow extends (...args: infer Args) => unknown
  ? [] extends Args ? { readonly args?: Readonly<Args> } : { readonly args: Readonly<Args> }
  : unknown;

/** A job, which may be spread of a contract. */
export type EnqueueJobOf<Workflow> =
  & EnqueueJob
  & ContractOption<Workflow>
  & EnqueueJobArgs<Workflow>;

/** The outcome of one of many jobs. */
export interface EnqueueOutcome {
  /** The ID of the enqueued workflow, or of the workflow that it conflicts with. */
  readonly workflowID: string;
  /**
   * `enqueued`; `existing` if the workflow was enqueued before; `deduplicated` if another workflow
   * holds the deduplication ID; `conflicting` if a workflow of another name, class or configured
   * instance has the ID, or one that row-level security hides has the ID or the deduplication ID.
   */
  readonly outcome: "enqueued" | "existing" | "deduplicated" | "conflicting";
  /** The error that {@linkcode enqueue} would throw, if the job is `conflicting`. */
  readonly error?: ConflictingWorkflowError | HiddenRowError;
}

/** How many jobs have each outcome. */
export interface EnqueueTotals {
  /** Jobs that were enqueued. */
  readonly enqueued: number;
  /** Jobs whose workflow was enqueued before. */
  readonly existing: number;
  /** Jobs whose deduplication ID another workflow holds. */
  readonly deduplicated: number;
  /** Jobs whose ID belongs to another workflow, as `outcome` describes it. */
  readonly conflicting: number;
}

/** How to enqueue many workflows. */
export interface EnqueueManyOptions {
  /**
   * Write all jobs in one statement, so that all of them are enqueued or none. They must fit in
   * memory, and in the 1 GB that Postgres accepts. In a transaction all or none are enqueued
   * anyway, if an error makes it roll back.
   *
   * @default {false}
   */
  atomic?: boolean;
  /**
   * Ends the call once the statements in flight have finished. The call rejects with the reason of
   * the signal, unless all is written.
   *
   * @default {undefined}
   */
  signal?: AbortSignal;
  /**
   * Called after each statement with the totals so far and the outcomes of its jobs. Statements are
   * reported in the order of the jobs.
   *
   * @default {undefined}
   */
  onProgress?: (totals: EnqueueTotals, outcomes: readonly EnqueueOutcome[]) => void;
}

const {
  workflowIDReusePolicy: _workflowIDReusePolicy,
  duplicationPolicy: _duplicationPolicy,
  signal: _signal,
  ...jobChecks
} = enqueueDescription.checks;

const jobDescription: OptionsDescription<EnqueueJob> = describeOptions<EnqueueJob>({
  ...jobChecks,
  args: asArray,
}, {
  workflowIDReusePolicy: "the outcome of a job reports a conflict",
  duplicationPolicy: "the outcome of a job reports a conflict",
  signal: "pass it to enqueueMany()",
});

const manyDescription: OptionsDescription<EnqueueManyOptions> = describeOptions<EnqueueManyOptions>(
  { atomic: asBoolean, signal: asSignal, onProgress: asFunction() },
);

interface PreparedJob {
  readonly options: EnqueueJob;
  readonly job: WorkflowRow;
}

// Larger statements gain little, need more memory on both sides and reduce concurrency.
const maxRows = 500;
const maxCharacters = 1_000_000;
// This many statements in flight keep the server busy while the next ones are prepared.
const maxStatements = 4;

/** Prepares a job. Returns a promise only if its arguments or the schema must be waited for. */
function prepare(
  database: SystemDatabase,
  given: EnqueueJob,
  index: number,
): PreparedJob | Promise<PreparedJob> {
  const name = `jobs[${index}]`;
  const call = `${name} of enqueueMany()`;
  const options = readOptions(call, jobDescription, given);
  checkCombination(call, options);
  checkIndexes(call, options, database.settings.applicationName);
  const toPrepared = (args: Serialized) => ({
    options,
    job: toWorkflowRow(database, args, options, undefined, `${name}.`),
  });
  const args = serializeArgs(database, options, options.args ?? [], `${name}.`);
  if (!(args instanceof Promise) && !usesOptionalColumns(database, options)) {
    return toPrepared(args);
  }
  return Promise.resolve(args).then(async (args) => {
    const prepared = toPrepared(args);
    await requireColumns(database, options);
    return prepared;
  });
}

type Jobs = Iterable<EnqueueJob> | AsyncIterable<EnqueueJob>;

function checkJobs(jobs: unknown): asserts jobs is Jobs {
  const isIterable = typeof jobs === "object" && jobs !== null &&
    (Symbol.iterator in jobs || Symbol.asyncIterator in jobs);
  if (!isIterable) refuseType("jobs of enqueueMany()", jobs, "an array or another iterable");
}

/** Yields the jobs of one statement at a time, prepared on demand. */
async function* group(
  database: SystemDatabase,
  jobs: Jobs,
  atomic: boolean,
  signal: AbortSignal | undefined,
): AsyncGenerator<PreparedJob[]> {
  const endSlice = createSlicer();
  let pending: PreparedJob[] = [];
  let characters = 0;
  let index = 0;

  /** Adds a job. Returns whether the pending jobs fill a statement. */
  function add(prepared: PreparedJob): boolean {
    pending.push(prepared);
    characters += prepared.job.characters;
    return !atomic && (pending.length >= maxRows || characters >= maxCharacters);
  }

  function take(): PreparedJob[] {
    const taken = pending;
    pending = [];
    characters = 0;
    return taken;
  }

  if (Symbol.iterator in jobs) {
    // Awaiting every job would take a sixth longer.
    for (const job of jobs) {
      signal?.throwIfAborted();
      const preparing = prepare(database, job, index++);
      if (add(preparing instanceof Promise ? await preparing : preparing)) yield take();
      const pause = endSlice();
      if (pause) await pause;
    }
  } else {
    for await (const job of signal ? abortableValues(signal, jobs) : jobs) {
      if (add(await prepare(database, job, index++))) yield take();
      const pause = endSlice();
      if (pause) await pause;
    }
  }
  if (pending.length > 0) yield pending;
}

/** The outcome of a job; undefined if the statement did not see what it conflicts with. */
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
  signal: AbortSignal | undefined,
): Promise<EnqueueOutcome[]> {
  const { addAll } = batcherOf(database);
  const outcomes = new Array<EnqueueOutcome>(jobs.length);
  let unsettled = [...jobs.keys()];
  const action = "enqueue one of many workflows";
  try {
    return await retryOnConflict(database, action, transientConflict, async () => {
      const conflicts = await addAll(unsettled.map((position) => jobs[position]!.job), signal);
      await mapInSlices(unsettled, (position, index) => {
        const outcome = toOutcome(jobs[position]!, conflicts[index]);
        if (outcome) outcomes[position] = outcome;
      });
      unsettled = unsettled.filter((position) => !outcomes[position]);
      return unsettled.length === 0 ? outcomes : undefined;
    });
  } catch (error) {
    if (!(error instanceof HiddenRowError)) throw error;
    for (const position of unsettled) {
      const { workflowID } = jobs[position]!.job;
      const error = new HiddenRowError(`enqueue workflow ${workflowID}`);
      outcomes[position] = { workflowID, outcome: "conflicting", error };
    }
    return outcomes;
  }
}

function addUp(totals: EnqueueTotals, outcomes: readonly EnqueueOutcome[]): EnqueueTotals {
  const sums = { ...totals };
  for (const { outcome } of outcomes) sums[outcome]++;
  return sums;
}

type Results = EnqueueOutcome[] | EnqueueTotals;

function countJobs(results: Results): number {
  if (Array.isArray(results)) return results.length;
  const { enqueued, existing, deduplicated, conflicting } = results;
  return enqueued + existing + deduplicated + conflicting;
}

/** All groups, so that nothing has been written if a job is invalid. */
async function collectGroups(groups: AsyncIterable<PreparedJob[]>): Promise<PreparedJob[][]> {
  const collected: PreparedJob[][] = [];
  for await (const jobs of groups) collected.push(jobs);
  return collected;
}

/** Writes the groups, several at a time, and yields their outcomes in order. */
async function* writeGroups(
  database: SystemDatabase,
  groups: Iterable<PreparedJob[]> | AsyncIterable<PreparedJob[]>,
  signal: AbortSignal | undefined,
): AsyncGenerator<EnqueueOutcome[]> {
  const maxInFlight = database.isInTransaction()
    ? 1
    : Math.min(database.adapter.maxConnections, maxStatements);
  const inFlight: Promise<EnqueueOutcome[]>[] = [];
  try {
    for await (const jobs of groups) {
      signal?.throwIfAborted();
      const writing = writeGroup(database, jobs, signal);
      // Avoids an unhandled rejection if it fails before it is awaited.
      writing.catch(() => {});
      inFlight.push(writing);
      if (inFlight.length >= maxInFlight) yield await inFlight.shift()!;
    }
    while (inFlight.length > 0) yield await inFlight.shift()!;
  } finally {
    await Promise.allSettled(inFlight);
  }
}

/**
 * Enqueues many workflows, up to 500 per statement, and returns the outcome of each.
 *
 * A job that exists or conflicts does not fail the others. An invalid job or a database error ends
 * the call; what was written before stays, unless the call is `atomic` or in a transaction that is
 * rolled back. In a transaction, the jobs of an array are all checked before the first is written.
 * With IDs of your own the call can be repeated. An async iterable is read only as fast as its jobs
 * are written, and its jobs are not kept in memory after that.
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
 * @typeParam Workflow The type of the workflow function, which types the arguments. A contract has it.
 * @param client A client, or a driver's pool, connection or transaction.
 * @param jobs The workflows to enqueue.
 * @param options Whether to enqueue all or none, an abort signal and a progress callback.
 * @returns The outcome of each job, in order; for an async iterable, the number of each outcome.
 * @throws {TypeError} If an option has the wrong type, or an argument cannot be serialized.
 * @throws {RangeError} If an option is empty or out of range.
 * @throws {ContractError} If the contract of a job does not allow its arguments.
 * @throws {UnsupportedFeatureError} If the system database has no column for an option.
 */
export async function enqueueMany<Workflow = unknown>(
  client: Client | Driver,
  jobs: Iterable<EnqueueJobOf<Workflow>>,
  options?: EnqueueManyOptions,
): Promise<EnqueueOutcome[]>;
/** Enqueues the workflows of an async iterable, and returns the number of each outcome. */
export async function enqueueMany<Workflow = unknown>(
  client: Client | Driver,
  jobs: AsyncIterable<EnqueueJobOf<Workflow>>,
  options?: EnqueueManyOptions,
): Promise<EnqueueTotals>;
export async function enqueueMany(
  client: Client | Driver,
  jobs: Jobs,
  options: EnqueueManyOptions = {},
): Promise<Results> {
  const database = systemDatabaseOf(client);
  checkJobs(jobs);
  const read = readOptions("enqueueMany()", manyDescription, options);
  const tracing = tracingOf(database, client);
  if (tracing) {
    const call = { name: "enqueueMany()", isSending: true };
    const enqueueUntraced = (client: Client) => enqueueMany(client, jobs as EnqueueJob[], read);
    const toDetails = (results: Results) => ({ count: countJobs(results) });
    return await runInSpan(tracing, call, enqueueUntraced, toDetails);
  }
  const { atomic = false, signal, onProgress } = read;
  // The caller may reuse the array before all of it has been read.
  const given = Array.isArray(jobs) ? [...jobs] : jobs;
  const groups = group(systemDatabaseOf(client, signal), given, atomic, signal);
  const all: EnqueueOutcome[] | undefined = Symbol.iterator in jobs ? [] : undefined;
  let totals: EnqueueTotals = { enqueued: 0, existing: 0, deduplicated: 0, conflicting: 0 };
  return await finishOrAbort(signal, async () => {
    const isWhole = Array.isArray(jobs) && database.isInTransaction();
    const checked = isWhole ? await collectGroups(groups) : groups;
    for await (const outcomes of writeGroups(database, checked, signal)) {
      totals = addUp(totals, outcomes);
      for (const outcome of outcomes) all?.push(outcome);
      onProgress?.(totals, outcomes);
    }
    return all ?? totals;
  });
}

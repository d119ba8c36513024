/** How long calls of 100,000 items keep the event loop from anything else, their rate and memory. */

import pg from "pg";
import {
  cancelWorkflows,
  deleteWorkflows,
  enqueue,
  enqueueMany,
  getResult,
  resumeWorkflows,
  sendMany,
  waitAll,
} from "../mod.ts";
import { args, job, openOfficial } from "./contenders.ts";
import { type BenchOptions, formatMs, formatRate, median, type Row } from "./measure.ts";

type Run = (workflowIDs: string[]) => Promise<unknown>;

interface Work {
  readonly name: string;
  readonly run: Run;
  /** The same with the official client, if it can do that. */
  readonly official?: Run;
  /** Makes what the work is done with, or undoes it. */
  readonly prepare?: Run;
}

interface Figures {
  readonly stallMs: number;
  readonly perSecond: number;
  readonly bytes: number;
}

const sampleIntervalMs = 20;

/**
 * Observes a call with a timer of a millisecond: the longest time between two of its turns is the longest
 * stall. The memory is what the call adds to the heap, with what has not been collected yet.
 */
async function observe(count: number, run: () => Promise<unknown>): Promise<Figures> {
  let stallMs = 0;
  let lastAt = performance.now();
  let sampledAt = -Infinity;
  const bytes: number[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;
  function tick(): void {
    stallMs = Math.max(stallMs, performance.now() - lastAt);
    if (performance.now() - sampledAt >= sampleIntervalMs) {
      const { heapUsed, external } = Deno.memoryUsage();
      bytes.push(heapUsed + external);
      sampledAt = performance.now();
    }
    lastAt = performance.now();
    timer = setTimeout(tick, 1);
  }
  tick();
  const startedAt = performance.now();
  await run();
  const perSecond = count / (performance.now() - startedAt) * 1000;
  await new Promise((resolve) => setTimeout(resolve, 2));
  clearTimeout(timer);
  return { stallMs, perSecond, bytes: Math.max(...bytes) - bytes[0]! };
}

async function openWorks(url: string, resources: AsyncDisposableStack): Promise<Work[]> {
  const official = await openOfficial(url, resources);
  const pool = new pg.Pool({ connectionString: url, max: 10 });
  resources.defer(() => pool.end());
  const toJob = (workflowID: string) => ({ ...job, workflowID, args: [...args] });
  const makeJobs = (workflowIDs: string[]) => workflowIDs.values().map(toJob);
  async function* readJobs(workflowIDs: string[]) {
    yield* makeJobs(workflowIDs);
  }
  const create: Run = (workflowIDs) => enqueueMany(pool, makeJobs(workflowIDs));
  const remove: Run = (workflowIDs) => deleteWorkflows(pool, workflowIDs);
  const cancel: Run = (workflowIDs) => cancelWorkflows(pool, workflowIDs);
  return [
    { name: "enqueueMany() of an iterable", prepare: remove, run: create },
    {
      name: "enqueueMany() of an async iterable",
      prepare: remove,
      run: (workflowIDs) => enqueueMany(pool, readJobs(workflowIDs)),
    },
    {
      name: "enqueueMany(), atomic",
      prepare: remove,
      run: (workflowIDs) => enqueueMany(pool, makeJobs(workflowIDs), { atomic: true }),
    },
    {
      // The loop that makes the calls belongs to the program, and is a stall of its own.
      name: "enqueue() in one loop",
      prepare: remove,
      run: (workflowIDs) =>
        Promise.all(
          workflowIDs.map((workflowID) => enqueue(pool, { ...job, workflowID }, ...args)),
        ),
    },
    {
      name: "sendMany()",
      run: (workflowIDs) =>
        sendMany(pool, workflowIDs.map((destinationID) => ({ destinationID, message: args }))),
    },
    {
      name: "cancelWorkflows()",
      prepare: (workflowIDs) => resumeWorkflows(pool, workflowIDs),
      run: cancel,
      official: (workflowIDs) => official.cancelWorkflows(workflowIDs),
    },
    { name: "waitAll()", run: (workflowIDs) => waitAll(pool, workflowIDs) },
    {
      name: "getResult() in one loop",
      run: (workflowIDs) =>
        Promise.allSettled(workflowIDs.map((workflowID) => getResult(pool, workflowID))),
    },
    {
      name: "resumeWorkflows()",
      prepare: cancel,
      run: (workflowIDs) => resumeWorkflows(pool, workflowIDs),
      official: (workflowIDs) => official.resumeWorkflows(workflowIDs),
    },
    {
      name: "deleteWorkflows()",
      prepare: create,
      run: remove,
      official: (workflowIDs) => official.deleteWorkflows(workflowIDs),
    },
  ];
}

function toRows(work: string, official: Figures | undefined, ours: Figures): Row[] {
  const toMegabytes = ({ bytes }: Figures) => `${(bytes / 1e6).toFixed(0)} MB`;
  const toRow = (what: string, format: (figures: Figures) => string, ratio?: number): Row => ({
    work: `${work}: ${what}`,
    official: official ? format(official) : "",
    ours: format(ours),
    ratio,
  });
  return [
    toRow(
      "longest stall",
      ({ stallMs }) => formatMs(stallMs),
      official && official.stallMs / ours.stallMs,
    ),
    toRow(
      "rate",
      ({ perSecond }) => formatRate(perSecond),
      official && ours.perSecond / official.perSecond,
    ),
    toRow("memory", toMegabytes),
  ];
}

export async function compareStalls({ url, rounds, isShort }: BenchOptions): Promise<Row[]> {
  await using resources = new AsyncDisposableStack();
  const works = await openWorks(url, resources);
  const count = isShort ? 2000 : 100_000;
  const workflowIDs = Array.from({ length: count }, (_, index) => `workflow-${index}`);
  const rows: Row[] = [];
  for (const { name, run, official, prepare } of works) {
    const medianOf = (all: readonly Figures[], figure: keyof Figures) =>
      median(all.map((figures) => figures[figure]));
    const contenders = official ? [run, official] : [run];
    const figures = contenders.map((): Figures[] => []);
    for (let round = 0; round < Math.min(rounds, 3); round++) {
      for (const [index, contender] of contenders.entries()) {
        await prepare?.(workflowIDs);
        figures[index]!.push(await observe(count, () => contender(workflowIDs)));
      }
    }
    const [ours, theirs] = figures.map((all): Figures => ({
      stallMs: medianOf(all, "stallMs"),
      perSecond: medianOf(all, "perSecond"),
      bytes: medianOf(all, "bytes"),
    }));
    rows.push(...toRows(`${name} of ${count}`, theirs, ours!));
  }
  return rows;
}

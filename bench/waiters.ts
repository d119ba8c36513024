/** The load of many waiters on the server, and the latency until they have their results. */

import process from "node:process";
import { cancelWorkflows, connect, enqueueMany, getResult } from "../mod.ts";
import { job, openOfficial } from "./contenders.ts";
import {
  type BenchOptions,
  formatCpu,
  formatMs,
  formatRate,
  mean,
  median,
  type Row,
  toCostRow,
} from "./measure.ts";
import { type Load, measureLoad } from "./server_load.ts";

export interface WaiterFigures extends Load {
  /** The share of one CPU that this process uses. */
  readonly clientCpu: number;
  /** The mean time from the end of all workflows until a waiter has its result. */
  readonly latencyMs: number;
}

/** Opens a client, and returns its function that waits for a result. */
export type OpenWait = (
  url: string,
  resources: AsyncDisposableStack,
) => Promise<(workflowID: string) => Promise<unknown>>;

export const openOfficialWait: OpenWait = async (url, resources) => {
  const client = await openOfficial(url, resources);
  return (workflowID) => client.retrieveWorkflow(workflowID).getResult();
};

export const openOurWait: OpenWait = async (url, resources) => {
  const client = resources.use(await connect(url));
  return (workflowID) => getResult(client, workflowID);
};

/** Waits for this many workflows at once, and then ends them all. */
export async function measureWaiters(
  url: string,
  count: number,
  windowMs: number,
  openWait: OpenWait,
): Promise<WaiterFigures> {
  await using resources = new AsyncDisposableStack();
  const controlClient = resources.use(await connect(url));
  const enqueued = await enqueueMany(controlClient, Array.from({ length: count }, () => job));
  const workflowIDs = enqueued.map(({ workflowID }) => workflowID);
  const wait = await openWait(url, resources);
  // Cancelled workflows make their waiters throw.
  const waits = workflowIDs.map((workflowID) =>
    wait(workflowID).catch(() => {}).then(() => performance.now())
  );
  // Until the frequent polls at the beginning are over.
  await new Promise((resolve) => setTimeout(resolve, windowMs / 2));
  const cpuBefore = process.cpuUsage();
  const load = await measureLoad(url, windowMs);
  const { user, system } = process.cpuUsage(cpuBefore);
  // A random part of a polling interval, so that the end is not always at the same point of it.
  await new Promise((resolve) => setTimeout(resolve, Math.random() * 1000));
  await cancelWorkflows(controlClient, workflowIDs);
  const endedAt = performance.now();
  const seenAt = await Promise.all(waits);
  return {
    ...load,
    clientCpu: (user + system) / 1000 / windowMs,
    latencyMs: mean(seenAt.map((at) => at - endedAt)),
  };
}

function toMedians(figures: readonly WaiterFigures[]): WaiterFigures {
  const cpus = figures.flatMap(({ cpu }) => cpu ?? []);
  return {
    statementsPerSecond: median(figures.map(({ statementsPerSecond }) => statementsPerSecond)),
    clientCpu: median(figures.map(({ clientCpu }) => clientCpu)),
    cpu: cpus.length > 0 ? median(cpus) : undefined,
    connections: median(figures.map(({ connections }) => connections)),
    latencyMs: median(figures.map(({ latencyMs }) => latencyMs)),
  };
}

export async function compareWaiters(options: BenchOptions): Promise<Row[]> {
  const { url, isShort } = options;
  // Shorter windows are inaccurate, because a connection reports its statements once a second.
  const windowMs = isShort ? 1000 : 10_000;
  const rounds = Math.min(options.rounds, 3);
  const rows: Row[] = [];
  for (const count of [1, 1000]) {
    const official: WaiterFigures[] = [];
    const ours: WaiterFigures[] = [];
    for (let round = 0; round < rounds; round++) {
      official.push(await measureWaiters(url, count, windowMs, openOfficialWait));
      ours.push(await measureWaiters(url, count, windowMs, openOurWait));
    }
    rows.push(...toRows(count, toMedians(official), toMedians(ours)));
  }
  const maxCount = isShort ? 2000 : 10_000;
  const { statementsPerSecond, cpu, latencyMs } = await measureWaiters(
    url,
    maxCount,
    windowMs,
    openOurWait,
  );
  const alone = { official: "", ratio: undefined };
  rows.push(
    { work: `statements, ${maxCount} waiting`, ours: formatRate(statementsPerSecond), ...alone },
    ...(cpu === undefined
      ? []
      : [{ work: `server CPU, ${maxCount} waiting`, ours: formatCpu(cpu), ...alone }]),
    { work: `result latency, mean, ${maxCount} waiting`, ours: formatMs(latencyMs), ...alone },
  );
  return rows;
}

function toRows(count: number, official: WaiterFigures, ours: WaiterFigures): Row[] {
  const row = (
    work: string,
    figure: "statementsPerSecond" | "cpu" | "latencyMs",
    format: (figure: number) => string,
  ) => {
    const [official_, ours_] = [official[figure], ours[figure]];
    if (official_ === undefined || ours_ === undefined) return [];
    return [toCostRow(`${work}, ${count} waiting`, official_, ours_, format)];
  };
  return [
    ...row("statements", "statementsPerSecond", formatRate),
    ...(count > 1 ? row("server CPU", "cpu", formatCpu) : []),
    ...row("result latency, mean", "latencyMs", formatMs),
  ];
}

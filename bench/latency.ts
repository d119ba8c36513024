/** The latency from the commit of an event, and from the end of a workflow, to its waiters. */

import { DBOS } from "@dbos-inc/dbos-sdk";
import pg from "pg";
import { connect, enqueue, getEvent, getResult, getStatus } from "../mod.ts";
import { applyScript } from "../tests/support/scripts.ts";
import { launchApp, shutdownApp } from "../tests/support/worker_app.ts";
import { openOfficial } from "./contenders.ts";
import { type BenchOptions, formatMs, mean, type Row, toCostRow } from "./measure.ts";

const samplesPerRound = 4;

function now(): number {
  return performance.timeOrigin + performance.now();
}

const setAt = new Map<string, number>();

// The worker runs in this process, so that both read the same clock.
DBOS.registerWorkflow(async (delayMs: number) => {
  await new Promise((resolve) => setTimeout(resolve, delayMs));
  await DBOS.setEvent("done", true);
  setAt.set(DBOS.workflowID!, now());
}, { name: "setEventAfter" });

interface Waiter {
  readonly name: string;
  waitForEvent?(workflowID: string): Promise<unknown>;
  waitForResult?(workflowID: string): Promise<unknown>;
}

async function installTrigger(url: string): Promise<void> {
  const connection = new pg.Client({ connectionString: url });
  await connection.connect();
  await applyScript(connection, "extras/notify_completion", { schema: "dbos" });
  await connection.end();
}

async function openWaiters(url: string, resources: AsyncDisposableStack): Promise<Waiter[]> {
  const official = await openOfficial(url, resources);
  const listening = resources.use(await connect(url));
  const polling = resources.use(await connect(url, { listen: false }));
  return [
    {
      name: "official",
      waitForEvent: (workflowID) => official.getEvent(workflowID, "done", 60),
      waitForResult: (workflowID) => official.retrieveWorkflow(workflowID).getResult(),
    },
    {
      name: "with LISTEN",
      waitForEvent: (workflowID) => getEvent(listening, workflowID, "done"),
    },
    {
      name: "with the trigger",
      waitForResult: (workflowID) => getResult(listening, workflowID),
    },
    {
      name: "polling only",
      waitForEvent: (workflowID) => getEvent(polling, workflowID, "done"),
      waitForResult: (workflowID) => getResult(polling, workflowID),
    },
  ];
}

export async function compareLatency({ url, rounds, isShort }: BenchOptions): Promise<Row[]> {
  await launchApp({ systemDatabaseUrl: url });
  await using resources = new AsyncDisposableStack();
  resources.defer(shutdownApp);
  await installTrigger(url);
  const client = resources.use(await connect(url));
  const waiters = await openWaiters(url, resources);
  const eventLatencies = waiters.map((): number[] => []);
  const resultLatencies = waiters.map((): number[] => []);

  /** All waiters wait for the same workflow, so that the time of its end favors none. */
  async function sample(
    workflowName: string,
    maxDelayMs: number,
    latencies: number[][],
    waitOf: (waiter: Waiter) => Waiter["waitForResult"],
    timeOf: (workflowID: string) => number | Promise<number>,
  ): Promise<void> {
    const delayMs = Math.round(Math.random() * maxDelayMs);
    const options = { workflowName, queueName: "tasks" };
    const { workflowID } = await enqueue(client, options, delayMs);
    const seenAt = await Promise.all(waiters.map(async (waiter) => {
      const wait = waitOf(waiter);
      if (!wait) return undefined;
      await wait(workflowID);
      return now();
    }));
    const occurredAt = await timeOf(workflowID);
    seenAt.forEach((at, index) => at && latencies[index]!.push(at - occurredAt));
  }

  const sampleEvent = () =>
    sample(
      "setEventAfter",
      isShort ? 1000 : 10_000,
      eventLatencies,
      (waiter) => waiter.waitForEvent,
      (workflowID) => setAt.get(workflowID)!,
    );
  const sampleResult = () =>
    sample(
      "sleepFor",
      isShort ? 500 : 2000,
      resultLatencies,
      (waiter) => waiter.waitForResult,
      async (workflowID) => (await getStatus(client, workflowID))!.completedAt!,
    );
  for (let round = 0; round < rounds; round++) {
    for (const sampleOne of [sampleEvent, sampleResult]) {
      await Promise.all(Array.from({ length: samplesPerRound }, sampleOne));
    }
  }

  const toRows = (work: string, [official, ...ours]: number[][]) =>
    ours.flatMap((latencies, index) =>
      latencies.length === 0 ? [] : toCostRow(
        `${work}, mean, ${waiters[index + 1]!.name}`,
        mean(official!),
        mean(latencies),
        formatMs,
      )
    );
  return [
    ...toRows("event latency after commit", eventLatencies),
    ...toRows("result latency after completion", resultLatencies),
  ];
}

/** The rate at which single calls enqueue workflows. */

import { type Driver, enqueue } from "../mod.ts";
import { args, job, openOfficial, openOurs } from "./contenders.ts";
import { startDelayingProxy } from "./delaying_proxy.ts";
import { type BenchOptions, measureRate, type Row } from "./measure.ts";
import { compareWithPgbench, createPgbench } from "./pgbench.ts";
import { repeatWithDrivers } from "./recorded_statement.ts";

const repeatedCall = {
  run: (connection: Driver) => enqueue(connection, job, ...args),
  clients: 1,
  isPrepared: true,
};

async function compareAt(
  url: string,
  roundTripMs: number,
  concurrencies: readonly number[],
  { rounds, roundMs }: BenchOptions,
): Promise<Row[]> {
  await using resources = new AsyncDisposableStack();
  const official = await openOfficial(url, resources);
  const ours = await openOurs(url, resources);
  const rows: Row[] = [];
  const limits = roundTripMs === 0 ? await repeatWithDrivers(url, repeatedCall.run, resources) : [];
  for (const inFlight of concurrencies) {
    const isAlone = inFlight === 1 && roundTripMs === 0;
    const contenders = [
      { name: "official", run: () => official.enqueuePortable(job, [...args]) },
      ...ours.map(({ name, client }) => ({ name, run: () => enqueue(client, job, ...args) })),
      ...(isAlone ? limits : []),
    ].map(({ name, run }) => ({ name, measure: () => measureRate(roundMs, inFlight, run) }));
    // One connection of pgbench has one statement in flight, and no proxy.
    const pgbench = isAlone
      ? await createPgbench(url, repeatedCall, roundMs, resources)
      : undefined;
    const work = `enqueue, ${inFlight} in flight, ${roundTripMs} ms`;
    rows.push(...await compareWithPgbench(work, contenders, pgbench, rounds));
  }
  return rows;
}

export async function compareEnqueue(options: BenchOptions): Promise<Row[]> {
  const rows = await compareAt(options.url, 0, [1, 32, 512], options);
  for (const roundTripMs of [2, 20]) {
    await using proxy = await startDelayingProxy(options.url, roundTripMs);
    rows.push(...await compareAt(proxy.url, roundTripMs, [1, 32], options));
  }
  return rows;
}

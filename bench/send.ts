/** The rate at which single calls send messages. */

import { type Client, type Driver, enqueue, send } from "../mod.ts";
import { args, job, openOfficial, openOurs } from "./contenders.ts";
import { type BenchOptions, measureRate, type Row } from "./measure.ts";
import { compareWithPgbench, createPgbench } from "./pgbench.ts";
import { repeatWithDrivers } from "./recorded_statement.ts";

export async function compareSend({ url, rounds, roundMs }: BenchOptions): Promise<Row[]> {
  await using resources = new AsyncDisposableStack();
  const official = await openOfficial(url, resources);
  const ours = await openOurs(url, resources);
  const workflowID = "destination";
  await enqueue(ours[0]!.client, { ...job, workflowID }, ...args);
  const message = { approved: true };
  const sendFrom = (client: Client | Driver) =>
    send(client, workflowID, message, { topic: "approval" });
  const limits = await repeatWithDrivers(url, sendFrom, resources);
  const repeatedCall = { run: sendFrom, clients: 1, isPrepared: true };
  const rows: Row[] = [];
  for (const inFlight of [1, 32]) {
    const contenders = [
      { name: "official", run: () => official.send(workflowID, message, "approval") },
      ...ours.map(({ name, client }) => ({
        name,
        run: () => sendFrom(client),
      })),
      ...(inFlight === 1 ? limits : []),
    ].map(({ name, run }) => ({ name, measure: () => measureRate(roundMs, inFlight, run) }));
    // One connection of pgbench has one statement in flight.
    const pgbench = inFlight === 1
      ? await createPgbench(url, repeatedCall, roundMs, resources)
      : undefined;
    const work = `send, ${inFlight} in flight, 0 ms`;
    rows.push(...await compareWithPgbench(work, contenders, pgbench, rounds));
  }
  return rows;
}

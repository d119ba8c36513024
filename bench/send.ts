/** The rate at which single calls send messages. */

import { enqueue, send } from "../mod.ts";
import { args, job, openOfficial, openOurs } from "./contenders.ts";
import { type BenchOptions, compare, measureRate, type Row, toRateRows } from "./measure.ts";

export async function compareSend({ url, rounds, roundMs }: BenchOptions): Promise<Row[]> {
  await using resources = new AsyncDisposableStack();
  const official = await openOfficial(url, resources);
  const ours = await openOurs(url, resources);
  const { workflowID } = await enqueue(ours[0]!.client, job, ...args);
  const message = { approved: true };
  const rows: Row[] = [];
  for (const inFlight of [1, 32]) {
    const contenders = [
      { name: "official", run: () => official.send(workflowID, message, "approval") },
      ...ours.map(({ name, client }) => ({
        name,
        run: () => send(client, workflowID, message, { topic: "approval" }),
      })),
    ].map(({ name, run }) => ({ name, measure: () => measureRate(roundMs, inFlight, run) }));
    const work = `send, ${inFlight} in flight, 0 ms`;
    rows.push(...toRateRows(work, contenders, await compare(contenders, rounds)));
  }
  return rows;
}

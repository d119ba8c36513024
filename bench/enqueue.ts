/** How many workflows a second are enqueued, by the official client and by this one. */

import { DBOSClient } from "@dbos-inc/dbos-sdk";
import pg from "pg";
import postgres from "postgres";
import { connect, enqueue } from "../mod.ts";
import { compareRates, type Contender, type Rounds } from "./measure.ts";

const options = { workflowName: "echo", queueName: "idle" };
const args = [1, "two", { three: 3 }] as const;
const max = 10;

export async function compareEnqueue(url: string, rounds: Rounds): Promise<void> {
  await using resources = new AsyncDisposableStack();
  const official = await DBOSClient.create({ systemDatabaseUrl: url });
  resources.defer(() => official.destroy());
  const pool = new pg.Pool({ connectionString: url, max });
  resources.defer(() => pool.end());
  const sql = postgres(url, { max, fetch_types: false });
  resources.defer(() => sql.end());
  const client = resources.use(await connect(url));

  const contenders: Contender[] = [
    {
      name: "official client",
      run: () => official.enqueuePortable(options, [...args]),
    },
    { name: "npm:pg", run: () => enqueue(pool, options, ...args) },
    { name: "npm:postgres", run: () => enqueue(sql, options, ...args) },
    { name: "connect()", run: () => enqueue(client, options, ...args) },
  ];
  for (const inFlight of [1, 32, 512]) {
    console.log(`enqueue, ${inFlight} in flight, ${max} connections`);
    for (const { name, perSecond, ratio } of await compareRates(contenders, inFlight, rounds)) {
      const rate = `${Math.round(perSecond)} a second`;
      console.log(`  ${name.padEnd(16)} ${rate.padStart(16)} ${ratio.toFixed(2).padStart(8)} ×`);
    }
  }
}

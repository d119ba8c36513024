/**
 * `deno run -A bench/notify_completion.ts [--workers N] [--rounds N]`: what the trigger of
 * sql/extras/notify_completion.sql costs workers, on a server that flushes to the disk. Prints how many
 * workflows end per second without it, with it, and while a client listens.
 */
import { parseArgs } from "node:util";
import pg from "pg";
import { migrate } from "../tests/support/migrate.ts";
import { startPostgresServer } from "../tests/support/postgres_server.ts";
import { applyScript } from "../tests/support/scripts.ts";
import { measureRate, median } from "./measure.ts";

const { values } = parseArgs({
  options: {
    workers: { type: "string", default: "16" },
    rounds: { type: "string", default: "5" },
  },
});
const roundMs = 1000;

const modes = {
  "without the trigger": ["disable", "unlisten *"],
  "with the trigger": ["enable", "unlisten *"],
  "with a client that listens": ["enable", "listen dbos_client_completions"],
} as const;

await using resources = new AsyncDisposableStack();
const server = await startPostgresServer(() => Promise.resolve({ fsync: "on" }));
resources.defer(() => server.stop());

async function connect(): Promise<pg.Client> {
  const connection = new pg.Client({ connectionString: server.url });
  await connection.connect();
  resources.defer(() => connection.end());
  return connection;
}

const owner = await connect();
const listener = await connect();
await migrate(owner);
await applyScript(owner, "extras/notify_completion", { schema: "dbos" });

const idle = await Promise.all(Array.from({ length: Number(values.workers) }, connect));
let count = 0;

/** Writes the end of a new workflow, on a connection that no other one uses. */
async function endOne(): Promise<void> {
  const worker = idle.pop()!;
  await worker.query({
    name: "end",
    text: "insert into dbos.workflow_status (workflow_uuid, status) values ($1, 'SUCCESS')",
    values: [`workflow-${count++}`],
  });
  idle.push(worker);
}

const rates = Object.fromEntries(Object.keys(modes).map((mode) => [mode, [] as number[]]));
for (let round = 0; round < Number(values.rounds); round++) {
  for (const [mode, [action, subscription]] of Object.entries(modes)) {
    await owner.query(`alter table dbos.workflow_status ${action} trigger notify_completion_v1`);
    await listener.query(subscription);
    rates[mode]!.push(await measureRate(roundMs, idle.length, endOne));
  }
}
const base = median(rates["without the trigger"]!);
for (const [mode, all] of Object.entries(rates)) {
  const rate = median(all);
  console.log(`${mode}: ${Math.round(rate)} per second, ${(rate / base).toFixed(2)} ×`);
}

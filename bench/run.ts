/**
 * `deno task bench [--only name,name] [--rounds N] [--round-ms MS] [--short] [--output FILE]`:
 * compares this client with the official one, with pgbench and with other job queues, in one run on a
 * Postgres of its own, or on that of DBOS_TEST_DATABASE_URL. Prints a table of ratios. `--short` only
 * checks that every bench runs. Rows about pgbench are left out where it is not installed, and those of
 * `peers` without Python's venv or psql.
 */
import { parseArgs } from "node:util";
import { createTestDatabase } from "../tests/support/database.ts";
import { populate } from "../tests/support/populate.ts";
import { startPostgresServer } from "../tests/support/postgres_server.ts";
import { compareBundleSize } from "./bundle_size.ts";
import { compareClients } from "./clients.ts";
import { compareCalls } from "./calls.ts";
import { compareColdStart } from "./cold_start.ts";
import { compareEnqueue } from "./enqueue.ts";
import { compareEnqueueMany } from "./enqueue_many.ts";
import { compareLatency } from "./latency.ts";
import { compareLists } from "./list.ts";
import type { BenchOptions, Row } from "./measure.ts";
import { comparePeers } from "./peers.ts";
import { compareSend } from "./send.ts";
import { compareStalls } from "./stalls.ts";
import { compareWaiters } from "./waiters.ts";
import { describeMachine, formatTable } from "./table.ts";

const benches: Record<string, (options: BenchOptions) => Promise<Row[]>> = {
  "bundle-size": compareBundleSize,
  "cold-start": compareColdStart,
  enqueue: compareEnqueue,
  "enqueue-many": compareEnqueueMany,
  send: compareSend,
  calls: compareCalls,
  peers: comparePeers,
  latency: compareLatency,
  waiters: compareWaiters,
  clients: compareClients,
  list: compareLists,
  stalls: compareStalls,
};

const { values } = parseArgs({
  options: {
    only: { type: "string", default: Object.keys(benches).join() },
    rounds: { type: "string" },
    "round-ms": { type: "string" },
    short: { type: "boolean", default: false },
    output: { type: "string" },
  },
});
const names = values.only.split(",");
const unknown = names.find((name) => !Object.hasOwn(benches, name));
if (unknown !== undefined) {
  throw new Error(
    `Cannot run ${unknown}: unknown bench, expected ${Object.keys(benches).join(", ")}`,
  );
}
const options = {
  rounds: Number(values.rounds ?? (values.short ? 1 : 7)),
  roundMs: Number(values["round-ms"] ?? (values.short ? 50 : 1000)),
  isShort: values.short,
};

await using resources = new AsyncDisposableStack();
if (!Deno.env.has("DBOS_TEST_DATABASE_URL")) {
  const server = await startPostgresServer();
  resources.defer(() => server.stop());
  Deno.env.set("DBOS_TEST_DATABASE_URL", server.url);
}

const rows: Row[] = [];
for (const name of names) {
  await using database = await createTestDatabase();
  // Creates the tables. Some benches fill them.
  await populate(database.url, 0);
  const startedAt = performance.now();
  rows.push(...await benches[name]!({ ...options, url: database.url }));
  console.error(`${name}: ${((performance.now() - startedAt) / 1000).toFixed(1)} s`);
}

const table = formatTable(rows);
console.log(table);
if (values.output) {
  const machine = await describeMachine(Deno.env.get("DBOS_TEST_DATABASE_URL")!);
  await Deno.writeTextFile(
    values.output,
    `# Results of \`deno task bench\`

How many times better this client is than the official TypeScript client 5.3.0, both in Deno and in
interleaved rounds of one run. A time after "in flight", such as "2 ms", is what a proxy adds to
each round trip to the database. Pools have at most 10 connections, and 2 in each of 100 processes.

A name in parentheses is that of what a row compares with instead: pgbench, which repeats the same
statement, or another job queue from npm on the same server, with the same payload and a pool of 10
connections too. \`(npm:pg alone)\`, on one connection, \`(a pool of npm:pg alone)\` and
\`(npm:postgres alone)\` repeat the messages of the same statement, which is the limit of a client that
uses them. For long stalls the limit is npm:pg alone, which sends the same statement, or as many calls
of a function that only reads its options, serializes the arguments and awaits a promise. This client
sends the calls of one function that are in flight at the same time in shared statements; with 1 in
flight there is nothing to share.

- Medians of ${options.rounds} rounds of ${options.roundMs} ms, after a second of calls that are not
  measured; rows of processes have one round
${machine}

${table}
`,
  );
}

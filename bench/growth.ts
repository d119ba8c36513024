/**
 * `deno task bench:growth [--only workflows,scans,waiters] [--workflows N] [--waiters N] [--rounds N]
 * [--round-ms MS] [--short] [--keep] [--output FOLDER]`: how the cost of calls grows with the workflows
 * in the database, and with the waits in progress, for this client and the official one, on a Postgres
 * of its own or on that of DBOS_TEST_DATABASE_URL. Prints tables; `--output` writes `growth.json`,
 * `GROWTH.md` and `growth.svg`, and keeps the figures of the part that was not measured.
 *
 * A million workflows take a minute to fill in. `--keep` leaves the databases for another run, which
 * does not drop them either.
 */
import { parseArgs } from "node:util";
import { createTestDatabase } from "../tests/support/database.ts";
import { populate } from "../tests/support/populate.ts";
import { startPostgresServer } from "../tests/support/postgres_server.ts";
import { describeGrowth, formatGrowth, type Growth } from "./growth_report.ts";
import { measureWaiterGrowth } from "./growth_waiters.ts";
import {
  createSizedDatabases,
  indexedWorks,
  measureWorkflowGrowth,
  scanningWorks,
} from "./growth_workflows.ts";
import { plotGrowth } from "./growth_plot.ts";
import { describeMachine } from "./table.ts";

const { values } = parseArgs({
  options: {
    only: { type: "string", default: "workflows,scans,waiters" },
    workflows: { type: "string" },
    waiters: { type: "string" },
    rounds: { type: "string" },
    "round-ms": { type: "string" },
    short: { type: "boolean", default: false },
    keep: { type: "boolean", default: false },
    output: { type: "string" },
  },
});
const parts = values.only.split(",") as (keyof Growth)[];
const unknown = parts.find((part) => !["workflows", "scans", "waiters"].includes(part));
if (unknown !== undefined) {
  throw new Error(`Cannot run ${unknown}: unknown part, expected workflows, scans or waiters`);
}

/** Powers of ten. */
function sizesUntil(min: number, max: number): number[] {
  const sizes = [];
  for (let size = min; size <= max; size *= 10) sizes.push(size);
  return sizes;
}

const workflows = sizesUntil(
  values.short ? 100 : 1000,
  Number(values.workflows ?? (values.short ? 1000 : 1_000_000)),
);
const waiters = sizesUntil(1, Number(values.waiters ?? (values.short ? 100 : 100_000)));

await using resources = new AsyncDisposableStack();
if (!Deno.env.has("DBOS_TEST_DATABASE_URL")) {
  const server = await startPostgresServer();
  resources.defer(() => server.stop());
  Deno.env.set("DBOS_TEST_DATABASE_URL", server.url);
}
// Without the folder, which may name a user.
const flags = Deno.args.join(" ").replace(/--output[= ]\S+ ?/, "");
const command = `deno task bench:growth ${flags}`.trim();
const machine = await describeMachine(Deno.env.get("DBOS_TEST_DATABASE_URL")!);

const growth: Partial<Growth> = {};
{
  const rounds = Number(values.rounds ?? (values.short ? 1 : 5));
  const roundMs = Number(values["round-ms"] ?? (values.short ? 10 : 100));
  const works = { workflows: indexedWorks, scans: scanningWorks };
  await using databases = new AsyncDisposableStack();
  const urls = await createSizedDatabases(
    parts.some((part) => part !== "waiters") ? workflows : [],
    { prefix: values.short ? "dbos_growth_short" : "dbos_growth", isKept: values.keep },
    databases,
  );
  for (const part of ["workflows", "scans"] as const) {
    if (!parts.includes(part)) continue;
    const series = await measureWorkflowGrowth(works[part], urls, rounds, roundMs);
    growth[part] = { command, machine, sizes: workflows, series };
  }
}
if (parts.includes("waiters")) {
  await using database = await createTestDatabase();
  await populate(database.url, values.short ? 1000 : 100_000);
  const windowMs = Number(values["round-ms"] ?? (values.short ? 1000 : 5000));
  const series = await measureWaiterGrowth(database.url, waiters, windowMs);
  growth.waiters = { command, machine, sizes: waiters, series };
}

for (const part of parts) console.log(`${formatGrowth(part, growth[part]!)}\n`);
if (values.output) {
  const rawFile = `${values.output}/growth.json`;
  const earlier = await Deno.readTextFile(rawFile).then(JSON.parse, () => ({}));
  const all = { ...earlier, ...growth };
  await Deno.writeTextFile(rawFile, `${JSON.stringify(all, null, 2)}\n`);
  await Deno.writeTextFile(`${values.output}/GROWTH.md`, describeGrowth(all));
  await Deno.writeTextFile(`${values.output}/growth.svg`, plotGrowth(all));
}

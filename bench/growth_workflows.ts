/** The cost of calls by the number of workflows in the database. */

import type { DBOSClient } from "@dbos-inc/dbos-sdk";
import pg from "pg";
import {
  type Client,
  connect,
  countWorkflows,
  createClient,
  enqueue,
  enqueueMany,
  getResult,
  listWorkflows,
  type ListWorkflowsOptions,
} from "../mod.ts";
import { execute } from "../tests/support/database.ts";
import { populate } from "../tests/support/populate.ts";
import { args, job, openOfficial } from "./contenders.ts";
import type { Series } from "./growth_report.ts";
import { compare, measureRate } from "./measure.ts";

/** A database of some size, and what is measured in it. */
interface Sized {
  readonly official: DBOSClient;
  readonly ours: Client;
  /** A client whose statements are timed, in the order in which they end. */
  readonly timed: Client;
  readonly statementMs: number[];
  /** The newest workflows that have ended. */
  readonly endedIDs: readonly string[];
  readonly waitingIDs: readonly string[];
  /** Deletes the workflows that were enqueued. */
  clear(): Promise<void>;
}

const count = 100;
const enqueuedPerRound = 500;
const waitingJob = { workflowName: "echo", queueName: "waiting" };

/** Creates a database with this many workflows, unless an earlier run has left it. */
async function createSizedDatabase(
  size: number,
  { prefix, isKept }: SizedDatabaseOptions,
  resources: AsyncDisposableStack,
): Promise<string> {
  const serverUrl = Deno.env.get("DBOS_TEST_DATABASE_URL")!;
  const url = new URL(serverUrl);
  const name = `${prefix}_${size}`;
  url.pathname = `/${name}`;
  const server = new pg.Client({ connectionString: serverUrl });
  await server.connect();
  try {
    const { rowCount } = await server.query("select from pg_database where datname = $1", [name]);
    if (rowCount) return url.href;
    // A run that ends in between leaves no database of the final name.
    const unfinished = new URL(url);
    unfinished.pathname = `/${name}_unfinished`;
    await server.query(`drop database if exists ${name}_unfinished`);
    await server.query(`create database ${name}_unfinished`);
    let created = `${name}_unfinished`;
    if (!isKept) resources.defer(() => execute(serverUrl, `drop database ${created} with (force)`));
    await populate(unfinished.href, size);
    await server.query(`alter database ${name}_unfinished rename to ${name}`);
    created = name;
    return url.href;
  } finally {
    await server.end();
  }
}

async function open(url: string, resources: AsyncDisposableStack): Promise<Sized> {
  const official = await openOfficial(url, resources);
  const ours = resources.use(await connect(url));
  const pool = new pg.Pool({ connectionString: url });
  resources.defer(() => pool.end());
  const statementMs: number[] = [];
  const timed = createClient({
    async query(text, values) {
      const startedAt = performance.now();
      const { rows } = await pool.query({ text, values: [...values], rowMode: "array" });
      statementMs.push(performance.now() - startedAt);
      return rows;
    },
  });
  const newest = { status: "SUCCESS", sortDesc: true, limit: count } as const;
  const ended = await listWorkflows(ours, newest);
  const waitingIDs = Array.from({ length: count }, (_, index) => `growth-waiting-${index}`);
  await enqueueMany(ours, waitingIDs.map((workflowID) => ({ ...waitingJob, workflowID })));
  return {
    official,
    ours,
    timed,
    statementMs,
    endedIDs: ended.map(({ workflowID }) => workflowID),
    waitingIDs,
    // The workflows of populate() are older.
    async clear() {
      await pool.query(`
        delete from dbos.workflow_status
        where created_at > 1750000000000 and queue_name = '${job.queueName}'`);
      await pool.query("vacuum dbos.workflow_status, dbos.workflow_input");
    },
  };
}

/** A call to measure, and how. */
export interface Work {
  readonly work: string;
  readonly unit: string;
  official?(sized: Sized, roundMs: number): Promise<number>;
  ours(sized: Sized, roundMs: number): Promise<number>;
}

async function measureMs(roundMs: number, run: () => Promise<unknown>): Promise<number> {
  return 1000 / await measureRate(roundMs, 1, run);
}

function enqueueWork(inFlight: number): Work {
  const measureEnqueue = async (sized: Sized, run: () => Promise<unknown>) => {
    let started = 0;
    const enqueueRepeatedly = async () => {
      while (started++ < enqueuedPerRound) await run();
    };
    const startedAt = performance.now();
    await Promise.all(Array.from({ length: inFlight }, enqueueRepeatedly));
    const rate = enqueuedPerRound / (performance.now() - startedAt) * 1000;
    await sized.clear();
    return rate;
  };
  return {
    work: `enqueue, ${inFlight} in flight`,
    unit: "/s",
    official: (sized) =>
      measureEnqueue(sized, () => sized.official.enqueuePortable(job, [...args])),
    ours: (sized) => measureEnqueue(sized, () => enqueue(sized.ours, job, ...args)),
  };
}

function listWork(name: string, filter: ListWorkflowsOptions): Work {
  return {
    work: `list ${name}`,
    unit: "ms",
    // The official client modifies its argument.
    official: ({ official }, roundMs) =>
      measureMs(roundMs, () => official.listWorkflows({ ...filter } as never)),
    ours: ({ ours }, roundMs) => measureMs(roundMs, () => listWorkflows(ours, filter)),
  };
}

/** Calls whose cost must stay flat or logarithmic. */
export const indexedWorks: readonly Work[] = [
  enqueueWork(1),
  enqueueWork(32),
  {
    work: "result of an ended workflow",
    unit: "ms",
    official: ({ official, endedIDs }, roundMs) =>
      measureMs(roundMs, () => official.retrieveWorkflow(endedIDs[0]!).getResult()),
    ours: ({ ours, endedIDs }, roundMs) => measureMs(roundMs, () => getResult(ours, endedIDs[0]!)),
  },
  {
    work: `results of the newest ${count}`,
    unit: "ms",
    official: ({ official, endedIDs }, roundMs) =>
      measureMs(
        roundMs,
        () => Promise.all(endedIDs.map((id) => official.retrieveWorkflow(id).getResult())),
      ),
    ours: ({ ours, endedIDs }, roundMs) =>
      measureMs(roundMs, () => Promise.all(endedIDs.map((id) => getResult(ours, id)))),
  },
  {
    work: `poll for ${count} waits`,
    unit: "ms",
    async ours({ timed, statementMs, waitingIDs }, roundMs) {
      statementMs.length = 0;
      const poll = () =>
        Promise.allSettled(waitingIDs.map((id) => getResult(timed, id, { timeoutSeconds: 0 })));
      await measureRate(roundMs, 1, poll);
      return statementMs.reduce((sum, ms) => sum + ms, 0) / statementMs.length;
    },
  },
  listWork("the newest 100", { sortDesc: true, limit: 100 }),
  listWork("100 enqueued on a queue", { status: "ENQUEUED", queueName: "waiting", limit: 100 }),
  listWork("the newest error", { status: "ERROR", sortDesc: true, limit: 1 }),
];

/** Calls for which DBOS's schema has no index. */
export const scanningWorks: readonly Work[] = [
  listWork("100 of a user who has none", { authenticatedUser: "nobody", limit: 100 }),
  {
    work: "count by status",
    unit: "ms",
    ours: ({ ours }, roundMs) =>
      measureMs(roundMs, () => countWorkflows(ours, { groupBy: ["status"] })),
  },
];

/** How to create databases of several sizes. */
export interface SizedDatabaseOptions {
  /** What their names begin with. */
  readonly prefix: string;
  /** Whether to keep them for another run. Otherwise those that this run creates are dropped. */
  readonly isKept: boolean;
}

/** Creates databases with these numbers of workflows, and returns their URLs. */
export async function createSizedDatabases(
  sizes: readonly number[],
  options: SizedDatabaseOptions,
  resources: AsyncDisposableStack,
): Promise<string[]> {
  const urls: string[] = [];
  for (const size of sizes) {
    const startedAt = performance.now();
    urls.push(await createSizedDatabase(size, options, resources));
    console.error(`${size} workflows: ${((performance.now() - startedAt) / 1000).toFixed(1)} s`);
  }
  return urls;
}

/** Measures calls in several databases, in interleaved rounds. */
export async function measureWorkflowGrowth(
  works: readonly Work[],
  urls: readonly string[],
  rounds: number,
  roundMs: number,
): Promise<Series[]> {
  await using resources = new AsyncDisposableStack();
  const databases: Sized[] = [];
  for (const url of urls) databases.push(await open(url, resources));
  const series: Series[] = [];
  for (const { work, unit, official, ours } of works) {
    const contenders = databases.flatMap((sized) => [
      ...(official ? [{ name: "official", measure: () => official(sized, roundMs) }] : []),
      { name: "ours", measure: () => ours(sized, roundMs) },
    ]);
    const figures = await compare(contenders, rounds);
    for (const client of ["official", "ours"] as const) {
      const ofClient = figures.filter((_, index) => contenders[index]!.name === client);
      if (ofClient.length > 0) series.push({ work, unit, client, figures: ofClient });
    }
  }
  return series;
}

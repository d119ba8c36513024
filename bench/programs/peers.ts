/**
 * Measures the rates at which this client and other job queues on Postgres enqueue, in interleaved
 * rounds of one process, each through a pool of 10 connections of `npm:pg`. Prints them as JSON.
 *
 * Its arguments are a URL, the options of the bench as JSON, and the command that installs Absurd's
 * tables. bench/peers.ts maps the packages of the others, which are imported by name only when it
 * runs, because their types would change how all other modules are checked.
 */
import pg from "pg";
import { enqueue, enqueueMany } from "../../mod.ts";
import { job } from "../contenders.ts";
import { type BenchOptions, compare, type Contender, measureRate } from "../measure.ts";
import type { PeerRate } from "../peers.ts";

/** A queue, with its calls. */
interface JobQueue {
  readonly name: string;
  /** What its function for a single job is called, and what the one for several. */
  readonly calls: readonly [string, string?];
  enqueueOne(): Promise<unknown>;
  enqueueMany?(count: number): Promise<unknown>;
}

const payload = [1, "two", { three: 3 }];
const batchSize = 1000;

function repeat<Job>(count: number, value: Job): Job[] {
  return Array.from({ length: count }, () => value);
}

const [url, json, absurdctl] = Deno.args as [string, string, string];
const { rounds, roundMs }: Omit<BenchOptions, "url"> = JSON.parse(json);
await using resources = new AsyncDisposableStack();

function openPool(options?: string): pg.Pool {
  const pool = new pg.Pool({ connectionString: url, max: 10, ...(options && { options }) });
  pool.on("error", () => {});
  resources.defer(() => pool.end());
  return pool;
}

// deno-lint-ignore no-explicit-any -- without the types of the package
async function importPackage(name: string): Promise<any> {
  return await import(name);
}

function openOurs(): JobQueue {
  const pool = openPool();
  return {
    name: "ours",
    calls: ["enqueue", "enqueueMany"],
    enqueueOne: () => enqueue(pool, job, ...payload),
    enqueueMany: (count) => enqueueMany(pool, repeat(count, { ...job, args: payload })),
  };
}

async function openPgBoss(): Promise<JobQueue> {
  const { PgBoss } = await importPackage("pg-boss");
  const boss = new PgBoss({ connectionString: url, max: 10, supervise: false, schedule: false });
  boss.on("error", () => {});
  await boss.start();
  resources.defer(() => boss.stop({ graceful: false }));
  await boss.createQueue("echo");
  return {
    name: "pg-boss",
    calls: ["send", "insert"],
    enqueueOne: () => boss.send("echo", payload),
    enqueueMany: (count) => boss.insert("echo", repeat(count, { data: payload })),
  };
}

async function openGraphileWorker(): Promise<JobQueue> {
  const { Logger, makeWorkerUtils } = await importPackage("graphile-worker");
  const logger = new Logger(() => () => {});
  const utils = await makeWorkerUtils({ pgPool: openPool(), logger });
  resources.defer(() => utils.release());
  await utils.migrate();
  return {
    name: "graphile-worker",
    calls: ["addJob", "addJobs"],
    enqueueOne: () => utils.addJob("echo", payload),
    enqueueMany: (count) => utils.addJobs(repeat(count, { identifier: "echo", payload })),
  };
}

async function openBullMQ(): Promise<JobQueue> {
  const { createPostgresBackend, Queue, runMigrations } = await importPackage("bullmq");
  const pool = openPool("-c search_path=bullmq");
  await runMigrations(pool);
  const queue = new Queue("echo", { connection: pool }, createPostgresBackend);
  resources.defer(() => queue.close());
  await queue.waitUntilReady();
  return {
    name: "BullMQ on Postgres",
    calls: ["add", "addBulk"],
    enqueueOne: () => queue.add("echo", payload),
    enqueueMany: (count) => queue.addBulk(repeat(count, { name: "echo", data: payload })),
  };
}

async function openAbsurd(): Promise<JobQueue> {
  const { Absurd } = await importPackage("absurd-sdk");
  const { success, stderr } = await new Deno.Command(absurdctl, { args: ["init", "-d", url] })
    .output();
  if (!success) {
    throw new Error(`Cannot create Absurd's tables:\n${new TextDecoder().decode(stderr)}`);
  }
  const absurd = new Absurd({ db: openPool(), queueName: "echo" });
  await absurd.createQueue("echo");
  return {
    name: "absurd-sdk",
    calls: ["spawn"],
    enqueueOne: () => absurd.spawn("echo", payload, { queue: "echo" }),
  };
}

const ours = openOurs();
const peers = [
  await openPgBoss(),
  await openGraphileWorker(),
  await openBullMQ(),
  await openAbsurd(),
];
const rates: PeerRate[] = [];

async function compareQueues(
  kind: 0 | 1,
  work: string,
  measure: (queue: JobQueue) => Promise<number>,
): Promise<void> {
  const queues = [ours, ...peers].filter(({ calls }) => calls[kind]);
  const contenders: Contender[] = queues.map((queue) => ({
    name: queue.name,
    measure: () => measure(queue),
  }));
  const [oursPerSecond, ...othersPerSecond] = await compare(contenders, rounds);
  for (const [index, perSecond] of othersPerSecond.entries()) {
    const { name, calls } = queues[index + 1]!;
    rates.push({
      work: `${work}, against ${calls[kind]}() of ${name}`,
      peer: name,
      peerPerSecond: perSecond,
      oursPerSecond: oursPerSecond!,
    });
  }
}

for (const inFlight of [1, 32, 256]) {
  const coalesced = inFlight === 1 ? "" : ", ours coalesced";
  await compareQueues(
    0,
    `enqueue, ${inFlight} in flight${coalesced}`,
    (queue) => measureRate(roundMs, inFlight, () => queue.enqueueOne()),
  );
}
for (const inFlight of [1, 4]) {
  await compareQueues(
    1,
    `batch of ${batchSize}, ${inFlight === 1 ? "one at a time" : "four at once"}`,
    async (queue) =>
      batchSize * await measureRate(roundMs, inFlight, () => queue.enqueueMany!(batchSize)),
  );
}
console.log(JSON.stringify(rates));

/** The load of many processes on one server: at work, while they wait, and while they are idle. */

import { fileURLToPath } from "node:url";
import pg from "pg";
import { type RequestProcess, startRequestProcess } from "../tests/support/request_process.ts";
import {
  type BenchOptions,
  formatCpu,
  formatMs,
  formatRate,
  type Row,
  toCostRow,
} from "./measure.ts";
import { type Load, measureLoad, type UncountedConnection } from "./server_load.ts";

/** What a process is asked to do. It responds with the number of results that it has got so far. */
export interface ClientRequest {
  /** `work`: enqueue and wait repeatedly; `wait`: for workflows that do not end; `enqueue`: once. */
  readonly work: "work" | "wait" | "enqueue" | "count";
  /** How many at once. */
  readonly count: number;
}

interface Worker extends UncountedConnection, AsyncDisposable {}

interface Processes extends AsyncDisposable {
  /** Has them do something, `count` times in all, and returns how many results they have got so far. */
  request(work: ClientRequest["work"], count?: number): Promise<number>;
}

type Kind = "official" | "ours";

const inFlight = 100;
const waiting = 1000;
// In all, without those of the bench itself. Postgres allows 100 if nobody changes that, 300 here.
const maxConnections = 200;
// The pool of connect() closes a connection that was idle for 30 s.
const idleMs = 35_000;

/** Ends all enqueued workflows every few milliseconds, in one statement, as a fast worker would. */
async function startWorker(url: string): Promise<Worker> {
  const connection = new pg.Client({ connectionString: url });
  await connection.connect();
  const { rows } = await connection.query("select pg_backend_pid() as pid");
  let statements = 0;
  let isEnding = false;

  async function work(): Promise<void> {
    while (!isEnding) {
      statements++;
      await connection.query(`
        with ended as (
          update dbos.workflow_status
          set status = 'SUCCESS', completed_at = extract(epoch from clock_timestamp()) * 1000
          where queue_name = 'worked' and status = 'ENQUEUED'
          returning workflow_uuid
        )
        insert into dbos.workflow_output (workflow_uuid, output)
        select workflow_uuid, '1' from ended`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }
  const working = work();
  return {
    pid: rows[0].pid,
    get statements() {
      return statements;
    },
    async [Symbol.asyncDispose]() {
      isEnding = true;
      await working;
      await connection.end();
    },
  };
}

async function startProcesses(kind: Kind, url: string, count: number): Promise<Processes> {
  const program = fileURLToPath(new URL("programs/client_process.ts", import.meta.url));
  const poolSize = String(Math.min(10, Math.floor(maxConnections / count)));
  const command = [Deno.execPath(), "run", "-A", "--no-check", program, kind, url, poolSize];
  await using resources = new AsyncDisposableStack();
  const processes: RequestProcess[] = [];
  const requestOne = async (process: RequestProcess, request: ClientRequest): Promise<number> =>
    await (await process.request(request)).response;
  for (let index = 0; index < count; index++) {
    const process = resources.use(startRequestProcess(command));
    processes.push(process);
    // Not all at once, because a start takes much of a CPU.
    if (index % 8 === 7) await requestOne(process, { work: "count", count: 0 });
  }
  const request: Processes["request"] = async (work, total = 0) => {
    const each = { work, count: Math.ceil(total / count) };
    const completed = await Promise.all(processes.map((process) => requestOne(process, each)));
    return completed.reduce((sum, one) => sum + one, 0);
  };
  await request("count");
  const started = resources.move();
  return { request, [Symbol.asyncDispose]: () => started.disposeAsync() };
}

/** Waits a while, without any load of the bench. */
async function sleep(durationMs: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, durationMs));
}

interface Work {
  readonly workflowsPerSecond: number;
  readonly statementsPerWorkflow: number;
  readonly cpuMsPerWorkflow: number | undefined;
}

/** Measures processes that enqueue and wait, with the same number of workflows in flight in all. */
async function measureWork(
  kind: Kind,
  { url, isShort }: BenchOptions,
  count: number,
): Promise<Work> {
  await using worker = await startWorker(url);
  await using processes = await startProcesses(kind, url, count);
  await processes.request("work", inFlight);
  await sleep(isShort ? 500 : 3000);
  const completed = await processes.request("count");
  const startedAt = performance.now();
  const { statementsPerSecond, cpu } = await measureLoad(url, isShort ? 1000 : 5000, worker);
  const ended = await processes.request("count") - completed;
  const workflowsPerSecond = ended / (performance.now() - startedAt) * 1000;
  return {
    workflowsPerSecond,
    statementsPerWorkflow: statementsPerSecond / workflowsPerSecond,
    cpuMsPerWorkflow: cpu && cpu * 1000 / workflowsPerSecond,
  };
}

/** Measures processes whose waits are older than the frequent polls at the beginning. */
async function measureWaits(
  kind: Kind,
  { url, isShort }: BenchOptions,
  count: number,
): Promise<Load> {
  await using processes = await startProcesses(kind, url, count);
  await processes.request("wait", isShort ? 100 : waiting);
  await sleep(isShort ? 500 : 35_000);
  return await measureLoad(url, isShort ? 1000 : 10_000);
}

interface Idle {
  /** The connections of processes that have enqueued one workflow each. */
  readonly connections: number;
  /** Those that are left when they were idle for a while, and what they send then. */
  readonly idleConnections: number;
  readonly statementsPerSecond: number;
}

async function measureIdle(
  kind: Kind,
  { url, isShort }: BenchOptions,
  count: number,
): Promise<Idle> {
  await using processes = await startProcesses(kind, url, count);
  await processes.request("enqueue");
  const { connections } = await measureLoad(url, 0);
  await sleep(isShort ? 0 : idleMs);
  const after = await measureLoad(url, isShort ? 1000 : 5000);
  return {
    connections,
    idleConnections: after.connections,
    statementsPerSecond: after.statementsPerSecond,
  };
}

/** Compares the load of this many processes. */
async function compareProcesses(options: BenchOptions, count: number): Promise<Row[]> {
  const processes = count === 1 ? "1 process" : `${count} processes`;
  const work = await measureWork("official", options, count);
  const ourWork = await measureWork("ours", options, count);
  const waits = await measureWaits("official", options, count);
  const ourWaits = await measureWaits("ours", options, count);
  const ofWork = `enqueue and wait, ${inFlight} in flight, ${processes}`;
  const ofWaits = `${options.isShort ? 100 : waiting} waiting, ${processes}`;
  return [
    {
      work: ofWork,
      official: formatRate(work.workflowsPerSecond),
      ours: formatRate(ourWork.workflowsPerSecond),
      ratio: ourWork.workflowsPerSecond / work.workflowsPerSecond,
    },
    toCostRow(
      `${ofWork}: statements per workflow`,
      work.statementsPerWorkflow,
      ourWork.statementsPerWorkflow,
      (statements) => statements.toFixed(2),
    ),
    ...toCpuRows(
      `${ofWork}: server CPU per workflow`,
      work.cpuMsPerWorkflow,
      ourWork.cpuMsPerWorkflow,
      formatMs,
    ),
    toCostRow(
      `statements, ${ofWaits}`,
      waits.statementsPerSecond,
      ourWaits.statementsPerSecond,
      formatRate,
    ),
    ...toCpuRows(`server CPU, ${ofWaits}`, waits.cpu, ourWaits.cpu, formatCpu),
  ];
}

function toCpuRows(
  work: string,
  official: number | undefined,
  ours: number | undefined,
  format: (figure: number) => string,
): Row[] {
  return official === undefined || ours === undefined
    ? []
    : [toCostRow(work, official, ours, format)];
}

/** Compares what this many processes cost while they do nothing. */
async function compareIdle(options: BenchOptions, count: number): Promise<Row[]> {
  const official = await measureIdle("official", options, count);
  const ours = await measureIdle("ours", options, count);
  const toRow = (work: string, figure: keyof Idle, unit = "") => ({
    work: `${work}, ${count} processes`,
    official: `${Math.round(official[figure])}${unit}`,
    ours: `${Math.round(ours[figure])}${unit}`,
    ratio: undefined,
  });
  const later = options.isShort ? "right after it" : `idle for ${idleMs / 1000} s`;
  return [
    toRow("connections after one enqueue each", "connections"),
    toRow(`connections, ${later}`, "idleConnections"),
    toRow(`statements, ${later}`, "statementsPerSecond", "/s"),
  ];
}

/** One round only: the processes of 100 clients take a while to start. */
export async function compareClients(options: BenchOptions): Promise<Row[]> {
  const counts = options.isShort ? [1, 3] : [1, 10, 100];
  const rows: Row[] = [];
  for (const count of counts) rows.push(...await compareProcesses(options, count));
  rows.push(...await compareIdle(options, counts.at(-1)!));
  return rows;
}

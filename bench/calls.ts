/** The rate of other calls, one at a time: those that read, manage, send, and those of schedules. */

import pg from "pg";
import {
  cancelWorkflow,
  cancelWorkflows,
  connect,
  createSchedule,
  deleteSchedule,
  enqueueMany,
  forkWorkflow,
  getEvent,
  getResult,
  getSchedule,
  getStatus,
  listSchedules,
  listWorkflowSteps,
  pauseSchedule,
  registerQueue,
  resumeSchedule,
  resumeWorkflow,
  retrieveQueue,
  send,
  triggerSchedule,
} from "../mod.ts";
import { populate } from "../tests/support/populate.ts";
import { job, openOfficial } from "./contenders.ts";
import { startDelayingProxy } from "./delaying_proxy.ts";
import { type BenchOptions, compare, type Row, toRateRows } from "./measure.ts";

/** A call of both clients. Its argument is an ID or a name. */
interface ComparedCall {
  readonly name: string;
  /** Creates what `count` calls need, and returns their arguments. Its time is not measured. */
  prepare(count: number): string[] | Promise<string[]>;
  official(argument: string): Promise<unknown>;
  ours(argument: string): Promise<unknown>;
}

const schedule = { workflowName: job.workflowName, schedule: "0 0 1 1 *" } as const;
const scheduleNames = Array.from({ length: 10 }, (_, index) => `schedule${index}`);

// Workflows of populate() that have ended, with three steps each, and workflows with an event.
const ended = Array.from({ length: 50 }, (_, index) => `order-${1005 + 20 * index}`);
const withEvent = Array.from({ length: 50 }, (_, index) => `order-${1013 + 20 * index}`);

/** Prepares nothing: repeats these arguments in turn. */
function repeat(values: readonly string[]): (count: number) => string[] {
  let next = 0;
  return (count) => Array.from({ length: count }, () => values[next++ % values.length]!);
}

/** The calls, through a URL that may be that of a proxy. `pool` leads directly to the database. */
async function openCalls(
  url: string,
  pool: pg.Pool,
  resources: AsyncDisposableStack,
): Promise<ComparedCall[]> {
  const official = await openOfficial(url, resources);
  const client = resources.use(await connect(url));

  async function enqueueJobs(count: number): Promise<string[]> {
    const handles = await enqueueMany(pool, Array.from({ length: count }, () => job));
    return handles.map(({ workflowID }) => workflowID);
  }

  async function cancelJobs(count: number): Promise<string[]> {
    const workflowIDs = await enqueueJobs(count);
    await cancelWorkflows(pool, workflowIDs);
    return workflowIDs;
  }

  let createdSchedules = 0;
  /** New names of schedules, after it has deleted the schedules of the names before. */
  async function nameSchedules(count: number): Promise<string[]> {
    await pool.query("delete from dbos.workflow_schedules where schedule_name like 'new%'");
    return Array.from({ length: count }, () => `new${createdSchedules++}`);
  }

  async function createSchedules(count: number): Promise<string[]> {
    const names = await nameSchedules(count);
    await Promise.all(
      names.map((scheduleName) => createSchedule(pool, { scheduleName, ...schedule })),
    );
    return names;
  }

  return [
    {
      name: "getStatus",
      prepare: repeat(ended),
      official: (workflowID) => official.getWorkflow(workflowID),
      ours: (workflowID) => getStatus(client, workflowID),
    },
    {
      name: "getResult of an ended workflow",
      prepare: repeat(ended),
      official: (workflowID) => official.retrieveWorkflow(workflowID).getResult(),
      ours: (workflowID) => getResult(client, workflowID),
    },
    {
      name: "getEvent of an existing event",
      prepare: repeat(withEvent),
      official: (workflowID) => official.getEvent(workflowID, "progress"),
      ours: (workflowID) => getEvent(client, workflowID, "progress"),
    },
    {
      name: "listWorkflowSteps",
      prepare: repeat(ended),
      official: (workflowID) => official.listWorkflowSteps(workflowID),
      ours: (workflowID) => listWorkflowSteps(client, workflowID),
    },
    {
      name: "cancelWorkflow",
      prepare: enqueueJobs,
      official: (workflowID) => official.cancelWorkflow(workflowID),
      ours: (workflowID) => cancelWorkflow(client, workflowID),
    },
    {
      name: "resumeWorkflow",
      prepare: cancelJobs,
      official: (workflowID) => official.resumeWorkflow(workflowID),
      ours: (workflowID) => resumeWorkflow(client, workflowID),
    },
    {
      name: "forkWorkflow",
      prepare: repeat(ended),
      official: (workflowID) => official.forkWorkflow(workflowID, 2),
      ours: (workflowID) => forkWorkflow(client, workflowID, 2),
    },
    {
      name: "send",
      prepare: repeat(ended),
      official: (workflowID) => official.send(workflowID, { approved: true }, "approval"),
      ours: (workflowID) => send(client, workflowID, { approved: true }, { topic: "approval" }),
    },
    {
      name: "retrieveQueue",
      prepare: repeat([job.queueName]),
      official: (name) => official.retrieveQueue(name),
      ours: (name) => retrieveQueue(client, name),
    },
    {
      name: "getSchedule",
      prepare: repeat(scheduleNames),
      official: (name) => official.getSchedule(name),
      ours: (name) => getSchedule(client, name),
    },
    {
      name: `listSchedules of ${scheduleNames.length}`,
      prepare: repeat(["schedule"]),
      official: (scheduleNamePrefix) => official.listSchedules({ scheduleNamePrefix }),
      ours: (scheduleNamePrefix) => listSchedules(client, { scheduleNamePrefix }),
    },
    {
      name: "pauseSchedule",
      prepare: repeat(scheduleNames),
      official: (name) => official.pauseSchedule(name),
      ours: (name) => pauseSchedule(client, name),
    },
    {
      name: "resumeSchedule",
      prepare: repeat(scheduleNames),
      official: (name) => official.resumeSchedule(name),
      ours: (name) => resumeSchedule(client, name),
    },
    {
      name: "triggerSchedule",
      prepare: repeat(scheduleNames),
      official: (name) => official.triggerSchedule(name),
      ours: (name) => triggerSchedule(client, name),
    },
    // These two are the last: the rows that they delete make the table slower to read for a while.
    {
      name: "createSchedule",
      prepare: nameSchedules,
      official: (scheduleName) => official.createSchedule({ scheduleName, ...schedule }),
      ours: (scheduleName) => createSchedule(client, { scheduleName, ...schedule }),
    },
    {
      name: "deleteSchedule",
      prepare: createSchedules,
      official: (name) => official.deleteSchedule(name),
      ours: (name) => deleteSchedule(client, name),
    },
  ];
}

/** Calls `run` repeatedly, one at a time, and returns the calls per second without `prepare`. */
async function measureCalls(
  durationMs: number,
  callsPerPreparation: number,
  prepare: ComparedCall["prepare"],
  run: (argument: string) => Promise<unknown>,
): Promise<number> {
  let calls = 0;
  let elapsedMs = 0;
  while (elapsedMs < durationMs) {
    const values = await prepare(callsPerPreparation);
    const startedAt = performance.now();
    for (const value of values) await run(value);
    elapsedMs += performance.now() - startedAt;
    calls += values.length;
  }
  return calls / elapsedMs * 1000;
}

export async function compareCalls({ url, rounds, roundMs }: BenchOptions): Promise<Row[]> {
  await populate(url, 10_000);
  await using resources = new AsyncDisposableStack();
  const pool = new pg.Pool({ connectionString: url });
  resources.defer(() => pool.end());
  await registerQueue(pool, job.queueName);
  // The official client triggers schedules for the newest one.
  await pool.query(
    "insert into dbos.application_versions (version_id, version_name) values ('1', 'version1')",
  );
  for (const scheduleName of scheduleNames) {
    await createSchedule(pool, { scheduleName, ...schedule });
  }
  const proxy = resources.use(await startDelayingProxy(url, 20));
  const rows: Row[] = [];
  for (const roundTripMs of [0, 20]) {
    await using clients = new AsyncDisposableStack();
    const calls = await openCalls(roundTripMs === 0 ? url : proxy.url, pool, clients);
    for (const { name, prepare, official, ours } of calls) {
      const contenders = [{ name: "official", run: official }, { name: "connect()", run: ours }]
        .map(({ name, run }) => ({
          name,
          measure: () => measureCalls(roundMs, roundTripMs === 0 ? 50 : 5, prepare, run),
        }));
      const work = `${name}, 1 in flight, ${roundTripMs} ms`;
      rows.push(...toRateRows(work, contenders, await compare(contenders, rounds)));
    }
  }
  return rows;
}

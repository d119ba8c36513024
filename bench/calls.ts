/** The rate of other calls, one at a time: those that read, manage, send, and those of schedules. */

import pg from "pg";
import {
  cancelWorkflow,
  cancelWorkflows,
  type Client,
  connect,
  createSchedule,
  deleteSchedule,
  type Driver,
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
import { repeatAlone } from "./recorded_statement.ts";

/** A call of both clients. Its argument is an ID or a name. */
interface ComparedCall {
  readonly name: string;
  /** Creates what `count` calls need, and returns their arguments. Its time is not measured. */
  prepare(count: number): string[] | Promise<string[]>;
  official(argument: string): Promise<unknown>;
  ours(client: Client | Driver, argument: string): Promise<unknown>;
  /** Whether its statement does the same when it is repeated, so that npm:pg alone can be compared. */
  readonly isRepeatable?: true;
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
      isRepeatable: true,
      prepare: repeat(ended),
      official: (workflowID) => official.getWorkflow(workflowID),
      ours: (client, workflowID) => getStatus(client, workflowID),
    },
    {
      name: "getResult of an ended workflow",
      isRepeatable: true,
      prepare: repeat(ended),
      official: (workflowID) => official.retrieveWorkflow(workflowID).getResult(),
      ours: (client, workflowID) => getResult(client, workflowID),
    },
    {
      name: "getEvent of an existing event",
      isRepeatable: true,
      prepare: repeat(withEvent),
      official: (workflowID) => official.getEvent(workflowID, "progress"),
      ours: (client, workflowID) => getEvent(client, workflowID, "progress"),
    },
    {
      name: "listWorkflowSteps",
      isRepeatable: true,
      prepare: repeat(ended),
      official: (workflowID) => official.listWorkflowSteps(workflowID),
      ours: (client, workflowID) => listWorkflowSteps(client, workflowID),
    },
    {
      name: "cancelWorkflow",
      prepare: enqueueJobs,
      official: (workflowID) => official.cancelWorkflow(workflowID),
      ours: (client, workflowID) => cancelWorkflow(client, workflowID),
    },
    {
      name: "resumeWorkflow",
      prepare: cancelJobs,
      official: (workflowID) => official.resumeWorkflow(workflowID),
      ours: (client, workflowID) => resumeWorkflow(client, workflowID),
    },
    {
      name: "forkWorkflow",
      prepare: repeat(ended),
      official: (workflowID) => official.forkWorkflow(workflowID, 2),
      ours: (client, workflowID) => forkWorkflow(client, workflowID, 2),
    },
    {
      name: "send",
      isRepeatable: true,
      prepare: repeat(ended),
      official: (workflowID) => official.send(workflowID, { approved: true }, "approval"),
      ours: (client, workflowID) =>
        send(client, workflowID, { approved: true }, { topic: "approval" }),
    },
    {
      name: "retrieveQueue",
      isRepeatable: true,
      prepare: repeat([job.queueName]),
      official: (name) => official.retrieveQueue(name),
      ours: (client, name) => retrieveQueue(client, name),
    },
    {
      name: "getSchedule",
      isRepeatable: true,
      prepare: repeat(scheduleNames),
      official: (name) => official.getSchedule(name),
      ours: (client, name) => getSchedule(client, name),
    },
    {
      name: `listSchedules of ${scheduleNames.length}`,
      isRepeatable: true,
      prepare: repeat(["schedule"]),
      official: (scheduleNamePrefix) => official.listSchedules({ scheduleNamePrefix }),
      ours: (client, scheduleNamePrefix) => listSchedules(client, { scheduleNamePrefix }),
    },
    {
      name: "pauseSchedule",
      isRepeatable: true,
      prepare: repeat(scheduleNames),
      official: (name) => official.pauseSchedule(name),
      ours: (client, name) => pauseSchedule(client, name),
    },
    {
      name: "resumeSchedule",
      isRepeatable: true,
      prepare: repeat(scheduleNames),
      official: (name) => official.resumeSchedule(name),
      ours: (client, name) => resumeSchedule(client, name),
    },
    {
      name: "triggerSchedule",
      prepare: repeat(scheduleNames),
      official: (name) => official.triggerSchedule(name),
      ours: (client, name) => triggerSchedule(client, name),
    },
    // These two are the last: the rows that they delete make the table slower to read for a while.
    {
      name: "createSchedule",
      prepare: nameSchedules,
      official: (scheduleName) => official.createSchedule({ scheduleName, ...schedule }),
      ours: (client, scheduleName) => createSchedule(client, { scheduleName, ...schedule }),
    },
    {
      name: "deleteSchedule",
      prepare: createSchedules,
      official: (name) => official.deleteSchedule(name),
      ours: (client, name) => deleteSchedule(client, name),
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
    const callUrl = roundTripMs === 0 ? url : proxy.url;
    const client = clients.use(await connect(callUrl));
    for (const call of await openCalls(callUrl, pool, clients)) {
      const { name, prepare, official, ours } = call;
      const runs = new Map([
        ["official", official],
        ["connect()", (argument: string) => ours(client, argument)],
      ]);
      if (call.isRepeatable && roundTripMs === 0) {
        const [argument] = await prepare(1);
        runs.set(
          "(npm:pg alone)",
          await repeatAlone(url, (connection) => ours(connection, argument!), clients),
        );
      }
      const contenders = Array.from(runs, ([name, run]) => ({
        name,
        measure: () => measureCalls(roundMs, roundTripMs === 0 ? 50 : 5, prepare, run),
      }));
      const work = `${name}, 1 in flight, ${roundTripMs} ms`;
      rows.push(...toRateRows(work, contenders, await compare(contenders, rounds)));
    }
  }
  return rows;
}

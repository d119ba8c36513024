/** The kinds of calls that the fault suite makes, and what each leaves in the database. */
import {
  applySchedules,
  backfillSchedule,
  cancelWorkflow,
  type Client,
  countWorkflows,
  createSchedule,
  debounce,
  deleteWorkflow,
  enqueue,
  enqueueMany,
  followEvents,
  forkWorkflow,
  getAllEvents,
  getAllNotifications,
  getAllStreamEntries,
  getEvent,
  getResult,
  getStatus,
  listWorkflows,
  pauseSchedule,
  readStream,
  registerQueue,
  resumeWorkflow,
  retrieveQueue,
  rewindWorkflow,
  send,
  sendMany,
  setWorkflowDelay,
  setWorkflowPriority,
  triggerSchedule,
  updateWorkflowAttributes,
  waitEach,
} from "../../../mod.ts";
import type { EffectName } from "./effects.ts";

/** A kind of call. Each call has an ID of its own, by which its effects are found. */
export interface CallKind {
  /** The kind of call that is made first, with the same ID. */
  readonly after?: string;
  /** How many effects of which kind a call has. */
  readonly leaves?: Partial<Record<EffectName, number>>;
  /** Whether it waits for the worker. */
  readonly waits?: boolean;
  /** Makes the call, and returns false if its result is not what is in the database. */
  make(client: Client, id: string): Promise<unknown>;
}

/** The queue that the worker runs. */
export const busyQueue = "busy";
const idleQueue = "idle";
const hourMs = 3_600_000;

function job(id: string, queueName: string = idleQueue) {
  return { workflowName: "echo", queueName, authenticatedUser: id };
}

function schedule(id: string) {
  return {
    scheduleName: id,
    workflowName: "echo",
    schedule: "0 * * * *",
    queueName: idleQueue,
    // Otherwise workflows of schedules belong to the time zone of the machine.
    cronTimezone: "UTC",
  };
}

/** What the worker writes as the result, the event and the value of the stream. */
export function valueOf(id: string): string {
  return `result of ${id}`;
}

async function readAll<Value>(values: AsyncIterable<Value>): Promise<Value[]> {
  const read: Value[] = [];
  for await (const value of values) read.push(value);
  return read;
}

const workflow = "enqueue with an ID";
const task = "enqueue for the worker";

export const callKinds: Readonly<Record<string, CallKind>> = {
  enqueue: {
    leaves: { workflows: 1 },
    make: (client, id) => enqueue(client, job(id), id),
  },
  [workflow]: {
    make: (client, id) =>
      enqueue(client, { ...job(id), workflowID: id, workflowIDReusePolicy: "reject" }),
  },
  "enqueue with a deduplication ID": {
    leaves: { workflows: 1 },
    make: (client, id) => enqueue(client, { ...job(id), deduplicationID: id }),
  },
  enqueueMany: {
    leaves: { workflows: 3 },
    make: (client, id) => enqueueMany(client, [job(id), job(id), job(id)]),
  },
  debounce: {
    leaves: { workflows: 1 },
    make: (client, id) => debounce(client, job(id), id, hourMs, id),
  },
  send: {
    after: workflow,
    leaves: { messages: 1 },
    make: (client, id) => send(client, id, id),
  },
  "send with an idempotency key": {
    after: workflow,
    leaves: { messages: 1 },
    make: (client, id) => send(client, id, id, { topic: "a topic", idempotencyKey: id }),
  },
  sendMany: {
    after: workflow,
    leaves: { messages: 3 },
    make: (client, id) =>
      sendMany(client, Array.from({ length: 3 }, () => ({ destinationID: id, message: id }))),
  },
  forkWorkflow: {
    after: workflow,
    leaves: { forks: 1 },
    make: (client, id) => forkWorkflow(client, id, 0, { queueName: idleQueue }),
  },
  rewindWorkflow: {
    after: "cancelWorkflow",
    leaves: { enqueued: 1 },
    make: (client, id) => rewindWorkflow(client, id, { queueName: idleQueue }),
  },
  cancelWorkflow: {
    after: workflow,
    async make(client, id) {
      await cancelWorkflow(client, id);
      return (await getStatus(client, id))?.status === "CANCELLED";
    },
  },
  resumeWorkflow: {
    after: workflow,
    leaves: { runs: 1 },
    make: (client, id) => resumeWorkflow(client, id, { queueName: busyQueue }),
  },
  deleteWorkflow: {
    after: workflow,
    async make(client, id) {
      await deleteWorkflow(client, id);
      return await getStatus(client, id) === null;
    },
  },
  setWorkflowPriority: {
    after: workflow,
    leaves: { priorities: 1 },
    make: (client, id) => setWorkflowPriority(client, id, 7),
  },
  setWorkflowDelay: {
    after: "debounce with an ID",
    leaves: { delays: 1 },
    make: (client, id) => setWorkflowDelay(client, id, 24 * 3600),
  },
  "debounce with an ID": {
    make: (client, id) => debounce(client, { ...job(id), workflowID: id }, id, hourMs),
  },
  updateWorkflowAttributes: {
    after: workflow,
    leaves: { attributes: 1 },
    make: (client, id) => updateWorkflowAttributes(client, id, { id }),
  },
  getStatus: {
    after: workflow,
    make: async (client, id) => (await getStatus(client, id))?.authenticatedUser === id,
  },
  listWorkflows: {
    after: workflow,
    make: async (client, id) => (await listWorkflows(client, { workflowIDs: [id] })).length === 1,
  },
  countWorkflows: {
    after: workflow,
    async make(client, id) {
      const counts = await countWorkflows(client, { groupBy: ["status"], authenticatedUser: id });
      return counts.length === 1 && counts[0]!.count === 1;
    },
  },
  getAllEvents: {
    after: workflow,
    make: async (client, id) => Object.keys(await getAllEvents(client, id)).length === 0,
  },
  getAllNotifications: {
    after: workflow,
    make: async (client, id) => (await getAllNotifications(client, id)).length === 0,
  },
  getAllStreamEntries: {
    after: workflow,
    make: async (client, id) => Object.keys(await getAllStreamEntries(client, id)).length === 0,
  },
  registerQueue: {
    leaves: { queues: 1 },
    make: (client, id) => registerQueue(client, id, { workerConcurrency: 3 }),
  },
  retrieveQueue: {
    after: "registerQueue",
    make: async (client, id) => (await retrieveQueue(client, id))?.workerConcurrency === 3,
  },
  createSchedule: {
    leaves: { schedules: 1 },
    make: (client, id) => createSchedule(client, schedule(id)),
  },
  applySchedules: {
    leaves: { schedules: 1 },
    make: (client, id) => applySchedules(client, [schedule(id)]),
  },
  pauseSchedule: {
    after: "createSchedule",
    leaves: { "paused schedules": 1 },
    make: (client, id) => pauseSchedule(client, id),
  },
  triggerSchedule: {
    after: "createSchedule",
    leaves: { "scheduled workflows": 1 },
    make: (client, id) => triggerSchedule(client, id),
  },
  backfillSchedule: {
    after: "createSchedule",
    leaves: { "scheduled workflows": 3 },
    make: (client, id) => backfillSchedule(client, id, new Date(0), new Date(4 * hourMs)),
  },
  [task]: {
    leaves: { runs: 1 },
    make: (client, id) => enqueue(client, { ...job(id, busyQueue), workflowID: id }),
  },
  getResult: {
    after: task,
    waits: true,
    make: async (client, id) => await getResult(client, id) === valueOf(id),
  },
  waitEach: {
    after: task,
    waits: true,
    async make(client, id) {
      const [outcome] = await readAll(waitEach(client, [id]));
      return outcome?.status === "SUCCESS" && outcome.result === valueOf(id);
    },
  },
  getEvent: {
    after: task,
    waits: true,
    make: async (client, id) =>
      await getEvent(client, id, "progress", { timeoutSeconds: Infinity }) === valueOf(id),
  },
  followEvents: {
    after: task,
    waits: true,
    async make(client, id) {
      const events = await readAll(followEvents(client, id));
      return events.length === 1 && events[0]!.value === valueOf(id);
    },
  },
  readStream: {
    after: task,
    waits: true,
    async make(client, id) {
      const values = await readAll(readStream(client, id, "log"));
      return values.length === 1 && values[0] === valueOf(id);
    },
  },
};

/** A kind of call, and before it those that it needs. */
export function withNeeds(kind: string): string[] {
  const { after } = callKinds[kind]!;
  return after === undefined ? [kind] : [...withNeeds(after), kind];
}

export const waits: readonly string[] = Object.keys(callKinds)
  .filter((kind) => callKinds[kind]!.waits);
export const calls: readonly string[] = Object.keys(callKinds)
  .filter((kind) => !callKinds[kind]!.waits);

/** A call of every function that sends something, for what must hold for all of them. */
import {
  applySchedules,
  backfillSchedule,
  type CallOptions,
  cancelWorkflow,
  cancelWorkflows,
  type Client,
  countSteps,
  countWorkflows,
  createSchedule,
  debounce,
  deleteQueue,
  deleteSchedule,
  deleteWorkflow,
  deleteWorkflows,
  describeSystemDatabase,
  enqueue,
  enqueueMany,
  explainWorkflow,
  followEvents,
  forkWorkflow,
  forkWorkflows,
  getAllEvents,
  getAllNotifications,
  getAllStreamEntries,
  getEvent,
  getLatestApplicationVersion,
  getResult,
  getSchedule,
  getStatus,
  iterateWorkflows,
  listApplicationVersions,
  listQueuedWorkflows,
  listQueues,
  listSchedules,
  listWorkflows,
  listWorkflowSteps,
  pauseSchedule,
  readStream,
  readStreamOffset,
  registerQueue,
  renameApplication,
  resumeSchedule,
  resumeWorkflow,
  resumeWorkflows,
  retrieveQueue,
  retrieveWorkflow,
  rewindWorkflow,
  send,
  sendMany,
  setLatestApplicationVersion,
  setWorkflowDelay,
  setWorkflowPriority,
  triggerSchedule,
  updateQueue,
  updateSchedule,
  updateWorkflowAttributes,
  waitAll,
  waitEach,
  waitFirst,
} from "../../mod.ts";

/** Makes one call. Only those that wait take a timeout. */
export type Call = (
  client: Client,
  options: CallOptions & { timeoutSeconds?: number },
) => Promise<unknown>;

/** Reads an iterator to its end. */
export async function collect<Value>(values: AsyncIterable<Value>): Promise<Value[]> {
  const collected = [];
  for await (const value of values) collected.push(value);
  return collected;
}

const id = "a workflow";
const task = { workflowName: "echo", queueName: "idle" };
const schedule = { scheduleName: "nightly", workflowName: "echo", schedule: "@daily" };
/** Options that also have the required ones of a task. */
function withTask(options: CallOptions): CallOptions & typeof task {
  return Object.assign(Object.create(options), task);
}

const [start, end] = [new Date(0), new Date(1)];

/** The calls, by the name of the function. */
export const calls: Record<string, Call> = {
  applySchedules: (client, options) => applySchedules(client, [schedule], options),
  backfillSchedule: (client, options) => backfillSchedule(client, "nightly", start, end, options),
  cancelWorkflow: (client, options) => cancelWorkflow(client, id, options),
  cancelWorkflows: (client, options) => cancelWorkflows(client, [id], options),
  countSteps: (client, options) => countSteps(client, options),
  countWorkflows: (client, options) => countWorkflows(client, options),
  createSchedule: (client, options) => createSchedule(client, schedule, options),
  debounce: (client, options) => debounce(client, withTask(options), "key", 1000),
  deleteQueue: (client, options) => deleteQueue(client, "tasks", options),
  deleteSchedule: (client, options) => deleteSchedule(client, "nightly", options),
  deleteWorkflow: (client, options) => deleteWorkflow(client, id, options),
  deleteWorkflows: (client, options) => deleteWorkflows(client, [id], options),
  describeSystemDatabase: (client, options) => describeSystemDatabase(client, options),
  enqueue: (client, options) => enqueue(client, withTask(options)),
  enqueueMany: (client, options) => enqueueMany(client, [task, task], options),
  explainWorkflow: (client, options) => explainWorkflow(client, id, options),
  followEvents: (client, options) => collect(followEvents(client, id, options)),
  forkWorkflow: (client, options) => forkWorkflow(client, id, 0, options),
  forkWorkflows: (client, options) =>
    forkWorkflows(client, [{ workflowID: id, startStep: 0 }], options),
  getAllEvents: (client, options) => getAllEvents(client, id, options),
  getAllNotifications: (client, options) => getAllNotifications(client, id, options),
  getAllStreamEntries: (client, options) => getAllStreamEntries(client, id, options),
  getEvent: (client, options) => getEvent(client, id, "key", options),
  getLatestApplicationVersion: (client, options) => getLatestApplicationVersion(client, options),
  getResult: (client, options) => getResult(client, id, options),
  getSchedule: (client, options) => getSchedule(client, "nightly", options),
  getStatus: (client, options) => getStatus(client, id, options),
  iterateWorkflows: (client, options) => collect(iterateWorkflows(client, options)),
  listApplicationVersions: (client, options) => listApplicationVersions(client, options),
  listQueuedWorkflows: (client, options) => listQueuedWorkflows(client, options),
  listQueues: (client, options) => listQueues(client, options),
  listSchedules: (client, options) => listSchedules(client, options),
  listWorkflows: (client, options) => listWorkflows(client, options),
  listWorkflowSteps: (client, options) => listWorkflowSteps(client, id, options),
  pauseSchedule: (client, options) => pauseSchedule(client, "nightly", options),
  readStream: (client, options) => collect(readStream(client, id, "key", options)),
  readStreamOffset: (client, options) => readStreamOffset(client, id, "key", 0, options),
  registerQueue: (client, options) => registerQueue(client, "tasks", options),
  renameApplication: (client, options) => renameApplication(client, "shop", "store", options),
  resumeSchedule: (client, options) => resumeSchedule(client, "nightly", options),
  resumeWorkflow: (client, options) => resumeWorkflow(client, id, options),
  resumeWorkflows: (client, options) => resumeWorkflows(client, [id], options),
  retrieveQueue: (client, options) => retrieveQueue(client, "tasks", options),
  retrieveWorkflow: (client, options) => retrieveWorkflow(client, id).getStatus(options),
  rewindWorkflow: (client, options) => rewindWorkflow(client, id, options),
  send: (client, options) => send(client, id, 1, options),
  sendMany: (client, options) => sendMany(client, [{ destinationID: id, message: 1 }], options),
  setLatestApplicationVersion: (client, options) =>
    setLatestApplicationVersion(client, "1", options),
  setWorkflowDelay: (client, options) => setWorkflowDelay(client, id, 1, options),
  setWorkflowPriority: (client, options) => setWorkflowPriority(client, id, 1, options),
  triggerSchedule: (client, options) => triggerSchedule(client, "nightly", options),
  updateQueue: (client, options) => updateQueue(client, "tasks", {}, options),
  updateSchedule: (client, options) => updateSchedule(client, "nightly", {}, options),
  updateWorkflowAttributes: (client, options) =>
    updateWorkflowAttributes(client, id, { paid: true }, options),
  waitAll: (client, options) => waitAll(client, [id], options),
  waitEach: (client, options) => collect(waitEach(client, [id], options)),
  waitFirst: (client, options) => waitFirst(client, [id], options),
};

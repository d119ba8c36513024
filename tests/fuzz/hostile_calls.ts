/** Generates calls of every public function with hostile values among their arguments. */
import fc, { type Arbitrary } from "fast-check";
import * as library from "../../mod.ts";
import { hostileValues, type Maker } from "./hostile_values.ts";

/** A call of a function, whose arguments follow the client. */
export interface HostileCall {
  readonly name: string;
  makeArgs(): readonly unknown[];
}

const once = { timeoutSeconds: 0 };
const task = { workflowName: "echo", queueName: "tasks" };
const schedule = { scheduleName: "nightly", workflowName: "echo", schedule: "@daily" };

/** Valid arguments of each function. */
const validArgs: Record<string, readonly unknown[]> = {
  applySchedules: [[schedule], {}],
  backfillSchedule: ["nightly", new Date(0), new Date(1), {}],
  cancelWorkflow: ["id", {}],
  cancelWorkflows: [["id"], {}],
  countSteps: [{}],
  countWorkflows: [{}],
  createClient: [{}],
  createSchedule: [schedule, {}],
  debounce: [task, "key", 1000, { id: 7 }],
  deleteQueue: ["queue", {}],
  deleteSchedule: ["nightly", {}],
  deleteWorkflow: ["id", {}],
  deleteWorkflows: [["id"], {}],
  describeSystemDatabase: [{}],
  enqueue: [task, { id: 7 }],
  enqueueMany: [[{ ...task, args: [{ id: 7 }] }], {}],
  explainWorkflow: ["id", {}],
  followEvents: ["id", once],
  forkWorkflow: ["id", 0, {}],
  forkWorkflows: [[{ workflowID: "id", startStep: 0 }], {}],
  getAllEvents: ["id", {}],
  getAllNotifications: ["id", {}],
  getAllStreamEntries: ["id", {}],
  getEvent: ["id", "key", once],
  getLatestApplicationVersion: [{}],
  getResult: ["id", once],
  getSchedule: ["nightly", {}],
  getStatus: ["id", {}],
  getWorkflow: ["id", {}],
  iterateWorkflows: [{}],
  listApplicationVersions: [{}],
  listQueuedWorkflows: [{}],
  listQueues: [{}],
  listSchedules: [{}],
  listWorkflows: [{}],
  listWorkflowSteps: ["id", {}],
  pauseSchedule: ["nightly", {}],
  readStream: ["id", "key", once],
  readStreamOffset: ["id", "key", 0, once],
  registerQueue: ["queue", {}],
  renameApplication: ["shop", "store", {}],
  resumeSchedule: ["nightly", {}],
  resumeWorkflow: ["id", {}],
  resumeWorkflows: [["id"], {}],
  retrieveQueue: ["queue", {}],
  retrieveWorkflow: ["id"],
  rewindWorkflow: ["id", {}],
  send: ["id", { approved: true }, {}],
  sendMany: [[{ destinationID: "id", message: 1 }], {}],
  setLatestApplicationVersion: ["1", {}],
  setWorkflowDelay: ["id", 1, {}],
  setWorkflowPriority: ["id", 1, {}],
  triggerSchedule: ["nightly", {}],
  updateQueue: ["queue", {}, {}],
  updateSchedule: ["nightly", {}, {}],
  updateWorkflowAttributes: ["id", { paid: true }, {}],
  waitAll: [["id"], once],
  waitEach: [["id"], once],
  waitFirst: [["id"], once],
};

/** All functions that take a client. */
export const functionNames: readonly string[] = Object.keys(validArgs);

// Of all functions, so that each also gets those of others.
const optionNames = [
  ...[
    "signal",
    "timeoutSeconds",
    "deadlineEpochMS",
    "pollingIntervalMs",
    "workflowName",
    "queueName",
    "workflowID",
  ],
  ...["workflowIDReusePolicy", "workflowClassName", "workflowConfigName", "appVersion", "args"],
  ...["applicationName", "workflowTimeoutMS", "deadlineEpochMS", "deduplicationID", "priority"],
  ...["duplicationPolicy", "queuePartitionKey", "delaySeconds", "attributes", "namedArgs"],
  ...["authenticatedUser", "assumedRole", "authenticatedRoles", "serializationType", "merge"],
  ...["debounceTimeoutMs", "keyFormat", "atomic", "onProgress", "topic", "idempotencyKey"],
  ...["sendToForks", "destinationID", "message", "offset", "snapshot", "schema", "prepare"],
  ...["retryTimeoutSeconds", "attemptTimeoutSeconds", "observabilityQueryTimeoutMs", "listen"],
  ...["cancelChildren", "deleteChildren", "applicationVersion", "timeoutMS", "startStep"],
  ...["replacementChildren", "newWorkflowID", "delayUntilEpochMS", "workflowIDs", "status"],
  ...["workflow_id_prefix", "className", "configName", "queuesOnly", "isDebounced", "isFork"],
  ...["executorId", "forkedFrom", "parentWorkflowID", "hasParent", "scheduleName", "startTime"],
  ...["endTime", "dequeuedAfter", "completedBefore", "completedAfter", "sortDesc", "loadInput"],
  ...["loadOutput", "pageSize", "limit", "groupBy", "timeBucketMs", "name", "globalConcurrency"],
  ...["workerConcurrency", "rateLimit", "partitionConcurrency", "partitionRateLimit"],
  ...["minPollingIntervalMs", "onConflict", "schedule", "context", "automaticBackfill", "tracing"],
  ...["cronTimezone", "scheduleNamePrefix", "batchSize", "adoptUnclaimedRows", "concurrency"],
  ...["constructor", "toString", "__proto__", "unknown"],
];

/** Ways in which an object may have a property. */
const placements: ((object: object, name: string, value: unknown) => object)[] = [
  (object, name, value) => ({ ...object, [name]: value }),
  (object, name, value) => Object.assign(Object.create({ [name]: value }), object),
  (object, name, value) =>
    Object.defineProperty({ ...object }, name, { value, configurable: true }),
  (object, name, value) => Object.defineProperty({ ...object }, name, { get: () => value }),
  (object, name, value) => new Proxy({ ...object, [name]: value }, {}),
];

function isPlainObject(value: unknown): value is object {
  return typeof value === "object" && value !== null &&
    Object.getPrototypeOf(value) === Object.prototype;
}

/** An argument with a hostile value in it, or in its place. */
function spoil(arg: unknown): Arbitrary<Maker> {
  if (Array.isArray(arg)) {
    return fc.oneof(
      hostileValues,
      spoil(arg[0]).map((make) => () => [make()]),
      spoil(arg[0]).map((make) => () => [...arg, make()]),
    );
  }
  if (!isPlainObject(arg)) return hostileValues;
  const withOption = fc.tuple(
    fc.constantFrom(...optionNames),
    hostileValues,
    fc.constantFrom(...placements),
  ).map(([name, make, place]) => () => place(arg, name, make()));
  return fc.oneof({ weight: 1, arbitrary: hostileValues }, { weight: 4, arbitrary: withOption });
}

/** Calls of the functions. */
export function hostileCalls(names: readonly string[]): Arbitrary<HostileCall> {
  return fc.constantFrom(...names).chain((name) => {
    const args = validArgs[name]!;
    return fc.nat(args.length - 1).chain((position) =>
      spoil(args[position]).map((make) => ({
        name,
        makeArgs: () => args.with(position, make()),
      }))
    );
  });
}

/** Makes a call of a function, and reads what it yields. */
export async function call(
  name: string,
  client: library.Driver,
  args: readonly unknown[],
): Promise<unknown> {
  const result = (library[name as keyof typeof library] as (...args: unknown[]) => unknown)(
    client,
    ...args,
  );
  const isIterable = ["followEvents", "iterateWorkflows", "readStream", "waitEach"]
    .includes(name);
  return isIterable ? await Array.fromAsync(result as AsyncIterable<unknown>) : await result;
}

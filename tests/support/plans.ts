/** Explains the statements of the library, in a database that populate() has filled. */
import pg from "pg";
import {
  cancelWorkflow,
  countWorkflows,
  type CountWorkflowsOptions,
  createSchedule,
  debounce,
  deleteWorkflow,
  type Driver,
  enqueue,
  type EnqueueOptions,
  explainWorkflow,
  followEvents,
  forkWorkflow,
  getAllEvents,
  getAllNotifications,
  getAllStreamEntries,
  getEvent,
  getResult,
  getStatus,
  iterateWorkflows,
  listQueuedWorkflows,
  listWorkflows,
  type ListWorkflowsOptions,
  listWorkflowSteps,
  readStreamOffset,
  resumeWorkflow,
  rewindWorkflow,
  send,
  sendMany,
  setWorkflowDelay,
  setWorkflowPriority,
  updateWorkflowAttributes,
} from "../../mod.ts";

/** A call whose statements must use an index if the schema has a suitable one. */
interface PlannedCall {
  name: string;
  run(driver: Driver): Promise<unknown>;
  /** The index that it must use. */
  index?: string;
  /** Why it may scan a whole table. */
  mayScan?: string;
}

/** How the server executed a call. */
export interface CallPlan {
  name: string;
  durationMs: number;
  /** The indexes that it used. */
  indexes: string[];
  /** What is wrong with the plan, if anything. */
  fault?: string;
}

interface PlanNode {
  "Node Type": string;
  "Relation Name"?: string;
  "Index Name"?: string;
  Plans?: PlanNode[];
}

const ended = "order-1001";
const parent = "order-1101";
const waiting = "order-17013";
const enqueued = "order-49973";
const used: EnqueueOptions = {
  workflowName: "name23",
  workflowClassName: "class9",
  queueName: "queue1",
  workflowID: "order-1009",
};

function listBy(filters: ListWorkflowsOptions, index?: string): PlannedCall {
  // Without a limit it may be right to scan the tables of the payloads.
  const isBounded = filters.limit !== undefined || filters.workflowIDs !== undefined;
  const options = isBounded ? filters : { ...filters, loadInput: false, loadOutput: false };
  return {
    name: `listWorkflows(${Deno.inspect(options, { breakLength: Infinity })})`,
    run: (driver) => listWorkflows(driver, options),
    ...(index && { index }),
  };
}

function countBy(options: CountWorkflowsOptions, index: string): PlannedCall {
  return {
    name: `countWorkflows(${Deno.inspect(options, { breakLength: Infinity })})`,
    run: (driver) => countWorkflows(driver, options),
    index,
  };
}

// As in populate(), which creates one workflow per second from this time on.
const start = 1_700_000_000_000;
const failedIndex = "idx_workflow_status_failed";
const inFlightIndex = "idx_workflow_status_in_flight_v2";
const createdIndex = "workflow_status_created_at_index";
const primaryKey = "workflow_status_pkey";

const reads: PlannedCall[] = [
  { name: "getStatus()", run: (driver) => getStatus(driver, ended), index: primaryKey },
  { name: "getResult()", run: (driver) => getResult(driver, ended), index: primaryKey },
  {
    name: "explainWorkflow()",
    run: (driver) => explainWorkflow(driver, enqueued),
    index: inFlightIndex,
  },
  { name: "getEvent()", run: (driver) => getEvent(driver, ended, "progress", 0) },
  {
    name: "getAllEvents()",
    run: (driver) => getAllEvents(driver, ended),
    index: "workflow_events_pkey",
  },
  {
    name: "followEvents()",
    run: (driver) => followEvents(driver, ended, { timeoutSeconds: 0 }).next(),
    index: "workflow_events_pkey",
  },
  {
    name: "getAllNotifications()",
    run: (driver) => getAllNotifications(driver, "order-13"),
    index: "idx_workflow_topic",
  },
  {
    name: "getAllStreamEntries()",
    run: (driver) => getAllStreamEntries(driver, "order-13"),
    index: "streams_pkey",
  },
  {
    name: "readStreamOffset()",
    run: (driver) => readStreamOffset(driver, "order-13", "log", 0),
    index: "streams_pkey",
  },
  {
    name: "readStreamOffset() from the end",
    run: (driver) => readStreamOffset(driver, "order-13", "log", -1),
    index: "streams_pkey",
  },
  {
    name: "listWorkflowSteps()",
    run: (driver) => listWorkflowSteps(driver, ended),
    index: "operation_outputs_pkey",
  },
];

const lists: PlannedCall[] = [
  listBy({ limit: 100 }, createdIndex),
  listBy({ limit: 100, sortDesc: true }, createdIndex),
  listBy({ workflowIDs: [ended, parent, waiting] }, primaryKey),
  listBy({ workflow_id_prefix: "order-77" }, primaryKey),
  listBy({ workflow_id_prefix: ["order-77", "order-78"], limit: 100 }, primaryKey),
  listBy({ status: "PENDING", limit: 100 }, "idx_workflow_status_pending"),
  listBy({ status: "ENQUEUED", limit: 100 }, inFlightIndex),
  listBy({ status: "ENQUEUED", queueName: "queue3" }, inFlightIndex),
  listBy({ status: ["ENQUEUED", "PENDING"], queueName: ["queue3", "queue4"] }, inFlightIndex),
  listBy({ status: ["ENQUEUED", "PENDING", "DELAYED"], limit: 100 }, inFlightIndex),
  listBy({ status: "DELAYED", limit: 100 }, "idx_workflow_status_delayed"),
  listBy({ status: "ERROR", limit: 100 }, failedIndex),
  listBy({ status: "ERROR", sortDesc: true, limit: 100 }, failedIndex),
  listBy({ status: ["ERROR", "CANCELLED"], sortDesc: true, limit: 100 }),
  listBy({ status: ["PENDING", "CANCELLED"] }, failedIndex),
  listBy({ queuesOnly: true, limit: 100 }, inFlightIndex),
  {
    name: "listQueuedWorkflows()",
    run: (driver) => listQueuedWorkflows(driver),
    index: inFlightIndex,
  },
  listBy({ deduplicationID: "key50", queueName: "queue10" }, "uq_workflow_status_dedup_id"),
  listBy({ forkedFrom: "order-1" }, "idx_workflow_status_forked_from"),
  listBy(
    { isFork: true, loadInput: false, loadOutput: false },
    "idx_workflow_status_forked_from",
  ),
  listBy({ parentWorkflowID: parent }, "idx_workflow_status_parent_workflow_id"),
  listBy(
    { parentWorkflowID: [parent, ended], limit: 100 },
    "idx_workflow_status_parent_workflow_id",
  ),
  listBy({ scheduleName: "schedule7" }, "idx_workflow_status_schedule_name"),
  listBy({ attributes: { customer: 77 } }, "idx_workflow_status_attributes"),
  listBy({ attributes: { customer: 77 }, limit: 100 }, "idx_workflow_status_attributes"),
  listBy({ startTime: start + 1_000_000, endTime: start + 1_100_000 }, createdIndex),
  listBy(
    { completedAfter: start + 1_000_000, completedBefore: start + 1_100_000 },
    "idx_workflow_status_completed_at",
  ),
  listBy(
    { dequeuedAfter: start + 1_000_000, dequeuedBefore: start + 1_100_000 },
    "idx_workflow_status_started_at",
  ),
  {
    name: "iterateWorkflows()",
    run: (driver) => iterateWorkflows(driver).next(),
    index: createdIndex,
  },
  countBy({ status: "ENQUEUED", groupBy: ["queueName"] }, inFlightIndex),
  countBy(
    { parentWorkflowID: parent, groupBy: ["status"] },
    "idx_workflow_status_parent_workflow_id",
  ),
  {
    name: "countWorkflows()",
    run: (driver) => countWorkflows(driver, { groupBy: ["status"] }),
    mayScan: "it counts all rows",
  },
];

const writes: PlannedCall[] = [
  {
    name: "enqueue()",
    run: (driver) =>
      enqueue(driver, { workflowName: "echo", queueName: "queue1", deduplicationID: "new" }),
  },
  {
    name: "enqueue() with a used ID",
    run: (driver) => enqueue(driver, used),
    index: primaryKey,
  },
  { name: "send()", run: (driver) => send(driver, ended, "hello"), index: primaryKey },
  {
    name: "sendMany()",
    run: (driver) => sendMany(driver, [0, 1].map((message) => ({ destinationID: ended, message }))),
    index: primaryKey,
  },
  {
    name: "send() to forks",
    run: (driver) => send(driver, ended, "hello", { sendToForks: true }),
    index: "idx_workflow_status_forked_from",
  },
  {
    name: "debounce()",
    run: (driver) =>
      debounce(driver, { workflowName: "echo", queueName: "queue1" }, "debounced", 1_000_000),
  },
  { name: "setWorkflowPriority()", run: (driver) => setWorkflowPriority(driver, waiting, 7) },
  {
    name: "setWorkflowDelay()",
    run: (driver) => setWorkflowDelay(driver, waiting, 1000),
    index: primaryKey,
  },
  {
    name: "updateWorkflowAttributes()",
    run: (driver) => updateWorkflowAttributes(driver, waiting, { customer: 1 }),
  },
  {
    name: "cancelWorkflow() with children",
    run: (driver) => cancelWorkflow(driver, parent, { cancelChildren: true }),
  },
  { name: "resumeWorkflow()", run: (driver) => resumeWorkflow(driver, waiting) },
  { name: "forkWorkflow()", run: (driver) => forkWorkflow(driver, ended, 1) },
  {
    name: "createSchedule()",
    run: (driver) =>
      createSchedule(driver, { scheduleName: "new", workflowName: "echo", schedule: "@daily" }),
    index: createdIndex,
  },
  { name: "rewindWorkflow()", run: (driver) => rewindWorkflow(driver, ended) },
  {
    name: "deleteWorkflow() with children",
    run: (driver) => deleteWorkflow(driver, parent, { deleteChildren: true }),
  },
];

interface Explained {
  durationMs: number;
  nodes: PlanNode[];
}

function flatten(node: PlanNode): PlanNode[] {
  return [node, ...(node.Plans ?? []).flatMap(flatten)];
}

/** A driver that explains each statement before it runs it. */
function createExplainingDriver(connection: pg.Client, explained: Explained): Driver {
  async function explain(text: string, values: unknown[] = []): Promise<void> {
    if (!/dbos"?\./.test(text)) return;
    const { rows } = await connection.query(`explain (format json) ${text}`, values);
    explained.nodes.push(...flatten(rows[0]["QUERY PLAN"][0].Plan));
  }
  return {
    connection,
    connect() {},
    getTransactionStatus: () => "I",
    async query(query: { text: string; values?: unknown[] }) {
      if (query.values) await explain(query.text, query.values);
      // Several statements in one message. Line breaks in their literals are escaped.
      else for (const text of query.text.split(";\n")) await explain(text);
      const startedAt = performance.now();
      const result = await connection.query(query);
      explained.durationMs += performance.now() - startedAt;
      return result;
    },
  } as Driver;
}

function findFault(
  { index, mayScan }: PlannedCall,
  nodes: PlanNode[],
  bigTables: ReadonlySet<string>,
): string | undefined {
  const scanned = nodes.find((node) =>
    node["Node Type"] === "Seq Scan" && bigTables.has(node["Relation Name"]!)
  );
  if (scanned && !mayScan) return `scans all of ${scanned["Relation Name"]}`;
  if (index && !nodes.some((node) => node["Index Name"] === index)) return `does not use ${index}`;
}

/** Makes all calls one after another, and returns their plans. */
export async function explainCalls(url: string): Promise<CallPlan[]> {
  const connection = new pg.Client({ connectionString: url });
  await connection.connect();
  try {
    const { rows } = await connection.query(
      `select relname as name, reltuples as size from pg_class
      where relnamespace = 'dbos'::regnamespace and relkind = 'r'`,
    );
    const tables = rows as { name: string; size: number }[];
    const findTables = (minSize: number) =>
      new Set(tables.filter(({ size }) => size > minSize).map(({ name }) => name));
    const bigTables = findTables(1000);
    // For a list, scanning a smaller table can be faster than looking up a hundred rows.
    const bigTablesOfLists = findTables(20_000);
    const callPlans: CallPlan[] = [];
    for (const call of [...reads, ...lists, ...writes]) {
      const explained: Explained = { durationMs: 0, nodes: [] };
      await call.run(createExplainingDriver(connection, explained));
      const { durationMs, nodes } = explained;
      const indexes = nodes.map((node) => node["Index Name"]).filter((name) => name !== undefined);
      const fault = findFault(call, nodes, lists.includes(call) ? bigTablesOfLists : bigTables);
      callPlans.push({
        name: call.name,
        durationMs,
        indexes: [...new Set(indexes)],
        ...(fault && { fault }),
      });
    }
    return callPlans;
  } finally {
    await connection.end();
  }
}

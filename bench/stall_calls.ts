/** The calls of very many items that `stalls` observes, and what they are compared with. */

import pg from "pg";
import {
  cancelWorkflows,
  deleteWorkflows,
  enqueue,
  enqueueMany,
  forkWorkflows,
  getAllEvents,
  getAllStreamEntries,
  getResult,
  iterateWorkflows,
  listWorkflows,
  listWorkflowSteps,
  readStream,
  resumeWorkflows,
  sendMany,
  waitAll,
  waitEach,
} from "../mod.ts";
import { args, job, openOfficial } from "./contenders.ts";
import { asTexts } from "../src/drivers/pg_executor.ts";
import { recordStatement } from "./recorded_statement.ts";

/** Runs a call for workflows of these IDs. */
export type Run = (workflowIDs: string[]) => Promise<unknown>;

/** What no client can do without: the driver alone, or promises alone, which await no server. */
export interface Bound {
  readonly name: "npm:pg" | "promises";
  /** Makes the function that is observed. */
  open(workflowIDs: string[]): Run | Promise<Run>;
}

/** A call, and what it is compared with. */
export interface StallCall {
  readonly name: string;
  readonly run: Run;
  /** The same with the official client, if it can do that. */
  readonly official?: Run;
  readonly bound?: Bound;
  /** Makes what the call is done with, or undoes it. */
  readonly prepare?: Run;
}

async function readAll(values: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of values);
}

/** Makes calls that only await a promise each, and settles the promises in slices. */
async function callBare(count: number, call: (promise: Promise<void>, index: number) => unknown) {
  const pending: (() => void)[] = [];
  const calls = Promise.all(
    Array.from(
      { length: count },
      (_, index) => call(new Promise((resolve) => pending.push(resolve)), index),
    ),
  );
  for (const [index, resolve] of pending.entries()) {
    resolve();
    if (index % 500 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  await calls;
}

/** What enqueue() cannot do without: it reads its options, and serializes the arguments. */
async function enqueueBare(options: object, promise: Promise<void>, ...args: unknown[]) {
  const read = { ...options };
  const text = JSON.stringify({ positionalArgs: args });
  await promise;
  return { read, text };
}

async function waitBare(workflowID: string, promise: Promise<void>) {
  await promise;
  return workflowID;
}

const largeID = "workflow-0";
const toForkID = (workflowID: string) => `fork-${workflowID}`;

/** Gives a workflow as many steps, events and values of a stream as there are workflows. */
async function fill(pool: pg.Pool, { length }: string[]): Promise<void> {
  const tables = [
    ["operation_outputs", "function_id, function_name, output", "number, 'step', '\"done\"'"],
    ["workflow_events", "key, value", "number, number"],
    ["streams", 'key, value, "offset", function_id', "'log', number, number, 0"],
  ];
  for (const [table, columns, values] of tables) {
    await pool.query(
      `insert into dbos.${table} (workflow_uuid, serialization, ${columns})
       select '${largeID}', 'portable_json', ${values} from generate_series(0, $1 - 1) as number
       on conflict do nothing`,
      [length],
    );
  }
}

/** Opens the clients, and lists the calls in the order in which they can be run. */
export async function openCalls(
  url: string,
  resources: AsyncDisposableStack,
): Promise<StallCall[]> {
  const official = await openOfficial(url, resources);
  const pool = new pg.Pool({ connectionString: url, max: 10 });
  resources.defer(() => pool.end());
  const toJob = (workflowID: string) => ({ ...job, workflowID, args: [...args] });
  const makeJobs = (workflowIDs: string[]) => workflowIDs.values().map(toJob);
  async function* readJobs(workflowIDs: string[]) {
    yield* makeJobs(workflowIDs);
  }
  const enqueueAll: Run = (workflowIDs) => enqueueMany(pool, makeJobs(workflowIDs));
  // With the statistics of an empty table, the official client's list can take more than 30 s.
  const create: Run = async (workflowIDs) => {
    await enqueueAll(workflowIDs);
    await pool.query("analyze");
  };
  const remove: Run = (workflowIDs) => deleteWorkflows(pool, workflowIDs);
  const cancel: Run = (workflowIDs) => cancelWorkflows(pool, workflowIDs);
  const createLarge: Run = async (workflowIDs) => {
    await create(workflowIDs);
    await cancel([largeID]);
    await fill(pool, workflowIDs);
  };

  /** The driver alone, which sends the statement of a call, and reads the rows as texts. */
  function driverAlone(
    call: (connection: pg.Client, workflowIDs: string[]) => Promise<unknown>,
  ): Bound {
    return {
      name: "npm:pg",
      async open(workflowIDs) {
        const recorded = await recordStatement(url, (connection) => call(connection, workflowIDs));
        const { text, values } = recorded;
        const connection = new pg.Client({ connectionString: url });
        await connection.connect();
        resources.defer(() => connection.end());
        return () => connection.query({ text, ...(values && { values: [...values] }), ...asTexts });
      },
    };
  }

  const enqueueAtomically = (driver: pg.ClientBase | pg.Pool, workflowIDs: string[]) =>
    enqueueMany(driver, makeJobs(workflowIDs), { atomic: true });

  function listWith(
    name: string,
    options: { loadInput?: false; loadOutput?: false },
  ): StallCall {
    return {
      name,
      prepare: create,
      run: () => listWorkflows(pool, options),
      official: () => official.listWorkflows({ ...options }),
      bound: driverAlone((connection) => listWorkflows(connection, options)),
    };
  }

  return [
    { name: "enqueueMany() of an iterable", prepare: remove, run: enqueueAll },
    {
      name: "enqueueMany() of an async iterable",
      prepare: remove,
      run: (workflowIDs) => enqueueMany(pool, readJobs(workflowIDs)),
    },
    {
      name: "enqueueMany(), atomic",
      prepare: remove,
      run: (workflowIDs) => enqueueAtomically(pool, workflowIDs),
      bound: driverAlone(enqueueAtomically),
    },
    {
      // The loop that makes the calls belongs to the program, and is a stall of its own.
      name: "enqueue() in one loop",
      prepare: remove,
      run: (workflowIDs) =>
        Promise.all(
          workflowIDs.map((workflowID) => enqueue(pool, { ...job, workflowID }, ...args)),
        ),
      bound: {
        name: "promises",
        open: (workflowIDs) => () =>
          callBare(
            workflowIDs.length,
            (promise, index) =>
              enqueueBare({ ...job, workflowID: workflowIDs[index] }, promise, ...args),
          ),
      },
    },
    {
      name: "sendMany()",
      run: (workflowIDs) =>
        sendMany(pool, workflowIDs.map((destinationID) => ({ destinationID, message: args }))),
    },
    listWith("listWorkflows()", {}),
    listWith("listWorkflows() without values", { loadInput: false, loadOutput: false }),
    { name: "iterateWorkflows()", run: () => readAll(iterateWorkflows(pool)) },
    {
      name: "cancelWorkflows()",
      prepare: (workflowIDs) => resumeWorkflows(pool, workflowIDs),
      run: cancel,
      official: (workflowIDs) => official.cancelWorkflows(workflowIDs),
    },
    { name: "waitAll()", run: (workflowIDs) => waitAll(pool, workflowIDs) },
    { name: "waitEach()", run: (workflowIDs) => readAll(waitEach(pool, workflowIDs)) },
    {
      name: "getResult() in one loop",
      run: (workflowIDs) =>
        Promise.allSettled(workflowIDs.map((workflowID) => getResult(pool, workflowID))),
      bound: {
        name: "promises",
        open: (workflowIDs) => () =>
          callBare(
            workflowIDs.length,
            (promise, index) => waitBare(workflowIDs[index]!, promise),
          ),
      },
    },
    {
      name: "resumeWorkflows()",
      prepare: cancel,
      run: (workflowIDs) => resumeWorkflows(pool, workflowIDs),
      official: (workflowIDs) => official.resumeWorkflows(workflowIDs),
    },
    {
      name: "forkWorkflows()",
      prepare: (workflowIDs) => remove(workflowIDs.map(toForkID)),
      run: (workflowIDs) =>
        forkWorkflows(
          pool,
          workflowIDs.map((workflowID) => ({
            workflowID,
            startStep: 0,
            newWorkflowID: toForkID(workflowID),
          })),
        ),
    },
    {
      name: "deleteWorkflows()",
      prepare: create,
      run: remove,
      official: (workflowIDs) => official.deleteWorkflows(workflowIDs),
    },
    {
      name: "listWorkflowSteps()",
      prepare: createLarge,
      run: () => listWorkflowSteps(pool, largeID),
      official: () => official.listWorkflowSteps(largeID),
    },
    { name: "getAllEvents()", run: () => getAllEvents(pool, largeID) },
    { name: "getAllStreamEntries()", run: () => getAllStreamEntries(pool, largeID) },
    { name: "readStream()", run: () => readAll(readStream(pool, largeID, "log")) },
  ];
}

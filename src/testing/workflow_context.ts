/** What a workflow function can call while it runs, under the names of the official SDK. */

import { AsyncLocalStorage } from "node:async_hooks";
import * as sql from "../../sql/testing/mod.ts";
import { pause } from "../abort_signal.ts";
import type { Client } from "../client/client.ts";
import type { SystemDatabase } from "../database/system_database.ts";
import { closeMarker } from "../messages/close_markers.ts";
import { nullTopic } from "../messages/null_topic.ts";
import {
  asNumber,
  asText,
  describeOptions,
  type OptionsDescription,
  readOptions,
} from "../options.ts";
import { deserializeValue } from "../serialization/read.ts";
import { checkFunction, checkNumber, checkText } from "../validate.ts";
import { writeError, writeValue } from "./stored_values.ts";

/** A workflow that runs. */
export interface RunningWorkflow {
  readonly client: Client;
  readonly database: SystemDatabase;
  readonly workflowID: string;
  readonly serialization: string | null;
  readonly authenticatedUser: string;
  readonly assumedRole: string;
  readonly authenticatedRoles: readonly string[];
  /** Aborted when the workflow no longer runs, or the worker is closed. */
  readonly signal: AbortSignal;
  /** How long to wait between two looks for a message, in milliseconds. */
  readonly pollingIntervalMs: number;
  /** Sleeps until then; the test can end all sleeps. */
  sleep(durationMs: number): Promise<void>;
  /** The ID of the next step. */
  nextFunctionID: number;
}

/** How long {@linkcode WorkflowContext.recv} waits. */
export interface ReceiveOptions {
  /**
   * How long to wait for a message, in seconds.
   *
   * @default {60}
   */
  timeoutSeconds?: number;
}

/** The name of a step. */
export interface StepOptions {
  /**
   * The name, which `listWorkflowSteps()` returns.
   *
   * @default {undefined} the name of the function
   */
  name?: string;
}

/**
 * What the function of a workflow can call while it runs. The names are those of the official SDK, so
 * the body of a workflow can be copied into a test.
 *
 * Each method rejects if no workflow runs, and with the reason of `signal` if that is aborted.
 */
export interface WorkflowContext {
  /** The ID of the workflow; undefined outside of one. */
  readonly workflowID: string | undefined;
  /** The user on whose behalf the workflow runs; empty if it has none. */
  readonly authenticatedUser: string;
  /** The role that the user assumes; empty if it has none. */
  readonly assumedRole: string;
  /** The roles of the user. */
  readonly authenticatedRoles: string[];
  /**
   * Aborted when the workflow was cancelled or has timed out, a test has completed it, or the worker is
   * closed. The official SDK has no such property.
   */
  readonly signal: AbortSignal;
  /**
   * The client of the worker, for all functions of the library. The official SDK has no such property.
   */
  readonly client: Client;
  /**
   * Sets an event, for `getEvent()`.
   *
   * @param key The key of the event.
   * @param value The value, in the serialization format of the workflow.
   */
  setEvent(key: string, value: unknown): Promise<void>;
  /**
   * Receives the oldest message of a topic.
   *
   * @param topic The topic; undefined or null for messages without one.
   * @param options How long to wait, in seconds or as an object; null, as a format without undefined
   * passes it on, stands for the default.
   * @returns The message, or null if none has arrived in time.
   */
  recv<Message = unknown>(
    topic?: string | null,
    options?: number | ReceiveOptions | null,
  ): Promise<Message | null>;
  /**
   * Writes a value to the end of a stream.
   *
   * @param key The key of the stream.
   * @param value The value, in the serialization format of the workflow.
   */
  writeStream(key: string, value: unknown): Promise<void>;
  /**
   * Closes a stream, so that its readers end.
   *
   * @param key The key of the stream.
   */
  closeStream(key: string): Promise<void>;
  /**
   * Waits. A test ends the wait with `skipDelays()`.
   *
   * @param durationMs How long, in milliseconds.
   */
  sleep(durationMs: number): Promise<void>;
  /**
   * Runs a function as a step, whose result `listWorkflowSteps()` returns. It runs once each time the
   * workflow runs, and is not retried.
   *
   * @param step The function.
   * @param options The name of the step.
   * @returns What the function returns.
   */
  runStep<Result>(step: () => Promise<Result>, options?: StepOptions): Promise<Result>;
}

const defaultTimeoutSeconds = 60;
const runningWorkflows = new AsyncLocalStorage<RunningWorkflow>();

const receiveDescription: OptionsDescription<ReceiveOptions> = describeOptions<ReceiveOptions>({
  timeoutSeconds: asNumber(0),
});

const stepDescription: OptionsDescription<StepOptions> = describeOptions<StepOptions>({
  name: asText,
});

/** Calls a function in the context of a workflow. */
export function runInContext<Result>(workflow: RunningWorkflow, run: () => Result): Result {
  return runningWorkflows.run(workflow, run);
}

function running(call: string): RunningWorkflow {
  const workflow = runningWorkflows.getStore();
  if (workflow) return workflow;
  throw new Error(
    `Cannot use DBOS.${call} here: no workflow of a test worker runs; call it in the function of a ` +
      "workflow",
  );
}

/** Runs a call of a workflow, and records it as a step. */
async function recordCall<Result>(
  name: string,
  call: (workflow: RunningWorkflow, functionID: number) => Promise<Result>,
  toOutput?: (result: Result) => { text: string | null; serialization: string | null },
): Promise<Result> {
  const workflow = running(`${name}()`);
  workflow.signal.throwIfAborted();
  const functionID = workflow.nextFunctionID++;
  const startedAt = Date.now();
  const result = await call(workflow, functionID);
  const output = toOutput?.(result);
  await workflow.database.run(sql.recordStep, {
    workflow_id: workflow.workflowID,
    function_id: functionID,
    function_name: `DBOS.${name}`,
    output: output?.text ?? null,
    error: null,
    serialization: output?.serialization ?? workflow.serialization,
    started_at: String(startedAt),
  });
  return result;
}

async function writeToStream(name: string, key: string, toText: ToText): Promise<void> {
  checkText(`key of DBOS.${name}()`, key);
  await recordCall(name, async (workflow, functionID) => {
    const { text, serialization } = await toText(workflow);
    await workflow.database.run(sql.writeStream, {
      workflow_id: workflow.workflowID,
      key,
      value: text,
      function_id: functionID,
      serialization,
    });
  });
}

type ToText = (
  workflow: RunningWorkflow,
) => Promise<{ text: string; serialization: string | null }>;

async function sleep(durationMs: number): Promise<void> {
  checkNumber("durationMs of DBOS.sleep()", durationMs, 0);
  await recordCall("sleep", (workflow) => workflow.sleep(durationMs));
}

interface ReceivedMessage {
  readonly message: string | null;
  readonly serialization: string | null;
}

/** Looks for a message until the deadline, by performance.now(). */
async function receive(
  { database, workflowID, pollingIntervalMs, signal }: RunningWorkflow,
  functionID: number,
  topic: string,
  deadline: number,
): Promise<ReceivedMessage> {
  while (true) {
    signal.throwIfAborted();
    const [row] = await database.run(sql.receiveMessage, {
      function_id: functionID,
      workflow_id: workflowID,
      topic,
    });
    if (row) return row;
    const remainingMs = deadline - performance.now();
    if (remainingMs <= 0) return { message: null, serialization: null };
    await pause(Math.min(pollingIntervalMs, remainingMs), signal);
  }
}

async function recv<Message>(
  topic?: string | null,
  options?: number | ReceiveOptions | null,
): Promise<Message | null> {
  checkText("topic of DBOS.recv()", topic ?? nullTopic);
  const { timeoutSeconds = defaultTimeoutSeconds } = readOptions(
    "DBOS.recv()",
    receiveDescription,
    typeof options === "number" ? { timeoutSeconds: options } : options ?? undefined,
  );
  const deadline = performance.now() + timeoutSeconds * 1000;
  const { message, serialization } = await recordCall(
    "recv",
    (workflow, functionID) => {
      // As in the official SDK, the timeout is a step of its own.
      workflow.nextFunctionID++;
      return receive(workflow, functionID, topic ?? nullTopic, deadline);
    },
    ({ message, serialization }) => ({ text: message, serialization }),
  );
  const { settings } = running("recv()").database;
  return await deserializeValue(message, serialization, settings.serializer) as Message | null;
}

async function runStep<Result>(
  step: () => Promise<Result>,
  options?: StepOptions,
): Promise<Result> {
  checkFunction("step of DBOS.runStep()", step);
  const { name = step.name } = readOptions("DBOS.runStep()", stepDescription, options);
  const workflow = running("runStep()");
  workflow.signal.throwIfAborted();
  const { database, serialization } = workflow;
  const functionID = workflow.nextFunctionID++;
  const startedAt = Date.now();
  const record = (outcome: { output: string | null; error: string | null }) =>
    database.run(sql.recordStep, {
      workflow_id: workflow.workflowID,
      function_id: functionID,
      function_name: name,
      ...outcome,
      serialization,
      started_at: String(startedAt),
    });
  let result: Result;
  try {
    result = await step();
  } catch (error) {
    await record({ output: null, error: await writeError(database, serialization, error) });
    throw error;
  }
  const output = await writeValue(database, serialization, result, `result of step ${name}`);
  await record({ output, error: null });
  return result;
}

/**
 * What the function of a workflow can call while a test worker runs it.
 *
 * @example
 * ```ts
 * import { enqueue, getEvent } from "@dbos-community/client";
 * import { DBOS, startTestWorker } from "@dbos-community/client/testing";
 *
 * await using worker = await startTestWorker({
 *   async reviewTask() {
 *     await DBOS.setEvent("progress", 50);
 *     return await DBOS.recv("approval");
 *   },
 * });
 * const task = { workflowName: "reviewTask", queueName: "tasks" };
 * const { workflowID } = await enqueue(worker.client, task);
 * console.log(await getEvent(worker.client, workflowID, "progress")); // 50
 * ```
 */
export const DBOS: WorkflowContext = {
  get workflowID() {
    return runningWorkflows.getStore()?.workflowID;
  },
  get authenticatedUser() {
    return running("authenticatedUser").authenticatedUser;
  },
  get assumedRole() {
    return running("assumedRole").assumedRole;
  },
  get authenticatedRoles() {
    return [...running("authenticatedRoles").authenticatedRoles];
  },
  get signal() {
    return running("signal").signal;
  },
  get client() {
    return running("client").client;
  },
  async setEvent(key, value) {
    checkText("key of DBOS.setEvent()", key);
    await recordCall("setEvent", async ({ database, workflowID, serialization }, functionID) => {
      const text = await writeValue(database, serialization, value, `event ${key}`);
      await database.run(sql.setEvent, {
        workflow_id: workflowID,
        key,
        value: text,
        serialization,
        function_id: functionID,
      });
    });
  },
  recv,
  writeStream: (key, value) =>
    writeToStream("writeStream", key, async ({ database, serialization }) => ({
      text: await writeValue(database, serialization, value, `value of stream ${key}`),
      serialization,
    })),
  closeStream: (key) =>
    writeToStream(
      "closeStream",
      key,
      () => Promise.resolve({ text: JSON.stringify(closeMarker), serialization: "portable_json" }),
    ),
  sleep,
  runStep,
};

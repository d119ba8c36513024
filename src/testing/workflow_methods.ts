/** The methods that the function of a workflow can call. */

import * as sql from "../../sql/testing/mod.ts";
import { pause } from "../promises.ts";
import { closeMarker } from "../messages/close_markers.ts";
import { nullTopic } from "../messages/messages.ts";
import {
  asNumber,
  asText,
  describeOptions,
  type OptionsDescription,
  readOptions,
} from "../options.ts";
import { deserializeValue } from "../serialization/read.ts";
import { checkFunction, checkNumber, checkText } from "../validate.ts";
import { findRunningWorkflow, type RunningWorkflow } from "./running_workflow.ts";
import { writeError, writeValue } from "./stored_values.ts";
import type { ReceiveOptions, StepOptions, WorkflowContext } from "./workflow_context.ts";

const defaultTimeoutSeconds = 60;

const receiveDescription: OptionsDescription<ReceiveOptions> = describeOptions<ReceiveOptions>({
  timeoutSeconds: asNumber(0),
});

const stepDescription: OptionsDescription<StepOptions> = describeOptions<StepOptions>({
  name: asText,
});

function running(call: string): RunningWorkflow {
  const workflow = findRunningWorkflow();
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

/** Writes what is to be stored of a value. */
type ToText = (
  workflow: RunningWorkflow,
) => Promise<{ text: string; serialization: string | null }>;

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

async function sleep(durationMs: number): Promise<void> {
  checkNumber("durationMs of DBOS.sleep()", durationMs, 0);
  await recordCall("sleep", (workflow) => workflow.sleep(durationMs));
}

interface ReceivedMessage {
  readonly message: string | null;
  readonly serialization: string | null;
}

/** Polls for a message until the deadline, by performance.now(). */
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
    return findRunningWorkflow()?.workflowID;
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

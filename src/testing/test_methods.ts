/** What a test asks of its worker: to wait for workflows, to end them, and what was sent to them. */

import * as sql from "../../sql/testing/mod.ts";
import { pause } from "../promises.ts";
import { callDescription, type CallOptions, type Client } from "../client/client.ts";
import type { SystemDatabase } from "../database/system_database.ts";
import { NonExistentWorkflowError } from "../errors/managing.ts";
import { filterDescription } from "../lists/filter_parameters.ts";
import { listWorkflows } from "../lists/list.ts";
import type { WorkflowFilters } from "../lists/workflow_filters.ts";
import { nullTopic } from "../messages/messages.ts";
import { asNumber, describeOptions, type OptionsDescription, readOptions } from "../options.ts";
import { deserializeValueIfKnown } from "../serialization/serialized_value.ts";
import { checkText } from "../validate.ts";
import type { WorkflowStatus } from "../workflows/workflow_status.ts";
import { writeError, writeValue } from "./stored_values.ts";

/** How long to wait for a workflow. */
export interface WaitForEnqueuedOptions extends CallOptions {
  /**
   * How long to wait, in seconds.
   *
   * @default {4} which is less than what vitest and `bun test` give a test
   */
  timeoutSeconds?: number;
}

/** A message that was sent to a workflow. */
export interface SentMessage {
  /** The ID of the workflow that it was sent to. */
  readonly destinationID: string;
  /** The topic, or null for a message without one. */
  readonly topic: string | null;
  /** The message. One that the client cannot read is a `SerializedValue`. */
  readonly message: unknown;
  /** When it was sent, in milliseconds since 1970. */
  readonly createdAtEpochMs: number;
  /** Whether the workflow has received it. */
  readonly consumed: boolean;
}

/** The methods of a test worker that read and write its database. */
export interface TestMethods {
  /**
   * Waits for a workflow, and returns it: the oldest that matches and that no earlier call has returned,
   * whether it has started or not.
   *
   * @param match Filters, as those of `listWorkflows()`.
   * @param options How long to wait, and an abort signal.
   * @returns The status of the workflow, with its input.
   * @throws {TypeError} If an option has the wrong type.
   * @throws {RangeError} If an option is out of range.
   * @throws {Error} If there is none in time; the message names the workflows that there are.
   */
  waitForEnqueued(
    match?: WorkflowFilters,
    options?: WaitForEnqueuedOptions,
  ): Promise<WorkflowStatus>;
  /**
   * Ends a workflow with a result, in its own serialization format. If its function runs, the signal of
   * the function is aborted.
   *
   * @param workflowID The ID of the workflow.
   * @param result The result.
   * @throws {TypeError} If the ID is not a string, or the format cannot hold the result.
   * @throws {NonExistentWorkflowError} If there is no such workflow.
   * @throws {Error} If the workflow has ended.
   */
  completeWorkflow(workflowID: string, result?: unknown): Promise<void>;
  /**
   * Ends a workflow with an error, in its own serialization format. If its function runs, the signal of
   * the function is aborted.
   *
   * @param workflowID The ID of the workflow.
   * @param error The error.
   * @throws {TypeError} If the ID is not a string, or the format cannot hold the error.
   * @throws {NonExistentWorkflowError} If there is no such workflow.
   * @throws {Error} If the workflow has ended.
   */
  failWorkflow(workflowID: string, error: unknown): Promise<void>;
  /**
   * Returns the messages that were sent to all workflows, in the order in which they were sent, whether
   * they were received or not.
   */
  sentMessages(): Promise<SentMessage[]>;
}

const waitDescription: OptionsDescription<WaitForEnqueuedOptions> = describeOptions<
  WaitForEnqueuedOptions
>({ ...callDescription.checks, timeoutSeconds: asNumber(0) });

const defaultTimeoutSeconds = 4;
/** Makes the methods. */
export function createTestMethods(
  client: Client,
  database: SystemDatabase,
  pollingIntervalMs: number,
): TestMethods {
  const returnedIDs = new Set<string>();

  async function find(match: WorkflowFilters): Promise<WorkflowStatus | undefined> {
    const found = await listWorkflows(client, match);
    const next = found.find(({ workflowID }) => !returnedIDs.has(workflowID));
    if (next) returnedIDs.add(next.workflowID);
    return next;
  }

  async function describeWorkflows(): Promise<string> {
    const all = await listWorkflows(client, { loadInput: false, loadOutput: false });
    if (all.length === 0) return "none was enqueued";
    const names = all.map(({ workflowName, queueName, status }) =>
      // A workflow that was cancelled has left its queue.
      `${workflowName}${queueName === undefined ? "" : ` on queue ${queueName}`} (${status})`
    );
    return `there are ${names.slice(0, 20).join(", ")}`;
  }

  /** Ends a workflow that has not ended. */
  async function end(
    action: string,
    workflowID: string,
    toOutcome: (
      serialization: string | null,
    ) => Promise<{ status: string; output: string | null; error: string | null }>,
  ): Promise<void> {
    checkText(`workflowID of ${action}Workflow()`, workflowID);
    const [found] = await database.run(sql.findFormat, { workflow_id: workflowID });
    if (!found) throw new NonExistentWorkflowError(workflowID, action);
    const outcome = await toOutcome(found.serialization);
    const parameters = { ...outcome, workflow_id: workflowID };
    const [row] = await database.run(sql.completeWorkflow, parameters);
    if (row!.completed === 1) return;
    const { status } = (await database.run(sql.findFormat, { workflow_id: workflowID }))[0] ??
      found;
    throw new Error(`Cannot ${action} workflow ${workflowID}: it has ended with status ${status}`);
  }

  return {
    async waitForEnqueued(match = {}, options) {
      const filters = readOptions("waitForEnqueued()", filterDescription, match);
      const { timeoutSeconds = defaultTimeoutSeconds, signal = new AbortController().signal } =
        readOptions("waitForEnqueued()", waitDescription, options);
      const deadline = performance.now() + timeoutSeconds * 1000;
      while (true) {
        signal.throwIfAborted();
        const found = await find(filters);
        if (found) return found;
        if (performance.now() >= deadline) break;
        await pause(pollingIntervalMs, signal);
      }
      throw new Error(
        `Cannot find a workflow within ${timeoutSeconds} s: no other one matches; ` +
          await describeWorkflows(),
      );
    },
    completeWorkflow: (workflowID, result) =>
      end("complete", workflowID, async (serialization) => ({
        status: "SUCCESS",
        output: await writeValue(database, serialization, result, "result"),
        error: null,
      })),
    failWorkflow: (workflowID, error) =>
      end("fail", workflowID, async (serialization) => ({
        status: "ERROR",
        output: null,
        error: await writeError(database, serialization, error),
      })),
    async sentMessages() {
      const rows = await database.run(sql.listSentMessages, {});
      const { serializer } = database.settings;
      return await Promise.all(rows.map(async (row) => ({
        destinationID: row.destination_id,
        topic: row.topic === nullTopic ? null : row.topic,
        message: await deserializeValueIfKnown(row.message, row.serialization, serializer),
        createdAtEpochMs: Number(row.created_at),
        consumed: row.consumed,
      })));
    },
  };
}

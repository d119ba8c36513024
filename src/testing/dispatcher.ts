/** Takes workflows from their queues and runs their functions, as the workers of DBOS do. */

import * as sql from "../../sql/testing/mod.ts";
import { onAbort, pause } from "../promises.ts";
import type { Client } from "../client/client.ts";
import type { SystemDatabase } from "../database/system_database.ts";
import { joinLists } from "../database/text_lists.ts";
import { maxTimerMs } from "../event_loop.ts";
import { readStored } from "../serialization/read.ts";
import { parseRoles } from "../serialization/serialized_value.ts";
import { writeError, writeValue } from "./stored_values.ts";
import { runInContext, type RunningWorkflow } from "./running_workflow.ts";

/** The function that runs a workflow. */
// deno-lint-ignore no-explicit-any -- a function with parameters of any types
export type TestFunction = (...args: any[]) => unknown;

/** What to run, and how. */
export interface DispatcherOptions {
  readonly functions: ReadonlyMap<string, TestFunction>;
  readonly queueNames: readonly string[] | undefined;
  readonly applicationName: string | undefined;
  readonly applicationVersion: string | undefined;
  readonly pollingIntervalMs: number;
}

/** Runs workflows until it is stopped. */
export interface Dispatcher {
  /** Ends the delays of workflows, and all sleeps. */
  skipDelays(): Promise<void>;
  /** Aborts the workflows that run, and stops. Rejects with the error that has stopped it before. */
  stop(): Promise<void>;
}

type ClaimedRow = NonNullable<typeof sql.claimWorkflows.row>;

/** A workflow that runs under a token of its own. */
interface Execution {
  readonly controller: AbortController;
  readonly done: Promise<void>;
}

const defaultVersion = "test";
// For functions that ignore their signal: they would hold up the end of a test for ever.
const stopTimeoutMs = 2000;

/** Starts to run the workflows of a system database. */
export function startDispatcher(
  client: Client,
  database: SystemDatabase,
  options: DispatcherOptions,
): Dispatcher {
  const { functions, pollingIntervalMs } = options;
  const names = [...functions.keys()];
  const { serializer } = database.settings;
  const stopping = new AbortController();
  const executions = new Map<string, Execution>();
  const sleeps = new Set<AbortController>();
  const executorID = `test-${crypto.randomUUID()}`;
  let idle = new AbortController();
  let failure: { error: unknown } | undefined;

  async function sleep(durationMs: number, signal: AbortSignal): Promise<void> {
    const end = new AbortController();
    const stop = onAbort(signal, () => end.abort());
    sleeps.add(end);
    await pause(Math.min(durationMs, maxTimerMs), end.signal);
    sleeps.delete(end);
    stop();
    signal.throwIfAborted();
  }

  function toRunningWorkflow(row: ClaimedRow, signal: AbortSignal): RunningWorkflow {
    const roles = parseRoles(row.authenticated_roles);
    return {
      client,
      database,
      workflowID: row.workflow_id,
      serialization: row.serialization,
      authenticatedUser: row.authenticated_user ?? "",
      assumedRole: row.assumed_role ?? "",
      authenticatedRoles: Array.isArray(roles) ? roles : [],
      signal,
      pollingIntervalMs,
      sleep: (durationMs) => sleep(durationMs, signal),
      nextFunctionID: 0,
    };
  }

  /** Runs the function of a workflow, and returns its outcome as it is stored. */
  async function callFunction(
    { class_name, name, inputs, serialization }: ClaimedRow,
    workflow: RunningWorkflow,
  ): Promise<{ status: string; output: string | null; error: string | null }> {
    try {
      const run = functions.get(class_name ? `${class_name}.${name}` : name)!;
      const args = await readStored(
        inputs ?? "",
        serialization,
        serializer,
        (codec, text) => codec.deserializeArgs(text),
      );
      const result = await runInContext(workflow, async () => await run(...args));
      const output = await writeValue(database, serialization, result, `result of ${name}`);
      return { status: "SUCCESS", output, error: null };
    } catch (error) {
      return {
        status: "ERROR",
        output: null,
        error: await writeError(database, serialization, error),
      };
    }
  }

  async function runWorkflow(row: ClaimedRow, signal: AbortSignal): Promise<void> {
    const { workflow_id, owner_xid } = row;
    const outcome = await callFunction(row, toRunningWorkflow(row, signal));
    if (!signal.aborted) {
      await database.run(sql.completeWorkflow, { ...outcome, workflow_id, owner_xid });
    }
    executions.delete(owner_xid);
    // Its queue may have room for another one.
    idle.abort();
  }

  function start(row: ClaimedRow): void {
    const controller = new AbortController();
    const done = runWorkflow(row, controller.signal).catch(fail);
    executions.set(row.owner_xid, { controller, done });
  }

  /** Ends the workflows that were cancelled, deleted or completed by the test. */
  async function abortLostExecutions(): Promise<void> {
    if (executions.size === 0) return;
    const tokens = joinLists({ owner_xids: [...executions.keys()] });
    for (const { owner_xid } of await database.run(sql.findLostClaims, tokens)) {
      executions.get(owner_xid)?.controller.abort(
        new Error("Cannot continue the workflow: it was cancelled, completed, resumed or deleted"),
      );
      executions.delete(owner_xid);
    }
  }

  async function claim(): Promise<void> {
    const { applicationName, applicationVersion, queueNames } = options;
    const rows = await database.run(sql.claimWorkflows, {
      executor_id: executorID,
      application_name: applicationName,
      application_version: applicationVersion,
      default_version: applicationVersion ?? defaultVersion,
      ...joinLists({ names, queue_names: queueNames }),
    });
    rows.forEach(start);
  }

  async function poll(): Promise<void> {
    const [found] = await database.run(sql.findWork, joinLists({ names }));
    const { has_due, has_enqueued } = found!;
    if (has_due) await database.run(sql.updateDueWorkflows, {});
    await abortLostExecutions();
    if (has_due || has_enqueued) await claim();
  }

  function fail(error: unknown): void {
    if (!stopping.signal.aborted) failure ??= { error };
    stop();
  }

  function stop(): void {
    stopping.abort();
    idle.abort();
  }

  async function pollUntilStopped(): Promise<void> {
    while (!stopping.signal.aborted) {
      idle = new AbortController();
      await poll();
      if (!stopping.signal.aborted) await pause(pollingIntervalMs, idle.signal);
    }
  }

  const polling = pollUntilStopped().catch(fail);

  return {
    async skipDelays() {
      await database.run(sql.endDelays, {});
      sleeps.forEach((end) => end.abort());
      idle.abort();
    },
    async stop() {
      stop();
      await polling;
      const reason = new Error("Cannot continue the workflow: the test worker was closed");
      executions.forEach(({ controller }) => controller.abort(reason));
      const allDone = new AbortController();
      Promise.all([...executions.values()].map(({ done }) => done)).then(() => allDone.abort());
      await pause(stopTimeoutMs, allDone.signal);
      if (failure) throw failure.error;
    },
  };
}

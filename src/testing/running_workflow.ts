/** The workflow that a function belongs to. */

import { AsyncLocalStorage } from "node:async_hooks";
import type { Client } from "../client/client.ts";
import type { SystemDatabase } from "../database/system_database.ts";

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
  /** How long to wait between two polls for a message, in milliseconds. */
  readonly pollingIntervalMs: number;
  /** Sleeps, unless the test ends all sleeps. */
  sleep(durationMs: number): Promise<void>;
  /** The ID of the next step. */
  nextFunctionID: number;
}

const runningWorkflows = new AsyncLocalStorage<RunningWorkflow>();

/** Calls a function in the context of a workflow. */
export function runInContext<Result>(workflow: RunningWorkflow, run: () => Result): Result {
  return runningWorkflows.run(workflow, run);
}

/** The workflow that runs; undefined outside of one. */
export function findRunningWorkflow(): RunningWorkflow | undefined {
  return runningWorkflows.getStore();
}

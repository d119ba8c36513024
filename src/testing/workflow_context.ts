/** What the function of a workflow can call, under the names of the official SDK. */

import type { Client } from "../client/client.ts";

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

/** One client of a driver, in this process or in one of Bun. */
import { enqueue, type EnqueueOptions } from "../../mod.ts";
import { type Client, systemDatabaseOf } from "../../src/client/client.ts";
import { isRetriable } from "../../src/database/retry.ts";
import type { Attempt } from "../../src/drivers/adapter.ts";
import type { Driver } from "../../src/drivers/driver.ts";

/** How an attempt failed. */
export interface Failure {
  readonly description: string;
  readonly isRetriable: boolean;
}

/** What the tests of faults do through a driver. */
export interface Caller {
  /** Enqueues a workflow, and returns its ID. */
  enqueue(options: EnqueueOptions): Promise<string>;
  /** Sends a statement once, and returns how it failed. */
  fail(text: string): Promise<Failure>;
  /**
   * Sends a statement once, and stops waiting for it when `signal` is aborted. Returns the first value
   * of each row.
   */
  query(text: string, signal?: AbortSignal): Promise<string[]>;
}

function describe(error: unknown): string {
  const { name, code, errno, message } = Object(error) as Record<string, unknown>;
  return [name, code, errno, message].filter(Boolean).join(" ");
}

/** The calls of a client. */
export function createCaller(client: Client | Driver): Caller {
  const { adapter } = systemDatabaseOf(client);
  async function query(text: string, signal?: AbortSignal): Promise<string[]> {
    const executor = await adapter.load();
    // Equal names have equal texts.
    const name = `test_${text.replaceAll(/\W/g, "_")}`.slice(0, 63);
    const attempt: Attempt = { isNeeded: () => !signal?.aborted };
    signal?.addEventListener("abort", () => attempt.discardConnection?.());
    const rows = await executor.query({ name, text, values: [] }, attempt);
    return rows.flatMap((row) => Object.values(row).slice(0, 1)).map((value) =>
      value instanceof Uint8Array ? new TextDecoder().decode(value) : String(value)
    );
  }
  return {
    enqueue: async (options) => (await enqueue(client, options)).workflowID,
    async fail(text) {
      const { isLostConnection } = await adapter.load();
      const error = await query(text).then(() => new Error("It succeeded"), (error) => error);
      return {
        description: describe(error),
        isRetriable: isRetriable(error, true, isLostConnection),
      };
    },
    query,
  };
}

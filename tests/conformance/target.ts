import type { Client, Driver } from "../../mod.ts";

/** The module under test: the sources or the installed package. */
export type Library = typeof import("../../mod.ts");

/** A driver that is connected to a database on which the test application runs. */
export interface TestTarget extends AsyncDisposable {
  readonly library: Library;
  readonly client: Client | Driver;
  /** The schema of the system tables as an SQL identifier. */
  readonly schema: string;
  /** Runs `body` in a transaction of the driver. An error rolls the transaction back. */
  transaction(body: (transaction: Client | Driver) => Promise<void>): Promise<void>;
  /** Queries the database without the library. */
  query(text: string, values?: unknown[]): Promise<Record<string, unknown>[]>;
}

/** Test cases by title. */
export type Cases = Record<string, (target: TestTarget) => Promise<void>>;

/** A queue that no worker polls, so that its workflows do not start. */
export const idleQueue = "idle";

export function newID(): string {
  return crypto.randomUUID();
}

/** The row of a workflow in `workflow_status`. */
export async function statusRow(
  { query, schema }: TestTarget,
  workflowID: string,
): Promise<Record<string, unknown> | undefined> {
  const [row] = await query(
    `select * from ${schema}.workflow_status where workflow_uuid = $1`,
    [workflowID],
  );
  return row;
}

import type { Client, Driver } from "../../mod.ts";

/** The module under test: the sources, or the package as it is installed. */
export type Library = typeof import("../../mod.ts");

/** A driver with a database, and the test application at work on it. */
export interface TestTarget extends AsyncDisposable {
  readonly library: Library;
  readonly client: Client | Driver;
  /** The schema of the system tables as an SQL identifier. */
  readonly schema: string;
  /** Runs `body` in a transaction of the driver, which its error rolls back. */
  transaction(body: (transaction: Client | Driver) => Promise<void>): Promise<void>;
  /** Looks at the database from outside of the library. */
  query(text: string, values?: unknown[]): Promise<Record<string, unknown>[]>;
}

/** What every driver, runtime and schema must do: named by a sentence. */
export type Cases = Record<string, (target: TestTarget) => Promise<void>>;

/** A queue that no worker takes from, so that what is on it stays as it is. */
export const idleQueue = "idle";

export function newID(): string {
  return crypto.randomUUID();
}

/** The columns of `workflow_status` that a test wants to see. */
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

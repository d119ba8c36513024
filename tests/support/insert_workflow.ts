/** Writes what workers write, where a test needs no worker. */
import type pg from "pg";

interface Tables {
  readonly pool: pg.Pool;
}

/** Inserts a workflow. By default it never ends. */
export async function insertWorkflow({ pool }: Tables, status = "PENDING"): Promise<string> {
  const workflowID = crypto.randomUUID();
  await pool.query(
    "insert into dbos.workflow_status (workflow_uuid, status, name) values ($1, $2, 'publish')",
    [workflowID, status],
  );
  return workflowID;
}

/** Sets an event. */
export async function setEvent(
  { pool }: Tables,
  workflowID: string,
  key: string,
  value: string,
  serialization: string | null = "portable_json",
): Promise<void> {
  await pool.query(
    `insert into dbos.workflow_events (workflow_uuid, key, value, serialization)
    values ($1, $2, $3, $4) on conflict (workflow_uuid, key)
    do update set value = excluded.value, serialization = excluded.serialization`,
    [workflowID, key, value, serialization],
  );
}

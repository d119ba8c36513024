/** Two copies of a database in which a real worker has run workflows of every kind. */
import { DBOSClient } from "@dbos-inc/dbos-sdk";
import pg from "pg";
import { createTestDatabase, execute, type TestDatabase } from "../support/database.ts";
import { startWorker } from "../support/start_worker.ts";
import type { TextRow } from "./compare.ts";

export type Query = (text: string, values?: unknown[]) => Promise<TextRow[]>;

/** A database that can be reset to the prepared state. */
export interface PreparedDatabase extends AsyncDisposable {
  readonly url: string;
  readonly query: Query;
  /** All rows of all tables of the schema. */
  readTables(): Promise<Record<string, TextRow[]>>;
  restore(): Promise<void>;
}

export interface PreparedDatabases extends AsyncDisposable {
  readonly official: PreparedDatabase;
  readonly ours: PreparedDatabase;
}

/** Prepares a database, and copies it. */
export async function createPreparedDatabases(): Promise<PreparedDatabases> {
  const resources = new AsyncDisposableStack();
  const database = resources.use(await createTestDatabase());
  await runWorkflows(database.url);
  await execute(database.url, spreadTimes);
  await saveRows(database.url);
  const copy = resources.use(await copyDatabase(database.url));
  return {
    official: resources.use(await openDatabase(database.url)),
    ours: resources.use(await openDatabase(copy.url)),
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

// The official client lists workflows of the same millisecond in no defined order.
const spreadTimes = `
  update dbos.workflow_status as ws set created_at = ws.created_at + earlier.count
  from (
    select workflow_uuid, row_number() over (order by created_at, workflow_uuid) as count
    from dbos.workflow_status
  ) as earlier
  where earlier.workflow_uuid = ws.workflow_uuid`;

async function copyDatabase(url: string): Promise<TestDatabase> {
  const original = new URL(url).pathname.slice(1);
  const database = await createTestDatabase();
  const name = new URL(database.url).pathname.slice(1);
  const serverUrl = new URL("/postgres", url).href;
  await execute(serverUrl, `drop database ${name}`);
  await execute(serverUrl, `create database ${name} template ${original}`);
  return database;
}

/**
 * Runs workflows whose IDs say what they are. Then it stops the worker, so that only the calls of a
 * case change the databases.
 */
async function runWorkflows(url: string): Promise<void> {
  await using _worker = await startWorker({ systemDatabaseUrl: url });
  const client = await DBOSClient.create({ systemDatabaseUrl: url });
  const enqueue = (workflowID: string, workflowName: string, ...args: unknown[]) =>
    client.enqueue({ workflowID, workflowName, queueName: "tasks" }, ...args);
  const enqueuePortable = (workflowID: string, workflowName: string, ...args: unknown[]) =>
    client.enqueuePortable({ workflowID, workflowName, queueName: "tasks" }, args);
  const onIdleQueue = { workflowName: "echo", queueName: "idle" };

  const handles = [
    await enqueue("succeeded", "echo", "a", { b: [null, new Date(5), undefined] }),
    await enqueuePortable("succeeded-portable", "echo", "a", { b: [null, 1.5] }),
    await enqueue("empty", "nothing"),
    await enqueuePortable("empty-portable", "nothing"),
    await enqueue("native-values", "echoNative"),
    await enqueue("failed", "fail", "went wrong", "E7", { reason: ["x"] }),
    await enqueuePortable("failed-portable", "fail", "went wrong", 7, { reason: ["x"] }),
    await enqueue("published", "publish", "progress", { percent: 7, at: new Date(5) }),
    await enqueuePortable("published-portable", "publish", "progress", { percent: 7 }),
    await enqueue("stepped", "takeSteps"),
    await enqueuePortable("parent", "runChild", "runChild", "echo", 1),
  ];
  const attributed = await client.enqueue({
    workflowID: "attributed",
    workflowName: "whoAmI",
    queueName: "tasks",
    attributes: { customer: 7 },
    authenticatedUser: "ann",
    authenticatedRoles: ["admin", "ops"],
    priority: 3,
    workflowTimeoutMS: 60_000,
  });
  await client.send("stepped", "go on", "step 5, and its timeout step 6");
  await client.send("stepped", "too much", "step 5, and its timeout step 6");
  await Promise.allSettled([...handles, attributed].map((handle) => handle.getResult()));

  await client.enqueue({ ...onIdleQueue, workflowID: "waiting" }, 1);
  await client.enqueue({ ...onIdleQueue, workflowID: "delayed", delaySeconds: 100_000 }, 1);
  await client.enqueue({ ...onIdleQueue, workflowID: "holder", deduplicationID: "held" }, 1);
  await client.enqueue({ ...onIdleQueue, workflowID: "cancelled" }, 1);
  await client.cancelWorkflow("cancelled");
  await client.enqueue({ ...onIdleQueue, workflowID: "given-up" }, 1);
  await execute(
    url,
    `update dbos.workflow_status set status = 'MAX_RECOVERY_ATTEMPTS_EXCEEDED'
    where workflow_uuid = 'given-up'`,
  );
  await client.destroy();
}

const tableNames = `select relname as name from pg_class
  where relnamespace = 'dbos'::regnamespace and relkind in ('r', 'p') order by relname`;

/** Copies every table to the schema `prepared`, from which restore() copies the rows back. */
async function saveRows(url: string): Promise<void> {
  await execute(
    url,
    `create schema prepared;
    do $$ declare name text; begin
      for name in ${tableNames} loop
        execute format('create table prepared.%I as table dbos.%1$I', name);
      end loop;
    end $$`,
  );
}

async function openDatabase(url: string): Promise<PreparedDatabase> {
  const pool = new pg.Pool({
    connectionString: url,
    max: 1,
    // Every column as text, so that no parser hides a difference.
    types: { getTypeParser: () => (text: unknown) => text } as unknown as pg.CustomTypesConfig,
  });
  const query: Query = async (text, values) => (await pool.query(text, values)).rows;
  // All foreign keys refer to workflow_status: its rows are deleted last and inserted first.
  const names = (await query(tableNames)).map(({ name }) => name!);
  const tables = ["workflow_status", ...names.filter((name) => name !== "workflow_status")];
  const restore = [
    ...tables.toReversed().map((table) => `delete from dbos.${table}`),
    ...tables.map((table) => `insert into dbos.${table} select * from prepared.${table}`),
  ].join(";");
  return {
    url,
    query,
    async readTables() {
      const entries = [];
      for (const table of tables) entries.push([table, await query(`table dbos.${table}`)]);
      return Object.fromEntries(entries);
    },
    async restore() {
      await pool.query(restore);
    },
    [Symbol.asyncDispose]: () => pool.end(),
  };
}

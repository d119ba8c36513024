import { PGlite } from "@electric-sql/pglite";
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import pg from "pg";
import postgres from "postgres";
import {
  createClient,
  debounce,
  type Driver,
  enqueue,
  followEvents,
  getEvent,
  getResult,
  readStream,
  readStreamOffset,
  ResultTimeoutError,
  retrieveWorkflow,
  waitAll,
  waitEach,
  waitFirst,
  type WorkflowHandle,
} from "../mod.ts";
import { createTestDatabase } from "./support/database.ts";
import { migrate } from "./support/migrate.ts";
import { createPglitePool } from "./support/pglite_pool.ts";

const task = { workflowName: "echo", queueName: "tasks" };
const once = { timeoutSeconds: 0 };
const past = { deadlineEpochMS: 1 };

/** Checks that nothing waits in an open transaction, which stays usable, and returns a handle. */
async function checkWaits(transaction: Driver): Promise<WorkflowHandle> {
  const handle = await enqueue(transaction, task);
  const { workflowID } = handle;
  const reason = "Cannot wait in an open transaction";
  for (
    const wait of [
      () => getResult(transaction, workflowID),
      () => getResult(transaction, workflowID, { timeoutSeconds: 0.001 }),
      () => getResult(createClient(transaction), workflowID),
      () => retrieveWorkflow(transaction, workflowID).getResult({ timeoutSeconds: 60 }),
      () => getEvent(transaction, workflowID, "key"),
      () => getEvent(transaction, workflowID, "key", 5),
      () => getEvent(transaction, workflowID, "key", { deadlineEpochMS: Date.now() + 60_000 }),
      () => readStreamOffset(transaction, workflowID, "key", 0),
      () => waitFirst(transaction, [handle]),
      () => waitAll(transaction, [workflowID]),
    ]
  ) {
    await assertRejects(wait, TypeError, "transaction");
  }
  assertThrows(() => readStream(transaction, workflowID, "key"), TypeError, reason);
  assertThrows(() => followEvents(transaction, workflowID), TypeError, reason);
  assertThrows(() => waitEach(transaction, [workflowID]), TypeError, reason);

  await assertRejects(() => handle.getResult(once), ResultTimeoutError);
  await assertRejects(() => getResult(transaction, workflowID, once), ResultTimeoutError);
  assertEquals(await getEvent(transaction, workflowID, "key", 0), null);
  assertEquals(await getEvent(transaction, workflowID, "key", past), null);
  await assertRejects(() => handle.getResult(past), ResultTimeoutError);
  const snapshot = readStream(transaction, workflowID, "key", { snapshot: true });
  assertEquals(await Array.fromAsync(snapshot), []);
  assertEquals((await handle.getStatus())?.status, "ENQUEUED");
  return handle;
}

/** Checks that a handle of a transaction that has been committed does not wait either. */
async function checkHandle({ getResult, workflowID }: WorkflowHandle, pool: Driver): Promise<void> {
  const error = await assertRejects(() => getResult(), TypeError, "it was made in a transaction");
  assertEquals(error.message.includes("retrieveWorkflow(pool, workflowID)"), true);
  const ownHandle = retrieveWorkflow(pool, workflowID);
  await assertRejects(() => ownHandle.getResult({ timeoutSeconds: 0.05 }), ResultTimeoutError);
}

Deno.test("on npm:pg nothing waits in a transaction, and its handles wait for nothing", async () => {
  await using database = await createTestDatabase();
  const pool = new pg.Pool({ connectionString: database.url });
  await migrate(pool);
  const connection = await pool.connect();
  await connection.query("begin");
  const handle = await checkWaits(connection);
  const options = { workflowName: "echo", queueName: "tasks" };
  const debounced = await debounce(connection, options, "key", 60_000);
  await connection.query("commit");
  await checkHandle(handle, pool);
  await checkHandle(debounced, pool);
  // Outside a transaction a connection waits as a pool does.
  const outside = await enqueue(connection, task);
  await assertRejects(() => outside.getResult({ timeoutSeconds: 0.05 }), ResultTimeoutError);
  connection.release();
  await pool.end();
});

Deno.test("on npm:postgres nothing waits in a transaction, and its handles wait for nothing", async () => {
  await using database = await createTestDatabase();
  const pool = new pg.Pool({ connectionString: database.url });
  await migrate(pool);
  await pool.end();
  const sql = postgres(database.url, { onnotice: () => {} });
  try {
    await checkHandle(await sql.begin(checkWaits) as WorkflowHandle, sql);
  } finally {
    await sql.end();
  }
});

Deno.test("on PGlite nothing waits in a transaction, and its handles wait for nothing", async () => {
  await using database = await PGlite.create();
  await migrate(createPglitePool(database));
  await checkHandle(await database.transaction(checkWaits), database);
});

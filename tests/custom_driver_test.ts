import { assertEquals, assertRejects } from "@std/assert";
import pg from "pg";
import {
  createClient,
  type CustomDriver,
  enqueue,
  getEvent,
  getResult,
  getStatus,
  listWorkflows,
  QueryTimeoutError,
  ResultTimeoutError,
  retrieveWorkflow,
} from "../mod.ts";
import { createTestDatabase } from "./support/database.ts";
import { migrate } from "./support/migrate.ts";

const task = { workflowName: "echo", queueName: "tasks" };

async function openDatabase(resources: AsyncDisposableStack): Promise<pg.Pool> {
  const { url } = resources.use(await createTestDatabase());
  const pool = new pg.Pool({ connectionString: url });
  resources.defer(() => pool.end());
  await migrate(pool);
  return pool;
}

/** A driver that only runs statements, with the texts of those that it has run. */
function recordQueries(pool: pg.Pool): CustomDriver & { texts: string[] } {
  const texts: string[] = [];
  return {
    texts,
    transactionStatus: () => "none",
    async query(text, values) {
      texts.push(text);
      return (await pool.query(text, [...values])).rows;
    },
  };
}

Deno.test("an object with query() is a client of every function, as it is", async () => {
  await using resources = new AsyncDisposableStack();
  const pool = await openDatabase(resources);
  const driver = {
    query: async (text: string, values: readonly unknown[]) =>
      (await pool.query(text, [...values])).rows,
  };
  const handle = await enqueue(driver, task, 7);
  assertEquals((await getStatus(driver, handle.workflowID))?.input, [7]);
  await assertRejects(() => handle.getResult({ timeoutSeconds: 0.05 }), ResultTimeoutError);
});

Deno.test("without listen(), a client of a driver of one's own polls", async () => {
  await using resources = new AsyncDisposableStack();
  const pool = await openDatabase(resources);
  const client = resources.use(
    createClient(recordQueries(pool), { listen: true, pollingIntervalMs: 20 }),
  );
  const { workflowID } = await enqueue(client, task);
  const event = getEvent<number>(client, workflowID, "key", { timeoutSeconds: 600 });
  await getEvent(client, workflowID, "other", 0);
  await pool.query(
    `insert into dbos.workflow_events (workflow_uuid, key, value, serialization)
    values ($1, 'key', '7', 'portable_json')`,
    [workflowID],
  );
  assertEquals(await event, 7);
});

Deno.test("without queryInOneMessage(), the client ends a list that takes too long, once", async () => {
  await using resources = new AsyncDisposableStack();
  const pool = await openDatabase(resources);
  const driver = recordQueries(pool);
  const client = createClient(driver, { observabilityQueryTimeoutMs: 50 });
  assertEquals(await listWorkflows(client), []);
  const sent = driver.texts.length;
  const blocker = await pool.connect();
  resources.defer(() => blocker.release());
  await blocker.query("begin");
  await blocker.query("lock table dbos.workflow_status");
  const error = await assertRejects(() => listWorkflows(client), QueryTimeoutError);
  assertEquals(error.timeoutMs, 50);
  assertEquals(driver.texts.length, sent + 1);
  const { signal } = new AbortController();
  await assertRejects(() => listWorkflows(client, { signal }), QueryTimeoutError);
  assertEquals(driver.texts.length, sent + 2);
  const ofUnknownStatus = createClient({ query: driver.query }, {
    observabilityQueryTimeoutMs: 50,
  });
  await assertRejects(() => listWorkflows(ofUnknownStatus), QueryTimeoutError);
  await blocker.query("rollback");
});

Deno.test("with queryInOneMessage(), the server ends a list that takes too long", async () => {
  await using resources = new AsyncDisposableStack();
  const pool = await openDatabase(resources);
  const driver: CustomDriver = {
    ...recordQueries(pool),
    async queryInOneMessage(text) {
      const results = await pool.query(text) as unknown as pg.QueryResult[];
      return results.at(-1)!.rows;
    },
  };
  const client = createClient(driver, { observabilityQueryTimeoutMs: 50 });
  assertEquals(await listWorkflows(client), []);
  const blocker = await pool.connect();
  resources.defer(() => blocker.release());
  await blocker.query("begin");
  await blocker.query("lock table dbos.workflow_status");
  const error = await assertRejects(() => listWorkflows(client), QueryTimeoutError);
  assertEquals((error.cause as { code?: string }).code, "57014");
  await blocker.query("rollback");
});

Deno.test("nothing waits or is retried while a driver of one's own has a transaction open", async () => {
  let statements = 0;
  const lost = Object.assign(new Error("the service is gone"), { name: "ServiceError" });
  const driver: CustomDriver & { status: "none" | "open" } = {
    status: "open",
    transactionStatus: () => driver.status,
    isLostConnection: (error) => error === lost,
    query() {
      statements++;
      return Promise.reject(lost);
    },
  };
  await assertRejects(() => getResult(driver, "task-7"), TypeError, "open transaction");
  await assertRejects(() => enqueue(driver, task), Error, "the service is gone");
  assertEquals(statements, 1);
  // Outside of a transaction the same error is worth a retry.
  driver.status = "none";
  const client = createClient(driver, { retryTimeoutSeconds: 0.1 });
  await assertRejects(() => retrieveWorkflow(client, "task-7").getStatus(), Error, "is gone");
  assertEquals(statements > 2, true);
});

Deno.test("a query() that returns no array of rows is refused with what to return", async () => {
  for (const [returned, type] of [[{ rows: [] }, "object"], [undefined, "undefined"]] as const) {
    const driver = { query: () => Promise.resolve(returned) } as unknown as CustomDriver;
    const error = await assertRejects(() => enqueue(driver, task), TypeError);
    assertEquals(
      error.message,
      `Cannot read the rows: the driver's query() returned ${type}, and no array. Return the array ` +
        "of rows alone, such as result.rows",
    );
  }
});

Deno.test("maxConnections of a driver of one's own must be a positive integer", async () => {
  for (const maxConnections of [0, 1.5, "4", null]) {
    const driver = { maxConnections, query: () => Promise.resolve([]) } as unknown as CustomDriver;
    await assertRejects(() => enqueue(driver, task), Error, "maxConnections of the driver");
  }
});

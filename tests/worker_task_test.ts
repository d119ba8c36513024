/** Tests `deno task worker`. The examples of the documentation run beside it in examples_test.ts. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import pg from "pg";
import { connect, enqueue, getResult } from "../mod.ts";
import { createTestDatabase, execute } from "./support/database.ts";
import { startWorkerTask } from "./support/worker_task.ts";

const soon = { timeoutSeconds: 600 };

async function runTask(url: string): Promise<unknown> {
  await using client = await connect(url);
  const handle = await enqueue(client, { workflowName: "processTask", queueName: "tasks" }, {
    id: 8,
  });
  return [await getResult(client, "task-7", soon), await handle.getResult(soon)];
}

const results = ["task 7 is done", "task 8 is done"];

async function hasSchema(url: string): Promise<boolean> {
  const connection = new pg.Client({ connectionString: url });
  await connection.connect();
  try {
    return (await connection.query("select from pg_namespace where nspname = 'dbos'")).rowCount ===
      1;
  } finally {
    await connection.end();
  }
}

async function isRefused(url: string): Promise<boolean> {
  try {
    await execute(url, "select 1");
    return false;
  } catch {
    return true;
  }
}

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  Deno.test(`deno task worker runs workflows on a server of its own until ${signal}`, async () => {
    const worker = await startWorkerTask();
    assertEquals(await runTask(worker.url.href), results);
    worker.signal(signal);
    await worker.whenEnded();
    assert(await isRefused(worker.url.href));
  });
}

Deno.test("deno task worker leaves a given database as it was", async () => {
  await using database = await createTestDatabase();
  {
    await using worker = await startWorkerTask("--database-url", database.url);
    assertEquals(worker.url.href, database.url);
    assertEquals(await runTask(database.url), results);
    assert(await hasSchema(database.url));
  }
  assert(!await hasSchema(database.url));
});

Deno.test("deno task worker refuses a database that DBOS uses", async () => {
  await using database = await createTestDatabase();
  await execute(database.url, "create schema dbos");
  const error = await startWorkerTask("--database-url", database.url).then(
    () => assert(false, "it has started"),
    (error) => error,
  );
  assertStringIncludes(
    error.message,
    "Cannot use this database: it has a schema dbos already. Name one that DBOS does not use",
  );
  assert(await hasSchema(database.url));
});

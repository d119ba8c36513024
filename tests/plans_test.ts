import { assertEquals } from "@std/assert";
import pg from "pg";
import {
  cancelWorkflow,
  deleteWorkflow,
  enqueue,
  forkWorkflow,
  getEvent,
  getResult,
  getStatus,
  listWorkflowSteps,
  resumeWorkflow,
  send,
  setWorkflowPriority,
} from "../mod.ts";
import { createTestDatabase } from "./support/database.ts";
import { explainCalls } from "./support/plans.ts";
import { populate } from "./support/populate.ts";

Deno.test("calls use an index wherever the schema has one", async () => {
  await using database = await createTestDatabase();
  await populate(database.url, 50_000);
  const plans = await explainCalls(database.url);
  assertEquals(plans.filter(({ fault }) => fault), []);
});

Deno.test("the server keeps one plan of each statement for a single workflow", async () => {
  await using database = await createTestDatabase();
  await populate(database.url, 8000);
  await using resources = new AsyncDisposableStack();
  const connection = new pg.Client({ connectionString: database.url });
  await connection.connect();
  resources.defer(() => connection.end());
  // Postgres decides after five executions, and after some more where a table grows meanwhile.
  for (let i = 0; i < 40; i++) {
    const { workflowID } = await enqueue(connection, { workflowName: "echo", queueName: "idle" });
    await send(connection, workflowID, "hello");
    await setWorkflowPriority(connection, workflowID, 7);
    await cancelWorkflow(connection, workflowID);
    await resumeWorkflow(connection, workflowID);
    await cancelWorkflow(connection, workflowID, { cancelChildren: true });
    await forkWorkflow(connection, workflowID, 0);
    await getStatus(connection, workflowID);
    await getEvent(connection, workflowID, "progress", 0);
    await listWorkflowSteps(connection, workflowID);
    await deleteWorkflow(connection, workflowID);
    await deleteWorkflow(connection, `order-${1005 + 20 * i}`, { deleteChildren: true });
    await getResult(connection, "order-2001");
  }
  const { rows } = await connection.query({
    text: `
      select name
      from pg_prepared_statements
      where custom_plans > 5 and generic_plans = 0`,
    rowMode: "array",
  });
  assertEquals(rows, []);
});

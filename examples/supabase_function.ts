/**
 * A Supabase Edge Function: `POST /tasks` enqueues a workflow, `GET /tasks/:id` returns its status and
 * its result.
 *
 * Save it as supabase/functions/tasks/index.ts, and add what it imports to the deno.json in that
 * folder: `deno add jsr:@dbos-community/client npm:postgres`. The platform sets SUPABASE_DB_URL, the
 * database in which the DBOS application must have its tables. To run it locally:
 *
 *     deno run --allow-env --allow-net examples/supabase_function.ts
 */
import { enqueue, retrieveWorkflow } from "@dbos-community/client/core";
import postgres from "postgres";

const task = { workflowName: "processTask", queueName: "tasks" };

// It connects on the first request. Many instances may run at once, so each opens few connections.
const sql = postgres(Deno.env.get("SUPABASE_DB_URL")!, { max: 2, fetch_types: false });

async function createTask(request: Request): Promise<Response> {
  const input = await request.json().catch(() => undefined);
  if (input === undefined) return Response.json({ error: "Expected JSON" }, { status: 400 });
  const { workflowID: id } = await enqueue(sql, task, input);
  return Response.json({ id }, { status: 202, headers: { location: `/tasks/${id}` } });
}

async function getTask(id: string): Promise<Response> {
  const found = await retrieveWorkflow(sql, id).getStatus();
  // Callers must not see other workflows of the database.
  if (found?.workflowName !== task.workflowName) {
    return Response.json({ error: "No such task" }, { status: 404 });
  }
  const { status, output: result } = found;
  const error = found.error instanceof Error ? found.error.message : undefined;
  return Response.json({ id, status, result, error });
}

// The path begins with the name of the function.
const taskRoute = new URLPattern({ pathname: "/tasks/:id" });

Deno.serve((request) => {
  const { pathname } = new URL(request.url);
  if (request.method === "POST" && pathname === "/tasks") return createTask(request);
  const id = taskRoute.exec(request.url)?.pathname.groups.id;
  if (request.method === "GET" && id) return getTask(id);
  return Response.json({ error: "Not found" }, { status: 404 });
});

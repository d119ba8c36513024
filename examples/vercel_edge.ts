/**
 * A Vercel Function on the Edge runtime: `POST /api/tasks` enqueues a workflow, `GET /api/tasks?id=`
 * returns its status and its result. That runtime has no sockets, so this one calls Postgres over HTTP,
 * with the driver of Neon.
 *
 *     npx jsr add @dbos-community/client && npm install @neondatabase/serverless
 *
 * Save it as api/tasks.ts, and set DBOS_SYSTEM_DATABASE_URL.
 */
import { enqueue, retrieveWorkflow } from "@dbos-community/client/core";
import { neon } from "@neondatabase/serverless";

export const config = { runtime: "edge" };

const task = { workflowName: "processTask", queueName: "tasks" };

/** Makes the driver of a request: on this runtime, requests cannot share one. */
function openDriver() {
  return neon(process.env.DBOS_SYSTEM_DATABASE_URL!);
}

async function createTask(request: Request): Promise<Response> {
  const input = await request.json().catch(() => undefined);
  if (input === undefined) return Response.json({ error: "Expected JSON" }, { status: 400 });
  const { workflowID: id } = await enqueue(openDriver(), task, input);
  return Response.json({ id }, { status: 202, headers: { location: `/api/tasks?id=${id}` } });
}

async function getTask(id: string): Promise<Response> {
  const found = await retrieveWorkflow(openDriver(), id).getStatus();
  // Callers must not see other workflows of the database.
  if (found?.workflowName !== task.workflowName) {
    return Response.json({ error: "No such task" }, { status: 404 });
  }
  const { status, output: result } = found;
  const error = found.error instanceof Error ? found.error.message : undefined;
  return Response.json({ id, status, result, error });
}

export default async function handle(request: Request): Promise<Response> {
  if (request.method === "POST") return await createTask(request);
  const id = new URL(request.url).searchParams.get("id");
  if (request.method === "GET" && id) return await getTask(id);
  return Response.json({ error: "Not found" }, { status: 404 });
}

/**
 * A route of Next.js: `POST /tasks` enqueues a workflow, `GET /tasks/:id` returns its status and its
 * result.
 *
 *     npx jsr add @dbos-community/client && npm install pg
 *
 * Save it as app/tasks/[[...id]]/route.ts, and set DBOS_SYSTEM_DATABASE_URL.
 */
import { enqueue, retrieveWorkflow } from "@dbos-community/client";
import pg from "pg";

interface Context {
  params: Promise<{ id?: string[] }>;
}

const task = { workflowName: "processTask", queueName: "tasks" };

// It connects on the first request, and not when `next build` imports this file.
const pool = new pg.Pool({ connectionString: process.env.DBOS_SYSTEM_DATABASE_URL, max: 5 });
// Without a listener, the loss of an idle connection would end the process.
pool.on("error", console.error);

function notFound(error: string): Response {
  return Response.json({ error }, { status: 404 });
}

export async function POST(request: Request, { params }: Context): Promise<Response> {
  if ((await params).id) return notFound("Not found");
  const input = await request.json().catch(() => undefined);
  if (input === undefined) return Response.json({ error: "Expected JSON" }, { status: 400 });
  const { workflowID: id } = await enqueue(pool, task, input);
  return Response.json({ id }, { status: 202, headers: { location: `/tasks/${id}` } });
}

export async function GET(_request: Request, { params }: Context): Promise<Response> {
  const [id, ...others] = (await params).id ?? [];
  if (!id || others.length > 0) return notFound("Not found");
  const found = await retrieveWorkflow(pool, id).getStatus();
  // Callers must not see other workflows of the database.
  if (found?.workflowName !== task.workflowName) return notFound("No such task");
  const { status, output: result } = found;
  const error = found.error instanceof Error ? found.error.message : undefined;
  return Response.json({ id, status, result, error });
}

/**
 * A Cloudflare Worker over Hyperdrive: `POST /tasks` enqueues a workflow, `GET /tasks/:id` returns its
 * status and its result.
 *
 *     npx jsr add @dbos-community/client && npm install pg
 *     npx wrangler hyperdrive create dbos --connection-string="$DBOS_SYSTEM_DATABASE_URL"
 *     npx wrangler deploy
 *
 * In wrangler.jsonc, `main` is this file, `compatibility_flags` has `nodejs_compat`, and `hyperdrive`
 * has the binding `HYPERDRIVE` with the ID that the second command prints.
 */
import { enqueue, retrieveWorkflow } from "@dbos-community/client/core";
import pg from "pg";

interface Env {
  HYPERDRIVE: { connectionString: string };
}

interface Context {
  waitUntil(promise: Promise<unknown>): void;
}

const task = { workflowName: "processTask", queueName: "tasks" };

async function createTask(request: Request, pool: pg.Pool): Promise<Response> {
  const input = await request.json().catch(() => undefined);
  if (input === undefined) return Response.json({ error: "Expected JSON" }, { status: 400 });
  const { workflowID: id } = await enqueue(pool, task, input);
  return Response.json({ id }, { status: 202, headers: { location: `/tasks/${id}` } });
}

async function getTask(id: string, pool: pg.Pool): Promise<Response> {
  const found = await retrieveWorkflow(pool, id).getStatus();
  // Callers must not see other workflows of the database.
  if (found?.workflowName !== task.workflowName) {
    return Response.json({ error: "No such task" }, { status: 404 });
  }
  const { status, output: result } = found;
  const error = found.error instanceof Error ? found.error.message : undefined;
  return Response.json({ id, status, result, error });
}

const taskRoute = new URLPattern({ pathname: "/tasks/:id" });

async function handle(request: Request, pool: pg.Pool): Promise<Response> {
  const { pathname } = new URL(request.url);
  if (request.method === "POST" && pathname === "/tasks") return await createTask(request, pool);
  const id = taskRoute.exec(request.url)?.pathname.groups.id;
  if (request.method === "GET" && id) return await getTask(id, pool);
  return Response.json({ error: "Not found" }, { status: 404 });
}

export default {
  async fetch(request: Request, env: Env, context: Context): Promise<Response> {
    // A request cannot use the connections of another one. Hyperdrive keeps those to the database.
    const pool = new pg.Pool({ connectionString: env.HYPERDRIVE.connectionString, max: 1 });
    pool.on("error", console.error);
    try {
      return await handle(request, pool);
    } finally {
      context.waitUntil(pool.end());
    }
  },
};

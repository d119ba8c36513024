/**
 * A function on Deno Deploy: `POST /tasks` enqueues a workflow, `GET /tasks/:id` returns its status
 * and its result.
 *
 * On Deno Deploy, choose this file as the entrypoint and set DBOS_SYSTEM_DATABASE_URL. To run it
 * locally:
 *
 *     deno run --allow-env --allow-net examples/deno_deploy.ts
 */
import { connect } from "@dbos-community/client/connect";
import {
  type Client,
  enqueue,
  retrieveWorkflow,
  type WorkflowArg,
} from "@dbos-community/client/core";
import { SystemSchemaNotFoundError } from "@dbos-community/client/errors";

const task = { workflowName: "processTask", queueName: "tasks" };

let client: Promise<Client> | undefined;

/** Connects on the first request, so that a cold start does not wait for the database. */
function getClient(): Promise<Client> {
  // Many instances may run at once, so each opens few connections.
  return client ??= connect(undefined, { maxConnections: 2 }).catch((error) => {
    client = undefined;
    throw error;
  });
}

async function createTask(request: Request): Promise<Response> {
  const text = await request.text();
  let input: WorkflowArg;
  try {
    input = JSON.parse(text);
  } catch {
    return Response.json({ error: "Expected JSON" }, { status: 400 });
  }
  const { workflowID: id } = await enqueue(await getClient(), task, input);
  return Response.json({ id }, { status: 202, headers: { location: `/tasks/${id}` } });
}

async function getTask(id: string): Promise<Response> {
  const found = await retrieveWorkflow(await getClient(), id).getStatus();
  // Callers must not see other workflows of the database.
  if (found?.workflowName !== task.workflowName) {
    return Response.json({ error: "No such task" }, { status: 404 });
  }
  const { status, output: result } = found;
  const error = found.error instanceof Error ? found.error.message : undefined;
  return Response.json({ id, status, result, error });
}

const taskRoute = new URLPattern({ pathname: "/tasks/:id" });

function handle(request: Request): Response | Promise<Response> {
  const { pathname } = new URL(request.url);
  if (request.method === "POST" && pathname === "/tasks") return createTask(request);
  const id = taskRoute.exec(request.url)?.pathname.groups.id;
  if (request.method === "GET" && id) return getTask(id);
  return Response.json({ error: "Not found" }, { status: 404 });
}

function onError(error: unknown): Response {
  console.error(error);
  // The database of a new branch or preview has no tables yet. The log tells what to do.
  if (error instanceof SystemSchemaNotFoundError) {
    return Response.json({ error: "DBOS is not set up yet" }, { status: 503 });
  }
  return Response.json({ error: "Internal error" }, { status: 500 });
}

const server = Deno.serve({ onError }, handle);

// Deno Deploy sends SIGINT before it stops an instance, which then has five seconds.
Deno.addSignalListener("SIGINT", async () => {
  await server.shutdown();
  await (await client)?.close();
  Deno.exit();
});

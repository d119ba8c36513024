/**
 * A service on Node 20 or newer: `POST /tasks` enqueues a workflow, `GET /tasks/:id` returns its
 * status and its result.
 *
 *     npx jsr add @dbos-community/client && npm install pg
 *     node examples/node_service.mjs
 */
import { createServer } from "node:http";
import process from "node:process";
import { json } from "node:stream/consumers";
import { enqueue, retrieveWorkflow } from "@dbos-community/client";
import pg from "pg";

const task = { workflowName: "processTask", queueName: "tasks" };

const pool = new pg.Pool({ connectionString: process.env.DBOS_SYSTEM_DATABASE_URL });
// Without a listener, the loss of an idle connection would end the process.
pool.on("error", (error) => console.error(error.message));

function reply(response, status, body, headers = {}) {
  const text = JSON.stringify(body);
  response.writeHead(status, { "content-type": "application/json", ...headers }).end(text);
}

async function createTask(request, response) {
  const input = await json(request).catch(() => undefined);
  if (input === undefined) return reply(response, 400, { error: "Expected JSON" });
  const { workflowID: id } = await enqueue(pool, task, input);
  reply(response, 202, { id }, { location: `/tasks/${id}` });
}

async function getTask(id, response) {
  const found = await retrieveWorkflow(pool, id).getStatus();
  // Callers must not see other workflows of the database.
  if (found?.workflowName !== task.workflowName) {
    return reply(response, 404, { error: "No such task" });
  }
  const { status, output: result, error } = found;
  reply(response, 200, { id, status, result, error: error?.message });
}

async function handle(request, response) {
  const { pathname } = new URL(request.url, "http://localhost");
  const [, id] = /^\/tasks\/([^/]+)$/.exec(pathname) ?? [];
  if (request.method === "POST" && pathname === "/tasks") await createTask(request, response);
  else if (request.method === "GET" && id) await getTask(id, response);
  else reply(response, 404, { error: "Not found" });
}

const server = createServer((request, response) => {
  handle(request, response).catch((error) => {
    console.error(error);
    reply(response, 500, { error: "Internal error" });
  });
});

server.listen(Number(process.env.PORT ?? 8000), "127.0.0.1", () => {
  console.log(`Listening on http://127.0.0.1:${server.address().port}/`);
});

// Finishes the requests in flight. Then nothing keeps the process running.
for (const signal of ["SIGINT", "SIGTERM"]) {
  process.once(signal, () => server.close(() => pool.end()));
}

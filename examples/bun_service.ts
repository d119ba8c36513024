/**
 * A service on Bun: `POST /tasks` enqueues a workflow, `GET /tasks/:id` returns its status and its
 * result.
 *
 *     bunx jsr add @dbos-community/client
 *     bun examples/bun_service.ts
 */
import { serve, SQL } from "bun";
import { enqueue, retrieveWorkflow } from "@dbos-community/client";

const task = { workflowName: "processTask", queueName: "tasks" };

const sql = new SQL(process.env.DBOS_SYSTEM_DATABASE_URL!);

const server = serve({
  hostname: "127.0.0.1",
  port: process.env.PORT ?? 8000,
  routes: {
    "/tasks": {
      async POST(request) {
        const input: unknown = await request.json().catch(() => undefined);
        if (input === undefined) return Response.json({ error: "Expected JSON" }, { status: 400 });
        const { workflowID: id } = await enqueue(sql, task, input);
        return Response.json({ id }, { status: 202, headers: { location: `/tasks/${id}` } });
      },
    },
    "/tasks/:id": {
      async GET({ params: { id } }) {
        const found = await retrieveWorkflow(sql, id).getStatus();
        // Callers must not see other workflows of the database.
        if (found?.workflowName !== task.workflowName) {
          return Response.json({ error: "No such task" }, { status: 404 });
        }
        const { status, output: result } = found;
        const error = found.error instanceof Error ? found.error.message : undefined;
        return Response.json({ id, status, result, error });
      },
    },
  },
  fetch: () => Response.json({ error: "Not found" }, { status: 404 }),
});
console.log(`Listening on ${server.url}`);

// Finishes the requests in flight. Then nothing keeps the process running.
for (const signal of ["SIGINT", "SIGTERM"]) {
  process.once(signal, async () => {
    await server.stop();
    await sql.close();
  });
}

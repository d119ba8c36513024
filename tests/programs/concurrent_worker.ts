/**
 * A Cloudflare Worker: each request enqueues a workflow through a connection of the kind that
 * `connection` names, waits for its event and its result, and returns both.
 */
import { type Client, connect, createClient, enqueue, getEvent } from "@dbos-community/client";
import pg from "pg";
import postgres from "postgres";

interface Env {
  HYPERDRIVE: { connectionString: string };
}

async function open(kind: string | null, url: string): Promise<[Client, () => Promise<unknown>]> {
  switch (kind) {
    case "pg": {
      const pool = new pg.Pool({ connectionString: url, max: 2 });
      pool.on("error", console.error);
      return [createClient(pool), () => pool.end()];
    }
    case "postgres": {
      const sql = postgres(url, { max: 2, fetch_types: false });
      return [createClient(sql), () => sql.end()];
    }
    default: {
      const client = await connect(url);
      return [client, () => client.close()];
    }
  }
}

export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const { searchParams } = new URL(request.url);
    const workflowName = searchParams.get("workflowName") ?? "processTask";
    const { connectionString } = env.HYPERDRIVE;
    const [client, close] = await open(searchParams.get("connection"), connectionString);
    try {
      const handle = await enqueue(client, { workflowName, queueName: "tasks" }, { id: 7 });
      const progress = await getEvent(client, handle.workflowID, "progress");
      return Response.json({ progress, result: await handle.getResult() });
    } finally {
      await close();
    }
  },
};

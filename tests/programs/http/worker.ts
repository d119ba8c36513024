/** Serves the routes in a Cloudflare Worker. */
import pg from "pg";
import { createClient } from "@dbos-community/client";
import { applicationName, createRoutes } from "./routes.ts";

interface Env {
  HYPERDRIVE: { connectionString: string };
}

interface Context {
  waitUntil(promise: Promise<unknown>): void;
}

export default {
  async fetch(request: Request, env: Env, context: Context): Promise<Response> {
    const { connectionString } = env.HYPERDRIVE;
    const pool = new pg.Pool({ connectionString, max: 2, application_name: applicationName });
    // workerd closes the connections of a request whose reader has left.
    pool.on("error", () => {});
    const response = await createRoutes(createClient(pool))(request);
    // The connections are those of this request, which lasts until the body was read.
    const { readable, writable } = new TransformStream();
    const sent = response.body?.pipeTo(writable).catch(() => {}) ?? Promise.resolve();
    context.waitUntil(sent.then(() => pool.end()));
    return new Response(response.body && readable, response);
  },
};

/** Serves the routes on Deno, Bun or Node: `server.ts deno|bun|node|hono`. */
import process from "node:process";
import { serve } from "@hono/node-server";
import { Hono } from "hono";
import pg from "pg";
import { createClient } from "@dbos-community/client";
import { applicationName, createRoutes } from "./routes.ts";

// deno-lint-ignore no-explicit-any -- of the runtime that it runs on
declare const Bun: any;
// deno-lint-ignore no-explicit-any
declare const Deno: any;

const [connectionString, kind] = process.argv.slice(2);
const pool = new pg.Pool({ connectionString, application_name: applicationName });
pool.on("error", console.error);
const routes = createRoutes(createClient(pool));
const app = new Hono();
app.all("*", (context) => routes(context.req.raw));

const address = { hostname: "127.0.0.1", port: 0 };
const onListen = ({ port }: { port: number }) =>
  console.log(`Listening on http://127.0.0.1:${port}/`);
switch (kind) {
  case "deno":
    Deno.serve({ ...address, onListen }, routes);
    break;
  case "bun":
    onListen(Bun.serve({ ...address, fetch: routes }));
    break;
  case "node":
    serve({ ...address, fetch: routes }, onListen);
    break;
  case "hono":
    Deno.serve({ ...address, onListen }, app.fetch);
    break;
  default:
    serve({ ...address, fetch: app.fetch }, onListen);
}

/** A program of Deno under load: `deno_program.ts DRIVER`. */
import pg from "pg";
import postgres from "postgres";
import { connect, createClient } from "../../../mod.ts";
import { Pool } from "../../support/db_postgres.ts";
import { type OpenDriver, serve } from "./serve.ts";

const drivers: Record<string, OpenDriver> = {
  "npm:pg"({ url, maxConnections, options }) {
    const pool = new pg.Pool({ connectionString: url, max: maxConnections });
    pool.on("error", () => {});
    return { client: createClient(pool, options), close: () => pool.end() };
  },
  "npm:postgres"({ url, maxConnections, options }) {
    const { prepare = true } = options;
    const sql = postgres(url, {
      max: maxConnections,
      prepare,
      fetch_types: false,
      onnotice: () => {},
      backoff: () => 0.1,
    });
    return { client: createClient(sql, options), close: () => sql.end({ timeout: 1 }) };
  },
  async "connect()"({ url, maxConnections, options }) {
    const client = await connect(url, { ...options, maxConnections });
    return { client, close: () => client.close() };
  },
  "jsr:@db/postgres"({ url, maxConnections, options }) {
    const pool = new Pool(url, maxConnections, true);
    return { client: createClient(pool, options), close: () => pool.end() };
  },
};

await serve(drivers[Deno.args[0]!]!);

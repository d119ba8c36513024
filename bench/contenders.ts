/** The clients that are compared. */

import { DBOSClient } from "@dbos-inc/dbos-sdk";
import pg from "pg";
import postgres from "postgres";
import { type Client, connect, type Driver } from "../mod.ts";

/** A workflow on a queue that no worker polls. */
export const job = { workflowName: "echo", queueName: "idle" } as const;
export const args = [1, "two", { three: 3 }] as const;

export interface Ours {
  readonly name: string;
  readonly client: Client | Driver;
}

/** Opens our client with each driver, with as many connections as the official client has. */
export async function openOurs(url: string, resources: AsyncDisposableStack): Promise<Ours[]> {
  const max = 10;
  const pool = new pg.Pool({ connectionString: url, max });
  resources.defer(() => pool.end());
  const sql = postgres(url, { max, fetch_types: false });
  resources.defer(() => sql.end());
  const client = resources.use(await connect(url, { maxConnections: max }));
  const denoPool = await openDenoPool(url, max);
  if (denoPool) resources.defer(() => denoPool.end());
  return [
    { name: "npm:pg", client: pool },
    { name: "npm:postgres", client: sql },
    { name: "connect()", client },
    ...(denoPool ? [{ name: "@db/postgres", client: denoPool as unknown as Driver }] : []),
  ];
}

// Some networks cannot reach JSR. Deno resolves an import of a variable only when it runs.
const denoPostgres = "@db/postgres";

// deno-lint-ignore no-explicit-any -- its types cannot be imported either
async function importDenoPostgres(): Promise<any> {
  return await import(denoPostgres).catch(() => undefined);
}

/** Whether `@db/postgres` can be compared here. */
export async function isDenoPostgresAvailable(): Promise<boolean> {
  return await importDenoPostgres() !== undefined;
}

async function openDenoPool(
  url: string,
  max: number,
): Promise<{ end(): Promise<void> } | undefined> {
  const module = await importDenoPostgres();
  return module && new module.Pool(url, max, true);
}

export async function openOfficial(
  url: string,
  resources: AsyncDisposableStack,
): Promise<DBOSClient> {
  const client = await DBOSClient.create({ systemDatabaseUrl: url });
  resources.defer(() => client.destroy());
  return client;
}

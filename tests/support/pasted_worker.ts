/** Runs workers from the documentation unchanged. */

import { retrieveQueue, SystemSchemaNotFoundError, UnsupportedFeatureError } from "../../mod.ts";
import pg from "pg";
import type { ProcessOptions } from "./run_example.ts";

// Ends the worker when stdin is closed, so that it never outlives this process. Only the worker
// holds the other end of stdout, so stdout ends when the worker does.
const supervisor = `
trap : INT TERM HUP
"$@" 2>&1 & worker=$!
exec >/dev/null 2>&1
cat
kill $worker
wait $worker
`;

/** Whether the worker has created the tables and registered its queue. */
async function hasRegistered(pool: pg.Pool): Promise<boolean> {
  try {
    return await retrieveQueue(pool, "tasks") !== null;
  } catch (error) {
    if (error instanceof SystemSchemaNotFoundError || error instanceof UnsupportedFeatureError) {
      return false;
    }
    throw error;
  }
}

/** Starts a worker, and waits until it has registered the queue `tasks`. */
export async function startPastedWorker(
  command: readonly string[],
  systemDatabaseUrl: string,
  { cwd, env }: ProcessOptions = {},
): Promise<AsyncDisposable> {
  const worker = new Deno.Command("sh", {
    args: ["-c", supervisor, "supervisor", ...command],
    ...(cwd !== undefined && { cwd }),
    env: { ...env, DBOS_SYSTEM_DATABASE_URL: systemDatabaseUrl },
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  let hasEnded = false;
  const log = new Response(worker.stdout).text().finally(() => hasEnded = true);

  async function stop(): Promise<string> {
    await worker.stdin.close();
    await worker.status;
    return await log;
  }
  const pool = new pg.Pool({ connectionString: systemDatabaseUrl, max: 1 });
  try {
    while (!await hasRegistered(pool)) {
      if (hasEnded) throw new Error("the worker has ended");
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  } catch (cause) {
    throw new Error(`Cannot start ${command.join(" ")}:\n${await stop()}`, { cause });
  } finally {
    await pool.end();
  }
  return { [Symbol.asyncDispose]: async () => void await stop() };
}

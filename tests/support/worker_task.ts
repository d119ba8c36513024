import { fileURLToPath } from "node:url";
import { type Service, startService } from "./service.ts";

const cwd = fileURLToPath(new URL("../../", import.meta.url));

function findUrl(printed: string): string | undefined {
  return /export DBOS_SYSTEM_DATABASE_URL='(.*)'\n/.exec(printed)?.[1];
}

/** Runs `deno task worker`, and waits until it says to which URL to connect. */
export async function startWorkerTask(...args: string[]): Promise<Service> {
  const task = await startService(Deno.execPath(), ["task", "worker", ...args], { cwd }, findUrl);
  return {
    ...task,
    // Killed, it would leave the processes that it has started.
    async [Symbol.asyncDispose]() {
      task.signal("SIGINT");
      await task.whenEnded();
    },
  };
}

import { fileURLToPath } from "node:url";
import type { AppOptions } from "./worker_app.ts";

export type WorkerOptions = Omit<AppOptions, "systemDatabasePool">;

/** Starts the test application in a process of its own, and waits until it has launched. */
export async function startWorker(options: WorkerOptions): Promise<AsyncDisposable> {
  const worker = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "-A",
      "--no-check",
      `--config=${pathOf("../../deno.json")}`,
      pathOf("./worker.ts"),
      JSON.stringify(options),
    ],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const stderr = new Response(worker.stderr).text();
  const stdout = worker.stdout.pipeThrough(new TextDecoderStream()).getReader();

  let text = "";
  while (!text.endsWith("ready\n")) {
    const { value, done } = await stdout.read();
    if (done) {
      await worker.stdin.close().catch(() => {});
      throw new Error(`Cannot start the worker:\n${text}${await stderr}`);
    }
    text += value;
  }
  const rest = drain(stdout);
  return {
    async [Symbol.asyncDispose]() {
      await worker.stdin.close();
      await worker.status;
      await Promise.all([rest, stderr]);
    },
  };
}

function pathOf(relative: string): string {
  return fileURLToPath(new URL(relative, import.meta.url));
}

/** Prints the log of the SDK while a test runs, because it can explain a failure. */
async function drain(output: ReadableStreamDefaultReader<string>): Promise<void> {
  for (let part = await output.read(); !part.done; part = await output.read()) {
    console.log(part.value.trimEnd());
  }
}

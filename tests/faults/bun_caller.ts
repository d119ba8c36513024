/** Runs callers of `Bun.sql`, each in a process of its own. */
import type { ClientOptions } from "../../mod.ts";
import type { Caller } from "./caller.ts";
import { bunFor, findMissingTool, installBun, root, run } from "../support/packed.ts";
import { testFlags } from "../support/run_example.ts";

/** Why the tests of Bun are to be ignored, if they are. */
export const bunSkipReason: string | undefined = findMissingTool();

/** Installs Bun, and bundles the program with all that it needs. */
export async function prepareFolder(folder: string): Promise<void> {
  await installBun(folder);
  const flags = ["--quiet", ...testFlags.filter((flag) => flag !== "--no-check")];
  const output = `--output=${folder}/program.js`;
  await run(root, Deno.execPath(), "bundle", ...flags, output, "tests/faults/bun_program.ts");
}

/** Starts a caller; the folder is one of {@linkcode prepareFolder}. */
export function openBunCaller(
  folder: string,
  url: string,
  options: ClientOptions,
  maxConnections: number,
): Caller & AsyncDisposable {
  const child = new Deno.Command(bunFor(folder), {
    args: ["program.js", url, JSON.stringify(options), String(maxConnections)],
    cwd: folder,
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const input = child.stdin.getWriter();
  const calls: PromiseWithResolvers<unknown>[] = [];

  async function readOutcomes(): Promise<void> {
    let text = "";
    for await (const part of child.stdout.pipeThrough(new TextDecoderStream())) {
      const lines = (text + part).split("\n");
      text = lines.pop()!;
      for (const line of lines) {
        const { id, result, error } = JSON.parse(line);
        if (error) calls[id]!.reject(new Error(error));
        else calls[id]!.resolve(result);
      }
    }
    // Those of a process that has ended.
    for (const { reject } of calls) reject(new Error("Bun has ended"));
  }
  const reading = readOutcomes();

  async function write(line: object): Promise<void> {
    await input.write(new TextEncoder().encode(`${JSON.stringify(line)}\n`));
  }

  async function call(
    method: string,
    parameter: unknown,
    signal?: AbortSignal,
    // deno-lint-ignore no-explicit-any -- what the method returns
  ): Promise<any> {
    const id = calls.push(Promise.withResolvers()) - 1;
    calls[id]!.promise.catch(() => {});
    signal?.addEventListener("abort", () => write({ method: "abort", parameter: id }));
    await write({ id, method, parameter });
    return await calls[id]!.promise;
  }

  return {
    enqueue: (options) => call("enqueue", options),
    fail: (text) => call("fail", text),
    query: (text, signal) => call("query", text, signal),
    async [Symbol.asyncDispose]() {
      await input.close().catch(() => {});
      await reading;
      await child.status;
    },
  };
}

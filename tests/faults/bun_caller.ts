/** Runs callers of `Bun.sql`, each in a process of its own. */
import { fileURLToPath } from "node:url";
import type { ClientOptions } from "../../mod.ts";
import type { Caller } from "./caller.ts";
import { findMissingTool } from "../support/packed.ts";
import { run, testFlags } from "../support/run_example.ts";

/** Why the tests of Bun are to be ignored, if they are. */
export const bunSkipReason: string | undefined = findMissingTool();

const root = fileURLToPath(new URL("../../", import.meta.url));

/** Installs Bun, and bundles the program with all that it needs. */
export async function installBun(folder: string): Promise<void> {
  await Deno.writeTextFile(`${folder}/package.json`, '{ "private": true, "type": "module" }');
  const flags = ["--ignore-scripts", "--no-audit", "--no-fund"];
  await run(["npm", "install", ...flags, "bun@1.4.5"], { cwd: folder });
  await run(["node", "node_modules/bun/install.js"], { cwd: folder });
  const bundle = ["bundle", "--quiet", ...testFlags.filter((flag) => flag !== "--no-check")];
  await run(
    [
      Deno.execPath(),
      ...bundle,
      `--output=${folder}/program.js`,
      "tests/faults/bun_program.ts",
    ],
    { cwd: root },
  );
}

/** Starts a caller; the folder is one of {@linkcode installBun}. */
export function openBunCaller(
  folder: string,
  url: string,
  options: ClientOptions,
  maxConnections: number,
): Caller & AsyncDisposable {
  const child = new Deno.Command(`${folder}/node_modules/.bin/bun`, {
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

/** Runs callers of `Bun.sql`, each in a process of its own. */
import type { ClientOptions } from "../../mod.ts";
import type { Caller } from "./caller.ts";
import { bunFor, findMissingTool, installBun, root, run } from "../support/packed.ts";
import { startRequestProcess } from "../support/request_process.ts";
import { testFlags } from "../support/run_example.ts";

/** Why the tests of Bun are to be ignored, if they are. */
export const bunSkipReason: string | undefined = findMissingTool();

/** Installs Bun, and bundles a program with all that it needs. */
export async function prepareFolder(
  folder: string,
  program: string = "tests/faults/bun_program.ts",
): Promise<void> {
  await installBun(folder);
  const flags = ["--quiet", ...testFlags.filter((flag) => flag !== "--no-check")];
  const output = `--output=${folder}/program.js`;
  await run(root, Deno.execPath(), "bundle", ...flags, output, program);
}

/** Starts a caller; the folder is one of {@linkcode prepareFolder}. */
export function openBunCaller(
  folder: string,
  url: string,
  options: ClientOptions,
  maxConnections: number,
): Caller & AsyncDisposable {
  const args = ["program.js", url, JSON.stringify(options), String(maxConnections)];
  const process = startRequestProcess([bunFor(folder), ...args], folder);

  async function call(
    method: string,
    parameter: unknown,
    signal?: AbortSignal,
    // deno-lint-ignore no-explicit-any -- what the method returns
  ): Promise<any> {
    const { id, response } = await process.request({ method, parameter });
    signal?.addEventListener("abort", () => process.request({ method: "abort", parameter: id }));
    return await response;
  }

  return {
    enqueue: (options) => call("enqueue", options),
    fail: (text) => call("fail", text),
    query: (text, signal) => call("query", text, signal),
    [Symbol.asyncDispose]: () => process[Symbol.asyncDispose](),
  };
}

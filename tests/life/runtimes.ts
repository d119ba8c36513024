/** Starts the program of this folder on Deno, Node and Bun. */
import { assert } from "@std/assert";
import type { ClientOptions } from "../../mod.ts";
import { bunFor, findMissingTool, installDrivers, node, root, run } from "../support/packed.ts";
import { denoCommand, testFlags } from "../support/run_example.ts";

/** Why Node and Bun cannot be tested, if they cannot. */
export const missingTool: string | undefined = findMissingTool();

/** A client in a process of its own. */
export interface LifeProgram extends AsyncDisposable {
  /** Sends a command, and returns the answer. */
  // deno-lint-ignore no-explicit-any -- what the command returns
  command(name: string, parameter?: string): Promise<any>;
  /** Sends `close`, and waits until the process has ended by itself. */
  close(): Promise<void>;
  /** Rejects if the process ends before it is told to. */
  readonly crash: Promise<never>;
}

/** Bundles the program, and installs what it needs. */
export async function prepareFolder(folder: string): Promise<void> {
  await installDrivers(folder);
  const flags = ["--quiet", ...testFlags.filter((flag) => flag !== "--no-check")];
  const externals = ["pg", "postgres"].map((name) => `--external=${name}`);
  const output = `--output=${folder}/program.js`;
  await run(
    root,
    Deno.execPath(),
    "bundle",
    ...flags,
    ...externals,
    output,
    "tests/life/program.ts",
  );
}

/** The drivers that are tested on each runtime. */
export const driversOf: Record<string, readonly string[]> = {
  Deno: ["npm:pg", "npm:postgres", "connect()"],
  Node: ["npm:pg", "npm:postgres", "connect()"],
  Bun: ["npm:pg", "npm:postgres", "connect()", "Bun.sql"],
};

/** Starts the program on a runtime; the folder is one of {@linkcode prepareFolder}. */
export async function startProgram(
  folder: string,
  runtime: string,
  driver: string,
  url: string,
  options: ClientOptions,
): Promise<LifeProgram> {
  const [command, ...args] = {
    Deno: denoCommand(`${root}tests/life/program.ts`),
    Node: [node, "program.js"],
    Bun: [bunFor(folder), "program.js"],
  }[runtime]!;
  const child = new Deno.Command(command!, {
    args: [...args, driver, url, JSON.stringify(options)],
    cwd: folder,
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  const errors = new Response(child.stderr).text();
  const answers = new Map<string, PromiseWithResolvers<unknown>>();
  const answerTo = (name: string) => {
    const answer = answers.get(name) ?? Promise.withResolvers<unknown>();
    answer.promise.catch(() => {});
    answers.set(name, answer);
    return answer;
  };
  async function readAnswers(): Promise<void> {
    let text = "";
    for await (const part of child.stdout.pipeThrough(new TextDecoderStream())) {
      const lines = (text + part).split("\n");
      text = lines.pop()!;
      for (const line of lines) {
        const answer = JSON.parse(line);
        const [name, value] = answer === "ready" ? ["ready", null] : Object.entries(answer)[0]!;
        answerTo(name).resolve(value);
        answers.delete(name);
      }
    }
    const error = new Error(`${runtime} has ended: ${await errors}`);
    for (const { reject } of answers.values()) reject(error);
  }
  const ready = answerTo("ready").promise;
  const reading = readAnswers();
  let isClosing = false;
  const dispose = async () => {
    isClosing = true;
    await writer.close().catch(() => {});
    try {
      child.kill("SIGKILL");
    } catch (error) {
      // It has ended.
      if (!(error instanceof TypeError)) throw error;
    }
    await Promise.all([reading, child.status]);
  };
  try {
    await ready;
  } catch (error) {
    await dispose();
    throw error;
  }
  async function watch(): Promise<never> {
    await child.status;
    if (isClosing) await new Promise(() => {});
    throw new Error(`${driver} on ${runtime} has ended: ${await errors}`);
  }
  const crash = watch();
  crash.catch(() => {});
  return {
    crash,
    async command(name, parameter = "") {
      const { promise } = answerTo(name);
      await writer.write(new TextEncoder().encode(`${name} ${parameter}\n`));
      return await promise;
    },
    async close() {
      isClosing = true;
      await writer.write(new TextEncoder().encode("close\n"));
      const { success } = await child.status;
      assert(success, `${driver} on ${runtime} still runs: ${await errors}`);
    },
    [Symbol.asyncDispose]: dispose,
  };
}

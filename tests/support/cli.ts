/** Runs the command line as a process of its own, from the sources. */
import { assertEquals } from "@std/assert";
import { fileURLToPath } from "node:url";
import { testFlags } from "./run_example.ts";

const program = fileURLToPath(new URL("../../src/cli/mod.ts", import.meta.url));

/** What starts the command line with Deno. */
export const cliCommand: readonly string[] = [
  Deno.execPath(),
  "run",
  "-A",
  "--no-check",
  ...testFlags,
  program,
];

/** How a process has ended, and what it has printed. */
export interface CliOutcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CliOptions {
  readonly stdin?: string;
  readonly env?: Record<string, string>;
  readonly cwd?: string;
}

/** Runs `command` with arguments to its end. */
export async function runCommand(
  [program, ...first]: readonly string[],
  args: readonly string[],
  { stdin, env = {}, cwd }: CliOptions = {},
): Promise<CliOutcome> {
  const process = new Deno.Command(program!, {
    args: [...first, ...args],
    env,
    ...cwd !== undefined && { cwd },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const output = process.output();
  const writer = process.stdin.getWriter();
  // A program that reads no input may have ended.
  if (stdin !== undefined) await writer.write(new TextEncoder().encode(stdin)).catch(() => {});
  await writer.close().catch(() => {});
  const { code, stdout, stderr } = await output;
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

/** The command line, connected to a system database. */
export interface Cli {
  /** Runs it to its end. */
  run(...args: readonly string[]): Promise<CliOutcome>;
  /** Runs it with a text on stdin. */
  runWith(options: CliOptions, ...args: readonly string[]): Promise<CliOutcome>;
  /** Runs it, expects that it works, and returns the JSON of each line that it printed. */
  // deno-lint-ignore no-explicit-any
  json(...args: readonly string[]): Promise<any[]>;
}

/** The JSON of each line. */
// deno-lint-ignore no-explicit-any
export function parseLines(text: string): any[] {
  return text.split("\n").filter(Boolean).map((line) => JSON.parse(line));
}

/** Connects the command line to a system database, through the environment. */
export function createCli(url: string, command: readonly string[] = cliCommand): Cli {
  const runWith = ({ env, ...options }: CliOptions, ...args: readonly string[]) =>
    runCommand(command, args, { ...options, env: { DBOS_SYSTEM_DATABASE_URL: url, ...env } });
  return {
    runWith,
    run: (...args) => runWith({}, ...args),
    async json(...args) {
      const { code, stdout, stderr } = await runWith({}, ...args);
      assertEquals({ code, stderr }, { code: 0, stderr: "" });
      return parseLines(stdout);
    },
  };
}

/** Writes the program `dbos-client` to a new folder, for the PATH. */
export async function installCli(): Promise<AsyncDisposable & { readonly folder: string }> {
  const folder = await Deno.makeTempDir({ prefix: "test_cli_" });
  const words = cliCommand.map((word) => `'${word.replaceAll("'", `'\\''`)}'`);
  await Deno.writeTextFile(
    `${folder}/dbos-client`,
    `#!/bin/sh\nexec ${words.join(" ")} "$@"\n`,
    { mode: 0o755 },
  );
  return { folder, [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }) };
}

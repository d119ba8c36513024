/** The time and memory of a process that enqueues one workflow and exits. */

import { join } from "node:path";
import { fileURLToPath } from "node:url";
import denoConfig from "../deno.json" with { type: "json" };
import { pack } from "../scripts/pack.ts";
import { recordStatements, writeEmptyModules } from "./cold_start_limits.ts";
import { isDenoPostgresAvailable } from "./contenders.ts";
import { type BenchOptions, formatMs, median, type Row, toCostRow } from "./measure.ts";

const references = ["empty", "official"];

const programFolder = fileURLToPath(new URL("programs", import.meta.url));

/** The programs by their names in the table. */
const ours: Record<string, string> = {
  "connect()": "connect",
  "npm:pg": "pg",
  "(npm:pg alone: select 1)": "pg_alone",
  "@db/postgres": "db_postgres",
  "(@db/postgres alone: select 1)": "db_postgres_alone",
};

interface Run {
  readonly durationMs: number;
  readonly bytes: number;
}

interface Program {
  readonly path: string;
  readonly config: string;
  readonly args?: readonly string[];
}

function programOf(name: string): Program {
  // Where JSR cannot be reached, DBOS_TEST_CONFIG says where to find @db/postgres.
  const config = name.startsWith("db_postgres") ? Deno.env.get("DBOS_TEST_CONFIG") : undefined;
  return {
    path: join(programFolder, `${name}.ts`),
    config: config ?? fileURLToPath(new URL("../deno.json", import.meta.url)),
  };
}

async function runCommand(command: string, ...args: string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(command, { args }).output();
  const decoder = new TextDecoder();
  if (!success) throw new Error(`Cannot run ${command}:\n${decoder.decode(stderr)}`);
  return decoder.decode(stdout);
}

/**
 * Programs that show what bounds the start. They run the statements of a first `enqueue()` through
 * npm:pg, without this client: alone, with as many modules as it has, which are empty, and with its own.
 */
async function limitPrograms(folder: string, url: string): Promise<[string, Program][]> {
  const file = join(folder, "statements.json");
  await Deno.writeTextFile(file, await recordStatements(url));
  const program = { ...programOf("pg_statements"), args: [file] };
  const code = await Deno.readTextFile(program.path);
  await Deno.copyFile(join(programFolder, "peak_memory.ts"), join(folder, "peak_memory.ts"));
  const { loaded, read } = await writeEmptyModules(join(folder, "modules"));
  async function withModules(name: string, specifier: string): Promise<Program> {
    const path = join(folder, `${name}.ts`);
    await Deno.writeTextFile(path, `import "${specifier}";\n${code}`);
    return { ...program, path };
  }
  const core = new URL("../core.ts", import.meta.url).href;
  return [
    ["(npm:pg alone: the statements of enqueue)", program],
    [
      `(the same, and ${read} empty modules, ${loaded} of them loaded)`,
      await withModules("empty", "./modules/core.ts"),
    ],
    ["(the same, and the modules of this client)", await withModules("core", core)],
  ];
}

/** Installs the package for npm and npm:pg in a folder, with a copy of the program that uses npm:pg. */
async function installProgram(folder: string): Promise<Program> {
  const tarball = join(folder, "package.tgz");
  await pack(tarball);
  await Deno.writeTextFile(join(folder, "package.json"), '{ "type": "module" }');
  const pg = denoConfig.imports.pg.replace("npm:", "");
  await runCommand("npm", "install", "--no-audit", "--no-fund", `--prefix=${folder}`, tarball, pg);
  const program = { path: join(folder, "pg.ts"), config: join(folder, "deno.json") };
  await Deno.writeTextFile(program.config, '{ "nodeModulesDir": "manual" }');
  for (const file of ["pg.ts", "peak_memory.ts"]) {
    const code = await Deno.readTextFile(join(programFolder, file));
    const copy = code.replace("../../core.ts", "@dbos-community/client/core");
    await Deno.writeTextFile(join(folder, file), copy);
  }
  return program;
}

async function run({ path, config, args = [] }: Program, url: string): Promise<Run> {
  const startedAt = performance.now();
  const flags = ["-A", "--no-check", `--config=${config}`];
  const bytes = await runCommand(Deno.execPath(), "run", ...flags, path, url, ...args);
  return { durationMs: performance.now() - startedAt, bytes: Number(bytes) };
}

function formatMegabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

export async function compareColdStart({ url, rounds, isShort }: BenchOptions): Promise<Row[]> {
  const hasDenoPostgres = await isDenoPostgresAvailable();
  const compared = Object.entries(ours)
    .filter(([name]) => hasDenoPostgres || !name.includes("@db/postgres"))
    .map(([name, program]): [string, Program] => [name, programOf(program)]);
  const folder = await Deno.makeTempDir();
  await using resources = new AsyncDisposableStack();
  resources.defer(() => Deno.remove(folder, { recursive: true }));
  const [packedFolder, limitFolder] = [join(folder, "packed"), join(folder, "limits")];
  for (const path of [packedFolder, limitFolder]) await Deno.mkdir(path);
  compared.push(
    ["npm:pg, and this client from npm", await installProgram(packedFolder)],
    ...await limitPrograms(limitFolder, url),
  );
  const programs = [...references.map(programOf), ...compared.map(([, program]) => program)];
  const runs = programs.map((): Run[] => []);
  const count = isShort ? 1 : 3 * rounds;
  // The first run of each fills the caches of Deno.
  for (const program of programs) await run(program, url);
  for (let round = 0; round < count; round++) {
    for (const [index, program] of programs.entries()) runs[index]!.push(await run(program, url));
  }
  const medianOf = (figure: keyof Run) =>
    runs.map((runs) => median(runs.map((run) => run[figure])));
  const toRows = (work: string, figure: keyof Run, format: (figure: number) => string) => {
    const [empty, official, ...ours] = medianOf(figure) as [number, number, ...number[]];
    return compared.map(([name], index) =>
      toCostRow(
        `${work} above an empty script, ${name}`,
        official - empty,
        ours[index]! - empty,
        format,
      )
    );
  };
  return [
    ...toRows("cold start: connect, enqueue, exit", "durationMs", formatMs),
    ...toRows("cold start: peak memory", "bytes", formatMegabytes),
  ];
}

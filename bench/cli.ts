/**
 * `deno run -A bench/cli.ts [--rounds N]` compares the start-up time of the command line with those of
 * DBOS's own for Node and Python, in interleaved rounds: the help, and a list of one workflow. An empty
 * script shows what the runtimes take of it. It prints medians of the elapsed time and of the CPU time,
 * which other programs on the machine disturb less.
 *
 * It installs them from npm and PyPI into a temporary folder, and uses a Postgres of its own, or that of
 * DBOS_TEST_DATABASE_URL. It needs bash, which measures the CPU time.
 */
import { parseArgs } from "node:util";
import { fileURLToPath } from "node:url";
import config from "../deno.json" with { type: "json" };
import { pack } from "../scripts/pack.ts";
import { createTestDatabase } from "../tests/support/database.ts";
import { populate } from "../tests/support/populate.ts";
import { startPostgresServer } from "../tests/support/postgres_server.ts";
import { compare, type Contender, formatMs, median } from "./measure.ts";

const pythonRelease = "dbos==3.3.0";

/** Runs a program, and returns what it prints to stderr. */
async function run(command: readonly string[], url = ""): Promise<string> {
  const [program, ...args] = command;
  const output = await new Deno.Command(program!, {
    args,
    env: { DBOS_SYSTEM_DATABASE_URL: url, LC_ALL: "C" },
  }).output();
  const stderr = new TextDecoder().decode(output.stderr);
  if (output.success) return stderr;
  throw new Error(`Cannot run ${command.join(" ")}:\n${stderr}`);
}

/** A program whose start is measured: its elapsed time is the figure. */
interface Start extends Contender {
  /** The CPU time of each start, the warm-up first: of the program and of the processes it starts. */
  readonly cpuMs: readonly number[];
}

const timed = ["bash", "-c", 'TIMEFORMAT="%R %U %S"; time "$@"', "bash"];

function toStart(name: string, command: readonly string[], url: string): Start {
  const cpuMs: number[] = [];
  return {
    name,
    cpuMs,
    async measure() {
      const stderr = await run([...timed, ...command], url);
      const times = stderr.trim().split("\n").at(-1)!.split(" ");
      const [elapsedMs, userMs, systemMs] = times.map((seconds) => Number(seconds) * 1000);
      cpuMs.push(userMs! + systemMs!);
      return elapsedMs!;
    },
  };
}

const { values } = parseArgs({ options: { rounds: { type: "string", default: "11" } } });
await using resources = new AsyncDisposableStack();
if (!Deno.env.has("DBOS_TEST_DATABASE_URL")) {
  const server = await startPostgresServer();
  resources.defer(() => server.stop());
  Deno.env.set("DBOS_TEST_DATABASE_URL", server.url);
}
const { url } = resources.use(await createTestDatabase());
await populate(url, 1000);
const folder = await Deno.makeTempDir({ prefix: "bench_cli_" });
resources.defer(() => Deno.remove(folder, { recursive: true }));
await pack(`${folder}/package.tgz`);
const sdk = config.imports["@dbos-inc/dbos-sdk"].replace("npm:", "");
const flags = ["--ignore-scripts", "--no-audit", "--no-fund", `--prefix=${folder}`];
await run(["npm", "install", ...flags, `${folder}/package.tgz`, sdk, "bun@1.4.5"]);
// Installs the program of Bun, which npm does itself only if install scripts are allowed.
await run(["node", `${folder}/node_modules/bun/install.js`]);
await run(["python3", "-m", "venv", `${folder}/python`]);
await run([`${folder}/python/bin/pip`, "install", "--quiet", pythonRelease]);

const program = `${folder}/node_modules/.bin/dbos-client`;
const root = fileURLToPath(new URL("../", import.meta.url));
const deno = [Deno.execPath(), "run", "-A", "--no-check", `--config=${root}deno.json`];
const ours = {
  "dbos-client on Node": ["node", program],
  "dbos-client on Bun": [`${folder}/node_modules/.bin/bun`, program],
  "dbos-client on Deno": [...deno, `${root}src/cli/mod.ts`],
};
const emptyScript = `${folder}/empty.mjs`;
await Deno.writeTextFile(emptyScript, "");
const empty = [
  toStart("Node", ["node", emptyScript], url),
  toStart("Bun", [`${folder}/node_modules/.bin/bun`, emptyScript], url),
  toStart("Deno", [...deno, emptyScript], url),
];
const official = {
  "dbos on Node": ["node", `${folder}/node_modules/.bin/dbos`],
  "dbos on Python": [`${folder}/python/bin/dbos`],
};
const rounds = Number(values.rounds);
const works = [
  { work: "--help", args: ["--help"], officialArgs: ["--help"] },
  {
    work: "list of one workflow",
    args: ["list", "--limit", "1"],
    officialArgs: ["workflow", "list", "--limit", "1", "--sys-db-url", url],
  },
];

function printRow(work: string, { name, cpuMs }: Start, elapsedMs: number, note = ""): void {
  const times = [elapsedMs, median(cpuMs.slice(-rounds))].map((ms) => formatMs(ms).padStart(10));
  console.log(`${work.padEnd(22)}${name.padEnd(22)}${times.join("")}${note}`);
}

console.log(`${" ".repeat(44)}   elapsed       CPU`);
for (const [index, ms] of (await compare(empty, rounds)).entries()) {
  printRow("an empty script", empty[index]!, ms);
}
for (const { work, args, officialArgs } of works) {
  const contenders = [
    ...Object.entries(ours).map(([name, command]) => toStart(name, [...command, ...args], url)),
    ...Object.entries(official).map(([name, command]) =>
      toStart(name, [...command, ...officialArgs], url)
    ),
  ];
  const medians = await compare(contenders, rounds);
  const fastestOfficial = Math.min(...medians.slice(Object.keys(ours).length));
  for (const [index, start] of contenders.entries()) {
    const ratio = (fastestOfficial / medians[index]!).toFixed(1);
    const text = index < Object.keys(ours).length
      ? `  ${ratio} × faster than the official ones`
      : "";
    printRow(work, start, medians[index]!, text);
  }
}

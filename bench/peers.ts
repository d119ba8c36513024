/** The rates at which this client and other job queues on Postgres enqueue. */

import { fileURLToPath } from "node:url";
import config from "../deno.json" with { type: "json" };
import { type BenchOptions, formatRate, type Row } from "./measure.ts";

/** The rates of one of the others and of ours, at the same work. */
export interface PeerRate {
  readonly work: string;
  readonly peer: string;
  readonly peerPerSecond: number;
  readonly oursPerSecond: number;
}

// They depend on the types of Node and of `npm:pg`, with which Deno would check all other modules.
// So they are not in deno.json, and run in a process of their own.
const imports = {
  ...config.imports,
  "absurd-sdk": "npm:absurd-sdk@0.5.0",
  "bullmq": "npm:bullmq@6.7.0",
  "graphile-worker": "npm:graphile-worker@0.18.0",
  "pg-boss": "npm:pg-boss@12.38.0",
};
// The package from npm has no tables.
const absurdctl = "absurdctl==0.5.1";

async function run(command: readonly string[]): Promise<string> {
  const [program, ...args] = command;
  const { success, stdout, stderr } = await new Deno.Command(program!, { args }).output();
  const decoder = new TextDecoder();
  if (success) return decoder.decode(stdout);
  throw new Error(`Cannot run ${program}:\n${decoder.decode(stderr)}`);
}

/** What the bench needs and the machine lacks, if so. */
async function findMissing(): Promise<string | undefined> {
  const needs = {
    "Python's venv": ["python3", "-c", "import venv, ensurepip"],
    psql: ["psql", "--version"],
  };
  for (const [name, command] of Object.entries(needs)) {
    if (await run(command).catch(() => undefined) === undefined) return name;
  }
}

/** Compares the rates; no rows where a program that this needs is not installed. */
export async function comparePeers({ url, ...options }: BenchOptions): Promise<Row[]> {
  const missing = await findMissing();
  if (missing !== undefined) {
    console.error(`peers: no rows, because ${missing} is not installed`);
    return [];
  }
  await using resources = new AsyncDisposableStack();
  const folder = await Deno.makeTempDir({ prefix: "bench_peers_" });
  resources.defer(() => Deno.remove(folder, { recursive: true }));
  await run(["python3", "-m", "venv", folder]);
  await run([`${folder}/bin/pip`, "install", "--quiet", absurdctl]);

  const importMap = encodeURIComponent(JSON.stringify({ imports }));
  const root = fileURLToPath(new URL("../", import.meta.url));
  const output = await run([
    ...[Deno.execPath(), "run", "-A", "--quiet", "--no-check", "--no-lock"],
    ...[`--config=${root}deno.json`, `--import-map=data:application/json,${importMap}`],
    ...[`${root}bench/programs/peers.ts`, url, JSON.stringify(options), `${folder}/bin/absurdctl`],
  ]);
  const rates: PeerRate[] = JSON.parse(output.trim().split("\n").at(-1)!);
  return rates.map(({ work, peer, peerPerSecond, oursPerSecond }) => ({
    work,
    official: `(${peer}) ${formatRate(peerPerSecond)}`,
    ours: formatRate(oursPerSecond),
    ratio: oursPerSecond / peerPerSecond,
  }));
}

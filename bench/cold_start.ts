/** The time and memory of a process that enqueues one workflow and exits. */

import { fileURLToPath } from "node:url";
import { isDenoPostgresAvailable } from "./contenders.ts";
import { type BenchOptions, formatMs, median, type Row, toCostRow } from "./measure.ts";

const references = ["empty", "official"];

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

/** Where JSR cannot be reached, DBOS_TEST_CONFIG says where to find @db/postgres. */
function configOf(program: string): string | undefined {
  return program.startsWith("db_postgres") ? Deno.env.get("DBOS_TEST_CONFIG") : undefined;
}

async function run(program: string, url: string): Promise<Run> {
  const pathOf = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));
  const config = `--config=${configOf(program) ?? pathOf("../deno.json")}`;
  const startedAt = performance.now();
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", config, pathOf(`programs/${program}.ts`), url],
  }).output();
  const durationMs = performance.now() - startedAt;
  const decoder = new TextDecoder();
  if (!success) throw new Error(`Cannot run ${program}:\n${decoder.decode(stderr)}`);
  return { durationMs, bytes: Number(decoder.decode(stdout)) };
}

function formatMegabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

export async function compareColdStart({ url, rounds, isShort }: BenchOptions): Promise<Row[]> {
  const hasDenoPostgres = await isDenoPostgresAvailable();
  const compared = Object.entries(ours)
    .filter(([name]) => hasDenoPostgres || !name.includes("@db/postgres"));
  const programs = [...references, ...compared.map(([, program]) => program)];
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

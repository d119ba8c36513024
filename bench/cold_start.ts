/** How long a process takes that enqueues one workflow and exits, and how much memory. */

import { fileURLToPath } from "node:url";
import { type BenchOptions, formatMs, median, type Row, toCostRow } from "./measure.ts";

const programs = ["empty", "official", "connect", "pg", "postgres"] as const;

interface Run {
  readonly durationMs: number;
  readonly bytes: number;
}

async function run(program: string, url: string): Promise<Run> {
  const pathOf = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));
  const config = `--config=${pathOf("../deno.json")}`;
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
  const runs = programs.map((): Run[] => []);
  const count = isShort ? 1 : 3 * rounds;
  // The first runs fill the caches of Deno.
  for (const program of programs) await run(program, url);
  for (let round = 0; round < count; round++) {
    for (const [index, program] of programs.entries()) runs[index]!.push(await run(program, url));
  }
  const medianOf = (figure: keyof Run) =>
    runs.map((runs) => median(runs.map((run) => run[figure])));
  const toRows = (work: string, figure: keyof Run, format: (figure: number) => string) => {
    const [empty, official, ...ours] = medianOf(figure) as [number, number, ...number[]];
    const names = ["connect()", "npm:pg", "(npm:postgres alone: select 1)"];
    return names.map((name, index) =>
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
    ...toRows("cold start: most memory", "bytes", formatMegabytes),
  ];
}

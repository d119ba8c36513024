/** How long calls of 100,000 items keep the event loop from anything else, their rate and memory. */

import { type BenchOptions, formatMs, formatRate, median, type Row } from "./measure.ts";
import { openCalls } from "./stall_calls.ts";

interface Figures {
  readonly stallMs: number;
  readonly perSecond: number;
  readonly bytes: number;
}

const sampleIntervalMs = 20;

/**
 * Observes a call with a timer of a millisecond: the longest time between two of its turns is the longest
 * stall. The memory is what the call adds to the heap, with what has not been collected yet.
 */
async function observe(count: number, run: () => Promise<unknown>): Promise<Figures> {
  let stallMs = 0;
  let lastAt = performance.now();
  let sampledAt = -Infinity;
  const bytes: number[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;
  function tick(): void {
    stallMs = Math.max(stallMs, performance.now() - lastAt);
    if (performance.now() - sampledAt >= sampleIntervalMs) {
      const { heapUsed, external } = Deno.memoryUsage();
      bytes.push(heapUsed + external);
      sampledAt = performance.now();
    }
    lastAt = performance.now();
    timer = setTimeout(tick, 1);
  }
  tick();
  const startedAt = performance.now();
  await run();
  const perSecond = count / (performance.now() - startedAt) * 1000;
  await new Promise((resolve) => setTimeout(resolve, 2));
  clearTimeout(timer);
  return { stallMs, perSecond, bytes: Math.max(...bytes) - bytes[0]! };
}

/** Rows that compare a call with `other`, if there is one. What awaits no server has no rate. */
function toRows(call: string, ours: Figures, other?: Figures, otherName = ""): Row[] {
  const toMegabytes = ({ bytes }: Figures) => `${(bytes / 1e6).toFixed(0)} MB`;
  const label = otherName && `(${otherName}) `;
  const toRow = (what: string, format: (figures: Figures) => string, ratio?: number): Row => ({
    work: `${call}: ${what}`,
    official: other ? `${label}${format(other)}` : "",
    ours: format(ours),
    ratio,
  });
  const rows = [
    toRow(
      "longest stall",
      ({ stallMs }) => formatMs(stallMs),
      other && other.stallMs / ours.stallMs,
    ),
    toRow(
      "rate",
      ({ perSecond }) => formatRate(perSecond),
      other && ours.perSecond / other.perSecond,
    ),
    toRow("memory", toMegabytes),
  ];
  return otherName === "promises" ? rows.filter(({ work }) => !work.endsWith("rate")) : rows;
}

function medians(all: readonly Figures[]): Figures {
  const medianOf = (figure: keyof Figures) => median(all.map((figures) => figures[figure]));
  return {
    stallMs: medianOf("stallMs"),
    perSecond: medianOf("perSecond"),
    bytes: medianOf("bytes"),
  };
}

export async function compareStalls({ url, rounds, isShort }: BenchOptions): Promise<Row[]> {
  await using resources = new AsyncDisposableStack();
  const count = isShort ? 2000 : 100_000;
  const workflowIDs = Array.from({ length: count }, (_, index) => `workflow-${index}`);
  const rows: Row[] = [];
  for (const { name, run, official, bound, prepare } of await openCalls(url, resources)) {
    const contenders = [
      { name: "ours", run },
      ...(official ? [{ name: "", run: official }] : []),
      ...(bound ? [{ name: bound.name, run: await bound.open(workflowIDs) }] : []),
    ].map((contender) => ({ ...contender, figures: [] as Figures[] }));
    for (let round = 0; round < Math.min(rounds, 3); round++) {
      for (const { run, figures } of contenders) {
        await prepare?.(workflowIDs);
        figures.push(await observe(count, () => run(workflowIDs)));
      }
    }
    const [ours, ...others] = contenders.map(({ figures }) => medians(figures));
    const call = `${name} of ${count}`;
    if (others.length === 0) rows.push(...toRows(call, ours!));
    for (const [index, other] of others.entries()) {
      rows.push(...toRows(call, ours!, other, contenders[index + 1]!.name));
    }
  }
  return rows;
}

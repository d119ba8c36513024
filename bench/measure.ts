/** Compares contenders in interleaved rounds, so that drifts of the machine affect all equally. */

/** The database of a bench, and how long it measures. */
export interface BenchOptions {
  /** A database with DBOS's system tables. Each bench has its own. */
  readonly url: string;
  readonly rounds: number;
  readonly roundMs: number;
  /** Whether to check only that the bench runs. */
  readonly isShort: boolean;
}

/** A row of the table. */
export interface Row {
  readonly work: string;
  /** The figure of the official client, or of what it names in parentheses. */
  readonly official: string;
  readonly ours: string;
  /** How many times better ours is; undefined if there is nothing to compare it with. */
  readonly ratio: number | undefined;
}

export interface Contender {
  readonly name: string;
  /** Measures a round, and returns the figure. */
  measure(): Promise<number>;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)]!;
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Calls `run` repeatedly, with `inFlight` concurrent calls, and returns the calls per second. */
export async function measureRate(
  durationMs: number,
  inFlight: number,
  run: () => Promise<unknown>,
): Promise<number> {
  const startedAt = performance.now();
  let calls = 0;
  async function callRepeatedly(): Promise<void> {
    do {
      await run();
      calls++;
    } while (performance.now() - startedAt < durationMs);
  }
  await Promise.all(Array.from({ length: inFlight }, callRepeatedly));
  return calls / (performance.now() - startedAt) * 1000;
}

// V8 compiles the code of a short call while that is run some thousand times.
const warmUpMs = 1000;

/** Measures interleaved rounds after a warm-up, and returns the median of each contender. */
export async function compare(
  contenders: readonly Contender[],
  rounds: number,
): Promise<number[]> {
  const figures = contenders.map((): number[] => []);
  for (const { measure } of contenders) {
    const startedAt = performance.now();
    // One round only shows that the bench works.
    do await measure(); while (rounds > 1 && performance.now() - startedAt < warmUpMs);
  }
  for (let round = 0; round < rounds; round++) {
    // In turn from either end: the garbage of a contender may be collected while the next is measured.
    const order = [...contenders.entries()];
    if (round % 2 === 1) order.reverse();
    for (const [index, { measure }] of order) {
      figures[index]!.push(await measure());
    }
  }
  return figures.map(median);
}

/** Creates rows of rates, where higher is better. The first contender is the official client. */
export function toRateRows(
  work: string,
  contenders: readonly Contender[],
  [official, ...ours]: readonly number[],
): Row[] {
  return ours.map((perSecond, index) => ({
    work: `${work}, ${contenders[index + 1]!.name}`,
    official: formatRate(official!),
    ours: formatRate(perSecond),
    ratio: perSecond / official!,
  }));
}

/** Creates a row of a cost, where lower is better. */
export function toCostRow(
  work: string,
  official: number,
  ours: number,
  format: (figure: number) => string,
): Row {
  const ratio = ours > 0 ? official / ours : undefined;
  return { work, official: format(official), ours: format(ours), ratio };
}

function format(figure: number): string {
  // toPrecision(2) turns 99.5 into 1.0e+2.
  return figure >= 99.5 ? String(Math.round(figure)) : figure.toPrecision(2);
}

export function formatRate(perSecond: number): string {
  return `${format(perSecond)}/s`;
}

export function formatMs(durationMs: number): string {
  return `${format(durationMs)} ms`;
}

/** Formats a share of one CPU. */
export function formatCpu(cpu: number): string {
  return `${(cpu * 100).toFixed(1)} %`;
}

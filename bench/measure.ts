/** Compares contenders in interleaved rounds, so that a machine whose speed drifts is fair to all. */

/** What a bench is to be run on, and how thoroughly. */
export interface BenchOptions {
  /** A database with DBOS's system tables, of its own for each bench. */
  readonly url: string;
  readonly rounds: number;
  readonly roundMs: number;
  /** Only show that it runs. */
  readonly isShort: boolean;
}

/** One line of the table. */
export interface Row {
  readonly work: string;
  /** What the official client takes or makes of it. */
  readonly official: string;
  readonly ours: string;
  /** How many times better ours is; undefined where there is nothing to compare it with. */
  readonly ratio: number | undefined;
}

export interface Contender {
  readonly name: string;
  /** Does the work of a round; gives its figure. */
  measure(): Promise<number>;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)]!;
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Calls `run` time and again, with `inFlight` calls under way; gives the calls a second. */
export async function measureRate(
  durationMs: number,
  inFlight: number,
  run: () => Promise<unknown>,
): Promise<number> {
  const startedAt = performance.now();
  let calls = 0;
  async function callOn(): Promise<void> {
    do {
      await run();
      calls++;
    } while (performance.now() - startedAt < durationMs);
  }
  await Promise.all(Array.from({ length: inFlight }, callOn));
  return calls / (performance.now() - startedAt) * 1000;
}

/** The median figure of each contender, after a round that does not count. */
export async function compare(
  contenders: readonly Contender[],
  rounds: number,
): Promise<number[]> {
  const figures = contenders.map((): number[] => []);
  for (const { measure } of contenders) await measure();
  for (let round = 0; round < rounds; round++) {
    for (const [index, { measure }] of contenders.entries()) {
      figures[index]!.push(await measure());
    }
  }
  return figures.map(median);
}

/** The rows of rates, of which more is better; the first contender is the official client. */
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

/** A row of something of which less is better. */
export function toCostRow(
  work: string,
  official: number,
  ours: number,
  format: (figure: number) => string,
): Row {
  return { work, official: format(official), ours: format(ours), ratio: official / ours };
}

function format(figure: number): string {
  // 99.5 would be 1.0e+2.
  return figure >= 99.5 ? String(Math.round(figure)) : figure.toPrecision(2);
}

export function formatRate(perSecond: number): string {
  return `${format(perSecond)}/s`;
}

export function formatMs(durationMs: number): string {
  return `${format(durationMs)} ms`;
}

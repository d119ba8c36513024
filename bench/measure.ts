/** Compares contenders in interleaved rounds, so that a machine whose speed drifts is fair to all. */

export interface Contender {
  readonly name: string;
  run(): Promise<unknown>;
}

export interface Rate {
  readonly name: string;
  /** Calls a second: the median of the rounds. */
  readonly perSecond: number;
  /** That of the first contender is 1. */
  readonly ratio: number;
}

export interface Rounds {
  readonly rounds: number;
  readonly roundMs: number;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)]!;
}

async function runFor(durationMs: number, inFlight: number, run: () => Promise<unknown>) {
  const startedAt = performance.now();
  let calls = 0;
  async function callOn(): Promise<void> {
    while (performance.now() - startedAt < durationMs) {
      await run();
      calls++;
    }
  }
  await Promise.all(Array.from({ length: inFlight }, callOn));
  return calls / (performance.now() - startedAt) * 1000;
}

/** The rates of the contenders with `inFlight` calls under way; the first is the measure of all. */
export async function compareRates(
  contenders: readonly Contender[],
  inFlight: number,
  { rounds, roundMs }: Rounds,
): Promise<Rate[]> {
  const rates = contenders.map((): number[] => []);
  for (const { run } of contenders) await runFor(roundMs / 2, inFlight, run);
  for (let round = 0; round < rounds; round++) {
    for (const [index, { run }] of contenders.entries()) {
      rates[index]!.push(await runFor(roundMs, inFlight, run));
    }
  }
  const medians = rates.map(median);
  return contenders.map(({ name }, index) => ({
    name,
    perSecond: medians[index]!,
    ratio: medians[index]! / medians[0]!,
  }));
}

/** Runs the conformance suite without a test runner, which some runtimes lack. */
import { cases } from "./cases.ts";
import type { Fixture, OpenTarget } from "./driver_targets.ts";

/** How many cases passed and failed. */
export interface Counts {
  passed: number;
  failed: number;
}

function formatCounts({ passed, failed }: Counts): string {
  return `${passed} passed, ${failed} failed`;
}

async function runTarget(name: string, open: OpenTarget, fixture: Fixture): Promise<Counts> {
  const counts = { passed: 0, failed: 0 };
  const target = await open(fixture);
  // Node 20 cannot parse `await using`.
  try {
    for (const [title, run] of Object.entries(cases)) {
      try {
        await run(target);
        counts.passed++;
        console.log(`ok      ${name}: ${title}`);
      } catch (error) {
        counts.failed++;
        console.log(`FAILED  ${name}: ${title}:`, error);
      }
    }
  } finally {
    await target[Symbol.asyncDispose]();
  }
  console.log(`${name}: ${formatCounts(counts)}`);
  return counts;
}

/**
 * Runs the suite over the named targets, all at the same time. Prints how many cases passed and
 * failed, for each target and in the last line for all, and returns whether all passed.
 */
export async function runTargets(
  targets: Record<string, OpenTarget>,
  names: readonly string[],
  fixture: Fixture,
): Promise<boolean> {
  const total = { passed: 0, failed: 0 };
  const runs = names.map((name) => runTarget(name, targets[name]!, fixture));
  for (const { passed, failed } of await Promise.all(runs)) {
    total.passed += passed;
    total.failed += failed;
  }
  console.log(formatCounts(total));
  return total.failed === 0;
}

/** Reads the numbers of each target from what {@linkcode runTargets} printed. */
export function readCounts(output: string): Map<string, Counts> {
  const lines = output.matchAll(/^(.+): (\d+) passed, (\d+) failed$/gm);
  return new Map(
    [...lines].map(([, name, passed, failed]) => [
      name!,
      { passed: Number(passed), failed: Number(failed) },
    ]),
  );
}

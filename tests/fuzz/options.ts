/**
 * How much the fuzz tests do. `deno task test` makes 20,000 runs, the same ones each time.
 * `deno task fuzz [--runs N] [--seed N]` makes a million by default, from a new seed.
 */
import { parseArgs } from "node:util";

const runsOfAllTests = 20_000;

const { values } = parseArgs({
  args: Deno.args,
  strict: false,
  options: { runs: { type: "string" }, seed: { type: "string" } },
});
const factor = values.runs === undefined ? 1 : Number(values.runs) / runsOfAllTests;

/** The seed of all properties. Tests have it in their names. */
export const seed: number = Number(
  values.seed ?? (values.runs === undefined ? 1 : Date.now() % 1_000_000),
);

/** Returns the parameters of fast-check for a property that makes so many of the 20,000 runs. */
export function fuzzParameters(runs: number): { numRuns: number; seed: number } {
  return { numRuns: Math.ceil(runs * factor), seed };
}

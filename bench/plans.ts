/**
 * `deno run -A bench/plans.ts [--workflows N]`: prints the indexes that each call uses in a
 * database of a million workflows, and the time it takes. Fails if a call scans a whole table where
 * it should use an index. Uses the same server as `deno task bench`.
 */
import { parseArgs } from "node:util";
import { createTestDatabase } from "../tests/support/database.ts";
import { explainCalls } from "../tests/support/plans.ts";
import { populate } from "../tests/support/populate.ts";
import { startPostgresServer } from "../tests/support/postgres_server.ts";

/** Prints the plans in a database of this many workflows, and returns how many are bad. */
export async function reportPlans(workflows: number): Promise<number> {
  await using database = await createTestDatabase();
  await populate(database.url, workflows);
  const plans = await explainCalls(database.url);
  console.log(`plans and times of ${workflows} workflows`);
  for (const { name, durationMs, indexes, fault } of plans) {
    console.log(`  ${durationMs.toFixed(1).padStart(7)} ms  ${name}`);
    console.log(`              ${fault ? `FAULT: ${fault}` : indexes.join(", ")}`);
  }
  return plans.filter(({ fault }) => fault).length;
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: { workflows: { type: "string", default: "1000000" } },
  });
  await using resources = new AsyncDisposableStack();
  if (!Deno.env.has("DBOS_TEST_DATABASE_URL")) {
    const server = await startPostgresServer();
    resources.defer(() => server.stop());
    Deno.env.set("DBOS_TEST_DATABASE_URL", server.url);
  }
  if (await reportPlans(Number(values.workflows)) > 0) Deno.exitCode = 1;
}

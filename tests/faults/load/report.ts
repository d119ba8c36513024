/** Writes tests/faults/RESULTS.md. */
import config from "../../../deno.json" with { type: "json" };
import type { SuiteOptions, SuiteResults } from "./suite.ts";

type Cells = readonly (string | number)[];

function table(header: Cells, rows: readonly Cells[]): string {
  const line = (cells: Cells) => `| ${cells.join(" | ")} |`;
  return [header, header.map(() => "---"), ...rows].map(line).join("\n");
}

/** A driver with its version, and its runtime. */
function describeDriver(driver: string, runtime: string): string {
  const imports: Record<string, string> = config.imports;
  const specifier = imports[driver.replace(/^\w+:/, "")];
  const name = driver === "connect()" || !specifier ? driver : specifier;
  return `${name} on ${runtime}`;
}

function describeRefusals({ results }: SuiteResults): string {
  const rows = results.flatMap(({ fault, driver, errors }) =>
    Object.entries(errors).map(([error, count]) => [fault, driver, error, count])
  );
  return rows.length === 0
    ? "No call was refused."
    : `Calls were refused with these errors:\n\n${
      table(["Fault", "Driver", "Error", "Calls"], rows)
    }`;
}

/** The results as a page in Markdown. */
export function formatReport(found: SuiteResults, options: SuiteOptions, date: Date): string {
  const { results, skipped, runtimes, postgres } = found;
  const { seed, seconds, producers, waiters, stride } = options;
  const header = ["Injected", "Calls", "Refused", "Failed", "Lost", "Doubled", "Hung"];
  const rows = results.map((
    { injected, calls, refused, failed, lost, doubled, hung, ...result },
  ) => [
    result.fault,
    result.driver,
    ...[injected, calls, refused, failed, lost, doubled, hung],
  ]);
  function sum(column: "injected" | "calls" | "failed" | "lost" | "doubled" | "hung"): number {
    return results.reduce((sum, result) => sum + result[column], 0);
  }
  const versions = Object.entries(runtimes).map((entry) => describeDriver(...entry));
  return `# Faults under load

Written by \`deno task faults\`, which fails unless the last four columns are 0:

- Refused: the call failed with an error that it must fail with, because the fault is not transient.
- Failed: the call failed with any other error.
- Lost: the call succeeded without its effect, or with a result that is not the one in the database.
- Doubled: the call had its effect more than once.
- Hung: the call did not settle within \`retryTimeoutSeconds\` and one attempt.

For each driver, ${producers} producers make calls of all kinds, and ${waiters} waits are in progress, while each
fault is injected again and again for ${seconds} s. The faults "in a message" harm the connection in
${
    stride === 1
      ? "every message"
      : `one message of ${stride}`
  } that the client or the server sends during a call of each kind.

Date: ${
    date.toISOString().slice(0, 10)
  }. Seed: ${seed}. Version: ${config.version}. Postgres ${postgres}. \
${versions.join("; ")}.

In all, ${sum("injected")} faults were injected, and ${sum("calls")} calls were made: ${
    sum("failed")
  } failed, \
${sum("lost")} lost, ${sum("doubled")} doubled, ${sum("hung")} hung.

${table(["Fault", "Driver", ...header], rows)}

${describeRefusals(found)}
${skipped.map((reason) => `\nNot injected: ${reason}.\n`).join("")}`;
}

/** The figures of `deno task bench:growth`, and their tables. */

/** A figure of one client, by size. */
export interface Series {
  readonly work: string;
  /** The unit of the figures. Rates have "/s". */
  readonly unit: string;
  readonly client: "official" | "ours";
  /** The figure at each size; null where it was not measured. */
  readonly figures: readonly (number | null)[];
}

/** What was measured in one run. */
export interface PartOfGrowth {
  /** What was run. */
  readonly command: string;
  /** The machine and the software on it, as a Markdown list. */
  readonly machine: string;
  readonly sizes: readonly number[];
  readonly series: readonly Series[];
}

export interface Growth {
  /** Calls that use indexes, by the workflows in the database. */
  workflows: PartOfGrowth;
  /** Calls that have no index, by the same. */
  scans: PartOfGrowth;
  /** By the waits in progress. */
  waiters: PartOfGrowth;
}

const units = { workflows: "workflows", scans: "workflows", waiters: "waits" };

/** How many times the figure changes when the size is multiplied by ten, on average. */
function growthPerTenfold(
  sizes: readonly number[],
  figures: readonly (number | null)[],
): number | undefined {
  const points = figures.flatMap((figure, index) =>
    figure === null || figure <= 0 ? [] : [{ decade: Math.log10(sizes[index]!), figure }]
  );
  const [first, last] = [points[0], points.at(-1)];
  if (!first || !last || first === last) return undefined;
  return (last.figure / first.figure) ** (1 / (last.decade - first.decade));
}

function formatSize(size: number): string {
  return size.toLocaleString("en-US");
}

function formatFigure(figure: number | null): string {
  if (figure === null) return "";
  return figure >= 99.5 ? formatSize(Math.round(figure)) : figure.toPrecision(2);
}

/** Formats a part as an aligned Markdown table. */
export function formatGrowth(part: keyof Growth, { sizes, series }: PartOfGrowth): string {
  const cells = [
    [`work, by ${units[part]}`, "client", ...sizes.map(formatSize), "per tenfold"],
    ...series.map(({ work, unit, client, figures }) => {
      const growth = growthPerTenfold(sizes, figures);
      return [
        `${work}, ${unit}`,
        client,
        ...sizes.map((_, index) => formatFigure(figures[index] ?? null)),
        growth === undefined ? "" : `${growth.toFixed(2)} ×`,
      ];
    }),
  ];
  const widths = cells[0]!.map((_, column) => Math.max(...cells.map((row) => row[column]!.length)));
  const rule = widths.map((width, column) =>
    column < 2 ? "-".repeat(width) : `${"-".repeat(width - 1)}:`
  );
  const lines = [cells[0]!, rule, ...cells.slice(1)].map((row) =>
    row.map((cell, column) =>
      column < 2 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!)
    )
  );
  return lines.map((row) => `| ${row.join(" | ")} |`).join("\n");
}

/** The contents of GROWTH.md. */
export function describeGrowth({ workflows, scans, waiters }: Partial<Growth>): string {
  const sections = [`# Results of \`deno task bench:growth\`

How the cost of calls grows with the database and with the number of waits, for this client and the
official TypeScript client 5.3.0. "Per tenfold" is how many times a figure changes, on average, when
the size is multiplied by ten: 1.00 × is flat, 10 × is linear. The raw figures are in
[\`growth.json\`](growth.json).

![Plots of the tables below](growth.svg)
`];
  if (workflows) {
    sections.push(`## By the workflows in the database

Nearly all workflows have ended; they have inputs and outputs, and a part of them steps, events,
messages and streams. Rates are of 500 workflows, which are deleted again. The databases are on one
server and are measured in interleaved rounds; the figures are medians.

- Command: \`${workflows.command}\`
${workflows.machine}

${formatGrowth("workflows", workflows)}
`);
  }
  if (scans) {
    sections.push(`## Without an index

DBOS's schema has no index for these calls, so both clients read the whole table, or all of the
index on \`created_at\`. The same holds for a filter by \`workflowName\`, \`executorId\`,
\`applicationVersion\` or \`applicationName\`, and by \`queueName\` or \`status: "SUCCESS"\` of workflows
that have ended. A list with a limit stops when it has found enough: it is fast where many workflows
match, and linear where few do. An index such as \`(authenticated_user, created_at)\` would make it
logarithmic. Add \`startTime\`, or find workflows by \`attributes\`, which have an index.

- Command: \`${scans.command}\`
${scans.machine}

${formatGrowth("scans", scans)}
`);
  }
  if (waiters) {
    sections.push(`## By the waits in progress

One client waits for the results of this many workflows, for some seconds before it is measured.
"Result latency" is the mean time from the end of all workflows, at once, until a wait has its
result. This client polls for all waits in one statement: often for a new wait, then once a second,
and above 50,000 waits with a pause of 1 ms for each 50 of them. The official client polls for each
wait once a second, and so is measured up to 1,000 waits only.

- Command: \`${waiters.command}\`
${waiters.machine}

${formatGrowth("waiters", waiters)}
`);
  }
  return sections.join("\n");
}

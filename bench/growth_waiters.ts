/** The load and the latency by the number of waits in progress. */

import type { Series } from "./growth_report.ts";
import { measureWaiters, openOfficialWait, openOurWait, type WaiterFigures } from "./waiters.ts";

const maxOfficial = 1000;

interface Column {
  readonly work: string;
  readonly unit: string;
  figureOf(figures: WaiterFigures): number | undefined;
}

const columns: Column[] = [
  { work: "statements", unit: "/s", figureOf: (figures) => figures.statementsPerSecond },
  { work: "server CPU", unit: "%", figureOf: ({ cpu }) => cpu === undefined ? cpu : cpu * 100 },
  { work: "client CPU", unit: "%", figureOf: (figures) => figures.clientCpu * 100 },
  { work: "result latency, mean", unit: "ms", figureOf: (figures) => figures.latencyMs },
];

/** Measures both clients with these numbers of waits. */
export async function measureWaiterGrowth(
  url: string,
  counts: readonly number[],
  windowMs: number,
): Promise<Series[]> {
  const official: (WaiterFigures | undefined)[] = [];
  const ours: WaiterFigures[] = [];
  for (const count of counts) {
    official.push(
      count <= maxOfficial
        ? await measureWaiters(url, count, windowMs, openOfficialWait)
        : undefined,
    );
    ours.push(await measureWaiters(url, count, windowMs, openOurWait));
  }
  return columns.flatMap(({ work, unit, figureOf }) =>
    ([["official", official], ["ours", ours]] as const).map(([client, all]) => ({
      work,
      unit,
      client,
      figures: all.map((figures) => (figures && figureOf(figures)) ?? null),
    }))
  );
}

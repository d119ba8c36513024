/** The time of lists in a database of many workflows, and whether all calls use indexes. */

import { connect, listWorkflows, type ListWorkflowsOptions } from "../mod.ts";
import { explainCalls } from "../tests/support/plans.ts";
import { populate } from "../tests/support/populate.ts";
import { openOfficial } from "./contenders.ts";
import {
  type BenchOptions,
  compare,
  formatMs,
  measureRate,
  type Row,
  toCostRow,
} from "./measure.ts";
import { repeatAlone } from "./recorded_statement.ts";

const withoutValues = { loadInput: false, loadOutput: false } as const;

// Filters that both clients have. Both read inputs, outputs and errors unless they are told otherwise.
const filters = [
  { limit: 100 },
  { sortDesc: true, limit: 100 },
  { status: "ERROR", sortDesc: true, limit: 100 },
  { status: "ENQUEUED", queueName: "queue3" },
  { workflow_id_prefix: "order-77", limit: 100 },
  { limit: 100, ...withoutValues },
  { sortDesc: true, limit: 100, ...withoutValues },
  { status: "ENQUEUED", queueName: "queue3", ...withoutValues },
  { limit: 10_000 },
] as const satisfies ListWorkflowsOptions[];

export async function compareLists(options: BenchOptions): Promise<Row[]> {
  const { url, rounds, roundMs, isShort } = options;
  // In a smaller database it is sometimes right to scan a whole table.
  const workflows = isShort ? 50_000 : 1_000_000;
  await populate(url, workflows);
  const rows: Row[] = [];
  {
    await using resources = new AsyncDisposableStack();
    const official = await openOfficial(url, resources);
    const ours = resources.use(await connect(url));
    for (const filter of filters) {
      // The official client modifies its argument.
      const calls = {
        official: () => official.listWorkflows({ ...filter }),
        "connect()": () => listWorkflows(ours, filter),
        "npm:pg alone": await repeatAlone(
          url,
          (connection) => listWorkflows(connection, filter),
          resources,
        ),
      };
      const contenders = Object.entries(calls).map(([name, run]) => ({
        name,
        measure: async () => 1000 / await measureRate(roundMs, 1, run),
      }));
      const [officialMs, oursMs, aloneMs] = await compare(contenders, rounds) as [
        number,
        number,
        number,
      ];
      const work = `listWorkflows(${Deno.inspect(filter, { breakLength: Infinity })})`;
      rows.push(
        toCostRow(`${work} of ${workflows}`, officialMs, oursMs, formatMs),
        toCostRow("limit of that: npm:pg alone, rows unread", officialMs, aloneMs, formatMs),
      );
    }
  }
  // Last, because these calls write.
  const plans = await explainCalls(url);
  const faults = plans.filter(({ fault }) => fault);
  for (const { name, fault } of faults) console.error(`${name} ${fault}`);
  if (faults.length > 0) Deno.exitCode = 1;
  rows.push({
    work: `slowest of ${plans.length} calls, ${workflows} workflows; calls with a bad plan`,
    official: "",
    ours: `${formatMs(Math.max(...plans.map(({ durationMs }) => durationMs)))}; ${faults.length}`,
    ratio: undefined,
  });
  return rows;
}

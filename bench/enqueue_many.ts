/** The rate at which batches enqueue workflows, and the rate that pgbench reaches. */

import { enqueueMany } from "../mod.ts";
import { args, job, openOfficial, openOurs } from "./contenders.ts";
import { type BenchOptions, type Contender, measureRate, type Row } from "./measure.ts";
import { compareWithPgbench, createPgbench } from "./pgbench.ts";

const batchSize = 1000;
// As in enqueueMany(): the rows of a statement, and the max number of statements in flight.
const rowsPerStatement = 500;
const maxStatements = 4;

function at(atOnce: number): string {
  return atOnce > 1 ? `, ${atOnce} at once` : "";
}

function* makeJobs(count: number) {
  for (let number = 0; number < count; number++) yield { ...job, args: [...args] };
}

export async function compareEnqueueMany(options: BenchOptions): Promise<Row[]> {
  const { url, roundMs, isShort } = options;
  await using resources = new AsyncDisposableStack();
  const official = await openOfficial(url, resources);
  const ours = await openOurs(url, resources);
  const enqueueOne = () => official.enqueuePortable(job, [...args]);
  const rows: Row[] = [];

  /** Compares batches of `count` jobs; pgbench keeps this many statements in flight. */
  async function compareWith(count: number, statements: number, atOnce = 1): Promise<void> {
    const contenders: Contender[] = [
      { name: "official", measure: () => measureRate(roundMs, 32, enqueueOne) },
      ...ours.map(({ name, client }) => ({
        name,
        measure: async () =>
          count * await measureRate(roundMs, atOnce, () => enqueueMany(client, makeJobs(count))),
      })),
    ];
    const pgbench = await createPgbench(
      url,
      {
        run: (connection) => enqueueMany(connection, makeJobs(rowsPerStatement)),
        idField: "workflow_id",
        clients: statements,
        isPrepared: false,
      },
      roundMs,
      resources,
    );
    // Large batches fill the table fast, so there are few rounds.
    const rounds = count > batchSize ? Math.min(options.rounds, 3) : options.rounds;
    const work = `enqueueMany of ${count}${at(atOnce)}`;
    const against = " against single calls, 32 in flight";
    rows.push(...await compareWithPgbench(work, contenders, pgbench, rounds, against));
  }

  await compareWith(batchSize, batchSize / rowsPerStatement);
  // What bounds this is the server: bare inserts of the same rows into both tables take it as long as the
  // statement, four fifths of it for workflow_status and its indexes.
  await compareWith(batchSize, maxStatements, maxStatements);
  await compareWith(isShort ? 5000 : 100_000, maxStatements);
  return rows;
}

/** The rate at which batches enqueue workflows, and the rate that pgbench reaches. */

import pg from "pg";
import { enqueueMany } from "../mod.ts";
import { args, job, openOfficial, openOurs } from "./contenders.ts";
import {
  type BenchOptions,
  compare,
  type Contender,
  formatRate,
  measureRate,
  type Row,
  toRateRows,
} from "./measure.ts";

const batchSize = 1000;
// As in enqueueMany(): the rows of a statement, and the max number of statements in flight.
const rowsPerStatement = 500;
const maxStatements = 4;

function at(atOnce: number): string {
  return atOnce > 1 ? `, ${atOnce} at once,` : "";
}

function* makeJobs(count: number) {
  for (let number = 0; number < count; number++) yield { ...job, args: [...args] };
}

/** Records a statement of enqueueMany() and its parameters. */
async function recordStatement(url: string): Promise<{ text: string; values: string[] }> {
  const connection = new pg.Client({ connectionString: url });
  await connection.connect();
  try {
    const sent: { text: string; values: string[] }[] = [];
    const query = connection.query.bind(connection) as (config: unknown) => Promise<unknown>;
    connection.query = ((config: { text: string; values: string[] }) => {
      sent.push(config);
      return query(config);
    }) as typeof connection.query;
    await enqueueMany(connection, makeJobs(rowsPerStatement));
    return sent.find(({ text }) => text.includes("insert into"))!;
  } finally {
    await connection.end();
  }
}

/** The statement as a script for pgbench, with literals, and with new and ascending IDs. */
async function toScript(url: string): Promise<string> {
  const { text, values } = await recordStatement(url);
  const escape = (value: string) => `'${value.replaceAll("'", "''")}'`;
  const literals = values.map((value) => escape(String(value)));
  const jobs = JSON.parse(values.at(-1)!) as { workflow_id: string }[];
  for (const [index, each] of jobs.entries()) {
    each.workflow_id = `@${String(index).padStart(12, "0")}`;
  }
  const prefix =
    "to_char(extract(epoch from clock_timestamp()) * 1000000, 'FM00000000000000000000')" +
    " || lpad((pg_backend_pid() % 10000)::text, 4, '0')";
  literals[literals.length - 1] = `(replace(${escape(JSON.stringify(jobs))}, '@', ${prefix}))`;
  return text.replace(/\$(\d+)/g, (_, number) => literals[Number(number) - 1]!) + ";\n";
}

async function runPgbench(
  url: string,
  script: string,
  clients: number,
  durationMs: number,
): Promise<number> {
  const seconds = String(Math.max(1, Math.round(durationMs / 1000)));
  const options = ["-n", "-M", "simple", "-f", script, "-c", String(clients), "-T", seconds];
  const { success, stdout, stderr } = await new Deno.Command("pgbench", {
    args: [...options, url],
  }).output();
  const decoder = new TextDecoder();
  const tps = /^tps = ([\d.]+)/m.exec(decoder.decode(stdout))?.[1];
  if (!success || !tps) throw new Error(`Cannot run pgbench:\n${decoder.decode(stderr)}`);
  return Number(tps) * rowsPerStatement;
}

async function isInstalled(command: string): Promise<boolean> {
  try {
    return (await new Deno.Command(command, { args: ["--version"] }).output()).success;
  } catch {
    return false;
  }
}

export async function compareEnqueueMany(options: BenchOptions): Promise<Row[]> {
  const { url, roundMs, isShort } = options;
  await using resources = new AsyncDisposableStack();
  const official = await openOfficial(url, resources);
  const ours = await openOurs(url, resources);
  const enqueueOne = () => official.enqueuePortable(job, [...args]);
  const rows: Row[] = [];

  async function compareWith(
    count: number,
    limits: readonly Contender[],
    atOnce = 1,
  ): Promise<number[]> {
    const contenders = [
      { name: "official", measure: () => measureRate(roundMs, 32, enqueueOne) },
      ...ours.map(({ name, client }) => ({
        name,
        measure: async () =>
          count * await measureRate(roundMs, atOnce, () => enqueueMany(client, makeJobs(count))),
      })),
    ];
    // Large batches fill the table fast, so there are few rounds.
    const rounds = count > batchSize ? Math.min(options.rounds, 3) : options.rounds;
    const figures = await compare([...contenders, ...limits], rounds);
    const work = `enqueueMany of ${count}${at(atOnce)} against single calls, 32 in flight`;
    rows.push(...toRateRows(work, contenders, figures.slice(0, contenders.length)));
    return figures;
  }

  const limits: Contender[] = [];
  if (await isInstalled("pgbench")) {
    const script = await Deno.makeTempFile({ suffix: ".sql" });
    resources.defer(() => Deno.remove(script));
    await Deno.writeTextFile(script, await toScript(url));
    const measureLimit = (clients: number) => () => runPgbench(url, script, clients, roundMs);
    for (const clients of [batchSize / rowsPerStatement, maxStatements]) {
      limits.push({ name: `${clients} at once`, measure: measureLimit(clients) });
    }
  }

  /** Adds the rows that compare ours with a limit instead of the official client. */
  function pushLimitRows(
    count: number,
    limit: number | undefined,
    figures: number[],
    atOnce = 1,
  ): void {
    if (limit === undefined) return;
    for (const [index, { name }] of ours.entries()) {
      const perSecond = figures[index + 1]!;
      rows.push({
        work: `enqueueMany of ${count}${at(atOnce)} against pgbench's limit, ${name}`,
        official: `(pgbench) ${formatRate(limit)}`,
        ours: formatRate(perSecond),
        ratio: perSecond / limit,
      });
    }
  }

  const figures = await compareWith(batchSize, limits.slice(0, 1));
  pushLimitRows(batchSize, figures[ours.length + 1], figures);
  // What bounds this is the server: bare inserts of the same rows into both tables take it as long as the
  // statement, four fifths of it for workflow_status and its indexes.
  const figuresAtOnce = await compareWith(batchSize, limits.slice(1), maxStatements);
  pushLimitRows(batchSize, figuresAtOnce[ours.length + 1], figuresAtOnce, maxStatements);
  const many = isShort ? 5000 : 100_000;
  const figuresOfMany = await compareWith(many, limits.slice(1));
  pushLimitRows(many, figuresOfMany[ours.length + 1], figuresOfMany);
  return rows;
}

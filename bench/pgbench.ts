/** The rate that pgbench reaches with a statement of this client: the limit of what a client can do. */

import type pg from "pg";
import { compare, type Contender, formatRate, type Row, toRateRows } from "./measure.ts";
import { isGeneratedID, recordStatement } from "./recorded_statement.ts";

// New and ascending, like the IDs of this client, and the same wherever the statement uses one.
const idPrefix =
  "to_char(extract(epoch from statement_timestamp()) * 1000000, 'FM00000000000000000000')" +
  " || lpad((pg_backend_pid() % 10000)::text, 4, '0')";

function quote(value: unknown): string {
  return `'${String(value).replaceAll("'", "''")}'`;
}

/** A call of this client whose statement pgbench repeats. */
interface RepeatedCall {
  /** The call that writes the rows of one statement. */
  run(connection: pg.Client): Promise<unknown>;
  /** The field of each row of a batch that is its ID, of which pgbench writes new ones. */
  readonly idField?: string;
  /** The number of connections that pgbench uses at once. */
  readonly clients: number;
  /**
   * Whether pgbench prepares the statement, and sends the parameters with each execution. Otherwise
   * they are literals in the statement, because they may be longer than an argument of a program.
   */
  readonly isPrepared: boolean;
}

/** Measures how many rows per second pgbench writes; undefined where it is not installed. */
export async function createPgbench(
  url: string,
  { run, idField = "", clients, isPrepared }: RepeatedCall,
  durationMs: number,
  resources: AsyncDisposableStack,
): Promise<Contender | undefined> {
  if (!await isInstalled("pgbench")) return undefined;
  const { text, values = [] } = await recordStatement(url, run);
  let rowsPerStatement = 0;
  const variables: string[] = [];
  const parameters = values.map((value, index) => {
    if (isGeneratedID(value)) return idPrefix;
    const rows = String(value).startsWith("[{") ? JSON.parse(String(value)) : undefined;
    for (const row of rows ?? []) row[idField] = `@${String(rowsPerStatement++).padStart(12, "0")}`;
    const written = rows ? JSON.stringify(rows) : String(value);
    if (isPrepared) variables.push("-D", `p${index}=${written}`);
    const parameter = isPrepared ? `:p${index}` : quote(written);
    return rows ? `replace(${parameter}, '@', ${idPrefix})` : parameter;
  });
  const script = await Deno.makeTempFile({ suffix: ".sql" });
  resources.defer(() => Deno.remove(script));
  const statement = text.replace(/\$(\d+)/g, (_, number) => `(${parameters[Number(number) - 1]!})`);
  await Deno.writeTextFile(script, `${statement};\n`);

  const seconds = String(Math.max(1, Math.round(durationMs / 1000)));
  const protocol = isPrepared ? "prepared" : "simple";
  const args = ["-n", "-M", protocol, "-f", script, "-c", String(clients), "-T", seconds];
  return {
    name: "pgbench",
    async measure() {
      const command = new Deno.Command("pgbench", { args: [...args, ...variables, url] });
      const { success, stdout, stderr } = await command.output();
      const decoder = new TextDecoder();
      const tps = /^tps = ([\d.]+)/m.exec(decoder.decode(stdout))?.[1];
      if (!success || !tps) throw new Error(`Cannot run pgbench:\n${decoder.decode(stderr)}`);
      return Number(tps) * Math.max(rowsPerStatement, 1);
    },
  };
}

async function isInstalled(command: string): Promise<boolean> {
  try {
    return (await new Deno.Command(command, { args: ["--version"] }).output()).success;
  } catch {
    return false;
  }
}

/**
 * Compares contenders, of which the first is the official client, with each other and ours with pgbench, if
 * there is one. `against` names what the official client does, if that is something else.
 */
export async function compareWithPgbench(
  work: string,
  contenders: readonly Contender[],
  pgbench: Contender | undefined,
  rounds: number,
  against = "",
): Promise<Row[]> {
  const figures = await compare([...contenders, ...(pgbench ? [pgbench] : [])], rounds);
  const limit = figures[contenders.length];
  const rates = figures.slice(0, contenders.length);
  const rows = toRateRows(`${work}${against}`, contenders, rates);
  if (limit === undefined) return rows;
  const toLimitRow = (perSecond: number, index: number): Row => ({
    work: `${work} against pgbench's limit, ${contenders[index + 1]!.name}`,
    official: `(pgbench) ${formatRate(limit)}`,
    ours: formatRate(perSecond),
    ratio: perSecond / limit,
  });
  return [...rows, ...rates.slice(1).map(toLimitRow)];
}

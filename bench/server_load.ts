/** Measures the load of a database on the server. */

import pg from "pg";

export interface Load {
  readonly statementsPerSecond: number;
  /** The share of one CPU that its connections use; undefined if it cannot be read. */
  readonly cpu: number | undefined;
  /** The connections that are open at the end. */
  readonly connections: number;
}

/** A connection that belongs to the bench, such as that of a worker. */
export interface UncountedConnection {
  readonly pid: number;
  /** The statements that it has sent so far. */
  readonly statements: number;
}

interface Sample {
  readonly at: number;
  readonly commits: number;
  readonly connections: number;
  /** The CPU seconds of each process so far, by its ID. */
  readonly seconds: ReadonlyMap<number, number> | undefined;
}

// The unit of /proc, which is the same on all current Linux systems.
const ticksPerSecond = 100;

function readSeconds(pid: number): number {
  const stat = Deno.readTextFileSync(`/proc/${pid}/stat`);
  // The name of the command, which comes first, may contain spaces.
  const [command, rest] = stat.split(/\) (?=\S )/) as [string, string];
  if (!command.includes("(postgres")) throw new Error(`Process ${pid} is not a Postgres process`);
  const fields = rest.split(" ");
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}

async function takeSample(
  connection: pg.Client,
  uncounted: UncountedConnection | undefined,
): Promise<Sample> {
  const text = `
    select
      (select xact_commit::int from pg_stat_database where datname = current_database()) as commits,
      array(
        select pid from pg_stat_activity
        where datname = current_database() and pid not in (pg_backend_pid(), $1::int)
          and backend_type = 'client backend'
      ) as pids`;
  const { rows } = await connection.query(text, [uncounted?.pid ?? 0]);
  const { commits, pids } = rows[0] as { commits: number; pids: number[] };
  let seconds: Map<number, number> | undefined;
  try {
    seconds = new Map(pids.map((pid) => [pid, readSeconds(pid)]));
  } catch {
    // The system is not Linux, or the server is on another machine.
  }
  return {
    at: performance.now(),
    commits: commits - (uncounted?.statements ?? 0),
    connections: pids.length,
    seconds,
  };
}

/** Measures the load of the connections to a database but one, for `durationMs`. */
export async function measureLoad(
  url: string,
  durationMs: number,
  uncounted?: UncountedConnection,
): Promise<Load> {
  const connection = new pg.Client({ connectionString: url });
  await connection.connect();
  try {
    const before = await takeSample(connection, uncounted);
    await new Promise((resolve) => setTimeout(resolve, durationMs));
    const after = await takeSample(connection, uncounted);
    const elapsedSeconds = (after.at - before.at) / 1000;
    let cpuSeconds: number | undefined;
    if (before.seconds && after.seconds) {
      cpuSeconds = 0;
      for (const [pid, seconds] of after.seconds) {
        cpuSeconds += seconds - (before.seconds.get(pid) ?? 0);
      }
    }
    return {
      statementsPerSecond: (after.commits - before.commits) / elapsedSeconds,
      cpu: cpuSeconds === undefined ? undefined : cpuSeconds / elapsedSeconds,
      connections: after.connections,
    };
  } finally {
    await connection.end();
  }
}

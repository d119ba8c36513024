/** A primary and a hot standby, which replays what the primary writes. */
import { cp } from "node:fs/promises";
import pg from "pg";
import { until } from "./until.ts";
import { controlServer, programsOf, readLastOptions } from "../faults/server.ts";
import { startPostgresServer } from "./postgres_server.ts";

/** Two servers with the same database. */
export interface Replication extends AsyncDisposable {
  /** The URL of the database on the primary, which is empty at first. */
  readonly primaryUrl: string;
  readonly standbyUrl: string;
  /** Runs a statement on the primary. */
  onPrimary(text: string, values?: unknown[]): Promise<Record<string, unknown>[]>;
  /** Runs a statement on the standby. */
  onStandby(text: string, values?: unknown[]): Promise<Record<string, unknown>[]>;
  /** Waits until the standby has replayed all that the primary has written so far. */
  untilReplayed(): Promise<void>;
  stopStandby(): Promise<void>;
  startStandby(): Promise<void>;
}

function createQuery(url: string): Replication["onPrimary"] {
  return async (text, values) => {
    const client = new pg.Client({ connectionString: url });
    client.on("error", () => {});
    await client.connect();
    return (await client.query(text, values).finally(() => client.end())).rows;
  };
}

/**
 * Starts both. The standby begins with a copy of the primary's files from before its first start, and
 * replays all that follows.
 *
 * @param settings More settings of the standby.
 */
export async function startReplication(
  settings: Record<string, string> = {},
): Promise<Replication> {
  await using starting = new AsyncDisposableStack();
  const copy = await Deno.makeTempDir({ prefix: "test_standby_" });
  starting.defer(() => Deno.remove(copy, { recursive: true }));
  const primary = await startPostgresServer(async (data) => {
    await cp(data, copy, { recursive: true });
    return { wal_keep_size: "1GB" };
  });
  starting.defer(() => primary.stop());
  const { hostname, port, username } = new URL(primary.url);
  let data = "";
  const standby = await startPostgresServer(async (directory) => {
    data = directory;
    await Deno.remove(data, { recursive: true });
    await cp(copy, data, { recursive: true });
    await Deno.chmod(data, 0o700);
    await Deno.writeTextFile(`${data}/standby.signal`, "");
    const primary_conninfo = `host=${hostname} port=${port} user=${username}`;
    return { primary_conninfo, ...settings };
  });
  starting.defer(() => standby.stop());
  const control = await controlServer(data, programsOf(data));
  const [onPrimary, onStandby] = [createQuery(primary.url), createQuery(standby.url)];
  let isRestarted = false;
  starting.defer(async () => {
    if (isRestarted) await control("stop", "--mode=immediate");
  });

  const resources = starting.move();
  return {
    primaryUrl: primary.url,
    standbyUrl: standby.url,
    onPrimary,
    onStandby,
    async untilReplayed() {
      const [row] = await onPrimary("select pg_current_wal_insert_lsn()::text as lsn");
      const replayed = "select pg_last_wal_replay_lsn() >= $1::pg_lsn as is_replayed";
      await until(async () => (await onStandby(replayed, [row!.lsn]))[0]!.is_replayed === true);
    },
    stopStandby: () => control("stop", "--mode=fast"),
    async startStandby() {
      isRestarted = true;
      await control("start", `--log=${data}/log`, await readLastOptions(data));
    },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

/** A Postgres server of a test's own, which it may restart. */
import { dirname } from "node:path";
import pg from "pg";
import { migrate } from "../support/migrate.ts";
import { startPostgresServer } from "../support/postgres_server.ts";
import { run } from "../support/run_example.ts";
import { until } from "../support/until.ts";

/** A server with a system database. */
export interface FaultyServer extends AsyncDisposable {
  /** The URL of the system database for a role that is no superuser. */
  readonly url: string;
  /** Runs a statement as a superuser, on a connection of its own. */
  query(text: string, values?: unknown[]): Promise<Record<string, unknown>[]>;
  /** Runs `body` while a transaction that began with a statement is open. */
  during(statement: string, body: () => Promise<void>): Promise<void>;
  /** Stops the server, which ends its connections. */
  stop(): Promise<void>;
  /** Starts the server again; until `finishStart()` it answers that it is starting. */
  beginStart(): Promise<void>;
  finishStart(): Promise<void>;
}

/** Creates the system tables, and a role `caller` that may use them and is no superuser. */
export async function createSystemTables(client: pg.Client): Promise<void> {
  await migrate(client);
  await client.query(`create role caller login;
    grant usage on schema dbos to caller;
    grant all on all tables in schema dbos to caller;
    grant all on all sequences in schema dbos to caller`);
}

/** Where {@linkcode startPostgresServer} has the programs of the server with this data directory. */
export function programsOf(data: string): string {
  return `${dirname(data)}/native/bin`;
}

/** Runs pg_ctl for a data directory. */
export async function controlServer(
  data: string,
  programs: string,
): Promise<(...args: string[]) => Promise<void>> {
  const { uid, gid } = await Deno.stat(data);
  const options = { cwd: dirname(data), ...(Deno.uid() === 0 && { uid: uid!, gid: gid! }) };
  return async (...args) => {
    await run([`${programs}/pg_ctl`, "--silent", "--pgdata", data, ...args], options);
  };
}

/** The settings with which a server was started the last time, as an argument of pg_ctl. */
export async function readLastOptions(data: string): Promise<string> {
  const started = await Deno.readTextFile(`${data}/postmaster.opts`);
  const options = started.trim().match(/"-c" "[^"]*"/g)!.join(" ").replaceAll('"', "'");
  return `--options=${options}`;
}

/** Starts a server. */
export async function startFaultyServer(): Promise<FaultyServer> {
  const { url, stop } = await startPostgresServer();
  let isRestarted = false;

  async function connect<Result>(use: (client: pg.Client) => Promise<Result>): Promise<Result> {
    const client = new pg.Client({ connectionString: url });
    client.on("error", () => {});
    await client.connect();
    return await use(client).finally(() => client.end());
  }
  const query = (text: string, values?: unknown[]) =>
    connect(async (client) => (await client.query(text, values)).rows);

  await connect(createSystemTables);
  // A server that follows another one, and is not to be read from, says that it is starting.
  await query("alter system set hot_standby = off");
  const [row] = await query("show data_directory");
  const data = String(row!.data_directory);
  const control = await controlServer(data, programsOf(data));

  const callerUrl = new URL(url);
  callerUrl.username = "caller";
  return {
    url: callerUrl.href,
    query,
    during: (statement, body) =>
      connect(async (client) => {
        await client.query(`begin; ${statement}`);
        await body();
        await client.query("commit");
      }),
    stop: () => control("stop", "--mode=fast"),
    async beginStart() {
      isRestarted = true;
      await Deno.writeTextFile(`${data}/standby.signal`, "");
      const options = await readLastOptions(data);
      await control("start", "--no-wait", `--log=${data}/log`, options);
      const state = () => query("select").then(() => undefined, ({ code }) => code);
      const starting = "57P03";
      await until(async () => await state() === starting);
    },
    async finishStart() {
      // It is refused until the server follows.
      await until(() => control("promote").then(() => true, () => false));
    },
    async [Symbol.asyncDispose]() {
      if (isRestarted) await control("stop", "--mode=immediate");
      await stop();
    },
  };
}

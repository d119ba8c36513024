/** Servers and sockets that do not work, met by connect() in a process of its own: none may end it. */
import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { fileURLToPath } from "node:url";
import { connect, getStatus, SystemSchemaNotFoundError } from "../mod.ts";
import { bunSkipReason } from "./faults/bun_caller.ts";
import {
  createCertificateAuthority,
  unavailable as noCertificates,
} from "./support/certificates.ts";
import { execute } from "./support/database.ts";
import { bunFor, installBun } from "./support/packed.ts";
import { populate } from "./support/populate.ts";
import { type PostgresServer, startPostgresServer } from "./support/postgres_server.ts";

async function startStandby(): Promise<PostgresServer> {
  return await startPostgresServer(async (data) => {
    await Deno.writeTextFile(`${data}/standby.signal`, "");
    return {};
  });
}

async function run(command: string, args: string[]): Promise<string> {
  const signal = AbortSignal.timeout(120_000);
  const { success, stdout, stderr } = await new Deno.Command(command, { args, signal }).output();
  const [output, errors] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  assert(success, `${command} ${args.join(" ")}\n${output}\n${errors}`);
  return output!;
}

/** The program with all that it imports as one file, which any runtime can run. */
async function bundle(output: string): Promise<void> {
  const program = fileURLToPath(new URL("programs/connect_faults.ts", import.meta.url));
  const flags: string[] = JSON.parse(Deno.env.get("DBOS_TEST_FLAGS") ?? "[]");
  await run(Deno.execPath(), ["bundle", "--quiet", ...flags, `--output=${output}`, program]);
}

function isNodeHere(): boolean {
  try {
    return new Deno.Command("node", { args: ["--version"] }).outputSync().success;
  } catch {
    return false;
  }
}

// Few files, so that a program can use them up.
const limit = ["-c", 'ulimit -n 256 && exec "$@"', "limit"];

interface Runtime {
  /** How to run a program; may install the runtime in a folder. */
  command(folder: string): Promise<string[]>;
  readonly unavailable?: string | undefined;
}

const runtimes: Record<string, Runtime> = {
  Deno: { command: () => Promise.resolve([Deno.execPath(), "run", "-A", "--no-config"]) },
  Node: {
    command: () => Promise.resolve(["node"]),
    unavailable: isNodeHere() ? undefined : "Node is missing",
  },
  Bun: {
    async command(folder) {
      await installBun(folder);
      return [bunFor(folder)];
    },
    unavailable: bunSkipReason,
  },
};

for (const [name, { command, unavailable = noCertificates }] of Object.entries(runtimes)) {
  Deno.test({
    name: `no fault of a server or a socket ends a process of ${name}, or leaves connect() pending${
      unavailable ? ` (skipped: ${unavailable})` : ""
    }`,
    ignore: unavailable !== undefined,
    async fn() {
      await using resources = new AsyncDisposableStack();
      // A database of the same name is on both.
      const primary = await startPostgresServer();
      resources.defer(() => primary.stop());
      await populate(primary.url, 0);
      const standby = await startStandby();
      resources.defer(() => standby.stop());
      const folder = await Deno.makeTempDir();
      resources.defer(() => Deno.remove(folder, { recursive: true }));
      await bundle(`${folder}/faults.mjs`);
      const authority = resources.use(await createCertificateAuthority());
      const { certificate, key } = await authority.issue("own", "127.0.0.1", "IP:127.0.0.1");
      const program = [`${folder}/faults.mjs`, primary.url, standby.url, certificate, key];
      const args = [...limit, ...await command(folder), ...program];
      assertMatch(await run("sh", args), /\n[1-9]\d* passed, 0 failed\n$/);
    },
  });
}

Deno.test("a client finds the standby that takes over, as long as it retries", async () => {
  await using resources = new AsyncDisposableStack();
  const [primary, standby] = [await startPostgresServer(), await startStandby()];
  resources.defer(() => standby.stop());
  await populate(primary.url, 0);
  const { host } = new URL(standby.url);
  const url = `${
    primary.url.replace(/\/postgres$/, `,${host}/postgres`)
  }?target_session_attrs=primary`;
  const client = resources.use(await connect(url, { retryTimeoutSeconds: 60 }));
  assertEquals(await getStatus(client, "nobody"), null);
  await primary.stop();
  const error = await assertRejects(() => connect(url), AggregateError, "no server will do");
  assertMatch(error.message, /ECONNREFUSED .*; .* the server is not primary/);
  // There are no tables on it, by which it is known.
  const call = assertRejects(() => getStatus(client, "nobody"), SystemSchemaNotFoundError);
  await Promise.all([call, execute(standby.url, "select pg_promote()")]);
});

/**
 * `deno task test [arguments of deno test]`.
 *
 * DBOS_TEST_DATABASE_URL names a server to use instead of the embedded one; DBOS_TEST_CONFIG names
 * a deno.json to use instead of the repository's, such as one that links checkouts of JSR packages;
 * DBOS_TEST_NODE and DBOS_TEST_BUN name the programs that run the packed package.
 * After a change of dependencies, `deno task test --frozen=false` brings deno.lock up to date.
 */
import { existsSync } from "node:fs";
import { statfs } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { isJsrInReach } from "./support/jsr.ts";
import { isOldDeno } from "./support/old_deno.ts";
import { type PostgresServer, startPostgresServer } from "./support/postgres_server.ts";

// The databases of all tests take a third of it.
const minMemoryBytes = 6e9;

const root = new URL("../", import.meta.url);

interface Mode {
  description: string;
  flags: string[];
}

/** JSR is asked for in vain on some networks: then the stand-ins of npm_only/ take over. */
async function chooseMode(): Promise<Mode> {
  const config = Deno.env.get("DBOS_TEST_CONFIG");
  if (config) {
    return {
      description: `packages as ${config} says, without type checking`,
      flags: [`--config=${config}`, "--no-check"],
    };
  }
  const rootConfig = `--config=${fileURLToPath(new URL("deno.json", root))}`;
  // Deno 2.5 reads the peer dependencies in the lock file differently, and would rewrite it.
  const lock = isOldDeno ? ["--no-lock"] : [];
  if (await isJsrInReach()) {
    return { description: "JSR is in reach: all tests run", flags: [rootConfig, ...lock] };
  }
  const isFrozen = !isOldDeno && !Deno.args.some((arg) => arg.startsWith("--frozen"));
  const frozen = isFrozen ? ["--frozen"] : [];
  return {
    description: "JSR is out of reach: npm stand-ins, tests of @db/postgres skipped",
    flags: [rootConfig, ...lock, ...frozen, `--import-map=${await npmOnlyImportMap()}`],
  };
}

/** The imports of deno.json, with a file of npm_only/ in the place of each JSR package. */
async function npmOnlyImportMap(): Promise<string> {
  const { imports } = JSON.parse(await Deno.readTextFile(new URL("deno.json", root)));
  for (const [name, target] of Object.entries<string>(imports)) {
    // In deno.json a package stands for its submodules as well.
    if (target.startsWith("npm:")) imports[`${name}/`] = `${target.replace("npm:", "npm:/")}/`;
    if (!target.startsWith("jsr:")) continue;
    imports[name] = new URL(`tests/npm_only/${name.split("/").at(-1)}.ts`, root).href;
  }
  return `data:application/json,${encodeURIComponent(JSON.stringify({ imports }))}`;
}

/**
 * A folder in memory, if there is one with space. The tests create and drop a thousand databases of 300
 * files each, for which the file system on disk can take a fifth of their time.
 */
async function findMemoryFolder(): Promise<string | undefined> {
  const folder = "/dev/shm";
  const { bavail, bsize } = await statfs(folder).catch(() => ({ bavail: 0, bsize: 0 }));
  return bavail * bsize > minMemoryBytes ? folder : undefined;
}

/** The flags that give each test a time limit, unless the run is told how long to take. */
function timeLimitFlags(): string[] {
  if (Deno.args.includes("--") || Deno.env.has("DBOS_TEST_LONG")) return [];
  return [`--preload=${fileURLToPath(new URL("tests/support/time_limit.ts", root))}`];
}

async function runTests(mode: Mode, databaseUrl: string): Promise<number> {
  const isPathGiven = Deno.args.some((arg) => existsSync(new URL(arg, root)));
  const paths = isPathGiven ? [] : ["tests/"];
  const tests = new Deno.Command(Deno.execPath(), {
    args: ["test", "-A", "--parallel", ...timeLimitFlags(), ...mode.flags, ...paths, ...Deno.args],
    cwd: fileURLToPath(root),
    env: {
      DBOS_TEST_DATABASE_URL: databaseUrl,
      // Tests wait for a third of their time.
      DENO_JOBS: Deno.env.get("DENO_JOBS") ?? `${navigator.hardwareConcurrency + 1}`,
      // For tests that start Deno themselves.
      DBOS_TEST_FLAGS: JSON.stringify(mode.flags),
      // Since Deno 2.8 a test that leaves something behind fails only if asked to.
      DENO_TEST_SANITIZE_OPS: "1",
      DENO_TEST_SANITIZE_RESOURCES: "1",
    },
  }).spawn();
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    Deno.addSignalListener(signal, () => tests.kill(signal));
  }
  return (await tests.status).code;
}

const mode = await chooseMode();
console.log(mode.description);

let server: PostgresServer | undefined;
let databaseUrl = Deno.env.get("DBOS_TEST_DATABASE_URL");
if (!databaseUrl) {
  server = await startPostgresServer(undefined, await findMemoryFolder());
  databaseUrl = server.url;
}
const code = await runTests(mode, databaseUrl);
await server?.stop();
Deno.exit(code);

/** Runs the programs of examples/, each by the command in its header, with a real worker. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { tmpdir } from "node:os";
import pg from "pg";
import { countWorkflows, getResult, listWorkflows } from "../mod.ts";
import { createTestDatabase } from "./support/database.ts";
import {
  checkRefusals,
  checkTasks,
  createEnvironment,
  post,
  soon,
} from "./support/example_service.ts";
import {
  bunFor,
  findMissingTool,
  install,
  node,
  pack,
  root,
  run,
  versionOf,
} from "./support/packed.ts";
import { type Service, startService } from "./support/service.ts";
import { until } from "./support/until.ts";

/** The arguments of Deno in the header of an example. */
function denoArguments(example: string): string[] {
  const text = Deno.readTextFileSync(`${root}examples/${example}`);
  const command = text.match(/^ \* {5}deno (run .*\.ts)/m)?.[1];
  assert(command, `${example} does not say how to run it`);
  return command.split(" ");
}

/** Runs an example in Deno until it ends. */
async function runDeno(
  example: string,
  env: Record<string, string>,
  input = "",
): Promise<{ success: boolean; stdout: string; stderr: string }> {
  const process = new Deno.Command(Deno.execPath(), {
    args: denoArguments(example),
    cwd: root,
    env: { ...env, NO_COLOR: "1" },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  // A program that fails may leave input unread.
  const written = new Response(input).body!.pipeTo(process.stdin).catch(() => {});
  const { success, stdout, stderr } = await process.output();
  await written;
  const decoder = new TextDecoder();
  return { success, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

async function runDenoWell(
  ...args: Parameters<typeof runDeno>
): Promise<{ stdout: string; stderr: string }> {
  const output = await runDeno(...args);
  assert(output.success, output.stderr);
  return output;
}

/** Signals a service while a request is in flight: it refuses others, answers this one, and ends. */
async function checkShutdown(
  service: Service,
  signal: Deno.Signal,
  databaseUrl: string,
): Promise<void> {
  const connection = new pg.Client({ connectionString: databaseUrl });
  await connection.connect();
  try {
    // A worker that has nothing to do leaves this table alone.
    await connection.query("begin; lock table dbos.workflow_input in share mode");
    const answer = post(service.url, "/tasks", "7");
    await until(async () => {
      const { rowCount } = await connection.query(
        "select from pg_locks where relation = 'dbos.workflow_input'::regclass and not granted",
      );
      return rowCount! > 0;
    });
    service.signal(signal);
    await until(() => isRefused(service.url));
    await connection.query("rollback");
    const response = await answer;
    assertEquals([response.status, typeof (await response.json()).id], [202, "string"]);
  } finally {
    await connection.end();
  }
  await service.whenEnded();
}

async function isRefused({ hostname, port }: URL): Promise<boolean> {
  try {
    (await Deno.connect({ hostname, port: Number(port) })).close();
    return false;
  } catch (error) {
    if (error instanceof Deno.errors.ConnectionRefused) return true;
    // The port was closed before it accepted the connection.
    if (error instanceof Deno.errors.ConnectionReset) return false;
    throw error;
  }
}

interface ServiceCommand {
  name: string;
  command: string;
  args: string[];
  cwd: string;
  signal: Deno.Signal;
}

async function checkService(test: Deno.TestContext, service: ServiceCommand): Promise<void> {
  const { name, command, args, cwd, signal } = service;
  await using environment = await createEnvironment();
  const { client } = environment;
  const env = { ...environment.env, PORT: "0", DENO_SERVE_ADDRESS: "tcp:127.0.0.1:0" };
  await using running = await startService(command, args, { cwd, env });
  await test.step(`${name} enqueues a task and returns its result`, () =>
    checkTasks(running.url, client));
  await test.step(`${name} rejects unknown tasks, unknown paths and invalid JSON`, () =>
    checkRefusals(running.url, client));
  await test.step(
    `${name} finishes the request in flight on ${signal}, and ends`,
    () => checkShutdown(running, signal, environment.url),
  );
}

/** Creates DBOS's tables with the command of the guide. */
async function createTables(databaseUrl: string): Promise<void> {
  const guide = await Deno.readTextFile(`${root}docs/platforms.md`);
  const command = guide.match(/^deno run -A npm:@dbos-inc\/dbos-sdk schema .*/m)?.[0];
  assert(command, "the guide has no command that creates the tables");
  const args = command.replace("dbos-sdk", `dbos-sdk@${versionOf("@dbos-inc/dbos-sdk")}`)
    .replace('"$DBOS_SYSTEM_DATABASE_URL"', databaseUrl).split(" ").slice(1);
  // The lock file of the repository is not for it.
  await run(tmpdir(), Deno.execPath(), ...args);
}

Deno.test("examples/deno_script.ts", async () => {
  await using environment = await createEnvironment();
  const { stdout } = await runDenoWell("deno_script.ts", environment.env);
  assertMatch(stdout, /^Enqueued [\w-]+\nProgress 0 %\npublished\n$/);
});

Deno.test("examples/deno_deploy.ts", async (test) => {
  await checkService(test, {
    name: "the function",
    command: Deno.execPath(),
    args: denoArguments("deno_deploy.ts"),
    cwd: root,
    signal: "SIGINT",
  });
  await test.step("the log says what to do if the database has no tables yet", async () => {
    await using database = await createTestDatabase();
    await using service = await startService(Deno.execPath(), denoArguments("deno_deploy.ts"), {
      cwd: root,
      env: { DBOS_SYSTEM_DATABASE_URL: database.url, DENO_SERVE_ADDRESS: "tcp:127.0.0.1:0" },
    });
    const refused = await post(service.url, "/tasks", "7");
    assertEquals(refused.status, 503);
    assertEquals(await refused.json(), { error: "DBOS is not set up yet" });
    await until(() => service.printed().includes("SystemSchemaNotFoundError: Cannot find"));
    await createTables(database.url);
    const accepted = await post(service.url, "/tasks", "7");
    assertEquals(accepted.status, 202);
    await accepted.body?.cancel();
  });
});

async function readOrders(databaseUrl: string) {
  const connection = new pg.Client({ connectionString: databaseUrl });
  await connection.connect();
  try {
    return (await connection.query("select id from orders")).rows;
  } finally {
    await connection.end();
  }
}

Deno.test("examples/transactional_outbox.ts", async () => {
  await using environment = await createEnvironment();
  const { stdout } = await runDenoWell("transactional_outbox.ts", environment.env);
  assertStringIncludes(stdout, "\nRolled back: new row for relation");
  const [{ id }, ...others] = await readOrders(environment.url);
  assertEquals(others, []);
  const workflows = await listWorkflows(environment.client);
  assertEquals(workflows.map(({ workflowID, output }) => ({ workflowID, output })), [{
    workflowID: `order-${id}`,
    output: `task ${id} is done`,
  }]);
});

Deno.test("examples/batch_import.ts", async (test) => {
  await using environment = await createEnvironment();
  const { client, env } = environment;
  const lines = Array.from({ length: 1100 }, (_, index) => `{"id": "${index}"}\n`);

  await test.step("enqueues a workflow for each line", async () => {
    const { stdout } = await runDenoWell("batch_import.ts", env, lines.slice(0, 2).join("\n"));
    assertStringIncludes(stdout, "enqueued: 2, existing: 0");
    assertEquals(await getResult(client, "import-1", soon), "task 1 is done");
  });

  await test.step("skips existing workflows, and reports its progress", async () => {
    const { stdout, stderr } = await runDenoWell("batch_import.ts", env, lines.join(""));
    assertStringIncludes(stdout, "enqueued: 1098, existing: 2");
    assertEquals(stderr.trimEnd().split("\n"), [
      "498 new, 2 existing",
      "998 new, 2 existing",
      "1098 new, 2 existing",
    ]);
    assertEquals((await countWorkflows(client)).map(({ count }) => count), [1100]);
  });

  await test.step("says which line it cannot import", async () => {
    for (
      const [line, reason] of [["{", "it is not JSON"], ["{}", 'its "id" is not a string']]
    ) {
      const { success, stderr } = await runDeno("batch_import.ts", env, `${lines[0]}${line}\n`);
      assert(!success);
      assertStringIncludes(stderr, `Cannot import line 2: ${reason}`);
    }
  });
});

const missingTool = findMissingTool();
Deno.test({
  name: `examples/node_service.mjs and examples/bun_service.ts${
    missingTool ? ` (skipped: ${missingTool})` : ""
  }`,
  ignore: missingTool !== undefined,
  async fn(test) {
    const folder = await Deno.makeTempDir();
    try {
      await pack(folder);
      await install(folder, `${folder}/package.tgz`, "@types/bun@1.4.5");
      for (const example of ["node_service.mjs", "bun_service.ts"]) {
        await Deno.copyFile(`${root}examples/${example}`, `${folder}/${example}`);
      }
      await test.step("the Bun service type checks", async () => {
        const flags = ["--noEmit", "--strict", "--target", "es2022", "--module", "nodenext"];
        await run(folder, "node_modules/.bin/tsc", ...flags, "bun_service.ts");
      });
      for (
        const [name, command, file] of [
          ["Node", node, "node_service.mjs"],
          ["Bun", bunFor(folder), "bun_service.ts"],
        ] as const
      ) {
        await checkService(test, {
          name: `the ${name} service`,
          command,
          args: [file],
          cwd: folder,
          signal: "SIGTERM",
        });
      }
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});

/** Tests the command line of the package for npm, on Node and on Bun. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import config from "../deno.json" with { type: "json" };
import { bin } from "../scripts/pack.ts";
import { createCli, parseLines } from "./support/cli.ts";
import { createTestDatabase } from "./support/database.ts";
import { bunFor, findMissingTool, installWithBun, node, pack, run } from "./support/packed.ts";
import { startWorker } from "./support/start_worker.ts";

/** Starts a wait, interrupts it, and returns its exit code. */
async function interrupt(command: readonly string[], url: string): Promise<number> {
  const process = new Deno.Command(command[0]!, {
    args: [...command.slice(1), "watch", "delayed"],
    env: { DBOS_SYSTEM_DATABASE_URL: url },
    stdout: "piped",
  }).spawn();
  const reader = process.stdout.getReader();
  await reader.read();
  process.kill("SIGINT");
  reader.releaseLock();
  await process.stdout.cancel();
  return (await process.status).code;
}

const missingTool = findMissingTool();
Deno.test({
  name: `the packed command line${missingTool ? ` (skipped: ${missingTool})` : ""}`,
  ignore: missingTool !== undefined,
  async fn(test) {
    await using database = await createTestDatabase();
    const { url } = database;
    await using _worker = await startWorker({ systemDatabaseUrl: url });
    const folder = await Deno.makeTempDir();
    try {
      await pack(folder);
      await installWithBun(folder, `${folder}/package.tgz`);
      const program = `${folder}/node_modules/.bin/dbos-client`;
      assertEquals(Object.keys(bin), ["dbos-client"]);
      const commands = {
        Node: [node, program],
        Bun: [bunFor(folder), program],
        // As npx and a shell start it.
        "the line with #!": [program],
      };
      for (const [name, command] of Object.entries(commands)) {
        await test.step(`runs with ${name}`, async () => {
          const cli = createCli(url, command);
          assertEquals((await cli.run("--version")).stdout, `${config.version}\n`);
          const args = ["enqueue", "echo", "-q", "tasks"];
          const delayed = [...args, "-i", "delayed", "--delay-seconds", "1d"];
          assertEquals(await cli.json(...delayed), [{ workflowID: "delayed" }]);
          const waited = await cli.runWith({ stdin: '{"a": 1}' }, ...args, "--wait", "-");
          assertEquals(parseLines(waited.stdout), [[{ a: 1 }]], waited.stderr);
          const jobs = '{"args": [1]}\n'.repeat(700);
          const batch = await cli.runWith({ stdin: jobs }, "enqueue", "x", "-q", "y", "-b", "-");
          assertEquals(parseLines(batch.stdout)[0].enqueued, 700, batch.stderr);
          assert((await cli.json("list", "--all")).length > 700);
          const failed = await cli.run("enqueue", "chargeCard", "-q", "tasks", "-w", '{"id": 7}');
          assertEquals(failed.code, 1);
          assertMatch(failed.stderr, /^dbos-client: Workflow \S+ failed: CardError: .*\n$/);
          assertEquals((await cli.run("list", "--limit", "x")).code, 2);
          assertEquals((await cli.run("list", "-D", "postgres://127.0.0.1:1/x")).code, 3);
          const doctor = await cli.json("doctor");
          assertEquals(doctor.find(({ check }) => check === "listen").level, "ok");
          const left = await createCli(url, ["sh", "-c"]).run(
            `{ "$@"; echo "code $?" >&2; } | head -n 1`,
            "sh",
            ...command,
            "list",
            "--all",
          );
          assertStringIncludes(left.stderr, "code 0\n");
          assertEquals(parseLines(left.stdout).length, 1);
          assertEquals(await interrupt(command, url), 130);
        });
      }
      await test.step("has Node keep compiled code in a folder of the user", async () => {
        const cli = createCli(url, commands.Node);
        await cli.runWith({ env: { XDG_CACHE_HOME: `${folder}/cache` } }, "--version");
        // Node 20 cannot.
        const keepsCode = await run(folder, node, "-p", "!!require('module').enableCompileCache");
        const isKept = await Deno.stat(`${folder}/cache/dbos-client`).then(() => true, () => false);
        assertEquals(String(isKept), keepsCode.trim());
      });
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});

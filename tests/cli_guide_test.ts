/** Runs the commands of docs/cli.md unchanged, beside `deno task worker`. */
import { assert, assertEquals, assertGreater } from "@std/assert";
import { createCli, installCli, runCommand } from "./support/cli.ts";
import { createTestDatabase } from "./support/database.ts";
import { startWorkerTask } from "./support/worker_task.ts";

const guide = Deno.readTextFileSync(new URL("../docs/cli.md", import.meta.url));

/** The blocks of shell commands, with the line of each. */
const blocks = [...guide.matchAll(/^```sh\n([^]*?)^```$/gm)].map(({ index, 1: code }) => ({
  line: guide.slice(0, index).split("\n").length,
  code: code!,
}));

Deno.test("the commands of docs/cli.md run, and print what their comments say", async (test) => {
  await using database = await createTestDatabase();
  await using _worker = await startWorkerTask("--database-url", database.url);
  await using program = await installCli();
  assertGreater(blocks.length, 5);
  for (const { line, code } of blocks) {
    await test.step(`the block at docs/cli.md:${line}`, async () => {
      const { code: exitCode, stdout, stderr } = await runCommand(
        ["bash", "-eo", "pipefail", "-c", code],
        [],
        {
          cwd: program.folder,
          env: {
            DBOS_SYSTEM_DATABASE_URL: database.url,
            PATH: `${program.folder}:${Deno.env.get("PATH")}`,
          },
        },
      );
      assertEquals(exitCode, 0, `${stdout}\n${stderr}`);
      for (const [, expected] of code.matchAll(/ {3}# (.*)$/gm)) {
        assert(stdout.includes(expected!), `${expected} is not in:\n${stdout}\n${stderr}`);
      }
    });
  }
});

Deno.test("docs/cli.md has every command", async () => {
  const { stdout } = await createCli("").run("--help");
  for (const [, name] of stdout.matchAll(/^ {2}([a-z]+) {2,}[A-Z]/gm)) {
    assert(guide.includes(`\`${name}\``), name);
  }
});

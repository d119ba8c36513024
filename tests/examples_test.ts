import { assertEquals, assertGreater } from "@std/assert";
import { connect, enqueue, getResult } from "../mod.ts";
import { createTestDatabase } from "./support/database.ts";
import { skipReason } from "./support/db_postgres.ts";
import { type Example, findExamples } from "./support/examples.ts";
import { startWorker } from "./support/start_worker.ts";

const root = new URL("../", import.meta.url);
const testFlags: string[] = JSON.parse(Deno.env.get("DBOS_TEST_FLAGS") ?? "[]");
const runFlags = testFlags.includes("--no-check") ? testFlags : ["--check", ...testFlags];

/** What must be there before the examples run: they read about a workflow of this ID. */
async function prepare(url: string): Promise<void> {
  await using client = await connect(url);
  const options = { workflowName: "processTask", queueName: "tasks", workflowID: "task-7" };
  await enqueue(client, options, { id: 7 });
  await getResult(client, "task-7", { timeoutSeconds: 30 });
}

async function deno(args: string[], env: Record<string, string> = {}): Promise<void> {
  const command = new Deno.Command(Deno.execPath(), {
    args,
    env,
    stdout: "piped",
    stderr: "piped",
  });
  const { code, stdout, stderr } = await command.output();
  const decoder = new TextDecoder();
  assertEquals(code, 0, `${decoder.decode(stdout)}\n${decoder.decode(stderr)}`);
}

async function writeExample(directory: string, example: Example, url: string): Promise<string> {
  const file = `${directory}/${example.place.replace(/\W/g, "_")}.ts`;
  const code = example.code
    .replaceAll(
      /"@dbos-community\/client(?:\/(\w+))?"/g,
      (_, name = "mod") => JSON.stringify(new URL(`${name}.ts`, root).href),
    )
    .replaceAll('"postgres://localhost/shop_dbos_sys"', JSON.stringify(url));
  await Deno.writeTextFile(file, code);
  return file;
}

Deno.test("the examples of the documentation run", async (test) => {
  await using database = await createTestDatabase();
  await using _worker = await startWorker({ systemDatabaseUrl: database.url });
  await prepare(database.url);
  const directory = await Deno.makeTempDir();
  try {
    const examples = findExamples();
    assertGreater(examples.length, 8);
    for (const example of examples) {
      await test.step({
        name: `the example at ${example.place} runs`,
        ignore: skipReason !== undefined && example.code.includes("@db/postgres"),
        async fn() {
          const file = await writeExample(directory, example, database.url);
          await deno(["run", "-A", ...runFlags, file], {
            DBOS_SYSTEM_DATABASE_URL: database.url,
          });
        },
      });
    }
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

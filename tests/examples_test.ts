import { assertGreater } from "@std/assert";
import { createTestDatabase, type TestDatabase } from "./support/database.ts";
import { type Document, type Example, findDocuments } from "./support/examples.ts";
import { isOldDeno } from "./support/old_deno.ts";
import { startPastedWorker } from "./support/pasted_worker.ts";
import {
  denoCommand,
  isRunnable,
  run,
  runProgram,
  testFlags,
  writeExample,
  writeModules,
} from "./support/run_example.ts";
import { startWorkerTask } from "./support/worker_task.ts";

// Another test runs the guide to platforms, each example on its platform.
const documents = findDocuments().filter(({ path }) => path !== "docs/platforms.md");

/** The worker of a document that Deno can run, if it has one. */
function workerOf({ workers }: Document): Example | undefined {
  return workers.find(isRunnable);
}

async function runPrograms(
  document: Document,
  directory: string,
  database: TestDatabase,
  test: Deno.TestContext,
): Promise<void> {
  await writeModules(directory, document);
  for (const program of document.programs) {
    await test.step({
      name: `the example at ${program.place} runs`,
      ignore: !isRunnable(program),
      async fn() {
        const file = await writeExample(directory, program);
        await runProgram(denoCommand(file), program, database.url);
      },
    });
  }
}

async function withDirectory(body: (directory: string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    await body(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

Deno.test({
  name: "the examples of the documentation type check",
  ignore: testFlags.includes("--no-check"),
  fn: () =>
    withDirectory(async (directory) => {
      const examples = documents.flatMap(({ workers, programs }) => [...workers, ...programs])
        .filter(isRunnable)
        // Deno 2.5 finds no types of it.
        .filter(({ code }) => !isOldDeno || !code.includes("drizzle-orm"));
      assertGreater(examples.length, 60);
      const files = await Promise.all(examples.map((each) => writeExample(directory, each)));
      await run([Deno.execPath(), "check", "--quiet", ...testFlags, ...files]);
    }),
});

Deno.test("all examples of the documentation run beside `deno task worker`", (test) =>
  withDirectory(async (directory) => {
    await using database = await createTestDatabase();
    await using _worker = await startWorkerTask("--database-url", database.url);
    for (const document of documents) await runPrograms(document, directory, database, test);
  }));

for (const document of documents.filter(workerOf)) {
  Deno.test(`the examples of ${document.path} run with its worker`, (test) =>
    withDirectory(async (directory) => {
      await using database = await createTestDatabase();
      await writeModules(directory, document);
      const file = await writeExample(directory, workerOf(document)!);
      await using _worker = await startPastedWorker(denoCommand(file), database.url);
      await runPrograms(document, directory, database, test);
    }));
}

/** Tests what the documents say about Python: the worker to paste, and the client's methods. */
import { assertEquals } from "@std/assert";
import { createTestDatabase } from "../support/database.ts";
import { readDocument } from "../support/examples.ts";
import { readSection } from "../support/methods_guide.ts";
import { startPastedWorker } from "../support/pasted_worker.ts";
import { denoCommand, isRunnable, run, runProgram, writeExample } from "../support/run_example.ts";
import { pythonProgram } from "./languages.ts";

/** Prints the methods of the client and its debouncer, without those of handles and queues. */
const listMethods = `
import json
from dbos import DBOSClient, DebouncerClient

def methods(cls):
    return [name for name in dir(cls) if not name.startswith("_") and not name.endswith("_async")]

print(json.dumps(methods(DBOSClient) + [f"DebouncerClient.{name}" for name in methods(DebouncerClient)]))
`;

/** Adds the tests. `unavailable` is the reason if they cannot run here. */
export function testDocuments(unavailable: string | undefined): void {
  const ignore = unavailable !== undefined;

  Deno.test({
    name: "the first programs of the README work with its Python worker",
    ignore,
    async fn(test) {
      const { workers, programs } = readDocument("README.md");
      const directory = await Deno.makeTempDir();
      try {
        await using database = await createTestDatabase();
        const worker = workers.find(({ language }) => language === "python")!;
        const command = [pythonProgram, await writeExample(directory, worker)];
        await using _worker = await startPastedWorker(command, database.url);
        for (const program of programs.filter(isRunnable)) {
          await test.step(`the program for ${program.heading} at ${program.place}`, async () => {
            const file = await writeExample(directory, program);
            await runProgram(denoCommand(file), program, database.url);
          });
        }
      } finally {
        await Deno.remove(directory, { recursive: true });
      }
    },
  });

  Deno.test({
    name: "the guide lists all methods of the official Python client, and no others",
    ignore,
    async fn() {
      const written = new Set(readSection("Python").rows.flatMap(({ official }) => official));
      const checked = [...written].filter((name) => !/^(WorkflowHandle|Queue)\./.test(name));
      const real = JSON.parse(await run([pythonProgram, "-c", listMethods]));
      assertEquals(checked.sort(), ["DBOSClient", "application_name", ...real].sort());
    },
  });
}

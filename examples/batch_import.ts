/**
 * A batch import: enqueues a workflow for each line of newline-delimited JSON, such as
 * `{"id": "a-7", "url": "https://example.com"}`.
 *
 * The ID of each workflow is derived from the ID of its task, so the import can be run again after a
 * failure: tasks that were enqueued before are skipped.
 *
 *     deno run --allow-env --allow-net examples/batch_import.ts < tasks.ndjson
 */
import process from "node:process";
import { createInterface } from "node:readline";
import { connect, type EnqueueJob, enqueueMany } from "@dbos-community/client";

function parseTask(line: string, number: number): { id: string } {
  let task;
  try {
    task = JSON.parse(line);
  } catch (cause) {
    throw new Error(`Cannot import line ${number}: it is not JSON`, { cause });
  }
  if (typeof task?.id !== "string") {
    throw new Error(`Cannot import line ${number}: its "id" is not a string`);
  }
  return task;
}

/** Lines are read only as fast as their jobs are written, so the input may be of any length. */
async function* readJobs(): AsyncGenerator<EnqueueJob> {
  let number = 0;
  for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
    number++;
    if (line === "") continue;
    const task = parseTask(line, number);
    yield {
      workflowName: "processTask",
      queueName: "tasks",
      workflowID: `import-${task.id}`,
      args: [task],
    };
  }
}

await using client = await connect();
const totals = await enqueueMany(client, readJobs(), {
  onProgress: ({ enqueued, existing }) => console.error(`${enqueued} new, ${existing} existing`),
});
console.log(totals);

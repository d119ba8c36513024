/**
 * `deno task worker [--database-url URL]` starts a DBOS application that has the workflows of all
 * examples in the documentation, and runs until it is interrupted.
 */
import { connect, enqueue } from "../mod.ts";
import { openDemoDatabase } from "./support/demo_database.ts";
import { launchApp, shutdownApp } from "./support/worker_app.ts";

/** Runs a workflow that several examples read. */
async function runTask7(url: string): Promise<void> {
  await using client = await connect(url);
  const task = { workflowName: "processTask", queueName: "tasks", workflowID: "task-7" };
  await (await enqueue(client, task, { id: 7 })).getResult();
}

/** Settles when somebody presses Ctrl-C or ends the process. */
function untilInterrupted(): Promise<void> {
  return new Promise((resolve) => {
    const signals = Deno.build.os === "windows"
      ? ["SIGINT"] as const
      : ["SIGINT", "SIGTERM"] as const;
    for (const signal of signals) Deno.addSignalListener(signal, resolve);
  });
}

const interrupted = untilInterrupted();
{
  await using database = await openDemoDatabase("dbos");
  await launchApp({ systemDatabaseUrl: database.url, name: "shop" });
  await runTask7(database.url);
  console.log(`
The worker runs until you press Ctrl-C. Its database is ${database.description}.
In another terminal:

    export DBOS_SYSTEM_DATABASE_URL='${database.url}'
    deno run -A examples/deno_script.ts

or paste any program of README.md and docs/. These workflows can be enqueued on the queue "tasks":

    processTask   { id: 7 }   sets the event "progress", and returns "task 7 is done"
    reviewTask    { id: 7 }   waits for a message { approved: true } on the topic "approval"
    chargeCard    { id: 7 }   fails with an error
    planTask      { id: 7, due: new Date() }   returns it, and whether "due" is a Date

"task-7", which several examples read, has been run.
`);
  await interrupted;
  console.log("Stopping");
  await shutdownApp();
}
Deno.exit();

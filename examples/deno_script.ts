/**
 * A script: enqueues a workflow, sends it a message, reads an event of it and waits for its result.
 *
 *     deno run --allow-env --allow-net examples/deno_script.ts
 */
import { connect, enqueue, getEvent, send } from "@dbos-community/client";

interface Report {
  task: { id: number };
  approved: boolean;
}

// Reads DBOS_SYSTEM_DATABASE_URL.
await using client = await connect();

const task = { workflowName: "processTask", queueName: "tasks" };
const handle = await enqueue<Report>(client, task, { id: 7 });
console.log(`Enqueued ${handle.workflowID}`);

await send(client, handle.workflowID, { approved: true }, { topic: "approval" });

const options = { timeoutSeconds: 60 };
const progress = await getEvent<number>(client, handle.workflowID, "progress", options);
console.log(`Progress ${progress} %`);

const { approved } = await handle.getResult(options);
console.log(approved ? "Approved" : "Not approved");

/**
 * A script: enqueues a workflow, reads an event of it, sends it a message and waits for its result.
 *
 *     deno run --allow-env --allow-net examples/deno_script.ts
 */
import { connect, enqueue, getEvent, send } from "@dbos-community/client";

// Reads DBOS_SYSTEM_DATABASE_URL.
await using client = await connect();

const task = { workflowName: "reviewTask", queueName: "tasks" };
const handle = await enqueue<string>(client, task, { id: 7 });
console.log(`Enqueued ${handle.workflowID}`);

const options = { timeoutSeconds: 60 };
const progress = await getEvent<number>(client, handle.workflowID, "progress", options);
console.log(`Progress ${progress} %`);

await send(client, handle.workflowID, { approved: true }, { topic: "approval" });
console.log(await handle.getResult(options));

/** `deno task demo [--database-url URL]` shows the library with a real DBOS application. */
import { connect, enqueue, getEvent, send } from "../mod.ts";
import { openDemoDatabase } from "./support/demo_database.ts";
import { startWorker } from "./support/start_worker.ts";

{
  await using database = await openDemoDatabase(
    `dbos_demo_${crypto.randomUUID().slice(0, 8)}`,
  );
  console.log(`database   ${database.description}`);

  await using _worker = await startWorker({
    systemDatabaseUrl: database.url,
    schema: database.schema,
  });
  console.log("worker     a DBOS application in a process of its own");

  await using client = await connect(database.url, { schema: database.schema });
  const handle = await enqueue(
    client,
    { workflowName: "reviewTask", queueName: "tasks" },
    { id: 7 },
  );
  console.log(`enqueue    ${handle.workflowID}`);
  console.log(`status     ${(await handle.getStatus())?.status}`);

  const progress = await getEvent(client, handle.workflowID, "progress", { timeoutSeconds: 30 });
  console.log(`event      progress = ${JSON.stringify(progress)}`);
  console.log(`status     ${(await handle.getStatus())?.status}`);

  const message = { approved: true };
  await send(client, handle.workflowID, message, { topic: "approval", idempotencyKey: "demo" });
  console.log(`send       approval = ${JSON.stringify(message)}`);

  const result = await handle.getResult({ timeoutSeconds: 30 });
  console.log(`result     ${JSON.stringify(result)}`);
  console.log(`status     ${(await handle.getStatus())?.status}`);
}
console.log("cleaned up");

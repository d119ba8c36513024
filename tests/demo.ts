/** `deno task demo [--database-url URL]` shows the library with a real DBOS application. */
import { parseArgs } from "node:util";
import { connect, enqueue, getEvent, send } from "../mod.ts";
import { execute } from "./support/database.ts";
import { startPostgresServer } from "./support/postgres_server.ts";
import { startWorker } from "./support/start_worker.ts";

interface Database extends AsyncDisposable {
  url: string;
  schema: string;
}

/** Creates a new schema, so that the demo touches nothing else in the database. */
async function createSchema(url: string): Promise<Database> {
  const schema = `dbos_demo_${crypto.randomUUID().slice(0, 8)}`;
  await execute(url, `create schema ${schema}`);
  return {
    url,
    schema,
    [Symbol.asyncDispose]: () => execute(url, `drop schema ${schema} cascade`),
  };
}

async function startServer(): Promise<Database> {
  const { url, stop } = await startPostgresServer();
  return { url, schema: "dbos", [Symbol.asyncDispose]: stop };
}

const { values } = parseArgs({ options: { "database-url": { type: "string" } } });
const databaseUrl = values["database-url"];

{
  await using database = databaseUrl ? await createSchema(databaseUrl) : await startServer();
  console.log(
    databaseUrl
      ? `database   yours; all is done in the new schema ${database.schema}, dropped at the end`
      : "database   a temporary Postgres server, started for this demo",
  );

  await using _worker = await startWorker({
    systemDatabaseUrl: database.url,
    schema: database.schema,
  });
  console.log("worker     a DBOS application in a process of its own");

  await using client = await connect(database.url, { schema: database.schema });
  const handle = await enqueue(
    client,
    { workflowName: "publishThenWait", queueName: "tasks" },
    "progress",
    { stage: "waiting for approval" },
    "approval",
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

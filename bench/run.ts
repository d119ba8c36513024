/**
 * `deno task bench [--rounds N] [--round-ms MS]`: this client beside the official one, in one run on
 * a Postgres of its own, or on that of DBOS_TEST_DATABASE_URL.
 */
import { parseArgs } from "node:util";
import { createTestDatabase } from "../tests/support/database.ts";
import { startPostgresServer } from "../tests/support/postgres_server.ts";
import { startWorker } from "../tests/support/start_worker.ts";
import { compareEnqueue } from "./enqueue.ts";

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "7" },
    "round-ms": { type: "string", default: "1000" },
  },
});
const rounds = { rounds: Number(values.rounds), roundMs: Number(values["round-ms"]) };

await using resources = new AsyncDisposableStack();
if (!Deno.env.has("DBOS_TEST_DATABASE_URL")) {
  const server = await startPostgresServer();
  resources.defer(() => server.stop());
  Deno.env.set("DBOS_TEST_DATABASE_URL", server.url);
}
const { url } = resources.use(await createTestDatabase());
// Launched once, the application creates its tables.
await (await startWorker({ systemDatabaseUrl: url }))[Symbol.asyncDispose]();

await compareEnqueue(url, rounds);

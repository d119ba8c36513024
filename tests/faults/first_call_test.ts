import pg from "pg";
import {
  type Client,
  connect,
  createClient,
  createSchedule,
  debounce,
  describeSystemDatabase,
  enqueue,
  enqueueMany,
  forkWorkflow,
  getEvent,
  getStatus,
  listWorkflows,
  registerQueue,
  send,
} from "../../mod.ts";
import { createTestDatabase } from "../support/database.ts";
import { migrate } from "../support/migrate.ts";
import { startTcpProxy, type TcpProxy } from "../support/tcp_proxy.ts";

const job = { workflowName: "echo", queueName: "idle" };

/** Calls that read the schema, each with what it needs to succeed. */
const calls: Record<string, (client: Client, workflowID: string) => Promise<unknown>> = {
  enqueue: (client) => enqueue(client, job),
  "enqueue with an option that older schemas lack": (client) =>
    enqueue(client, { ...job, attributes: { customer: 7 } }),
  enqueueMany: (client) => enqueueMany(client, [job, job]),
  send: (client, workflowID) => send(client, workflowID, "hello"),
  debounce: (client) => debounce(client, job, crypto.randomUUID(), 60_000),
  forkWorkflow: (client, workflowID) => forkWorkflow(client, workflowID, 0),
  createSchedule: (client) =>
    createSchedule(client, {
      scheduleName: crypto.randomUUID(),
      workflowName: "echo",
      schedule: "0 0 * * *",
      queueName: "idle",
    }),
  registerQueue: (client) =>
    registerQueue(client, crypto.randomUUID(), { partitionConcurrency: 1 }),
  getStatus: (client, workflowID) => getStatus(client, workflowID),
  getEvent: (client, workflowID) => getEvent(client, workflowID, "progress", { timeoutSeconds: 0 }),
  listWorkflows: (client) => listWorkflows(client),
  describeSystemDatabase: (client) => describeSystemDatabase(client),
};

/** Makes a call that begins while the server closes all connections. */
async function callDuringFault(proxy: TcpProxy, call: () => Promise<unknown>): Promise<void> {
  const { connections } = proxy;
  proxy.closeNew();
  let isOver = false;
  const called = call().finally(() => isOver = true);
  called.catch(() => {});
  while (proxy.connections < connections + 2 && !isOver) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  await proxy.restore();
  await called;
}

Deno.test("the first call of a client waits for a server that is not there yet", async (test) => {
  await using database = await createTestDatabase();
  await using proxy = await startTcpProxy(database.url);
  const outside = new pg.Client({ connectionString: database.url });
  await outside.connect();
  try {
    await migrate(outside);
    const { workflowID } = await enqueue(outside, job);

    for (const [name, call] of Object.entries(calls)) {
      await test.step(name, async () => {
        const pool = new pg.Pool({ connectionString: proxy.url });
        pool.on("error", () => {});
        const client = createClient(pool, { retryTimeoutSeconds: 300 });
        await callDuringFault(proxy, () => call(client, workflowID)).finally(() => pool.end());
      });
    }
    await test.step("connect", () =>
      callDuringFault(proxy, async () => {
        await (await connect(proxy.url, { retryTimeoutSeconds: 300 })).close();
      }));
  } finally {
    await outside.end();
  }
});

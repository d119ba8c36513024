/** What calls do when a single connection is lost, which the library cannot replace. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import pg from "pg";
import postgres from "postgres";
import { type Driver, enqueue, getStatus } from "../../mod.ts";
import { createTestDatabase } from "../support/database.ts";
import { Client, skipReason } from "../support/db_postgres.ts";
import { migrate } from "../support/migrate.ts";
import { startTcpProxy } from "../support/tcp_proxy.ts";
import { settles } from "./faults.ts";

interface Connection {
  readonly driver: Driver;
  /** Whether calls are part of a transaction. */
  readonly isInTransaction: boolean;
  /** Whether the driver connects again by itself. */
  readonly reconnects?: boolean;
  close(): Promise<unknown>;
}

async function openClient(url: string, config: object = {}): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url, ...config });
  client.on("error", () => {});
  await client.connect();
  return client;
}

const openers: Record<string, (url: string) => Promise<Connection>> = {
  async "a Client of npm:pg"(url) {
    const client = await openClient(url);
    return { driver: client, isInTransaction: false, close: () => client.end() };
  },
  async "a Client of npm:pg that pipelines"(url) {
    const client = await openClient(url, { pipeline: true });
    return { driver: client, isInTransaction: false, close: () => client.end() };
  },
  async "a transaction of npm:pg"(url) {
    const client = await openClient(url);
    await client.query("begin");
    return { driver: client, isInTransaction: true, close: () => client.end() };
  },
  async "a transaction of a PoolClient of npm:pg"(url) {
    const pool = new pg.Pool({ connectionString: url });
    pool.on("error", () => {});
    const client = await pool.connect();
    client.on("error", () => {});
    await client.query("begin");
    const close = async () => {
      client.release(true);
      await pool.end();
    };
    return { driver: client, isInTransaction: true, close };
  },
  async "a transaction on a reserved connection of npm:postgres"(url) {
    const sql = postgres(url, { max: 1, fetch_types: false, onnotice: () => {} });
    // Without fetch_types it reserves only a connection that is there.
    await sql.unsafe("select 1");
    const reserved = await sql.reserve();
    await reserved.unsafe("begin");
    return { driver: reserved, isInTransaction: true, close: () => sql.end({ timeout: 0 }) };
  },
};
if (!skipReason) {
  openers["a Client of jsr:@db/postgres"] = async (url) => {
    const client = new Client(url);
    await client.connect();
    const close = () => client.end().catch(() => {});
    return { driver: client, isInTransaction: false, reconnects: true, close };
  };
  openers["a Transaction of jsr:@db/postgres"] = async (url) => {
    const client = new Client(url);
    await client.connect();
    const transaction = client.createTransaction("jobs");
    await transaction.begin();
    const close = () => client.end().catch(() => {});
    return { driver: transaction, isInTransaction: true, close };
  };
}

function newTask() {
  return { workflowName: "echo", queueName: "idle", workflowID: crypto.randomUUID() };
}

for (const [name, open] of Object.entries(openers)) {
  Deno.test(`calls reject, and none is repeated, when ${name} is lost`, async () => {
    await using database = await createTestDatabase();
    const outside = await openClient(database.url);
    await using proxy = await startTcpProxy(database.url);
    try {
      await migrate(outside);
      const { driver, isInTransaction, reconnects = false, close } = await open(proxy.url);
      const [before, during, ...after] = Array.from({ length: 5 }, newTask);
      await enqueue(driver, before!);
      const loss = proxy.loseAnswerTo(during!.workflowID);
      await settles((async () => {
        await assertRejects(() => enqueue(driver, during!));
        assert(loss.isLost);
        for (const task of after) {
          await enqueue(driver, task).then(() => assert(reconnects, "it succeeded"), () => {});
        }
      })());
      // A transaction is rolled back; otherwise, the lost call has had its effect.
      for (const task of [before!, during!]) {
        const status = await getStatus(outside, task.workflowID);
        assertEquals(status?.status ?? null, isInTransaction ? null : "ENQUEUED");
      }
      if (!reconnects) {
        for (const task of after) assertEquals(await getStatus(outside, task.workflowID), null);
      }
      await close();
    } finally {
      await outside.end();
    }
  });
}

import { assert, assertEquals, assertMatch } from "@std/assert";
import pg from "pg";
import postgres from "postgres";
import {
  type Client,
  connect,
  createClient,
  enqueue,
  getEvent,
  getStatus,
  listWorkflows,
} from "../mod.ts";
import {
  createTarget,
  driverTargets,
  type Fixture,
  type OpenTarget,
} from "./conformance/driver_targets.ts";
import { testServerConformance } from "./conformance/test_conformance.ts";
import { createTestDatabase } from "./support/database.ts";
import { type PgBouncer, poolSize, startPgBouncer, unavailable } from "./support/pgbouncer.ts";
import { startWorker } from "./support/start_worker.ts";
import { until } from "./support/until.ts";

const unprepared = { prepare: false };

function openPreparing(fixture: Fixture) {
  const sql = postgres(fixture.url, { onnotice: () => {}, fetch_types: false });
  return createTarget({ ...fixture, options: unprepared }, {
    driver: sql,
    transaction: (body) => sql.begin((transaction) => body(transaction)).then(() => {}),
    close: () => sql.end(),
  });
}

/** Opens a target with connect(), whose transactions are those of a driver. */
async function openConnected(fixture: Fixture) {
  const target = openPreparing(fixture);
  const client = await connect(fixture.url, unprepared);
  return {
    ...target,
    client,
    async [Symbol.asyncDispose]() {
      await client.close();
      await target[Symbol.asyncDispose]();
    },
  };
}

const targets: Record<string, OpenTarget> = {
  "npm:pg": driverTargets["npm:pg Pool without prepared statements"]!,
  "npm:postgres": driverTargets["npm:postgres without prepared statements"]!,
  "npm:postgres (prepare: false only in createClient())": (fixture) =>
    Promise.resolve(openPreparing(fixture)),
  "connect()": openConnected,
};

for (const [name, open] of Object.entries(targets)) {
  const openBehindPooler: OpenTarget = async (fixture) => {
    const resources = new AsyncDisposableStack();
    const { url } = resources.use(await startPgBouncer(fixture.url));
    const target = resources.use(await open({ ...fixture, url }));
    return { ...target, [Symbol.asyncDispose]: () => resources.disposeAsync() };
  };
  testServerConformance(`${name} behind PgBouncer`, openBehindPooler, { skipReason: unavailable });
}

function testBehindPooler(name: string, run: (pooler: PgBouncer) => Promise<void>): void {
  Deno.test({
    name: unavailable ? `${name} (skipped: ${unavailable})` : name,
    ignore: unavailable !== undefined,
    async fn() {
      await using database = await createTestDatabase();
      await using _worker = await startWorker({ systemDatabaseUrl: database.url });
      await using pooler = await startPgBouncer(database.url);
      await run(pooler);
    },
  });
}

function openPg(url: string, config: pg.PoolConfig = {}) {
  const pool = new pg.Pool({ connectionString: url, ...config });
  return { pool, [Symbol.asyncDispose]: () => pool.end() };
}

function openPostgresJs(url: string, debug: (statement: string) => void = () => {}) {
  const sql = postgres(url, {
    ...unprepared,
    fetch_types: false,
    onnotice: () => {},
    debug: (_connection, statement) => debug(statement),
  });
  return { sql, [Symbol.asyncDispose]: () => sql.end() };
}

async function runHundredWorkflows(client: Client): Promise<void> {
  const numbers = Array.from({ length: 100 }, (_, number) => number);
  const results = await Promise.all(numbers.map(async (number) => {
    const handle = await enqueue(client, { workflowName: "echo", queueName: "tasks" }, number);
    const [result, status] = await Promise.all([
      handle.getResult({ timeoutSeconds: 600 }),
      handle.getStatus(),
    ]);
    assert(status);
    return result;
  }));
  assertEquals(results, numbers.map((number) => [number]));
  assertEquals((await listWorkflows(client, { limit: 10 })).length, 10);
}

testBehindPooler(
  `a hundred concurrent workflows share ${poolSize} connections of PgBouncer`,
  async (pooler) => {
    await using viaPg = openPg(pooler.url);
    await using viaPostgresJs = openPostgresJs(pooler.url);
    await using connected = await connect(pooler.url, unprepared);
    await using connectedByURL = await connect(`${pooler.url}?pgbouncer=true`);
    for (
      const client of [
        createClient(viaPg.pool, unprepared),
        createClient(viaPostgresJs.sql, unprepared),
        connected,
        connectedByURL,
      ]
    ) await runHundredWorkflows(client);
  },
);

/** Checks that an event is found by polling, without a notification. */
async function findByPolling(client: Client): Promise<void> {
  const publisher = {
    workflowName: "publish",
    queueName: "tasks",
    workflowID: crypto.randomUUID(),
  };
  const event = getEvent(client, publisher.workflowID, "key", 600);
  await enqueue(client, publisher, "key", 7);
  assertEquals(await event, 7);
}

testBehindPooler("a client over npm:pg stops listening behind PgBouncer", async (pooler) => {
  let opened = 0;
  class CountedClient extends pg.Client {
    constructor(config?: pg.ClientConfig) {
      super(config);
      opened++;
    }
  }
  {
    await using resource = openPg(
      pooler.url,
      { max: 1, idleTimeoutMillis: 0, Client: CountedClient } as pg.PoolConfig,
    );
    await using client = createClient(resource.pool, { ...unprepared, listen: true });
    await findByPolling(client);
    await until(() => Promise.resolve(opened === 2));
    await until(async () => await pooler.countClients() === 1);
    // This wait is long enough for more attempts, if there were any.
    assertEquals(await getEvent(client, "nobody", "key", 1), null);
    await findByPolling(client);
    assertEquals(opened, 2);
  }
  await until(async () => await pooler.countClients() === 0);
});

testBehindPooler("a client over npm:postgres stops listening behind PgBouncer", async (pooler) => {
  const listened: string[] = [];
  const unlistened: string[] = [];
  const stoppedListening = Promise.withResolvers<void>();
  function count(statement: string): void {
    if (statement.startsWith("listen")) listened.push(statement);
    if (!statement.startsWith("unlisten")) return;
    unlistened.push(statement);
    if (unlistened.length === listened.length) stoppedListening.resolve();
  }
  {
    await using resource = openPostgresJs(pooler.url, count);
    await using client = createClient(resource.sql, { ...unprepared, listen: true });
    await findByPolling(client);
    await stoppedListening.promise;
    const attempts = listened.length;
    // This wait is long enough for more attempts, if there were any.
    assertEquals(await getEvent(client, "nobody", "key", 1), null);
    await findByPolling(client);
    assertEquals(listened.length, attempts);
  }
  await until(async () => await pooler.countClients() === 0);
});

testBehindPooler("close() closes the connections of connect() to PgBouncer", async (pooler) => {
  const client = await connect(pooler.url, unprepared);
  await findByPolling(client);
  assert(await pooler.countClients() > 0);
  // The client is still trying to listen.
  await client.close();
  await until(async () => await pooler.countClients() === 0);
});

testBehindPooler("prepare: false avoids conflicts of prepared statements behind PgBouncer", async (
  pooler,
) => {
  await using first = openPg(pooler.url, { max: 1 });
  await using second = openPg(pooler.url, { max: 1 });
  assertEquals(await getStatus(first.pool, "nobody"), null);
  // The second pool gets the same server connection, on which the name of the statement is in use.
  // PgBouncer after 1.18 can keep the names of different clients apart.
  const found = await getStatus(second.pool, "nobody").catch((error) => error);
  if (found !== null) {
    assertEquals(found.code, "42P05");
    assertMatch(found.message, /^prepared statement "dbos_\w+" already exists$/);
  }
  assertEquals(await getStatus(createClient(second.pool, unprepared), "nobody"), null);
});

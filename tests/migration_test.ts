import { PGlite } from "@electric-sql/pglite";
import { assert, assertEquals } from "@std/assert";
import pg from "pg";
import postgres from "postgres";
import {
  type Client,
  connect,
  createClient,
  debounce,
  deleteWorkflow,
  enqueue,
  enqueueMany,
  forkWorkflow,
  getEvent,
  getResult,
  getStatus,
  listWorkflows,
  send,
} from "../mod.ts";
import { startApplication } from "./interop/start_application.ts";
import { typeScriptReleases } from "./schemas/typescript.ts";
import { createTestDatabase } from "./support/database.ts";
import { isOldDeno } from "./support/old_deno.ts";
import { createPglitePool } from "./support/pglite_pool.ts";
import { startWorker } from "./support/start_worker.ts";
import { launchApp, shutdownApp } from "./support/worker_app.ts";
import { isChange, migrate, newestVersion, oldestVersion } from "./support/migrate.ts";

/** A system database whose schema is migrated in steps, and a client of it. */
interface Fixture extends AsyncDisposable {
  readonly client: Client;
  query(text: string): Promise<Record<string, unknown>[]>;
  migrate(version: number): Promise<void>;
  startWorker(): Promise<AsyncDisposable>;
}

// Native, because schemas before version 33 do not store the format. The timeouts are so long that
// nothing times out when the clock is advanced.
const options = { serializationType: "native", retryTimeoutSeconds: 1e6 } as const;
const waitOptions = { timeoutSeconds: 1e6 };
const idle = { workflowName: "echo", queueName: "idle" };

async function createServerFixture(
  open: (url: string) => { client: Client; close(): Promise<void> },
): Promise<Fixture> {
  const database = await createTestDatabase();
  const connection = new pg.Client({ connectionString: database.url });
  await connection.connect();
  const { client, close } = open(database.url);
  return {
    client,
    query: async (text) => (await connection.query(text)).rows,
    migrate: (version) => migrate(connection, version),
    startWorker: () => startWorker({ systemDatabaseUrl: database.url }),
    async [Symbol.asyncDispose]() {
      await close();
      await connection.end();
      await database[Symbol.asyncDispose]();
    },
  };
}

async function createPgliteFixture(): Promise<Fixture> {
  const database = await PGlite.create();
  const pool = createPglitePool(database);
  return {
    client: createClient(database, options),
    query: async (text) => (await database.query<Record<string, unknown>>(text)).rows,
    async migrate(version) {
      const connection = await pool.connect();
      await migrate(connection, version);
      connection.release();
    },
    async startWorker() {
      await launchApp({ systemDatabasePool: pool });
      return { [Symbol.asyncDispose]: shutdownApp };
    },
    [Symbol.asyncDispose]: () => database.close(),
  };
}

const fixtures: Record<string, () => Promise<Fixture>> = {
  "npm:pg": () =>
    createServerFixture((url) => {
      const pool = new pg.Pool({ connectionString: url, max: 4 });
      return { client: createClient(pool, options), close: () => pool.end() };
    }),
  "npm:postgres": () =>
    createServerFixture((url) => {
      const sql = postgres(url, { max: 4, onnotice: () => {}, fetch_types: false });
      return { client: createClient(sql, options), close: () => sql.end() };
    }),
  "npm:@electric-sql/pglite": createPgliteFixture,
};

if (isOldDeno) delete fixtures["npm:postgres"];

/** Calls of a client that are repeated until they are stopped. */
interface Load {
  /** Waits until each kind of call has returned twice more; rejects if a call has failed. */
  untilProgress(): Promise<void>;
  /** Stops the calls, waits for all results, and checks that every write is stored once. */
  finish(query: Fixture["query"]): Promise<void>;
}

function startLoad(client: Client): Load {
  const expected = new Map<string, unknown[]>();
  const results: Promise<void>[] = [];
  const counts: Record<string, number> = {};
  const mailbox = crypto.randomUUID();
  let isStopped = false;

  function expectInput(workflowID: string, ...args: unknown[]): void {
    assert(!expected.has(workflowID));
    expected.set(workflowID, args);
  }

  const calls: Record<string, (number: number) => Promise<void>> = {
    async enqueue(number) {
      const { workflowID } = await enqueue(client, idle, number);
      expectInput(workflowID, number);
    },
    async enqueueNamed(number) {
      const workflowID = crypto.randomUUID();
      // Whichever attempt wrote it, it belongs to this call.
      await enqueue(client, { ...idle, workflowID, workflowIDReusePolicy: "reject" }, number);
      expectInput(workflowID, number);
    },
    async enqueueMany(number) {
      const jobs = [0, 1, 2].map((index) => ({ ...idle, args: [number, index] }));
      const outcomes = await enqueueMany(client, jobs);
      for (const [index, { workflowID, outcome }] of outcomes.entries()) {
        assertEquals(outcome, "enqueued");
        expectInput(workflowID, number, index);
      }
    },
    async getResult(number) {
      const handle = await enqueue(client, { ...idle, queueName: "tasks" }, number);
      expectInput(handle.workflowID, number);
      const result = handle.getResult(waitOptions).then((value) => assertEquals(value, [number]));
      // finish() reports the error.
      result.catch(() => {});
      results.push(result);
      // The worker has to run all of them.
      await new Promise((resolve) => setTimeout(resolve, 20));
    },
    send: (number) => send(client, mailbox, number),
    async list() {
      const [status] = await listWorkflows(client, { sortDesc: true, limit: 20 });
      assert(status);
    },
    async getStatus() {
      assertEquals((await getStatus(client, mailbox))?.status, "ENQUEUED");
    },
    async getEvent() {
      assertEquals(await getEvent(client, mailbox, "key", 0), null);
    },
  };

  async function repeat(name: string): Promise<void> {
    for (counts[name] = 0; !isStopped; counts[name]++) {
      await calls[name]!(counts[name]);
      // Yields, because other code in this process would otherwise never run.
      await new Promise((resolve) => setTimeout(resolve));
    }
  }

  const started = enqueue(client, { ...idle, workflowID: mailbox }).then(() =>
    expectInput(mailbox)
  );
  const stopped = started.then(() => Promise.all(Object.keys(calls).map(repeat)));
  // untilProgress() and finish() report the error.
  stopped.catch(() => {});

  return {
    async untilProgress() {
      await started;
      const wanted = Object.entries(counts).map(([name, count]) => [name, count + 2] as const);
      while (wanted.some(([name, count]) => counts[name]! < count)) {
        await Promise.race([stopped, new Promise((resolve) => setTimeout(resolve, 1))]);
      }
    },
    async finish(query) {
      isStopped = true;
      await stopped;
      await Promise.all(results);
      const written = await query(
        `select workflow_uuid as id, coalesce(i.inputs, s.inputs) as input
        from dbos.workflow_status as s left join dbos.workflow_input as i using (workflow_uuid)`,
      );
      assertEquals(written.length, expected.size);
      for (const { id, input } of written) {
        assertEquals(JSON.parse(String(input)).json, expected.get(String(id)), String(id));
      }
      const messages = await query(
        "select message from dbos.notifications order by created_at_epoch_ms, message_uuid",
      );
      assertEquals(
        messages.map(({ message }) => JSON.parse(String(message)).json),
        Array.from({ length: counts.send! }, (_, number) => number),
      );
    },
  };
}

/** Advances the clock, so that the cached schema expires. */
function createClock(): Disposable & { advance(): void } {
  const { now } = performance;
  let aheadMs = 0;
  performance.now = () => now.call(performance) + aheadMs;
  return {
    advance: () => void (aheadMs += 61_000),
    [Symbol.dispose]: () => void (performance.now = now),
  };
}

for (const [name, createFixture] of Object.entries(fixtures)) {
  Deno.test(`a client over ${name} keeps working while the schema is migrated`, async () => {
    await using fixture = await createFixture();
    using clock = createClock();
    await fixture.migrate(oldestVersion);
    const load = startLoad(fixture.client);
    for (let version = oldestVersion + 1; version <= newestVersion; version++) {
      if (!isChange(version)) continue;
      await fixture.migrate(version);
      if (version % 7 === 0) clock.advance();
      await load.untilProgress();
    }
    clock.advance();
    await load.untilProgress();
    await load.untilProgress();
    const { workflowID } = await enqueue(fixture.client, idle, "after all");
    const written = await fixture.query(
      `select creator_xid is not null as has_creator
      from dbos.workflow_status join dbos.workflow_input using (workflow_uuid)
      where workflow_uuid = '${workflowID}'`,
    );
    assertEquals(written, [{ has_creator: true }]);
    await deleteWorkflow(fixture.client, workflowID);
    await using _worker = await fixture.startWorker();
    await load.finish(fixture.query);
  });
}

const upgrades = typeScriptReleases.filter(({ name }) => /3\.5\.8|4\.9\.11|4\.27\.6/.test(name));

for (const release of upgrades) {
  Deno.test(`a client keeps working while ${release.name} is upgraded to the newest`, async () => {
    await using database = await createTestDatabase();
    const older = await startApplication(release.command, database.url);
    await using client = await connect(database.url, options);
    const load = startLoad(client);
    await load.untilProgress();
    await older[Symbol.asyncDispose]();
    await load.untilProgress();
    await using _newer = await startWorker({ systemDatabaseUrl: database.url });
    await load.untilProgress();
    const pool = new pg.Pool({ connectionString: database.url });
    await using _pool = { [Symbol.asyncDispose]: () => pool.end() };
    await load.finish(async (text) => (await pool.query(text)).rows);
  });
}

Deno.test("a client with an outdated schema finds moved and new data at once", async (test) => {
  const outdated: Record<
    string,
    (client: Client, newer: Client, query: Fixture["query"]) => Promise<void>
  > = {
    async "getResult()"(client, newer, query) {
      const { workflowID } = await enqueue(newer, idle);
      await query(
        `insert into dbos.workflow_output (workflow_uuid, output) values ('${workflowID}', '1');
        update dbos.workflow_status set status = 'SUCCESS' where workflow_uuid = '${workflowID}'`,
      );
      assertEquals(await getResult(client, workflowID, { timeoutSeconds: 0 }), 1);
    },
    async "listWorkflows()"(client, newer, query) {
      const { workflowID } = await enqueue(newer, idle, "new");
      await deleteOlderInput(query, workflowID);
      const [status] = await listWorkflows(client, { workflowIDs: [workflowID] });
      assertEquals(status?.input, ["new"]);
    },
    async "forkWorkflow()"(client, newer, query) {
      const { workflowID } = await enqueue(newer, idle, "new");
      await deleteOlderInput(query, workflowID);
      const fork = await forkWorkflow(client, workflowID, 0);
      assertEquals((await getStatus(newer, fork.workflowID))?.input, ["new"]);
    },
    async "debounce()"(client, newer) {
      const first = await debounce(newer, idle, "key", 100_000, "first");
      const last = await debounce(client, idle, "key", 100_000, "last");
      assertEquals(last.workflowID, first.workflowID);
      assertEquals((await getStatus(newer, last.workflowID))?.input, ["last"]);
    },
    async "an option of enqueue()"(client, newer) {
      const attributes = { a: 1 };
      const { workflowID } = await enqueue(client, {
        ...idle,
        applicationName: "shop",
        attributes,
      });
      const status = await getStatus(newer, workflowID);
      assertEquals([status?.applicationName, status?.attributes], ["shop", attributes]);
    },
  };
  for (const [name, use] of Object.entries(outdated)) {
    await test.step(name, async () => {
      await using database = await createTestDatabase();
      const pool = new pg.Pool({ connectionString: database.url });
      await using _pool = { [Symbol.asyncDispose]: () => pool.end() };
      const migrateTo = async (version: number) => {
        const connection = await pool.connect();
        await migrate(connection, version);
        connection.release();
      };
      // 108 is the last version without tables for inputs and outputs; 61 also lacks columns.
      await migrateTo(name.startsWith("an option") ? 61 : 108);
      const client = createClient(pool);
      await enqueue(client, idle);
      await migrateTo(newestVersion);
      await use(client, createClient(pool), async (text) => (await pool.query(text)).rows);
    });
  }
});

/** Leaves the input only where current workers read it. */
async function deleteOlderInput(query: Fixture["query"], workflowID: string): Promise<void> {
  await query(
    `update dbos.workflow_status set inputs = null where workflow_uuid = '${workflowID}'`,
  );
}

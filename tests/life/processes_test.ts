/** What clients leave behind, in processes of every runtime. */
import { assertEquals } from "@std/assert";
import pg from "pg";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import { migrate } from "../support/migrate.ts";
import { startTcpProxy, type TcpProxy } from "../support/tcp_proxy.ts";
import {
  driversOf,
  type LifeProgram,
  missingTool,
  prepareFolder,
  startProgram,
} from "./runtimes.ts";
import { until } from "../support/until.ts";

/** What all tests share. */
interface Prepared {
  /** The folder of the program. */
  folder: string;
  template: TestDatabase;
}

interface Session {
  pid: number;
  query: string;
}

interface Fixture extends AsyncDisposable {
  driver: string;
  proxy: TcpProxy;
  /** A connection to the database, which the program does not use. */
  direct: pg.Client;
  start(): Promise<LifeProgram>;
  /** Rejects if a program ends before it is told to. */
  readonly crash: Promise<never>;
  /** The sessions of the program, with what they ran last. */
  listSessions(): Promise<Session[]>;
}

const listening = /^listen .*dbos_streams_channel/i;
const testing = /^listen "dbos_client_/i;

/** Creates a database that has a workflow with an event. */
async function createTemplate(): Promise<TestDatabase> {
  const database = await createTestDatabase();
  const connection = new pg.Client({ connectionString: database.url });
  await connection.connect();
  await migrate(connection);
  await connection.query(
    "insert into dbos.workflow_status (workflow_uuid, status) values ('someone', 'PENDING')",
  );
  await connection.query(
    `insert into dbos.workflow_events (workflow_uuid, key, value, serialization)
    values ('someone', 'key', '7', 'portable_json')`,
  );
  await connection.end();
  return database;
}

async function openFixture(
  { folder, template }: Prepared,
  runtime: string,
  driver: string,
): Promise<Fixture> {
  const resources = new AsyncDisposableStack();
  const { url } = resources.use(await createTestDatabase(template));
  const direct = new pg.Client({ connectionString: url });
  await direct.connect();
  resources.defer(() => direct.end());
  const proxy = resources.use(await startTcpProxy(url));
  const options = { listen: true, pollingIntervalMs: 3_600_000, retryTimeoutSeconds: 3600 };
  const crash = Promise.withResolvers<never>();
  crash.promise.catch(() => {});
  return {
    crash: crash.promise,
    driver,
    proxy,
    direct,
    async start() {
      const program = await startProgram(folder, runtime, driver, proxy.url, options);
      program.crash.catch(crash.reject);
      return resources.use(program);
    },
    async listSessions() {
      const { rows } = await direct.query(
        `select pid, query from pg_stat_activity
        where datname = current_database() and pid != pg_backend_pid()
          and backend_type = 'client backend'`,
      );
      return rows;
    },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

/** Waits for a session whose last statement matches, other than `previous`. Returns its process ID. */
async function untilSession(
  { listSessions }: Fixture,
  pattern: RegExp,
  previous?: number,
): Promise<number> {
  let found: Session | undefined;
  await until(async () => {
    const sessions = await listSessions();
    found = sessions.find(({ pid, query }) => pattern.test(query) && pid !== previous);
    return found !== undefined;
  });
  return found!.pid;
}

/** Whether a session of the program listens, or has listened. */
async function isAnyListening({ listSessions }: Fixture): Promise<boolean> {
  return (await listSessions()).some(({ query }) => /listen/i.test(query));
}

/** Has the server accept notifications, but deliver none, as a pooler may do. */
async function silence({ direct }: Fixture): Promise<void> {
  await direct.query(`create schema silent`);
  await direct.query(
    `create function silent.pg_notify(text, text) returns void language sql as 'select'`,
  );
  const { rows } = await direct.query("select current_database() as name");
  await direct.query(`alter database ${rows[0].name} set search_path = silent, pg_catalog`);
}

/**
 * Closes the client and the driver after a fault of the network. `end()` of npm:postgres may not close
 * a socket that hangs, or one that replaced a lost one: then the program may not end by itself.
 */
async function closeAfterFault({ driver }: Fixture, program: LifeProgram): Promise<void> {
  if (driver === "npm:postgres") await program.command("closeClient");
  else await program.close();
}

type Scenario = (fixture: Fixture) => Promise<void>;

const scenarios: Record<string, Scenario> = {
  "a notification ends a wait": async (fixture) => {
    await using program = await fixture.start();
    const event = program.command("event", "late");
    await untilSession(fixture, listening);
    await fixture.direct.query(
      `with workflow as (
        insert into dbos.workflow_status (workflow_uuid, status) values ('late', 'PENDING')
      )
      insert into dbos.workflow_events (workflow_uuid, key, value, serialization)
      values ('late', 'key', '7', 'portable_json')`,
    );
    await fixture.direct.query("select pg_notify('dbos_workflow_events_channel', 'late::key')");
    assertEquals(await event, 7);
    await program.command("closeClient");
    await until(async () => !await isAnyListening(fixture));
    await program.close();
  },

  "a failed self-test leaves no channel subscribed and no connection": async (fixture) => {
    await silence(fixture);
    await using program = await fixture.start();
    await program.command("start");
    await untilSession(fixture, testing);
    await until(async () => !await isAnyListening(fixture));
    await program.close();
  },

  "a self-test whose connection is lost leaves none either": async (fixture) => {
    await silence(fixture);
    await using program = await fixture.start();
    await program.command("start");
    const lost = await untilSession(fixture, testing);
    fixture.proxy.cut();
    await untilSession(fixture, testing, lost);
    await until(async () => !await isAnyListening(fixture));
    await closeAfterFault(fixture, program);
  },

  "close() in the middle of the self-test leaves nothing": async (fixture) => {
    await silence(fixture);
    await using program = await fixture.start();
    await program.command("start");
    await untilSession(fixture, testing);
    await program.command("closeClient");
    await until(async () => !await isAnyListening(fixture));
    await program.close();
  },

  "close() while the self-test hangs leaves nothing": async (fixture) => {
    await using program = await fixture.start();
    const loss = fixture.proxy.swallow("dbos_client_");
    await program.command("start");
    await until(() => loss.isLost);
    await closeAfterFault(fixture, program);
  },

  "close() with waits, listening and calls in progress leaves nothing": async (fixture) => {
    await using program = await fixture.start();
    await program.command("start");
    await untilSession(fixture, listening);
    await program.close();
    await until(async () => (await fixture.listSessions()).length === 0);
  },

  "close() during retries leaves nothing": async (fixture) => {
    await using program = await fixture.start();
    await program.command("start");
    await untilSession(fixture, listening);
    await fixture.proxy.refuse();
    await program.command("start");
    await program.close();
  },

  "waits on one signal leave no listener and raise no warning": async (fixture) => {
    await using program = await fixture.start();
    assertEquals(await program.command("signal"), {
      outcomes: ["rejected"],
      listeners: 0,
      warnings: [],
    });
    await program.close();
  },
};

const maxFailures = 2;

/**
 * Runs a scenario. npm:postgres may keep a socket open after `end()`, or end the process when it loses
 * a connection, as docs/errors.md says: then the scenario begins anew.
 */
async function runScenario(
  run: (fixture: Fixture) => Promise<void>,
  open: () => Promise<Fixture>,
): Promise<void> {
  for (let failures = 0;; failures++) {
    await using fixture = await open();
    try {
      return await Promise.race([run(fixture), fixture.crash]);
    } catch (error) {
      if (fixture.driver !== "npm:postgres" || failures === maxFailures) throw error;
      console.warn(error);
    }
  }
}

// The steps run concurrently, which the sanitizers do not support.
const withoutSanitizers = { sanitizeOps: false, sanitizeResources: false, sanitizeExit: false };

const clients = Object.entries(driversOf).flatMap(([runtime, drivers]) =>
  drivers.map((driver) => ({ runtime, driver }))
);

let prepared: Prepared;
if (!missingTool) {
  Deno.test.beforeAll(async () => {
    const folder = await Deno.makeTempDir();
    await prepareFolder(folder);
    prepared = { folder, template: await createTemplate() };
  });
  Deno.test.afterAll(async () => {
    await prepared.template[Symbol.asyncDispose]();
    await Deno.remove(prepared.folder, { recursive: true });
  });
}

for (const [name, run] of Object.entries(scenarios)) {
  Deno.test({
    name: missingTool ? `${name} (skipped: ${missingTool})` : name,
    ignore: missingTool !== undefined,
    ...withoutSanitizers,
    async fn(test) {
      await Promise.all(clients.map(({ runtime, driver }) =>
        test.step({
          name: `${driver} on ${runtime}`,
          ...withoutSanitizers,
          async fn() {
            await runScenario(run, () => openFixture(prepared, runtime, driver));
          },
        })
      ));
    },
  });
}

/** Lists that come again are prepared, on each connection of a pool of npm:pg. */
import { assert, assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import pg from "pg";
import { createClient, listWorkflows, QueryTimeoutError } from "../mod.ts";
import { adaptDriver } from "../src/drivers/mod.ts";
import { createTestDatabase } from "./support/database.ts";
import {
  poolSize,
  startPgBouncer,
  unavailable,
  withoutPreparedStatements,
} from "./support/pgbouncer.ts";
import { populate } from "./support/populate.ts";

const workflows = 30;

interface Session extends AsyncDisposable {
  readonly pool: pg.Pool;
  /** The number of statements that lists have prepared. */
  countPrepared(): Promise<number>;
  /** Whether lists have prepared a statement with such a text. */
  isPrepared(part: string): Promise<boolean>;
  list(limit: number): Promise<string[]>;
}

/** Opens a pool of one connection to a database with workflows. */
async function openSession(options: { prepare?: boolean } = {}): Promise<Session> {
  await using resources = new AsyncDisposableStack();
  const database = resources.use(await createTestDatabase());
  await populate(database.url, workflows);
  const pool = new pg.Pool({ connectionString: database.url, max: 1 });
  resources.defer(() => pool.end());
  const client = createClient(pool, { observabilityQueryTimeoutMs: 500, ...options });
  const opened = resources.move();
  return {
    pool,
    async countPrepared() {
      const { rows: [row] } = await pool.query(
        "select count(*)::int as count from pg_prepared_statements where name ~ '^dbos_[-0-9a-f]{36}_'",
      );
      return row.count;
    },
    async isPrepared(part) {
      const { rows } = await pool.query(
        "select from pg_prepared_statements where strpos(statement, $1) > 0",
        [part],
      );
      return rows.length > 0;
    },
    async list(limit) {
      const found = await listWorkflows(client, { limit, sortDesc: true });
      return found.map(({ workflowID }) => workflowID);
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

Deno.test("a connection prepares the list and its timeout when they come again", async () => {
  await using session = await openSession();
  const first = await session.list(3);
  assertEquals(first.length, 3);
  assertEquals(await session.countPrepared(), 0);
  for (let call = 0; call < 3; call++) {
    assertEquals(await session.list(3), first);
    assertEquals(await session.countPrepared(), 2);
  }
  assertEquals((await session.list(0)).length, 0);
});

Deno.test("a connection keeps 20 statements at most, and those of the latest lists", async () => {
  await using session = await openSession();
  const all = await session.list(workflows);
  for (let round = 0; round < 3; round++) {
    for (let limit = 1; limit < workflows; limit++) {
      assertEquals(await session.list(limit), all.slice(0, limit));
      assert(await session.countPrepared() <= 20);
    }
  }
  for (let call = 0; call < 3; call++) assertEquals(await session.list(4), all.slice(0, 4));
  assert(await session.isPrepared("limit 4::int"));
  assertEquals(await session.isPrepared("limit 5::int"), false);
});

Deno.test("all clients of a pool share what its connections have prepared", async () => {
  await using session = await openSession();
  for (let call = 0; call < 30; call++) {
    await listWorkflows(createClient(session.pool), { limit: 7 });
  }
  assertEquals(await session.countPrepared(), 2);
});

Deno.test("a list is prepared anew after a minute, because its tables may have grown", async () => {
  await using session = await openSession();
  const findNames = async () => {
    const { rows } = await session.pool.query(
      "select name from pg_prepared_statements where statement like '%limit 8::int%'",
    );
    return rows.map((row: { name: string }) => row.name);
  };
  for (let call = 0; call < 3; call++) await session.list(8);
  const [first] = await findNames();
  const realNow = performance.now;
  performance.now = () => realNow.call(performance) + 61_000;
  try {
    await session.list(8);
  } finally {
    performance.now = realNow;
  }
  const names = await findNames();
  assertEquals(names.length, 1);
  assertNotEquals(names, [first]);
});

Deno.test("a single client prepares no lists: it may be in a transaction meanwhile", async () => {
  await using session = await openSession();
  const single = new pg.Client(session.pool.options);
  await single.connect();
  for (let call = 0; call < 3; call++) {
    assertEquals((await listWorkflows(single, { limit: 3 })).length, 3);
  }
  const { rows } = await single.query(
    "select statement from pg_prepared_statements where statement like '%limit 3::int%'",
  );
  await single.end();
  assertEquals(rows, []);
});

Deno.test("lists go on after the types of columns have changed", async () => {
  await using session = await openSession();
  const expected = await session.list(3);
  await session.list(3);
  for (const column of ["priority", "recovery_attempts"]) {
    await session.pool.query(
      `alter table dbos.workflow_status alter column ${column} type numeric`,
    );
    assertEquals(await session.list(3), expected);
  }
});

Deno.test("no list is prepared without prepared statements", async () => {
  await using session = await openSession({ prepare: false });
  for (let call = 0; call < 3; call++) assertEquals((await session.list(3)).length, 3);
  assertEquals(await session.countPrepared(), 0);
});

Deno.test("a prepared list goes on after an upgrade has removed a column and a table", async () => {
  await using session = await openSession();
  const before = await session.list(3);
  assertEquals(await session.list(3), before);
  await session.pool.query("alter table dbos.workflow_status drop column schedule_name");
  await session.pool.query("drop table dbos.workflow_output");
  await session.pool.query("alter table dbos.workflow_status add column if not exists output text");
  await session.pool.query("alter table dbos.workflow_status add column if not exists error text");
  for (let call = 0; call < 3; call++) assertEquals(await session.list(3), before);
});

Deno.test("a list times out and works again, also while it is being prepared", async () => {
  await using session = await openSession();
  const other = new pg.Client(session.pool.options);
  await other.connect();
  try {
    await session.list(workflows);
    for (let call = 0; call < 4; call++) {
      await other.query("begin; lock table dbos.workflow_status");
      await assertRejects(() => session.list(3), QueryTimeoutError);
      await other.query("rollback");
      if (call > 1) assertEquals((await session.list(3)).length, 3);
    }
  } finally {
    await other.end();
  }
});

Deno.test("a list is prepared anew after the session has lost its statements", async () => {
  await using session = await openSession();
  const expected = await session.list(3);
  assertEquals(await session.list(3), expected);
  await session.pool.query("deallocate all");
  assertEquals(await session.list(3), expected);
  assertEquals(await session.countPrepared(), 2);
});

Deno.test({
  name: `statements that come again work behind PgBouncer, which keeps no prepared ones${
    unavailable ? ` (skipped: ${unavailable})` : ""
  }`,
  ignore: unavailable !== undefined,
  async fn() {
    await using database = await createTestDatabase();
    await using pooler = await startPgBouncer(database.url, withoutPreparedStatements());
    const pool = new pg.Pool({ connectionString: pooler.url, max: 8 });
    const { queryInOneMessage } = await adaptDriver(pool, { prepare: true }).load();
    const connections = new Set<unknown>();
    async function run(number: number): Promise<void> {
      const texts = ["select 1", `select ${number}, pg_backend_pid() from pg_sleep(0.001)`];
      const queries = texts.map((text) => ({ name: "", text, values: [] }));
      const rows = await queryInOneMessage!(queries, { isNeeded: () => true });
      const [[found, connection]] = rows as [[string, string]];
      assertEquals(found, String(number));
      connections.add(connection);
    }
    for (let round = 0; round < 20 || connections.size < poolSize; round++) {
      await Promise.all([1, 2, 3, 1, 2, 3].map(run));
    }
    await pool.end();
  },
});

import { assertEquals, assertRejects } from "@std/assert";
import pg from "pg";
import { adaptDriver } from "../src/drivers/mod.ts";
import { runEventLoop } from "../src/event_loop.ts";
import { createTestDatabase } from "./support/database.ts";

interface PooledClient {
  readonly connection: { readonly stream: { destroy(error: Error): void } };
  readonly processID: number;
  emit(event: "error", error: Error): void;
}

interface Session {
  readonly pool: pg.Pool;
  /** Runs a statement of the library. */
  query(): Promise<unknown>;
  /** The clients that the pool has given out. */
  readonly taken: PooledClient[];
}

/** Notes a client each time that its pool gives it out: it has another release() then. */
function noteTaken(client: PooledClient, taken: PooledClient[]): void {
  let release: unknown;
  Object.defineProperty(client, "release", {
    get: () => release,
    set(value) {
      release = value;
      taken.push(client);
    },
  });
}

async function withPool(
  config: pg.PoolConfig,
  test: (session: Session) => Promise<void>,
  Pool: typeof pg.Pool = pg.Pool,
): Promise<void> {
  await using database = await createTestDatabase();
  const pool = new Pool({ connectionString: database.url, ...config });
  const taken: PooledClient[] = [];
  pool.on("connect", (client: PooledClient) => noteTaken(client, taken));
  pool.on("error", () => {});
  const executor = await adaptDriver(pool, { prepare: true }).load();
  const query = () =>
    executor.query({ name: "dbos_test", text: "select 1", values: [] }, { isNeeded: () => true });
  try {
    await test({ pool, query, taken });
  } finally {
    if (!pool.ending) await pool.end();
  }
}

Deno.test("statements that follow at once are sent on one client, taken from the pool once", () =>
  withPool({}, async ({ query, taken }) => {
    for (let count = 0; count < 20; count++) assertEquals(await query(), [["1"]]);
    assertEquals(taken.length, 1);
  }));

Deno.test("a client is back in the pool once the event loop has run", () =>
  withPool({}, async ({ pool, query }) => {
    await query();
    await runEventLoop();
    assertEquals([pool.totalCount, pool.idleCount], [1, 1]);
    await Promise.all([query(), query(), query()]);
    await runEventLoop();
    assertEquals([pool.totalCount, pool.idleCount], [3, 3]);
  }));

for (const when of ["before", "after"]) {
  Deno.test(`whoever waits for a client ${when} a statement ends gets it before the next one`, () =>
    withPool({ max: 1 }, async ({ pool, query }) => {
      const order: string[] = [];
      const note = (name: string) => () => order.push(name);
      const wait = () => pool.query("select 2").then(note("query of the program"));
      const first = query().then(note("first"));
      const early = when === "before" ? wait() : undefined;
      await first;
      const late = early ?? wait();
      await Promise.all([query().then(note("second")), late]);
      assertEquals(order, ["first", "query of the program", "second"]);
    }));
}

Deno.test("a program that uses the pool between two calls does not wait for its only client", () =>
  withPool({ max: 1 }, async ({ pool, query }) => {
    for (let count = 0; count < 3; count++) {
      await query();
      assertEquals((await pool.query("select 2 as n")).rows, [{ n: 2 }]);
    }
  }));

Deno.test("a client goes back to the pool after 100 statements, so that the pool can replace it", () =>
  withPool({}, async ({ query, taken }) => {
    for (let count = 0; count < 250; count++) await query();
    assertEquals(taken.length, 3);
  }));

Deno.test("a pool that limits the uses of a connection counts each statement", () =>
  withPool({ maxUses: 2 } as pg.PoolConfig, async ({ query, taken }) => {
    for (let count = 0; count < 6; count++) await query();
    assertEquals(taken.length, 6);
    assertEquals(new Set(taken.map(({ processID }) => processID)).size, 3);
  }));

for (const event of ["acquire", "release"]) {
  Deno.test(`a program that listens for ${event} sees a client for each statement`, () =>
    withPool({}, async ({ pool, query }) => {
      let count = 0;
      pool.on(event as "acquire", () => count++);
      for (let call = 0; call < 5; call++) await query();
      assertEquals(count, 5);
    }));
}

Deno.test("a pool with a connect() of its own lends a client for each statement", async () => {
  class TenantPool extends pg.Pool {}
  const { connect } = pg.Pool.prototype;
  Object.assign(TenantPool.prototype, {
    connect(this: pg.Pool, ...args: []) {
      return connect.apply(this, args);
    },
  });
  await withPool({}, async ({ query, taken }) => {
    for (let call = 0; call < 5; call++) await query();
    assertEquals(taken.length, 5);
  }, TenantPool);
});

Deno.test("a pool that is being closed gets its client back, and no further statement", () =>
  withPool({}, async ({ pool, query }) => {
    await query();
    const ending = pool.end();
    await assertRejects(query, Error, "end");
    await ending;
    assertEquals(pool.totalCount, 0);
  }));

Deno.test("a client that has failed after a statement gets no further one", () =>
  withPool({}, async ({ pool, query, taken }) => {
    await query();
    taken[0]!.emit("error", new Error("lost"));
    assertEquals(await query(), [["1"]]);
    await runEventLoop();
    assertEquals([taken.length, pool.totalCount], [2, 1]);
  }));

Deno.test("a client whose socket is lost after a statement is removed from the pool", () =>
  withPool({}, async ({ pool, query, taken }) => {
    await query();
    taken[0]!.connection.stream.destroy(new Error("lost"));
    await assertRejects(query);
    assertEquals(await query(), [["1"]]);
    await runEventLoop();
    assertEquals([taken.length, pool.totalCount], [2, 1]);
  }));

/** A pool of @db/postgres that its owner uses beside this library. */
import { assertEquals, assertRejects } from "@std/assert";
import { createClient } from "../../mod.ts";
import { systemDatabaseOf } from "../../src/client/client.ts";
import { Pool, skipReason } from "../support/db_postgres.ts";
import { startTcpProxy, type TcpProxy } from "../support/tcp_proxy.ts";
import { type Caller, createCaller } from "./caller.ts";
import { until } from "../support/until.ts";
import { recover, settles, useAll } from "./faults.ts";
import { type FaultyServer, startFaultyServer } from "./server.ts";

const size = 3;

interface Fixture {
  readonly server: FaultyServer;
  readonly proxy: TcpProxy;
  readonly pool: InstanceType<typeof Pool>;
  readonly caller: Caller;
}

async function countSessions({ server }: Fixture): Promise<number> {
  const [row] = await server.query(
    "select count(*)::int as count from pg_stat_activity where usename = 'caller'",
  );
  return Number(row!.count);
}

/** Uses all clients at once, except those of its owner, and checks that there are no more of them. */
async function checkSize(fixture: Fixture, ofOwner = 0): Promise<void> {
  const { caller } = fixture;
  const own = size - ofOwner;
  await recover(caller, own);
  await useAll(fixture, caller, own);
  await Promise.all(Array.from({ length: 3 * size }, () => caller.query("select pg_sleep(0.02)")));
  await until(async () => await countSessions(fixture) <= size);
}

/** Makes a call that waits for a client, and gives it up. */
async function giveUpWaiting({ caller }: Fixture, text = "select 1"): Promise<void> {
  const giveUp = new AbortController();
  caller.query(text, giveUp.signal).catch(() => {});
  await new Promise((resolve) => setTimeout(resolve, 1));
  giveUp.abort();
}

/** Makes calls that fail, until the pool has tried to connect many times. */
async function failToConnect({ proxy, caller }: Fixture): Promise<void> {
  const enough = proxy.connections + 3 * size;
  while (proxy.connections < enough) {
    await Promise.allSettled(Array.from({ length: size }, () => caller.query("select 1")));
  }
}

const cases: Record<string, (fixture: Fixture) => Promise<void>> = {
  async "loses no client to calls that wait for those of its owner in vain"(fixture) {
    const { pool, caller } = fixture;
    const held = await Promise.all(Array.from({ length: size }, () => pool.connect()));
    for (let call = 0; call < 2 * size; call++) await giveUpWaiting(fixture);
    const late = caller.query("select 7");
    await new Promise((resolve) => setTimeout(resolve, 1));
    assertEquals([pool.size, pool.available], [size, 0]);
    for (const client of held) {
      const { rows } = await client.queryObject("select 8 as number");
      assertEquals(rows, [{ number: 8 }]);
      client.release();
    }
    assertEquals(await late, ["7"]);
    await checkSize(fixture);
  },

  async "sends nothing later that was given up while its owner had all clients"(fixture) {
    const { server, pool, caller } = fixture;
    await server.query("create table given_up (); grant all on given_up to caller");
    const held = await Promise.all(Array.from({ length: size }, () => pool.connect()));
    await giveUpWaiting(fixture, "insert into given_up default values");
    for (const client of held) client.release();
    assertEquals(await caller.query("select from given_up"), []);
    await checkSize(fixture);
  },

  async "has all clients again if its owner keeps one for itself"(fixture) {
    const { pool, proxy } = fixture;
    const own = await pool.connect();
    await checkSize(fixture, 1);
    for (let time = 0; time < 2; time++) {
      proxy.closeNew();
      proxy.cut();
      await failToConnect(fixture);
      await proxy.restore();
      await checkSize(fixture, 1);
    }
    own.release();
    await checkSize(fixture);
  },

  async "has all clients again if two clients of the library lose some"(fixture) {
    const { pool, proxy, caller } = fixture;
    const other = createCaller(createClient(pool, { prepare: false }));
    await checkSize(fixture);
    proxy.closeNew();
    for (let time = 0; time < 2 * size; time++) {
      proxy.cut();
      await Promise.allSettled([caller.query("select 1"), other.query("select 1")]);
    }
    await proxy.restore();
    await checkSize({ ...fixture, caller: other });
    await checkSize(fixture);
  },

  async "has all clients again if its first connections fail"(fixture) {
    const { proxy, caller } = fixture;
    proxy.closeNew();
    await failToConnect(fixture);
    await proxy.restore();
    // It makes its clients once, although many calls ask for one.
    await Promise.all(Array.from({ length: 10 * size }, () => caller.query("select 1")));
    await checkSize(fixture);
  },

  async "has all clients again if those of its owner fail"(fixture) {
    const { pool, proxy, caller } = fixture;
    // The library knows of what happens after its first call.
    await caller.query("select 1");
    proxy.closeNew();
    proxy.cut();
    for (let time = 0; time < size; time++) {
      await assertRejects(async () => {
        const client = await pool.connect();
        await client.queryObject("select 1").finally(() => client.release());
      });
    }
    await proxy.restore();
    await checkSize(fixture);
    const held = await Promise.all(Array.from({ length: size }, () => pool.connect()));
    proxy.cut();
    for (const client of held) {
      await assertRejects(() => client.queryObject("select 1"));
      client.release();
    }
    await checkSize(fixture);
  },

  async "gives its owner a client while it is renewed"(fixture) {
    const { pool, proxy, caller } = fixture;
    await caller.query("select 1");
    proxy.closeNew();
    await Promise.allSettled(
      Array.from({ length: size }, () => caller.query("select pg_sleep(0.05)")),
    );
    await proxy.restore();
    const calls = caller.query("select 1");
    const clients = await Promise.all(Array.from({ length: size }, async () => {
      const client = await pool.connect();
      await client.queryObject("select 1");
      client.release();
    }));
    assertEquals(clients.length, size);
    await calls;
    await checkSize(fixture);
  },

  async "has all clients again if the server never answers new ones"(fixture) {
    const { proxy, caller } = fixture;
    proxy.swallowNew();
    for (let time = 0; time < 2 * size; time++) {
      const { connections } = proxy;
      const giveUp = new AbortController();
      caller.query("select 1", giveUp.signal).catch(() => {});
      await until(() => proxy.connections > connections);
      giveUp.abort();
    }
    await proxy.restore();
    await checkSize(fixture);
  },

  async "is renewed for no call that waits for a long statement"(fixture) {
    const { server, proxy, caller } = fixture;
    await checkSize(fixture);
    let long: Promise<unknown> | undefined;
    await server.during("lock table dbos.workflow_status", async () => {
      long = caller.query("select from dbos.workflow_status limit 0");
      const blocked = `select from pg_stat_activity
        where usename = 'caller' and wait_event_type = 'Lock'`;
      await until(async () => (await server.query(blocked)).length === 1);
      const loss = proxy.loseRequest("'lost'");
      await assertRejects(() => caller.query("select 'lost'"));
      assertEquals(loss.isLost, true);
      // All of these end before the long one does.
      await Promise.all(Array.from({ length: 2 * size }, () => caller.query("select 1")));
    });
    await long;
    await checkSize(fixture);
  },
};

Deno.test({
  name: "a pool of jsr:@db/postgres",
  ignore: skipReason !== undefined,
  async fn(test) {
    await using server = await startFaultyServer();
    for (const [name, run] of Object.entries(cases)) {
      await test.step(name, async () => {
        await using proxy = await startTcpProxy(server.url);
        const pool = new Pool(proxy.url, size, true);
        const client = createClient(pool, { attemptTimeoutSeconds: 600 });
        await systemDatabaseOf(client).adapter.load();
        const fixture = { server, proxy, pool, caller: createCaller(client) };
        await settles(run(fixture)).finally(() => pool.end().catch(() => {}));
        await until(async () => await countSessions(fixture) === 0);
      });
    }
  },
});

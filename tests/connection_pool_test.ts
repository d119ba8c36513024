import { assertEquals, assertRejects } from "@std/assert";
import {
  type ConnectionPool,
  createConnectionPool,
  type OpenConnection,
} from "../src/connection/connection_pool.ts";

/** A connection of which the test decides how its statements end. */
interface FakeConnection extends OpenConnection {
  /** Answers the statement in flight. */
  answer(rows: string): void;
  /** Loses the connection. */
  lose(): void;
  isDestroyed: boolean;
}

function createFake(): FakeConnection {
  const ended = new AbortController();
  let pending: PromiseWithResolvers<unknown> | undefined;
  const fake: FakeConnection = {
    client: {
      query: () => (pending = Promise.withResolvers()).promise,
      end() {
        ended.abort();
        return Promise.resolve();
      },
      on() {},
    },
    ended: ended.signal,
    isDestroyed: false,
    destroy() {
      fake.isDestroyed = true;
      ended.abort();
    },
    answer: (rows) => pending!.resolve(rows),
    lose() {
      ended.abort();
      pending?.reject(new Error("lost"));
    },
  };
  return fake;
}

/** A pool, and the connections that it has opened. */
function createPool(max: number): { pool: ConnectionPool; opened: FakeConnection[] } {
  const opened: FakeConnection[] = [];
  const pool = createConnectionPool(() => {
    opened.push(createFake());
    return Promise.resolve(opened.at(-1)!);
  }, max);
  return { pool, opened };
}

/** Lets all promises settle that can. */
function settle(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}

/** Has timers of a second or more fire when the test says so, and only then. */
function holdTimers(): Disposable & { fire(): void } {
  const { setTimeout, clearTimeout } = globalThis;
  const { now } = performance;
  const held = new Map<unknown, { callback: () => void; ms: number }>();
  let id = -1;
  let offsetMs = 0;
  performance.now = () => now.call(performance) + offsetMs;
  globalThis.setTimeout = ((callback: () => void, ms = 0) => {
    if (ms < 1000) return setTimeout(callback, ms);
    held.set(--id, { callback, ms });
    return id;
  }) as typeof setTimeout;
  globalThis.clearTimeout = (id) => {
    if (!held.delete(id)) clearTimeout(id);
  };
  return {
    fire() {
      const timers = [...held.values()];
      held.clear();
      offsetMs += Math.max(...timers.map(({ ms }) => ms));
      timers.forEach(({ callback }) => callback());
    },
    [Symbol.dispose]() {
      Object.assign(globalThis, { setTimeout, clearTimeout });
      performance.now = now;
    },
  };
}

Deno.test("a pool opens as many connections as it needs, and no more than it may", async () => {
  const { pool, opened } = createPool(2);
  const first = pool.query("a");
  await settle();
  opened[0]!.answer("1");
  assertEquals(await first, "1");
  const calls = ["b", "c", "d"].map((text) => pool.query(text));
  await settle();
  assertEquals([opened.length, pool.totalCount], [2, 2]);
  for (const _ of calls) {
    opened.forEach((connection) => connection.answer("2"));
    await settle();
  }
  assertEquals(await Promise.all(calls), ["2", "2", "2"]);
  await pool.end(1);
  assertEquals(pool.totalCount, 0);
});

Deno.test("a lost connection of a pool makes place for another", async () => {
  const { pool, opened } = createPool(1);
  const lost = assertRejects(() => pool.query("a"), Error, "lost");
  const next = pool.query("b");
  await settle();
  opened[0]!.lose();
  await lost;
  await settle();
  opened[1]!.answer("1");
  assertEquals(await next, "1");
  // One that nobody uses is replaced as well.
  opened[1]!.lose();
  assertEquals(pool.totalCount, 0);
  const last = pool.query("c");
  await settle();
  opened[2]!.answer("2");
  assertEquals(await last, "2");
  await pool.end(1);
  assertEquals(opened.every(({ isDestroyed }) => isDestroyed), true);
});

Deno.test("a connection that is released to be destroyed makes place for another", async () => {
  const { pool, opened } = createPool(1);
  const hanging = await pool.connect();
  const next = pool.query("a");
  await settle();
  assertEquals(opened.length, 1);
  hanging.release(true);
  await settle();
  opened[1]!.answer("1");
  assertEquals([await next, opened[0]!.isDestroyed, pool.totalCount], ["1", true, 1]);
  await pool.end(1);
});

Deno.test("a connection that is lost as soon as it is open takes no place in a pool", async () => {
  const dead = createFake();
  dead.lose();
  const alive = createFake();
  const pool = createConnectionPool(
    () => Promise.resolve(dead.isDestroyed ? alive : dead),
    1,
  );
  const first = pool.query("a");
  await settle();
  assertEquals([pool.totalCount, dead.isDestroyed], [0, true]);
  dead.answer("from a dead connection");
  await first;
  const second = pool.query("b");
  await settle();
  alive.answer("1");
  assertEquals(await second, "1");
  await pool.end(1);
});

Deno.test("end() of a pool refuses what waits, and destroys what hangs", async () => {
  const { pool, opened } = createPool(1);
  const hanging = pool.query("a");
  const waiting = pool.query("b");
  await settle();
  const refused = assertRejects(() => waiting, Error, "the client was closed");
  await pool.end(0.01);
  await refused;
  assertEquals(opened[0]!.isDestroyed, true);
  await assertRejects(() => pool.query("c"), Error, "the client was closed");
  opened[0]!.answer("late");
  await hanging;
});

Deno.test("an idle connection is closed, and destroyed if its server does not answer", async () => {
  using timers = holdTimers();
  const { pool, opened } = createPool(1);
  const first = pool.query("a");
  await settle();
  opened[0]!.client.end = () => new Promise(() => {});
  opened[0]!.answer("1");
  await first;
  timers.fire();
  const next = pool.query("b");
  await settle();
  assertEquals([opened.length, opened[0]!.isDestroyed], [1, false]);
  timers.fire();
  await settle();
  assertEquals([opened.length, opened[0]!.isDestroyed, pool.totalCount], [2, true, 1]);
  opened[1]!.answer("2");
  assertEquals(await next, "2");
  await pool.end(1);
});

Deno.test("a connection that is open after end() of a pool is destroyed", async () => {
  const opening = Promise.withResolvers<OpenConnection>();
  const pool = createConnectionPool(() => opening.promise, 1);
  const refused = assertRejects(() => pool.connect(), Error, "the client was closed");
  await pool.end(1);
  const late = createFake();
  opening.resolve(late);
  await refused;
  assertEquals([late.isDestroyed, pool.totalCount], [true, 0]);
});

/** What calls of every driver must do when the network or the server fails, with real faults. */
import { assert, assertEquals } from "@std/assert";
import type { ClientOptions } from "../../mod.ts";
import { isLostSocket } from "../../src/drivers/error_codes.ts";
import { startTcpProxy, type TcpProxy } from "../support/tcp_proxy.ts";
import type { Caller } from "./caller.ts";
import { type FaultyServer, startFaultyServer } from "./server.ts";
import { until } from "../support/until.ts";

export type OpenCaller = (
  url: string,
  options: ClientOptions,
  maxConnections: number,
) => Promise<Caller & AsyncDisposable>;

/** What a driver can do. */
export interface Abilities {
  /** Whether a single connection can be closed. */
  readonly discards: boolean;
}

interface Fixture extends Abilities {
  readonly server: FaultyServer;
  readonly proxy: TcpProxy;
  open(maxConnections?: number): Promise<Caller & AsyncDisposable>;
  /** Opens a caller at another URL, which does not retry. */
  openAt(url: string): Promise<Caller & AsyncDisposable>;
}

export const patient = { retryTimeoutSeconds: 300 };
const idle = { workflowName: "echo", queueName: "idle" };

function newID(): string {
  return crypto.randomUUID();
}

async function checkEnqueued(
  { server }: Pick<Fixture, "server">,
  workflowIDs: string[],
): Promise<void> {
  const rows = await server.query(
    "select workflow_uuid from dbos.workflow_status where workflow_uuid = any($1)",
    [workflowIDs],
  );
  assertEquals(rows.map(({ workflow_uuid }) => workflow_uuid).sort(), workflowIDs.sort());
}

/** Makes calls that begin during a fault, and end it once one has failed of what is not retried. */
export async function callDuring(
  fixture: Pick<Fixture, "server">,
  callers: Caller[],
  endFault: () => Promise<unknown> | void,
  statement = "select 1",
): Promise<void> {
  const workflowIDs = callers.map(newID);
  const calls = Promise.all(
    callers.map((caller, index) => caller.enqueue({ ...idle, workflowID: workflowIDs[index]! })),
  );
  calls.catch(() => {});
  const failure = await callers[0]!.fail(statement);
  assert(failure.isRetriable, failure.description);
  await endFault();
  assertEquals(await calls, workflowIDs);
  await checkEnqueued(fixture, workflowIDs);
}

/** A caller that has one connection at least, and one that has none. */
async function openBoth(fixture: Fixture) {
  const resources = new AsyncDisposableStack();
  const used = resources.use(await fixture.open());
  const fresh = resources.use(await fixture.open());
  await Promise.all(Array.from({ length: 4 }, () => used.query("select pg_sleep(0.05)")));
  await used.enqueue({ ...idle, workflowID: newID() });
  return { callers: [used, fresh], [Symbol.asyncDispose]: () => resources.disposeAsync() };
}

/** Sends as many statements at once as the pool has connections. */
export async function useAll(
  { server }: Pick<Fixture, "server">,
  caller: Pick<Caller, "query">,
  maxConnections: number,
): Promise<void> {
  let reads: Promise<unknown[]> | undefined;
  await server.during("lock table dbos.workflow_status", async () => {
    const read = "select from dbos.workflow_status limit 0";
    reads = Promise.all(Array.from({ length: maxConnections }, () => caller.query(read)));
    reads.catch(() => {});
    const blocked = `select from pg_stat_activity
      where usename = 'caller' and wait_event_type = 'Lock'`;
    await until(async () => (await server.query(blocked)).length === maxConnections);
  });
  await reads;
}

async function isReadOnly(caller: Caller): Promise<boolean> {
  const setting = "current_setting('default_transaction_read_only')";
  return (await caller.query(`select ${setting}`))[0] === "on";
}

/** Makes calls until as many at once succeed as there are connections. */
export async function recover(
  caller: Pick<Caller, "query">,
  maxConnections: number,
): Promise<void> {
  await until(async () => {
    const calls = Array.from(
      { length: maxConnections },
      () => caller.query("select pg_sleep(0.02)"),
    );
    return (await Promise.allSettled(calls)).every(({ status }) => status === "fulfilled");
  });
}

/** The faults, by what a call must do. */
export const faults: Record<string, (fixture: Fixture) => Promise<void>> = {
  async "waits for a server that refuses connections"(fixture) {
    await using both = await openBoth(fixture);
    await fixture.proxy.refuse();
    await callDuring(fixture, both.callers, fixture.proxy.restore);
  },

  async "is retried when the host has no address yet"({ server, openAt }) {
    const url = new URL(server.url);
    url.hostname = "server.invalid";
    const caller = await openAt(url.href).catch((error: Error) => error);
    // connect() itself fails, because it reads the schema.
    if (caller instanceof Error) return assert(isLostSocket(caller), caller.message);
    const { description, isRetriable } = await caller.fail("select 1");
    await caller[Symbol.asyncDispose]();
    assert(isRetriable, description);
  },

  async "waits for a server that closes connections before it says anything"(fixture) {
    await using both = await openBoth(fixture);
    fixture.proxy.closeNew();
    fixture.proxy.cut();
    await callDuring(fixture, both.callers, async () => {
      // Each way of closing has been there for both.
      const enough = fixture.proxy.connections + 8;
      await until(() => {
        for (const caller of both.callers) caller.query("select 1").catch(() => {});
        return fixture.proxy.connections >= enough;
      });
      await fixture.proxy.restore();
    });
  },

  async "waits for a server that is full"(fixture) {
    await using both = await openBoth(fixture);
    await fixture.server.query("alter role caller connection limit 0");
    fixture.proxy.cut();
    await callDuring(fixture, both.callers, async () => {
      await fixture.server.query("alter role caller connection limit -1");
    });
  },

  async "has all connections again if the server never answers new ones"(fixture) {
    const maxConnections = 3;
    await using caller = await fixture.open(maxConnections);
    // connect() has one connection already.
    const enough = fixture.proxy.connections + maxConnections - 1;
    fixture.proxy.swallowNew();
    const giveUp = new AbortController();
    for (let count = 0; count < maxConnections; count++) {
      caller.query("select 1", giveUp.signal).catch(() => {});
    }
    await until(() => fixture.proxy.connections >= enough);
    giveUp.abort();
    await fixture.proxy.restore();
    const sessions = "select from pg_stat_activity where usename = 'caller'";
    await until(async () => {
      await recover(caller, maxConnections);
      return (await fixture.server.query(sessions)).length === maxConnections;
    });
  },

  async "waits for a server that restarts"(fixture) {
    await using both = await openBoth(fixture);
    await fixture.server.stop();
    await fixture.server.beginStart();
    await callDuring(fixture, both.callers, fixture.server.finishStart);
  },

  async "has all connections of the pool again after a restart"(fixture) {
    const maxConnections = 10;
    await using caller = await fixture.open(maxConnections);
    await useAll(fixture, caller, maxConnections);
    for (let restarts = 0; restarts < 2; restarts++) {
      await fixture.server.stop();
      // More attempts to connect than there are connections.
      const enough = fixture.proxy.connections + maxConnections + 2;
      const calls: Promise<unknown>[] = [];
      await until(() => {
        calls.push(caller.query("select 1").catch(() => {}));
        return fixture.proxy.connections >= enough;
      });
      await fixture.server.beginStart();
      await fixture.server.finishStart();
      await Promise.all(calls);
      await caller.enqueue({ ...idle, workflowID: newID() });
      // Each lost one may be noticed only when it is used.
      await recover(caller, maxConnections);
      await useAll(fixture, caller, maxConnections);
    }
  },

  async "is retried when the server terminates its connection"(fixture) {
    await using caller = await fixture.open();
    const workflowID = newID();
    let call: Promise<string> | undefined;
    await fixture.server.during("lock table dbos.workflow_status", async () => {
      call = caller.enqueue({ ...idle, workflowID });
      call.catch(() => {});
      const terminate = `select pg_terminate_backend(pid) from pg_stat_activity
        where usename = 'caller' and wait_event_type = 'Lock'`;
      await until(async () => (await fixture.server.query(terminate)).length > 0);
    });
    assertEquals(await call, workflowID);
    await checkEnqueued(fixture, [workflowID]);
    // What the statement itself gets to know.
    const { description, isRetriable } = await caller.fail(
      "select pg_terminate_backend(pg_backend_pid())",
    );
    assert(isRetriable, description);
  },

  async "is retried when the connection is lost before the statement arrives"(fixture) {
    await using caller = await fixture.open();
    const workflowID = newID();
    const loss = fixture.proxy.loseRequest(workflowID);
    assertEquals(await caller.enqueue({ ...idle, workflowID }), workflowID);
    assert(loss.isLost);
    await checkEnqueued(fixture, [workflowID]);
  },

  async "is retried when the connection is lost before the answer, or in the middle of it"(
    fixture,
  ) {
    await using caller = await fixture.open(1);
    for (const messages of [undefined, 0, 1, 2, 3, 4]) {
      // The first time with a connection of no statement, then with one that has prepared it.
      for (let time = 0; time < 3; time++) {
        const workflowID = newID();
        const loss = messages === undefined
          ? fixture.proxy.loseAnswerTo(workflowID)
          : fixture.proxy.cutAnswerTo(workflowID, messages);
        const workflowIDReusePolicy = "reject";
        assertEquals(
          await caller.enqueue({ ...idle, workflowID, workflowIDReusePolicy }),
          workflowID,
          `${messages} messages, time ${time}`,
        );
        assert(loss.isLost);
        await checkEnqueued(fixture, [workflowID]);
      }
    }
  },

  async "is retried when the server ends its session by a timeout"(fixture) {
    await using caller = await fixture.open();
    await fixture.server.query("alter role caller set transaction_timeout = 100");
    fixture.proxy.cut();
    await recover(caller, 1);
    const { description, isRetriable } = await caller.fail("select pg_sleep(60)");
    assert(isRetriable, description);
    await fixture.server.query("alter role caller reset transaction_timeout");
    await fixture.server.query("alter role caller set idle_session_timeout = 50");
    fixture.proxy.cut();
    const sessions = "select from pg_stat_activity where usename = 'caller'";
    for (let time = 0; time < 10; time++) {
      await caller.enqueue({ ...idle, workflowID: newID() });
      await until(async () => (await fixture.server.query(sessions)).length === 0);
    }
    await fixture.server.query("alter role caller reset idle_session_timeout");
  },

  async "is retried when the server has ended a session before the client reads that it has begun"(
    fixture,
  ) {
    await using caller = await fixture.open();
    await fixture.server.query("alter role caller set idle_session_timeout = 50");
    const countHeld = fixture.proxy.holdNew();
    fixture.proxy.cut();
    const workflowID = newID();
    const call = caller.enqueue({ ...idle, workflowID });
    await until(() => countHeld() > 0);
    await fixture.server.query("alter role caller reset idle_session_timeout");
    await fixture.proxy.restore();
    assertEquals(await call, workflowID);
    await checkEnqueued(fixture, [workflowID]);
  },

  async "gets a new connection when its idle ones were lost"(fixture) {
    await using both = await openBoth(fixture);
    for (
      const lose of [
        fixture.proxy.cut,
        () =>
          fixture.server.query(
            "select pg_terminate_backend(pid) from pg_stat_activity where usename = 'caller'",
          ),
      ]
    ) {
      await lose();
      const workflowIDs = Array.from({ length: 20 }, newID);
      assertEquals(
        await Promise.all(
          workflowIDs.map((workflowID) => both.callers[0]!.enqueue({ ...idle, workflowID })),
        ),
        workflowIDs,
      );
      await checkEnqueued(fixture, workflowIDs);
    }
  },

  async "succeeds beside a connection that is half open"(fixture) {
    const maxConnections = 10;
    await using caller = await fixture.open(maxConnections);
    await useAll(fixture, caller, maxConnections);
    const times = fixture.discards ? maxConnections + 2 : 2;
    for (let hanging = 1; hanging <= times; hanging++) {
      const marker = newID();
      const loss = fixture.proxy.swallow(marker);
      const giveUp = new AbortController();
      caller.query(`select '${marker}'`, giveUp.signal).catch(() => {});
      await until(() => loss.isLost);
      giveUp.abort(new Error("No answer in time"));
      // More than the other connections can take at once.
      for (let round = 0; round < 3; round++) {
        const numbers = Array.from({ length: 3 * maxConnections }, (_, number) => `${number}`);
        const answers = await Promise.all(
          numbers.map((number) => caller.query(`select ${number}`)),
        );
        assertEquals(answers.flat(), numbers);
      }
      const workflowID = newID();
      assertEquals(await caller.enqueue({ ...idle, workflowID }), workflowID);
    }
    if (fixture.discards) await useAll(fixture, caller, maxConnections);
  },

  async "does not send later what was given up while it waited for a connection"(fixture) {
    if (!fixture.discards) return;
    await using caller = await fixture.open(1);
    const table = `given_up_${crypto.randomUUID().replaceAll("-", "_")}`;
    await fixture.server.query(`create table ${table} (); grant all on ${table} to caller`);
    const giveUp = new AbortController();
    let calls: Promise<unknown>[] = [];
    await fixture.server.during("lock table dbos.workflow_status", async () => {
      calls = [
        caller.query("select from dbos.workflow_status limit 0"),
        caller.query(`insert into ${table} default values`, giveUp.signal).catch(() => {}),
      ];
      const blocked = `select from pg_stat_activity
        where usename = 'caller' and wait_event_type = 'Lock'`;
      await until(async () => (await fixture.server.query(blocked)).length > 0);
      giveUp.abort(new Error("No answer in time"));
    });
    await Promise.all(calls);
    assertEquals(await caller.query(`select from ${table}`), []);
  },

  async "leaves connections that survive a failover"(fixture) {
    await using primary = await startFaultyServer();
    await using caller = await fixture.open();
    await useAll(fixture, caller, 3);
    await fixture.server.query("alter system set default_transaction_read_only = on");
    await fixture.server.query("select pg_reload_conf()");
    await until(() => isReadOnly(caller));
    fixture.proxy.leadTo(primary.url);
    const workflowID = newID();
    assertEquals(await caller.enqueue({ ...idle, workflowID }), workflowID);
    await checkEnqueued({ ...fixture, server: primary }, [workflowID]);
    await fixture.server.query("alter system reset default_transaction_read_only");
    await fixture.server.query("select pg_reload_conf()");
  },

  async "waits for a server that is read-only"(fixture) {
    await using both = await openBoth(fixture);
    const write = "update dbos.workflow_status set status = status where false";
    const setReadOnly = async (value: "on" | "off") => {
      await fixture.server.query(`alter system set default_transaction_read_only = ${value}`);
      await fixture.server.query("select pg_reload_conf()");
      for (const caller of both.callers) {
        await until(async () => await isReadOnly(caller) === (value === "on"));
      }
    };
    await setReadOnly("on");
    await callDuring(fixture, both.callers, () => setReadOnly("off"), write);
  },
};

/** Fails if a promise does not settle, as a call that waits for a lost connection does not. */
export async function settles(promise: Promise<void>): Promise<void> {
  const { promise: timeout, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error("A call is still pending")), 600_000);
  await Promise.race([promise, timeout]).finally(() => clearTimeout(timer));
}

/** Tests a driver that can reconnect. */
export async function testFaults(
  open: OpenCaller,
  { discards }: Abilities,
  test: Deno.TestContext,
): Promise<void> {
  await using server = await startFaultyServer();
  for (const [name, run] of Object.entries(faults)) {
    // The server may be left in any state by one that failed.
    const hasPassed = await test.step(`a call ${name}`, async () => {
      await using proxy = await startTcpProxy(server.url);
      const fixture = {
        server,
        proxy,
        discards,
        open: (maxConnections = 10) => open(proxy.url, patient, maxConnections),
        openAt: (url: string) => open(url, { retryTimeoutSeconds: 0 }, 1),
      };
      await settles(run(fixture));
    });
    if (!hasPassed) return;
  }
}

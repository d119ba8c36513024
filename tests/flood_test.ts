/** Any role of a server can send notifications, as many as it likes. */
import { assert, assertEquals } from "@std/assert";
import pg from "pg";
import { createClient, getEvent } from "../mod.ts";
import type { SystemDatabase } from "../src/database/system_database.ts";
import type { Executor } from "../src/drivers/adapter.ts";
import type { NotificationListener } from "../src/drivers/driver.ts";
import { type Poller, pollerOf } from "../src/polling/poller.ts";
import type { PollRow } from "../src/polling/poll_query.ts";
import type { Wait } from "../src/polling/wait.ts";
import { createTestDatabase } from "./support/database.ts";
import { migrate } from "./support/migrate.ts";
import { until } from "./support/until.ts";

const hourMs = 3_600_000;

/** A pool that counts polls for events. */
function openCountingPool(url: string): { pool: pg.Pool; countPolls(): number } {
  let polls = 0;
  class CountingClient extends pg.Client {
    query(...args: [{ name?: string }, ...unknown[]]): unknown {
      if (/^dbos_find_events?_(?!changes)/.test(args[0]?.name ?? "")) polls++;
      return super.query(...args);
    }
  }
  const pool = new pg.Pool({ connectionString: url, Client: CountingClient } as pg.PoolConfig);
  pool.on("error", () => {});
  return { pool, countPolls: () => polls };
}

Deno.test("a flood of notifications costs few polls", async () => {
  await using resources = new AsyncDisposableStack();
  const { url } = resources.use(await createTestDatabase());
  const { pool, countPolls } = openCountingPool(url);
  resources.defer(() => pool.end());
  const direct = new pg.Client({ connectionString: url });
  await direct.connect();
  resources.defer(() => direct.end());
  await migrate(direct);

  await using client = createClient(pool, { listen: true, pollingIntervalMs: hourMs });
  const workflowIDs = Array.from({ length: 1000 }, (_, index) => `workflow-${index}`);
  const events = workflowIDs.map((id) =>
    getEvent(client, id, "a::key", { timeoutSeconds: hourMs })
  );
  const settled = Promise.allSettled(events);
  const notify = (from: number, count: number, payload: string) =>
    direct.query(
      `select pg_notify(channel, ${payload})
      from generate_series(${from}, ${from + count - 1}) as number,
        unnest('{dbos_workflow_events_channel,dbos_streams_channel}'::text[]) as channel`,
    );
  const setEvent = async (index: number) => {
    const workflowID = workflowIDs[index];
    await direct.query(
      `with workflow as (
        insert into dbos.workflow_status (workflow_uuid, status) values ('${workflowID}', 'PENDING')
      )
      insert into dbos.workflow_events (workflow_uuid, key, value, serialization)
      values ('${workflowID}', 'a::key', '7', 'portable_json')`,
    );
    await notify(index, 1, "'workflow-' || number || '::a::key'");
    assertEquals(await events[index], 7);
  };
  const realNow = performance.now;
  try {
    await until(() => isListening(direct));
    // After an hour of waiting, the time between two polls is minutes.
    performance.now = () => realNow.call(performance) + hourMs;
    await setEvent(999);

    let polls = countPolls();
    await notify(1, 100_000, "'nobody-' || number || '::a::key'");
    await setEvent(998);
    // One for the event, and one for what may have been missed before the client listened.
    assert(countPolls() - polls <= 2, `${countPolls() - polls} polls`);

    polls = countPolls();
    const startedAt = performance.now();
    for (let index = 0; index < 900; index++) {
      await notify(index, 1, "'workflow-' || number || '::a::key'");
    }
    await setEvent(997);
    const elapsedMs = performance.now() - startedAt;
    const sent = countPolls() - polls;
    assert(sent <= 2 + elapsedMs / 20, `${sent} polls in ${elapsedMs} ms`);
  } finally {
    performance.now = realNow;
    await client.close();
    await settled;
  }
});

async function isListening(connection: pg.Client): Promise<boolean> {
  const { rowCount } = await connection.query(
    `select from pg_stat_activity where datname = current_database() and state = 'idle'
      and query ilike 'listen %dbos_streams_channel%'`,
  );
  return rowCount! > 0;
}

/** A wait that counts how often it is visited, to see when to poll for it. */
class CountedWait implements Wait<PollRow> {
  static visits = 0;
  #nextPollAt = performance.now();
  readonly targets;
  readonly startedAt;
  readonly deadline = Infinity;
  readonly maxIntervalMs = hourMs;
  polledAt = -Infinity;
  notificationCount = 0;
  poll: Wait<PollRow>["poll"];
  queuePosition = -1;
  isAnswered = false;
  lastError: unknown;
  constructor(name: string, ageMs: number) {
    this.targets = [{ item: name, notification: name }];
    this.startedAt = performance.now() - ageMs;
  }
  get nextPollAt(): number {
    CountedWait.visits++;
    return this.#nextPollAt;
  }
  set nextPollAt(at: number) {
    this.#nextPollAt = at;
  }
  startTimer(): void {}
  settle(): void {}
  fail(): void {}
}

interface CountedPoller extends Disposable {
  poller: Poller<PollRow>;
  listener: NotificationListener;
  /** The number of targets of each poll. */
  polls: number[];
  /** Waits until there have been so many polls, and their answers have been processed. */
  untilPolls(count: number): Promise<void>;
  /** Waits until all have been polled for, and once more since the client listens. */
  untilIdle(): Promise<void>;
}

/** A poller of a client that listens. Its polls find nothing. */
async function openPoller(waits: readonly CountedWait[]): Promise<CountedPoller> {
  const closing = new AbortController();
  const listening = Promise.withResolvers<NotificationListener>();
  let tested: NotificationListener | undefined;
  const executor: Executor = {
    query: () => Promise.resolve([]),
    queryInOneMessage: () => Promise.resolve([]),
    isLostConnection: () => false,
    listen(_channels, listener) {
      if (tested) listening.resolve(listener);
      tested = listener;
      return Promise.resolve(() => Promise.resolve());
    },
  };
  const database = {
    settings: { schema: "dbos", listen: true, attemptTimeoutSeconds: 5 },
    adapter: { load: () => Promise.resolve(executor) },
    send: () => {
      tested?.onNotify("", "");
      return Promise.resolve([]);
    },
    closed: closing.signal,
  } as unknown as SystemDatabase;
  const polls: number[] = [];
  let onPoll = () => {};
  const poller = pollerOf<PollRow>(database, {
    name: "nothing",
    findsCompletions: false,
    run(_database, items) {
      polls.push(items.length);
      onPoll();
      return Promise.resolve([]);
    },
  });
  for (const wait of waits) poller.add(wait);
  return {
    poller,
    listener: await listening.promise,
    polls,
    async untilPolls(count) {
      while (polls.length < count) await new Promise<void>((resolve) => onPoll = resolve);
      // The answer is processed in the same turn.
      await new Promise((resolve) => setTimeout(resolve, 0));
    },
    async untilIdle() {
      const countTargets = () => polls.reduce((sum, targets) => sum + targets, 0);
      const isDue = ({ nextPollAt }: CountedWait) => nextPollAt < performance.now() + 1000;
      // The first poll is sent before the client listens.
      while (countTargets() <= waits.length || waits.some(isDue)) {
        await new Promise((resolve) => setTimeout(resolve, 0));
      }
      CountedWait.visits = 0;
      polls.length = 0;
    },
    [Symbol.dispose]() {
      closing.abort();
      for (const wait of waits) poller.remove(wait);
    },
  };
}

function createWaits(count: number): CountedWait[] {
  return Array.from({ length: count }, (_, index) => new CountedWait(`id-${index}::key`, hourMs));
}

Deno.test("a flood of notifications visits only the waits that it is about", async () => {
  const waits = createWaits(100_000);
  using opened = await openPoller(waits);
  const { listener, polls, untilIdle, untilPolls } = opened;
  await untilIdle();
  for (let round = 0; round < 1000; round++) {
    for (let index = 0; index < 100; index++) {
      listener.onNotify("dbos_streams_channel", `id-${1000 * index}::key`);
      listener.onNotify("dbos_streams_channel", `nobody-${index}::key`);
    }
  }
  await untilPolls(1);
  assertEquals(polls, [100]);
  assert(CountedWait.visits < 10_000, `${CountedWait.visits} visits`);
});

Deno.test("polls for a new wait do not visit 100,000 others", async () => {
  const waits = createWaits(100_000);
  using opened = await openPoller(waits);
  const { poller, polls, untilIdle, untilPolls } = opened;
  await untilIdle();
  const wait = new CountedWait("new", 0);
  poller.add(wait);
  await untilPolls(4);
  poller.remove(wait);
  assertEquals(polls.slice(0, 4), [1, 1, 1, 1]);
  assert(CountedWait.visits < 1000, `${CountedWait.visits} visits`);
});

Deno.test("a server that accepts connections only to lose them causes few polls", async () => {
  using opened = await openPoller(createWaits(10));
  const { listener, polls, untilPolls } = opened;
  await untilPolls(2);
  const startedAt = performance.now();
  for (let count = 0; polls.length < 4; count++) {
    listener.onReconnect();
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  const elapsedMs = performance.now() - startedAt;
  // One a second, whatever the number of reconnects.
  assert(polls.length <= 2 + 1 + elapsedMs / 999, `${polls.length} polls in ${elapsedMs} ms`);
});

/** Serves all of a client that wait for things of one kind with one statement a tick. */

import type { Statement } from "../../sql/statement.ts";
import type { SystemDatabase } from "./system_database.ts";

/** A statement that looks for things of one kind: those of a list, as JSON, that are there. */
export type PollStatement<Found> = Statement<{ targets: string; max_rows: number }, Found>;

/** A row of such a statement: at least where in the list it was. */
export interface PollRow {
  readonly position: number;
}

/** One thing that is waited for. */
export interface WaitTarget {
  /** An item, as JSON, of the list that the statement takes. */
  readonly item: string;
  /** The payload of the notification that it may have come, where DBOS sends one. */
  readonly notification?: string;
}

/** A wait under way. */
export interface Wait<Found> {
  targets: readonly WaitTarget[];
  startedAt: number;
  deadline: number;
  readonly maxIntervalMs: number;
  nextPollAt: number;
  settle(found: Found[] | undefined): void;
  fail(error: unknown): void;
}

interface PollResult<Found> {
  readonly found: Map<Wait<Found>, Found[]>;
  /** Whether there may be more to find. */
  readonly isTruncated: boolean;
  /** How long to leave the server alone after it, in milliseconds. */
  readonly idleMs: number;
}

const minIntervalMs = 20;
// PollRow something a thirty-second of its age late is soon enough, and costs few looks.
const pollsPerAge = 32;
// Bounds what one look can bring into memory.
const maxRows = 1000;
// An item costs the server a few microseconds: so much rest leaves it idle most of the time, as far as
// things of one kind go.
const itemsPerIdleMs = 50;

/** How long after a look the next one is due. */
export function intervalMs(wait: Wait<never>, now: number): number {
  const growing = Math.max((now - wait.startedAt) / pollsPerAge, minIntervalMs);
  return Math.min(growing, wait.maxIntervalMs);
}

/** Adds to the list that a map has for a key. */
function append<Key, Value>(map: Map<Key, Value[]>, key: Key, value: Value): void {
  const list = map.get(key);
  if (list) list.push(value);
  else map.set(key, [value]);
}

/** Looks for what the waits that it was given wait for. */
export interface Poller<Found> {
  add(wait: Wait<Found>): void;
  remove(wait: Wait<Found>): void;
}

function createPoller<Found extends PollRow>(
  database: SystemDatabase,
  statement: PollStatement<Found>,
): Poller<Found> {
  const waits = new Set<Wait<Found>>();
  let isPolling = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let timerAt = Infinity;
  let isSubscribed = false;

  function pollNow(notification?: string): void {
    const now = performance.now();
    for (const wait of waits) {
      const isMeant = notification === undefined ||
        wait.targets.some((targets) => targets.notification === notification);
      if (!isMeant) continue;
      wait.nextPollAt = now;
      schedule(now);
    }
  }

  // From the first wait on for something that DBOS notifies of.
  function subscribe(): void {
    isSubscribed = true;
    database.subscribe({ onNotify: pollNow, onReconnect: pollNow });
  }

  async function queryFor(due: readonly Wait<Found>[]): Promise<PollResult<Found>> {
    // Who waits for what: the same thing is looked for once.
    const waitsFor = new Map<string, Wait<Found>[]>();
    for (const wait of due) {
      for (const { item } of wait.targets) {
        append(waitsFor, item, wait);
      }
    }
    const rows = await database.run(statement, {
      targets: `[${[...waitsFor.keys()].join()}]`,
      max_rows: maxRows,
    });

    const waiting = [...waitsFor.values()];
    const found = new Map<Wait<Found>, Found[]>();
    for (const row of rows) {
      for (const wait of waiting[row.position]!) append(found, wait, row);
    }
    const idleMs = waiting.length / itemsPerIdleMs;
    return { found, isTruncated: rows.length === maxRows, idleMs };
  }

  async function poll(due: readonly Wait<Found>[]): Promise<void> {
    const polledAt = performance.now();
    // Unless it is set meanwhile, by a hint that this look may have come too early for.
    for (const wait of due) wait.nextPollAt = Infinity;
    const { found, isTruncated, idleMs } = await queryFor(due);
    const now = performance.now();
    for (const wait of due) {
      const rows = found.get(wait);
      const isOver = !rows && !isTruncated && wait.deadline <= polledAt;
      const pauseMs = isTruncated ? 0 : Math.max(intervalMs(wait, now), idleMs);
      wait.nextPollAt = Math.min(wait.nextPollAt, now + pauseMs, Math.max(wait.deadline, now));
      if (rows || isOver) wait.settle(rows);
    }
  }

  async function tick(): Promise<void> {
    timerAt = Infinity;
    const now = performance.now();
    // A wait that is due soon comes along, which is one look less.
    const due = [...waits].filter((wait) => wait.nextPollAt - now < intervalMs(wait, now) / 2);
    isPolling = true;
    try {
      if (due.length > 0) await poll(due);
    } catch (error) {
      due.forEach((wait) => wait.fail(error));
    } finally {
      isPolling = false;
      let nextPollAt = Infinity;
      for (const wait of waits) nextPollAt = Math.min(nextPollAt, wait.nextPollAt);
      schedule(nextPollAt);
    }
  }

  function schedule(at: number): void {
    if (isPolling || at >= timerAt) return;
    clearTimeout(timer);
    timerAt = at;
    const delayMs = at - performance.now();
    // Waits of the same turn share their first look.
    if (delayMs <= 0) queueMicrotask(() => !isPolling && tick());
    // Timers count whole milliseconds: a look before its time would be followed by another.
    else timer = setTimeout(tick, Math.ceil(delayMs));
  }

  database.closed.addEventListener("abort", () => {
    waits.forEach((wait) => wait.fail(database.closed.reason));
  });

  return {
    add(wait) {
      waits.add(wait);
      schedule(wait.nextPollAt);
      if (!isSubscribed && wait.targets.some(({ notification }) => notification)) subscribe();
    },
    remove(wait) {
      waits.delete(wait);
      if (waits.size > 0) return;
      clearTimeout(timer);
      timerAt = Infinity;
    },
  };
}

const pollers = new WeakMap<SystemDatabase, Map<string, Poller<never>>>();

/** The poller of a client that looks with a statement. */
export function pollerOf<Found extends PollRow>(
  database: SystemDatabase,
  statement: PollStatement<Found>,
): Poller<Found> {
  let ofDatabase = pollers.get(database);
  if (!ofDatabase) pollers.set(database, ofDatabase = new Map());
  let poller = ofDatabase.get(statement.name) as Poller<Found> | undefined;
  if (!poller) ofDatabase.set(statement.name, poller = createPoller(database, statement));
  return poller;
}

/** Runs one polling query for all waits of one kind. */

import type { Statement } from "../../sql/statement.ts";
import type { SystemDatabase } from "../database/system_database.ts";
import { joinLists } from "../database/text_lists.ts";
import { subscribe } from "./notifications.ts";

/** A row of a polling query: at least the position of its target in the list. */
export interface PollRow {
  readonly position: number;
}

/** Finds those targets of a list that are there. */
export interface PollQuery<Row> {
  readonly name: string;
  /** Returns rows of the targets that are there, at most `maxRows`. */
  run(database: SystemDatabase, items: readonly string[], maxRows: number): Promise<Row[]>;
}

/** A polling query whose targets are texts, such as workflow IDs. */
export function pollTexts<Row>(
  statement: Statement<{ targets: string; separator: string; max_rows: number }, Row>,
): PollQuery<Row> {
  return {
    name: statement.name,
    run: (database, targets, maxRows) =>
      database.run(statement, { ...joinLists({ targets }), max_rows: maxRows }),
  };
}

/** A polling query whose targets are JSON objects. */
export function pollObjects<Row>(
  statement: Statement<{ targets: string; max_rows: number }, Row>,
): PollQuery<Row> {
  return {
    name: statement.name,
    run: (database, targets, maxRows) =>
      database.run(statement, { targets: `[${targets.join()}]`, max_rows: maxRows }),
  };
}

/** Something to wait for. */
export interface WaitTarget {
  /** An item of the list that the polling query takes. */
  readonly item: string;
  /** The payload of the notification that DBOS sends about it, if it does. */
  readonly notification?: string;
}

/** A wait that is in progress. Times are those of performance.now(). */
export interface Wait<Row> {
  targets: readonly WaitTarget[];
  startedAt: number;
  deadline: number;
  readonly maxIntervalMs: number;
  nextPollAt: number;
  settle(rows: Row[] | undefined): void;
  fail(error: unknown): void;
}

interface PollResult<Row> {
  readonly rowsOf: Map<Wait<Row>, Row[]>;
  /** Whether there may be more rows. */
  readonly isTruncated: boolean;
  /** How long to leave the server alone after the poll, in milliseconds. */
  readonly idleMs: number;
}

const minIntervalMs = 20;
// A wait that is found late by a thirty-second of its age is found soon enough, and costs few polls.
const pollsPerAge = 32;
// Bounds the memory that one poll takes.
const maxRows = 1000;
// A target costs the server a few microseconds. With this much idle time, polls of one kind take only
// a small part of its time.
const targetsPerIdleMs = 50;

/** How long to wait between two polls. */
export function intervalMs(wait: Wait<never>, now: number): number {
  const growingMs = Math.max((now - wait.startedAt) / pollsPerAge, minIntervalMs);
  return Math.min(growingMs, wait.maxIntervalMs);
}

/** Adds to the list that a map has for a key. */
function append<Key, Value>(map: Map<Key, Value[]>, key: Key, value: Value): void {
  const list = map.get(key);
  if (list) list.push(value);
  else map.set(key, [value]);
}

/** Polls for the waits that it is given. */
export interface Poller<Row> {
  add(wait: Wait<Row>): void;
  remove(wait: Wait<Row>): void;
}

function createPoller<Row extends PollRow>(
  database: SystemDatabase,
  pollQuery: PollQuery<Row>,
): Poller<Row> {
  const waits = new Set<Wait<Row>>();
  let isPolling = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let timerAt = Infinity;
  let isSubscribed = false;

  /** Polls at once for the waits that a notification is about, or for all. */
  function pollNow(notification?: string): void {
    const now = performance.now();
    for (const wait of waits) {
      const isMeant = notification === undefined ||
        wait.targets.some((target) => target.notification === notification);
      if (!isMeant) continue;
      wait.nextPollAt = now;
      schedule(now);
    }
  }

  async function query(due: readonly Wait<Row>[]): Promise<PollResult<Row>> {
    // Several waits may have the same target, which is queried once.
    const waitsFor = new Map<string, Wait<Row>[]>();
    for (const wait of due) {
      for (const { item } of wait.targets) append(waitsFor, item, wait);
    }
    const rows = await pollQuery.run(database, [...waitsFor.keys()], maxRows);

    const waitsAt = [...waitsFor.values()];
    const rowsOf = new Map<Wait<Row>, Row[]>();
    for (const row of rows) {
      for (const wait of waitsAt[row.position]!) append(rowsOf, wait, row);
    }
    return {
      rowsOf,
      isTruncated: rows.length === maxRows,
      idleMs: waitsAt.length / targetsPerIdleMs,
    };
  }

  async function poll(due: readonly Wait<Row>[]): Promise<void> {
    const polledAt = performance.now();
    // A notification may set it meanwhile, about something that this poll does not see.
    for (const wait of due) wait.nextPollAt = Infinity;
    const { rowsOf, isTruncated, idleMs } = await query(due);
    const now = performance.now();
    for (const wait of due) {
      const rows = rowsOf.get(wait);
      const isOver = !rows && !isTruncated && wait.deadline <= polledAt;
      const delayMs = isTruncated ? 0 : Math.max(intervalMs(wait, now), idleMs);
      wait.nextPollAt = Math.min(wait.nextPollAt, now + delayMs, Math.max(wait.deadline, now));
      if (rows || isOver) wait.settle(rows);
    }
  }

  async function tick(): Promise<void> {
    timerAt = Infinity;
    const now = performance.now();
    // Waits that are due soon are polled as well, which saves a poll.
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
    // Waits that begin in the same turn share their first poll.
    if (delayMs <= 0) queueMicrotask(() => !isPolling && tick());
    // Timers count whole milliseconds. A poll that is too early would be followed by another one.
    else timer = setTimeout(tick, Math.ceil(delayMs));
  }

  database.closed.addEventListener("abort", () => {
    waits.forEach((wait) => wait.fail(database.closed.reason));
  });

  return {
    add(wait) {
      waits.add(wait);
      schedule(wait.nextPollAt);
      if (isSubscribed || !wait.targets.some(({ notification }) => notification)) return;
      isSubscribed = true;
      subscribe(database, { onNotify: pollNow, onReconnect: pollNow });
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

/** The poller of a client that runs a query. */
export function pollerOf<Row extends PollRow>(
  database: SystemDatabase,
  pollQuery: PollQuery<Row>,
): Poller<Row> {
  let ofDatabase = pollers.get(database);
  if (!ofDatabase) pollers.set(database, ofDatabase = new Map());
  let poller = ofDatabase.get(pollQuery.name) as Poller<Row> | undefined;
  if (!poller) ofDatabase.set(pollQuery.name, poller = createPoller(database, pollQuery));
  return poller;
}

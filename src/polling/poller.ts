/** Runs one polling query for all waits of one kind. */

import type { Statement } from "../../sql/statement.ts";
import type { RunOptions, SystemDatabase } from "../database/system_database.ts";
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
  run(
    database: SystemDatabase,
    items: readonly string[],
    maxRows: number,
    options: RunOptions,
  ): Promise<Row[]>;
}

/** A polling query whose targets are texts, such as workflow IDs. */
export function pollTexts<Row>(
  statement: Statement<{ targets: string; separator: string; max_rows: number }, Row>,
): PollQuery<Row> {
  return {
    name: statement.name,
    run: (database, targets, maxRows, options) =>
      database.run(statement, { ...joinLists({ targets }), max_rows: maxRows }, options),
  };
}

/** A polling query whose targets are JSON objects. */
export function pollObjects<Row>(
  statement: Statement<{ targets: string; max_rows: number }, Row>,
): PollQuery<Row> {
  return {
    name: statement.name,
    run: (database, targets, maxRows, options) =>
      database.run(statement, { targets: `[${targets.join()}]`, max_rows: maxRows }, options),
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
  polledAt: number;
  nextPollAt: number;
  /** Whether a poll for it has been answered. */
  isAnswered: boolean;
  /** The error of the last attempt to poll for it. */
  lastError: unknown;
  settle(rows: Row[] | undefined): void;
  fail(error: unknown): void;
}

/** A poll that is in flight. */
interface Poll<Row> {
  /** Those of its waits that have not ended. */
  readonly waits: Set<Wait<Row>>;
  readonly startedAt: number;
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
// A poll that takes longer holds up no other wait; nor does one that takes a fifth of an attempt.
const maxHoldUpMs = 1000;

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

function addTo<Key, Value>(map: Map<Key, Set<Value>>, key: Key, value: Value): void {
  const set = map.get(key);
  if (set) set.add(value);
  else map.set(key, new Set([value]));
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
  const waitsByNotification = new Map<string, Set<Wait<Row>>>();
  // The polls in flight that a wait still waits for.
  const polls = new Set<Poll<Row>>();
  const pollOf = new Map<Wait<Row>, Poll<Row>>();
  const holdUpMs = Math.min(maxHoldUpMs, database.settings.attemptTimeoutSeconds * 200);
  let timer: ReturnType<typeof setTimeout> | undefined;
  let timerAt = Infinity;
  let isSubscribed = false;

  /** Polls for the waits that a notification is about, or for all. */
  function onNotify(notification?: string): void {
    const now = performance.now();
    const notified = notification === undefined ? waits : waitsByNotification.get(notification);
    for (const wait of notified ?? []) {
      // Not sooner, so that a flood of notifications costs few polls.
      wait.nextPollAt = Math.min(wait.nextPollAt, Math.max(now, wait.polledAt + minIntervalMs));
      if (!pollOf.has(wait)) schedule(wait.nextPollAt);
    }
  }

  async function query({ waits }: Poll<Row>): Promise<PollResult<Row>> {
    const due = [...waits];
    // Several waits may have the same target, which is queried once.
    const waitsFor = new Map<string, Wait<Row>[]>();
    for (const wait of due) {
      for (const { item } of wait.targets) append(waitsFor, item, wait);
    }
    const onRetry = (error: unknown) => {
      for (const wait of due) wait.lastError = error;
    };
    const targets = [...waitsFor.keys()];
    const isNeeded = () => waits.size > 0;
    const rows = await pollQuery.run(database, targets, maxRows, { onRetry, isNeeded });

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

  async function run(poll: Poll<Row>): Promise<void> {
    const { waits, startedAt } = poll;
    for (const wait of waits) {
      wait.polledAt = startedAt;
      // A notification may set it meanwhile, about something that this poll does not see.
      wait.nextPollAt = Infinity;
    }
    const { rowsOf, isTruncated, idleMs } = await query(poll);
    const now = performance.now();
    // Those that have ended meanwhile are no longer among them.
    for (const wait of [...waits]) {
      const rows = rowsOf.get(wait);
      const isOver = !rows && !isTruncated && wait.deadline <= startedAt;
      const delayMs = isTruncated ? 0 : Math.max(intervalMs(wait, now), idleMs);
      wait.nextPollAt = Math.min(wait.nextPollAt, now + delayMs, Math.max(wait.deadline, now));
      wait.isAnswered ||= !isTruncated;
      if (rows || isOver) wait.settle(rows);
    }
  }

  async function tick(): Promise<void> {
    timerAt = Infinity;
    const now = performance.now();
    // Waits that are due soon are polled as well, which saves a poll.
    const due = [...waits].filter((wait) =>
      !pollOf.has(wait) && wait.nextPollAt - now < intervalMs(wait, now) / 2
    );
    if (due.length > 0) {
      const poll = { waits: new Set(due), startedAt: now };
      polls.add(poll);
      for (const wait of due) pollOf.set(wait, poll);
      scheduleNext();
      try {
        await run(poll);
      } catch (error) {
        poll.waits.forEach((wait) => wait.fail(error));
      }
      polls.delete(poll);
      for (const wait of poll.waits) pollOf.delete(wait);
    }
    scheduleNext();
  }

  function scheduleNext(): void {
    let nextPollAt = Infinity;
    for (const wait of waits) {
      if (!pollOf.has(wait)) nextPollAt = Math.min(nextPollAt, wait.nextPollAt);
    }
    schedule(nextPollAt);
  }

  function schedule(nextPollAt: number): void {
    let at = nextPollAt;
    for (const { startedAt } of polls) at = Math.max(at, startedAt + holdUpMs);
    if (at >= timerAt) return;
    clearTimeout(timer);
    timerAt = at;
    const delayMs = at - performance.now();
    // Waits that begin in the same turn share their first poll.
    if (delayMs <= 0) queueMicrotask(tick);
    // Timers count whole milliseconds. A poll that is too early would be followed by another one.
    else timer = setTimeout(tick, Math.ceil(delayMs));
  }

  /** A poll that nobody waits for any more is not retried, and holds up no other one. */
  function abandonPoll(wait: Wait<Row>): void {
    const poll = pollOf.get(wait);
    pollOf.delete(wait);
    poll?.waits.delete(wait);
    if (poll?.waits.size === 0) polls.delete(poll);
  }

  database.closed.addEventListener("abort", () => {
    waits.forEach((wait) => wait.fail(database.closed.reason));
  });

  return {
    add(wait) {
      waits.add(wait);
      schedule(wait.nextPollAt);
      for (const { notification } of wait.targets) {
        if (notification === undefined) continue;
        addTo(waitsByNotification, notification, wait);
        if (isSubscribed) continue;
        isSubscribed = true;
        subscribe(database, { onNotify, onReconnect: onNotify });
      }
    },
    remove(wait) {
      waits.delete(wait);
      abandonPoll(wait);
      for (const { notification = "" } of wait.targets) {
        const notified = waitsByNotification.get(notification);
        notified?.delete(wait);
        if (notified?.size === 0) waitsByNotification.delete(notification);
      }
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

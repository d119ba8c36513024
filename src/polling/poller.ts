/** Runs one polling query for all waits of one kind. */

import type { RunOptions, SystemDatabase } from "../database/system_database.ts";
import { createSlicer } from "../event_loop.ts";
import { createNotifiedWaits } from "./notified_waits.ts";
import { isListening, subscribe } from "./notifications.ts";
import { maxRows, type PollQuery, type PollRow } from "./poll_query.ts";
import { intervalMs, minIntervalMs, type Poll, type Wait, type WaitTarget } from "./wait.ts";
import { createWaitQueue } from "./wait_queue.ts";

interface PollResult<Row> {
  readonly rowsOf: Map<Wait<Row>, Row[]>;
  /** Whether there may be more rows. */
  readonly isTruncated: boolean;
}

// A target costs the server a few microseconds. With this much idle time, polls of one kind take only
// a small part of its time.
const targetsPerIdleMs = 50;
// One statement looks for so many targets, which takes this process some ten milliseconds.
const maxTargets = 10_000;
// After an answer that lacks rows, for so many: with all of them in each poll, the results of 100,000
// workflows that end at once would take 5,000,000 lookups, instead of 300,000.
const maxTargetsAfterCut = 2 * maxRows;
// The trigger of sql/extras/notify_completion.sql. With it, polls for completions only find what it did not
// notify of: it may be dropped, and a connection may be lost without a sign.
const completionTrigger = "workflow_status.notify_completion_v1";
const notifiedIntervalMs = 30_000;
// A poll that takes longer holds up no other wait; nor does one that takes a fifth of an attempt.
const maxHoldUpMs = 1000;

/** Adds to the list that a map has for a key. */
function append<Key, Value>(map: Map<Key, Value[]>, key: Key, value: Value): void {
  const list = map.get(key);
  if (list) list.push(value);
  else map.set(key, [value]);
}

/** Whether an answer may lack rows. */
function isCut(rows: readonly PollRow[]): boolean {
  return rows.length === maxRows || rows.at(-1)?.is_cut === true;
}

/** Whether waits are a single one with a single target, as most are. */
function isSingle(waits: readonly Wait<never>[]): boolean {
  return waits.length === 1 && waits[0]!.targets.length === 1;
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
  let targetCount = 0;
  // Those for which no poll is in flight.
  const queue = createWaitQueue<Wait<Row>>();
  const notifiedWaits = createNotifiedWaits<Wait<Row>>(schedule);
  // The polls in flight that a wait still waits for.
  const polls = new Set<Poll<Row>>();
  const holdUpMs = Math.min(maxHoldUpMs, database.settings.attemptTimeoutSeconds * 200);
  let timer: ReturnType<typeof setTimeout> | undefined;
  let timerAt = Infinity;
  let isSubscribed = false;
  // How many targets the next poll may have.
  let room = maxTargets;

  const hasTrigger = () => database.hasColumn(completionTrigger);

  /** Whether a notification arrives for all that polls that begin now do not find. */
  const isNotified = () =>
    pollQuery.findsCompletions && isSubscribed && isListening(database) && hasTrigger();

  const hasNotification = ({ notification, workflowID }: WaitTarget) =>
    notification !== undefined || (workflowID !== undefined && hasTrigger());

  /** Listens from the first wait on that a notification can be about. */
  function subscribeFor(wait: Wait<Row>): void {
    if (isSubscribed || !database.settings.listen || !wait.targets.some(hasNotification)) return;
    isSubscribed = true;
    for (const wait of waits) notifiedWaits.add(wait);
    subscribe(database, notifiedWaits);
  }

  /** When to poll for a wait that may have missed a notification, or that one is about. */
  function nextPollOf(wait: Wait<Row>, now: number): number {
    // A workflow ends once, but values may be written as often as one likes.
    const delayMs = pollQuery.findsCompletions
      ? wait.targets.length / targetsPerIdleMs
      : minIntervalMs;
    return Math.min(wait.nextPollAt, Math.max(now, wait.polledAt + delayMs));
  }

  /** Has the waits that notifications are about polled for soon. */
  function bringForward(now: number): void {
    for (const wait of notifiedWaits.take(now)) {
      const at = nextPollOf(wait, now);
      if (wait.poll) wait.nextPollAt = at;
      else queue.move(wait, at);
    }
  }

  /** Takes waits that are due from the queue, as many as one statement has room for, and at least one. */
  function takeDue(now: number): Wait<Row>[] {
    const due: Wait<Row>[] = [];
    let targets = 0;
    for (let wait = queue.first; wait; wait = queue.first) {
      // Waits that are due soon are polled as well, which saves a poll.
      if (wait.nextPollAt - now >= intervalMs(wait, now) / 2) break;
      targets += wait.targets.length;
      if (due.length > 0 && targets > room) break;
      queue.remove(wait);
      due.push(wait);
    }
    return due;
  }

  /** Queries the targets of several waits, or of one that has several. */
  async function queryMany(
    due: readonly Wait<Row>[],
    options: RunOptions,
  ): Promise<PollResult<Row>> {
    const endSlice = createSlicer();
    // Several waits may have the same target, which is queried once.
    const waitsFor = new Map<string, Wait<Row>[]>();
    for (const wait of due) {
      for (const { item } of wait.targets) {
        append(waitsFor, item, wait);
        const pause = endSlice();
        if (pause) await pause;
      }
    }
    const targets = [...waitsFor.keys()];
    const rowsOf = new Map<Wait<Row>, Row[]>();
    let isTruncated = false;
    for (let start = 0; start < targets.length && !isTruncated; start += maxTargets) {
      const part = targets.slice(start, start + maxTargets);
      const rows = await pollQuery.run(database, part, options);
      for (const row of rows) {
        for (const wait of waitsFor.get(part[row.position]!)!) append(rowsOf, wait, row);
      }
      isTruncated = isCut(rows);
    }
    return { rowsOf, isTruncated };
  }

  async function querySingle(wait: Wait<Row>, options: RunOptions): Promise<PollResult<Row>> {
    const rows = await pollQuery.run(database, [wait.targets[0]!.item], options);
    return { rowsOf: new Map(rows.length > 0 ? [[wait, rows]] : []), isTruncated: isCut(rows) };
  }

  async function run({ waits, startedAt }: Poll<Row>): Promise<void> {
    const wasNotified = isNotified();
    const due = [...waits];
    for (const wait of due) {
      wait.polledAt = startedAt;
      wait.notificationCount = notifiedWaits.count;
      // A notification may set it meanwhile, about something that this poll does not see.
      wait.nextPollAt = Infinity;
    }
    const isNeeded = () => waits.size > 0;
    const onRetry = (error: unknown) => {
      for (const wait of due) {
        wait.lastError = error;
        if (waits.has(wait)) wait.startTimer();
      }
    };
    const options = { isNeeded, onRetry };
    const { rowsOf, isTruncated } = isSingle(due)
      ? await querySingle(due[0]!, options)
      : await queryMany(due, options);
    if (pollQuery.findsCompletions && rowsOf.size > 0) notifiedWaits.takeSooner();
    room = isTruncated ? maxTargetsAfterCut : maxTargets;
    // The other waits are polled for as well meanwhile.
    const idleMs = targetCount / targetsPerIdleMs;
    const now = performance.now();
    // Those that have ended meanwhile are no longer among them.
    for (const wait of [...waits]) {
      const rows = rowsOf.get(wait);
      const isOver = !rows && !isTruncated && wait.deadline <= startedAt;
      const pauseMs = wasNotified
        ? Math.max(notifiedIntervalMs, wait.maxIntervalMs)
        : intervalMs(wait, now);
      const delayMs = isTruncated ? 0 : Math.max(pauseMs, idleMs);
      wait.nextPollAt = Math.min(wait.nextPollAt, now + delayMs, Math.max(wait.deadline, now));
      wait.isAnswered ||= !isTruncated;
      if (rows || isOver) wait.settle(rows);
      else wait.startTimer();
    }
  }

  async function tick(): Promise<void> {
    timerAt = Infinity;
    const now = performance.now();
    bringForward(now);
    const due = takeDue(now);
    if (due.length > 0) {
      const poll = { waits: new Set(due), startedAt: now };
      polls.add(poll);
      const hasTimers = !isSingle(due);
      for (const wait of due) {
        wait.poll = poll;
        if (hasTimers) wait.startTimer();
      }
      scheduleNext();
      try {
        await run(poll);
      } catch (error) {
        poll.waits.forEach((wait) => wait.fail(error));
      }
      polls.delete(poll);
      for (const wait of poll.waits) {
        wait.poll = undefined;
        queue.add(wait);
        // The first poll also reads the schema.
        subscribeFor(wait);
      }
    }
    scheduleNext();
  }

  function scheduleNext(): void {
    schedule(Math.min(queue.first?.nextPollAt ?? Infinity, notifiedWaits.dueAt));
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
    const { poll } = wait;
    wait.poll = undefined;
    poll?.waits.delete(wait);
    if (poll?.waits.size === 0) polls.delete(poll);
  }

  database.closed.addEventListener("abort", () => {
    waits.forEach((wait) => wait.fail(database.closed.reason));
  });

  return {
    add(wait) {
      // What was notified since the last poll began, and while nothing noted which workflows end.
      if (pollQuery.findsCompletions && wait.notificationCount !== notifiedWaits.count) {
        wait.nextPollAt = nextPollOf(wait, performance.now());
      }
      waits.add(wait);
      targetCount += wait.targets.length;
      queue.add(wait);
      if (isSubscribed) notifiedWaits.add(wait);
      subscribeFor(wait);
      schedule(wait.nextPollAt);
    },
    remove(wait) {
      if (waits.delete(wait)) targetCount -= wait.targets.length;
      queue.remove(wait);
      if (isSubscribed) notifiedWaits.remove(wait);
      abandonPoll(wait);
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

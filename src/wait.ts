/** One poller a client, which serves all that is waited for with one statement a tick. */

import { look } from "../sql/mod.ts";
import type { SystemDatabase } from "./system_database.ts";
import { checkInteger, checkNumber } from "./validate.ts";

/** How long to wait, and how. */
export interface WaitOptions {
  /**
   * How long to wait, in seconds; 0 looks once.
   *
   * @default {Infinity} for a result, 60 for an event
   */
  timeoutSeconds?: number;
  /** Ends the wait: it rejects with the reason of the signal. */
  signal?: AbortSignal;
  /**
   * The longest time between two looks, in milliseconds. The first looks follow each other more
   * closely: each comes after another sixteenth of the time waited so far, but 20 ms at least.
   *
   * @default {1000} or the `pollingIntervalMs` of the client
   */
  pollingIntervalMs?: number;
}

/** What is waited for: the outcome of a workflow, or one of its events. */
export interface Awaited {
  readonly workflowID: string;
  /** The key of the event; null for the outcome. */
  readonly key: string | null;
}

/** What was found: the columns of sql/look.sql. */
export interface Found {
  readonly status: string | null;
  readonly value: string | null;
  readonly error: string | null;
  readonly serialization: string | null;
}

interface Wait {
  readonly awaited: Awaited;
  readonly since: number;
  readonly until: number;
  readonly longestIntervalMs: number;
  nextLookAt: number;
  settle(found: Found | undefined): void;
  fail(error: unknown): void;
}

const shortestIntervalMs = 20;
// Finding something a sixteenth of its age late is soon enough, and costs few looks.
const looksPerAge = 16;
// How much longer than its timeout a wait stands by for the answer to its last look.
const graceMs = 1000;
// What a timer can hold.
const longestTimerMs = 2 ** 31 - 1;

function intervalMs(wait: Wait, now: number): number {
  const growing = Math.max((now - wait.since) / looksPerAge, shortestIntervalMs);
  return Math.min(growing, wait.longestIntervalMs);
}

function nameOf(workflowID: string, key: string | null): string {
  return JSON.stringify([workflowID, key]);
}

interface Poller {
  add(wait: Wait): void;
  remove(wait: Wait): void;
}

function createPoller(database: SystemDatabase): Poller {
  const waits = new Set<Wait>();
  let isLooking = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let timerAt = Infinity;

  async function findAll(due: readonly Wait[]): Promise<Map<string, Found>> {
    const workflowIDs = new Set<string>();
    const events = new Map<string, { workflow_id: string; key: string }>();
    for (const { awaited: { workflowID, key } } of due) {
      if (key === null) workflowIDs.add(workflowID);
      else events.set(nameOf(workflowID, key), { workflow_id: workflowID, key });
    }
    const rows = await database.run(look, {
      workflow_ids: JSON.stringify([...workflowIDs]),
      events: JSON.stringify([...events.values()]),
    });
    return new Map(rows.map((row) => [nameOf(row.workflow_id, row.key), row]));
  }

  async function lookFor(due: readonly Wait[]): Promise<void> {
    const lookedAt = performance.now();
    const found = await findAll(due);
    const now = performance.now();
    for (const wait of due) {
      const row = found.get(nameOf(wait.awaited.workflowID, wait.awaited.key));
      if (row || wait.until <= lookedAt) wait.settle(row);
      else wait.nextLookAt = Math.min(now + intervalMs(wait, now), wait.until);
    }
  }

  async function tick(): Promise<void> {
    timerAt = Infinity;
    const now = performance.now();
    // A wait that is due soon comes along, which is one look less.
    const due = [...waits].filter((wait) => wait.nextLookAt - now < intervalMs(wait, now) / 2);
    isLooking = true;
    try {
      if (due.length > 0) await lookFor(due);
    } catch (error) {
      due.forEach((wait) => wait.fail(error));
    } finally {
      isLooking = false;
      let nextLookAt = Infinity;
      for (const wait of waits) nextLookAt = Math.min(nextLookAt, wait.nextLookAt);
      schedule(nextLookAt);
    }
  }

  function schedule(at: number): void {
    if (isLooking || at >= timerAt) return;
    clearTimeout(timer);
    timerAt = at;
    const delayMs = at - performance.now();
    // Waits of the same turn share their first look.
    if (delayMs <= 0) queueMicrotask(() => !isLooking && tick());
    else timer = setTimeout(tick, delayMs);
  }

  database.closed.addEventListener("abort", () => {
    waits.forEach((wait) => wait.fail(database.closed.reason));
  });

  return {
    add(wait) {
      waits.add(wait);
      schedule(wait.nextLookAt);
    },
    remove(wait) {
      waits.delete(wait);
      if (waits.size > 0) return;
      clearTimeout(timer);
      timerAt = Infinity;
    },
  };
}

const pollers = new WeakMap<SystemDatabase, Poller>();

function pollerOf(database: SystemDatabase): Poller {
  let poller = pollers.get(database);
  if (!poller) pollers.set(database, poller = createPoller(database));
  return poller;
}

/** Waits for something to be found; settles to undefined when the time is over. */
export function waitFor(
  database: SystemDatabase,
  awaited: Awaited,
  options: WaitOptions,
): Promise<Found | undefined> {
  const { timeoutSeconds = Infinity, signal, pollingIntervalMs } = options;
  if (timeoutSeconds !== Infinity) checkNumber("timeoutSeconds", timeoutSeconds, 0);
  checkInteger("pollingIntervalMs", pollingIntervalMs, 1, longestTimerMs);
  signal?.throwIfAborted();
  database.closed.throwIfAborted();

  const poller = pollerOf(database);
  const now = performance.now();
  const timeoutMs = timeoutSeconds * 1000;
  return new Promise((resolve, reject) => {
    const end = () => {
      poller.remove(wait);
      clearTimeout(giveUp);
      signal?.removeEventListener("abort", abort);
    };
    const wait: Wait = {
      awaited,
      since: now,
      until: now + timeoutMs,
      longestIntervalMs: pollingIntervalMs ?? database.settings.pollingIntervalMs,
      nextLookAt: now,
      settle(found) {
        end();
        resolve(found);
      },
      fail(error) {
        end();
        reject(error);
      },
    };
    const abort = () => wait.fail(signal?.reason);
    signal?.addEventListener("abort", abort);
    // The last look answers at the end of the timeout; this is for a server that does not.
    const giveUp = timeoutMs + graceMs < longestTimerMs
      ? setTimeout(() => wait.settle(undefined), timeoutMs + graceMs)
      : undefined;
    poller.add(wait);
  });
}

/** One poller a client, which serves all that is waited for with one statement a tick. */

import { look } from "../../sql/mod.ts";
import type { SystemDatabase } from "./system_database.ts";

const kinds = ["outcome", "event", "end", "stream"] as const;

/** One thing that is waited for. */
export interface Awaited {
  readonly kind: typeof kinds[number];
  /** An item, as JSON, of the list that sql/look.sql takes for its kind. */
  readonly item: string;
  /** The payload of the notification that it may have come, where DBOS sends one. */
  readonly notification?: string;
}

/** What was found: a row of sql/look.sql. */
export type Found = NonNullable<typeof look.row>;

/** A wait under way. */
export interface Wait {
  awaited: readonly Awaited[];
  since: number;
  until: number;
  readonly longestIntervalMs: number;
  nextLookAt: number;
  settle(found: Found[] | undefined): void;
  fail(error: unknown): void;
}

interface Look {
  readonly found: Map<Wait, Found[]>;
  /** Whether there may be more to find. */
  readonly isPartial: boolean;
  /** How long to leave the server alone after it, in milliseconds. */
  readonly restMs: number;
}

const shortestIntervalMs = 20;
// Finding something a thirty-second of its age late is soon enough, and costs few looks.
const looksPerAge = 32;
// Bounds what one look can bring into memory.
const mostRows = 1000;
// An item costs the server a few microseconds: so much rest leaves it idle most of the time.
const itemsPerRestMs = 50;

/** How long after a look the next one is due. */
export function intervalMs(wait: Wait, now: number): number {
  const growing = Math.max((now - wait.since) / looksPerAge, shortestIntervalMs);
  return Math.min(growing, wait.longestIntervalMs);
}

/** Looks for what the waits that it was given wait for. */
export interface Poller {
  add(wait: Wait): void;
  remove(wait: Wait): void;
}

function createPoller(database: SystemDatabase): Poller {
  const waits = new Set<Wait>();
  let isLooking = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let timerAt = Infinity;
  let isHearing = false;

  function lookNow(notification?: string): void {
    const now = performance.now();
    for (const wait of waits) {
      const isMeant = notification === undefined ||
        wait.awaited.some((awaited) => awaited.notification === notification);
      if (!isMeant) continue;
      wait.nextLookAt = now;
      schedule(now);
    }
  }

  // From the first wait on for something that DBOS notifies of.
  function hear(): void {
    isHearing = true;
    database.hear({ changed: lookNow, missed: lookNow });
  }

  async function findFor(due: readonly Wait[]): Promise<Look> {
    // Who waits for what: the same thing is looked for once.
    const lists = Object.fromEntries(kinds.map((kind) => [kind, new Map<string, Wait[]>()]));
    for (const wait of due) {
      for (const { kind, item } of wait.awaited) {
        const waiting = lists[kind]!.get(item);
        if (waiting) waiting.push(wait);
        else lists[kind]!.set(item, [wait]);
      }
    }
    const listOf = (kind: Awaited["kind"]) => `[${[...lists[kind]!.keys()].join()}]`;
    const rows = await database.run(look, {
      outcomes: listOf("outcome"),
      events: listOf("event"),
      ends: listOf("end"),
      streams: listOf("stream"),
      most_rows: mostRows,
    });

    const waiting = Object.fromEntries(kinds.map((kind) => [kind, [...lists[kind]!.values()]]));
    const found = new Map<Wait, Found[]>();
    for (const row of rows) {
      for (const wait of waiting[row.kind]![row.position]!) {
        const rowsFound = found.get(wait);
        if (rowsFound) rowsFound.push(row);
        else found.set(wait, [row]);
      }
    }
    const items = kinds.reduce((sum, kind) => sum + lists[kind]!.size, 0);
    return { found, isPartial: rows.length === mostRows, restMs: items / itemsPerRestMs };
  }

  async function lookFor(due: readonly Wait[]): Promise<void> {
    const lookedAt = performance.now();
    // Unless it is set meanwhile, by a hint that this look may have come too early for.
    for (const wait of due) wait.nextLookAt = Infinity;
    const { found, isPartial, restMs } = await findFor(due);
    const now = performance.now();
    for (const wait of due) {
      const rows = found.get(wait);
      const isOver = !rows && !isPartial && wait.until <= lookedAt;
      const pauseMs = isPartial ? 0 : Math.max(intervalMs(wait, now), restMs);
      wait.nextLookAt = Math.min(wait.nextLookAt, now + pauseMs, Math.max(wait.until, now));
      if (rows || isOver) wait.settle(rows);
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
      if (!isHearing && wait.awaited.some(({ notification }) => notification)) hear();
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

/** The poller of a client. */
export function pollerOf(database: SystemDatabase): Poller {
  let poller = pollers.get(database);
  if (!poller) pollers.set(database, poller = createPoller(database));
  return poller;
}

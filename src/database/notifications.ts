/** Hears what DBOS notifies of, so that a wait need not last until its next look. */

import { notify } from "../../sql/mod.ts";
import type { Adapter, Listener } from "../drivers/adapter.ts";
import { createQueryBuilder } from "./query.ts";
import { uuidV7 } from "../uuid_v7.ts";

/** What is told of notifications. They are hints: any of them may be missing. */
export interface Hints {
  /** An event or a stream of a workflow has a new value; the payload is `workflowID::key`. */
  changed(payload: string): void;
  /** Anything may have changed unheard. */
  missed(): void;
}

// The channels of events and streams. They are the same for all schemas of a database.
const channels = ["dbos_workflow_events_channel", "dbos_streams_channel"];

const checkTimeoutMs = 5000;
const firstDelayMs = 100;
const longestDelayMs = 30_000;

/** Settles after a while, or as soon as `signal` is aborted. */
function pause(durationMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, durationMs);
    signal.addEventListener("abort", end);
    if (signal.aborted) end();
  });
}

/**
 * Listens until `closed`, anew after a lost connection, and tells `hints` what it hears. It gives up
 * without a word where nothing can be heard, as behind a pooler in transaction mode: that lends a
 * connection for one statement, after which nobody listens on it any more.
 */
export async function hearNotifications(
  adapter: Adapter,
  schema: string,
  hints: Hints,
  closed: AbortSignal,
): Promise<void> {
  const buildQuery = createQueryBuilder(schema, new Set());

  /** Listens once, until the connection is lost; false where nothing is heard. */
  async function hear(listen: NonNullable<Adapter["listen"]>): Promise<boolean> {
    // Its own channel, so that the check wakes nobody else.
    const check = `dbos_client_${uuidV7().replaceAll("-", "")}`;
    const isHeard = new AbortController();
    const isOver = new AbortController();
    const listener: Listener = {
      heard: (channel, payload) => channel === check ? isHeard.abort() : hints.changed(payload),
      resumed: hints.missed,
      ended: () => isOver.abort(),
    };
    const end = () => isOver.abort();
    closed.addEventListener("abort", end);
    const stop = await listen([...channels, check], listener);
    try {
      await adapter.query(buildQuery(notify, { channel: check, payload: "" }));
      await pause(checkTimeoutMs, AbortSignal.any([isHeard.signal, isOver.signal]));
      if (!isHeard.signal.aborted) return isOver.signal.aborted;
      hints.missed();
      await pause(2 ** 31 - 1, isOver.signal);
      return true;
    } finally {
      closed.removeEventListener("abort", end);
      await stop().catch(() => {});
    }
  }

  const listen = adapter.listen?.bind(adapter);
  let delayMs = firstDelayMs;
  while (listen && !closed.aborted) {
    const startedAt = performance.now();
    // A connection that can't be had is tried again; until then the looks go on.
    if (!await hear(listen).catch(() => true)) return;
    if (performance.now() - startedAt > longestDelayMs) delayMs = firstDelayMs;
    if (!closed.aborted) await pause(delayMs, closed);
    delayMs = Math.min(2 * delayMs, longestDelayMs);
  }
}

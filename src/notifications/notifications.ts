/** Hears what DBOS notifies of, so that a wait need not last until its next look. */

import { notify } from "../../sql/notifications/mod.ts";
import type { Adapter } from "../drivers/adapter.ts";
import { findListen, type Listen } from "./listen.ts";
import { createQueryBuilder } from "../database/query.ts";
import { uuidV7 } from "../uuid_v7.ts";

/** What is told of notifications. They are handlers: any of them may be missing. */
export interface NotificationHandlers {
  /** An event or a stream of a workflow has a new value; the payload is `workflowID::key`. */
  onNotify(payload: string): void;
  /** Anything may have onNotify unheard. */
  onReconnect(): void;
}

// The channels of events and streams. They are the same for all schemas of a database.
const channels = ["dbos_workflow_events_channel", "dbos_streams_channel"];

const checkTimeoutMs = 5000;
const firstDelayMs = 100;
const maxDelayMs = 30_000;
// What a timer can hold.
const maxTimerMs = 2 ** 31 - 1;

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
 * Listens until `closed`, anew after a lost connection, and tells `handlers` what it hears. It gives up
 * without a word where nothing can be onNotify, as behind a pooler in transaction mode: that lends a
 * connection for one statement, after which nobody listens on it any more.
 */
export async function listenForNotifications(
  adapter: Adapter,
  schema: string,
  handlers: NotificationHandlers,
  closed: AbortSignal,
): Promise<void> {
  const buildQuery = createQueryBuilder(schema, new Set());

  /**
   * Whether what one connection is notified of is onNotify on another. It takes a channel of its own, so
   * that nothing that DBOS notifies of is sent to a connection that a pooler lends to somebody else.
   */
  async function canListen(listen: Listen): Promise<boolean> {
    const channel = `dbos_client_${uuidV7().replaceAll("-", "")}`;
    const over = new AbortController();
    let onNotify = false;
    const end = () => over.abort();
    const stop = await listen([channel], {
      onNotify() {
        onNotify = true;
        end();
      },
      onReconnect() {},
      onEnd: end,
    });
    closed.addEventListener("abort", end);
    try {
      await (await adapter.load()).query(buildQuery(notify, { channel, payload: "" }));
      await pause(checkTimeoutMs, over.signal);
      // A lost connection says nothing of the next one.
      if (!onNotify) over.signal.throwIfAborted();
      return onNotify;
    } finally {
      closed.removeEventListener("abort", end);
      await stop().catch(() => {});
    }
  }

  /** Listens once, until the connection is lost. */
  async function subscribe(listen: Listen): Promise<void> {
    const over = new AbortController();
    const end = () => over.abort();
    const stop = await listen(channels, {
      onNotify: (_channel, payload) => handlers.onNotify(payload),
      onReconnect: handlers.onReconnect,
      onEnd: end,
    });
    closed.addEventListener("abort", end);
    try {
      handlers.onReconnect();
      if (!closed.aborted) await pause(maxTimerMs, over.signal);
    } finally {
      closed.removeEventListener("abort", end);
      await stop().catch(() => {});
    }
  }

  /** Whether to listen again afterwards. */
  async function listenOnce(listen: Listen): Promise<boolean> {
    if (!await canListen(listen)) return false;
    await subscribe(listen);
    return true;
  }

  const listen = findListen(adapter.driver);
  let delayMs = firstDelayMs;
  while (listen && !closed.aborted) {
    const startedAt = performance.now();
    // A connection that can't be had is tried again; until then the looks go on.
    if (!await listenOnce(listen).catch(() => true)) return;
    if (performance.now() - startedAt > maxDelayMs) delayMs = firstDelayMs;
    if (!closed.aborted) await pause(delayMs, closed);
    delayMs = Math.min(2 * delayMs, maxDelayMs);
  }
}

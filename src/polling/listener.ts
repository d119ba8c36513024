/** Listens to the channels of DBOS, and to that of completions, on a connection of its own. */

import * as sql from "../../sql/polling/mod.ts";
import { onAbort, pause } from "../promises.ts";
import { createQueryBuilder } from "../database/query.ts";
import type { SystemDatabase } from "../database/system_database.ts";
import type { Listen } from "../drivers/adapter.ts";
import type { NotificationListener } from "../drivers/driver.ts";
import { readOnly, sqlStateOf, toFaultText } from "../drivers/error_codes.ts";
import { maxTimerMs } from "../event_loop.ts";
import { uuidV7 } from "../uuid_v7.ts";

/** Are called with notifications. Any notification may get lost. */
export interface NotificationHandlers {
  /**
   * An event or a stream of a workflow has a new value; the payload is `workflowID::key`. Or a workflow
   * has ended; the payload is its ID, or the first 1000 characters of a longer one.
   */
  onNotify(payload: string): void;
  /** Notifications may have been missed. */
  onReconnect(): void;
}

/** Is also told that the connection was lost. */
export interface ConnectionHandlers extends NotificationHandlers {
  /** No notification arrives until `onReconnect` is called. */
  onEnd(): void;
}

// The channels of completions, events and streams. All schemas of a database share them.
const channels = [
  "dbos_client_completions",
  "dbos_workflow_events_channel",
  "dbos_streams_channel",
];

const testTimeoutMs = 5000;
const minDelayMs = 100;
const maxDelayMs = 30_000;
// A standby cannot listen before it is promoted, and each attempt takes a connection.
const maxDelayOnStandbyMs = 300_000;

const instead = "waits only poll";

/**
 * Listens until the client is closed, and again after a lost connection. It stops if no
 * notifications arrive, as behind a pooler in transaction mode: that lends a connection for one
 * statement, after which the connection listens for somebody else.
 */
export async function listen(
  database: SystemDatabase,
  handlers: ConnectionHandlers,
): Promise<void> {
  const { adapter, closed, settings } = database;
  const { log } = settings;
  const executor = await adapter.load();
  let hasListened = false;

  /** Listens while `run` runs, which is told by a signal that the connection or the client ended. */
  async function whileListening(
    listen: Listen,
    channels: readonly string[],
    listener: Omit<NotificationListener, "onEnd">,
    run: (ended: AbortController) => Promise<void>,
  ): Promise<void> {
    const ended = new AbortController();
    const end = () => ended.abort();
    const ignoreClose = onAbort(closed, end);
    try {
      closed.throwIfAborted();
      const stop = await listen(channels, { ...listener, onEnd: end }, ended.signal);
      // It may be aborted already.
      await run(ended).finally(() => stop().catch(() => {}));
    } finally {
      ignoreClose();
    }
  }

  /**
   * Whether a notification that one connection sends arrives on another one. The test has a channel of
   * its own, so that no notification of DBOS goes to a connection that a pooler lends to others.
   */
  async function receivesNotifications(listen: Listen): Promise<boolean> {
    const channel = `dbos_client_${uuidV7().replaceAll("-", "")}`;
    const query = createQueryBuilder(settings.schema, new Set())(sql.notify, {
      channel,
      payload: "",
    });
    let isReceived = false;
    let onReceive = () => {};
    let onLost = () => {};
    const listener = {
      onNotify() {
        isReceived = true;
        onReceive();
      },
      // The notification may have been sent to the connection that was lost.
      onReconnect: () => onLost(),
    };
    await whileListening(listen, [channel], listener, async (ended) => {
      onReceive = onLost = () => ended.abort();
      ended.signal.throwIfAborted();
      await database.send(query);
      if (!isReceived) await pause(testTimeoutMs, ended.signal);
      // A connection that was lost says nothing about the next one.
      if (!isReceived) ended.signal.throwIfAborted();
    });
    return isReceived;
  }

  function onListening(): void {
    log?.("info", `the client listens for notifications${hasListened ? " again" : ""}`);
    hasListened = true;
    handlers.onReconnect();
  }

  /** Listens on one connection until that is lost. Returns whether to listen again. */
  async function listenOnce(listen: Listen): Promise<boolean> {
    if (!await receivesNotifications(listen)) return false;
    const listener: Omit<NotificationListener, "onEnd"> = {
      onNotify: (_channel, payload) => handlers.onNotify(payload),
      onReconnect: onListening,
    };
    await whileListening(listen, channels, listener, async ({ signal }) => {
      onListening();
      if (!closed.aborted) await pause(maxTimerMs, signal);
    }).finally(handlers.onEnd);
    return true;
  }

  if (!executor.listen) log?.("warn", `the driver cannot listen for notifications; ${instead}`);
  let delayMs = minDelayMs;
  let wasOnStandby = false;
  while (executor.listen && !closed.aborted) {
    const startedAt = performance.now();
    let isOnStandby = false;
    let reason = "the connection was lost";
    const goesOn = await listenOnce(executor.listen).catch((error) => {
      reason = toFaultText(error);
      isOnStandby = sqlStateOf(error) === readOnly;
      return true;
    });
    if (closed.aborted) return;
    if (!goesOn) {
      return log?.("warn", `the client gave up listening: no notification arrives; ${instead}`);
    }
    if (performance.now() - startedAt > maxDelayMs) delayMs = minDelayMs;
    if (!isOnStandby) {
      log?.("warn", `the client does not listen: ${reason}; the next attempt is in ${delayMs} ms`);
    } else if (!wasOnStandby) {
      log?.("info", `the client does not listen, as the server is a standby; ${instead}`);
    }
    wasOnStandby = isOnStandby;
    // Until a connection can be had again, polls find what there is.
    await pause(delayMs, closed);
    delayMs = Math.min(2 * delayMs, isOnStandby ? maxDelayOnStandbyMs : maxDelayMs);
  }
}

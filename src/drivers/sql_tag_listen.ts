/** Listens to channels through `npm:postgres` and `Bun.sql`, which reconnect by themselves. */

import type { Listen } from "./adapter.ts";
import { quoteIdentifier } from "./quoting.ts";

interface Subscription {
  unlisten(): Promise<void>;
}

/** How a driver calls back. npm:postgres keeps the functions, and calls them after it has reconnected. */
interface Callbacks {
  readonly fn: (payload: string) => void;
}

interface ListenFunction {
  (channel: string, fn: Callbacks["fn"], onListen: () => void): Promise<Subscription>;
  /** In npm:postgres, the connection that listens. */
  sql?: ListeningConnection | undefined;
  /** In npm:postgres, what it listens to. */
  readonly channels?: Record<string, { listeners: Callbacks[] }>;
}

interface ListeningConnection {
  unsafe(text: string): Promise<unknown>;
  end(options: { timeout: number }): Promise<void>;
}

/** `sql` of one of the drivers, which listens on one more connection. */
export interface ListeningSqlTag {
  readonly listen: ListenFunction;
}

// A connection that hangs would never close.
const closeTimeoutSeconds = 1;

/**
 * Removes what npm:postgres keeps: subscriptions that it has renewed after a lost connection, which
 * `unlisten()` does not find, and the connection if nothing else listens on it.
 */
async function removeRemains(
  listen: ListenFunction,
  isOwn: (callbacks: Callbacks) => boolean,
): Promise<void> {
  const { channels = {}, sql: connection } = listen;
  const unused: string[] = [];
  for (const [channel, entry] of Object.entries(channels)) {
    entry.listeners = entry.listeners.filter((callbacks) => !isOwn(callbacks));
    if (entry.listeners.length > 0) continue;
    delete channels[channel];
    unused.push(channel);
  }
  if (Object.keys(channels).length === 0) {
    listen.sql = undefined;
    await connection?.end({ timeout: closeTimeoutSeconds });
  } else {
    for (const channel of unused) await connection?.unsafe(`unlisten ${quoteIdentifier(channel)}`);
  }
}

/** Makes a function that listens. */
export function createSqlTagListen({ listen }: ListeningSqlTag): Listen {
  return async (channels, { onNotify, onReconnect }, signal) => {
    let isListening = false;
    const callbacks = channels.map((channel) => ({
      channel,
      fn: (payload: string) => onNotify(channel, payload),
    }));
    const isOwn = ({ fn }: Callbacks) => callbacks.some((own) => own.fn === fn);
    const subscriptions: Subscription[] = [];
    const stop = async () => {
      await Promise.allSettled(subscriptions.map((each) => each.unlisten()));
      await removeRemains(listen, isOwn);
    };
    const giveUp = () => void removeRemains(listen, isOwn).catch(() => {});

    signal.addEventListener("abort", giveUp);
    try {
      // One after the other: npm:postgres would connect anew for a statement that waits for the
      // connection when that is ended, and keep the new connection.
      for (const { channel, fn } of callbacks) {
        signal.throwIfAborted();
        // The drivers also call back when they listen for the first time.
        const onListen = () => isListening && onReconnect();
        subscriptions.push(await listen(channel, fn, onListen));
      }
    } catch (error) {
      await stop();
      throw error;
    } finally {
      signal.removeEventListener("abort", giveUp);
    }
    isListening = true;
    return stop;
  };
}

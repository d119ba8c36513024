/** Listens to what a server notifies of, through each driver that can. */

import { quoteIdentifier } from "../database/query.ts";

/** What is told to one who listens. */
export interface Listener {
  onNotify(channel: string, payload: string): void;
  /** Listening goes on, but something may have been onReconnect. */
  onReconnect(): void;
  /** Listening has onEnd. */
  onEnd(): void;
}

/** Listens to channels until the function that it gives is called. */
export type Listen = (
  channels: readonly string[],
  listener: Listener,
) => Promise<() => Promise<unknown>>;

/** A database of `npm:@electric-sql/pglite`. */
interface PGlite {
  listen(channel: string, onNotify: (payload: string) => void): Promise<() => Promise<void>>;
}

function listenByPGlite(pglite: PGlite): Listen {
  return async (channels, { onNotify }) => {
    const stops = await Promise.all(
      channels.map((channel) => pglite.listen(channel, (payload) => onNotify(channel, payload))),
    );
    return () => Promise.all(stops.map((stop) => stop()));
  };
}

/** `sql` of `npm:postgres`, which listens on one more connection. */
interface SqlTag {
  listen(
    channel: string,
    onNotify: (payload: string) => void,
    onReconnect: () => void,
  ): Promise<{ unlisten(): Promise<void> }>;
}

function listenBySqlTag(sql: SqlTag): Listen {
  return async (channels, { onNotify, onReconnect }) => {
    const subscriptions = await Promise.all(
      channels.map((channel) =>
        sql.listen(channel, (payload) => onNotify(channel, payload), onReconnect)
      ),
    );
    return () => Promise.all(subscriptions.map(({ unlisten }) => unlisten()));
  };
}

interface PgClient {
  connect(): Promise<unknown>;
  query(text: string): Promise<unknown>;
  end(): Promise<unknown>;
  on(event: "error" | "end", listener: () => void): void;
  on(
    event: "notification",
    listener: (notification: { channel: string; payload?: string }) => void,
  ): void;
}

/** A pool of `npm:pg` has the class and the settings to make a client of its own. */
interface PgPool {
  readonly options: unknown;
  readonly Client: new (options: unknown) => PgClient;
}

function listenByPg(pool: PgPool): Listen {
  return async (channels, listener) => {
    const client = new pool.Client(pool.options);
    // Without a listener for it, an error would end the process.
    client.on("error", listener.onEnd);
    client.on("end", listener.onEnd);
    client.on("notification", ({ channel, payload = "" }) => listener.onNotify(channel, payload));
    try {
      await client.connect();
      await client.query(channels.map((channel) => `listen ${quoteIdentifier(channel)}`).join(";"));
    } catch (error) {
      client.end().catch(() => {});
      throw error;
    }
    return () => client.end();
  };
}

/** How to listen through a driver; undefined where that cannot be. */
export function findListen(driver: object): Listen | undefined {
  if ("totalCount" in driver && "Client" in driver) return listenByPg(driver as unknown as PgPool);
  if (!("listen" in driver) || "savepoint" in driver || "release" in driver) return undefined;
  if ("waitReady" in driver) return listenByPGlite(driver as unknown as PGlite);
  return typeof driver === "function" ? listenBySqlTag(driver as unknown as SqlTag) : undefined;
}

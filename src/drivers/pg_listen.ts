/** Listens to channels through `npm:pg`. */

import type { NotificationListener } from "./driver.ts";
import { toError } from "./error_codes.ts";
import { quoteIdentifier } from "./quoting.ts";

/** A client of its own. */
export interface ListeningClient {
  readonly connection?: { readonly stream: { destroy(): void } };
  connect(): Promise<unknown>;
  query(text: string): Promise<unknown>;
  end(): Promise<unknown>;
  on(event: "error" | "end", listener: () => void): void;
  on(
    event: "notification",
    listener: (notification: { channel: string; payload?: string }) => void,
  ): void;
}

/** A pool of `npm:pg` has the class and the settings for one more client; that of `connect()` opens it. */
export type ListeningPool =
  | { readonly Client: new (options: object) => ListeningClient; readonly options: object }
  | { openClient(): Promise<ListeningClient> };

// A connection that hangs would never close.
const closeTimeoutMs = 1000;

function destroy(client: ListeningClient): void {
  client.connection?.stream.destroy();
}

async function close(client: ListeningClient): Promise<void> {
  const timer = setTimeout(() => destroy(client), closeTimeoutMs);
  await client.end().finally(() => clearTimeout(timer));
}

/** Settles as `run` does, which fails soon if the connection is destroyed because `signal` is aborted. */
async function destroyOnAbort(
  client: ListeningClient,
  signal: AbortSignal,
  run: () => Promise<unknown>,
): Promise<void> {
  const onAbort = () => destroy(client);
  signal.addEventListener("abort", onAbort);
  try {
    await run();
    signal.throwIfAborted();
  } catch (error) {
    await close(client).catch(() => {});
    throw toError(error);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

async function openClient(pool: ListeningPool, signal: AbortSignal): Promise<ListeningClient> {
  if ("openClient" in pool) return await pool.openClient();
  const client = new pool.Client(pool.options);
  // Without a listener for it, an error would end the process.
  client.on("error", () => {});
  await destroyOnAbort(client, signal, () => client.connect());
  return client;
}

/** Listens on one more client. It leaves nothing behind when it fails. */
export async function listen(
  pool: ListeningPool,
  channels: readonly string[],
  listener: NotificationListener,
  signal: AbortSignal,
): Promise<() => Promise<void>> {
  const client = await openClient(pool, signal);
  client.on("error", listener.onEnd);
  client.on("end", listener.onEnd);
  client.on("notification", ({ channel, payload = "" }) => listener.onNotify(channel, payload));
  const statements = channels.map((channel) => `listen ${quoteIdentifier(channel)}`);
  await destroyOnAbort(client, signal, () => client.query(statements.join(";")));
  return () => close(client);
}

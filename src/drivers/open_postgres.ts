/** Opens `npm:postgres` for those who bring no driver. */

import type { SqlTagDriver } from "./driver.ts";

interface SocketOptions {
  readonly host: readonly string[];
  readonly port: readonly number[];
  readonly path?: string | false | null;
  readonly connect_timeout: number;
}

/** A pool of `npm:postgres`, as far as it is used here. */
export interface PostgresPool extends SqlTagDriver {
  end(options: { timeout: number }): Promise<void>;
}

/**
 * A pool of `npm:postgres`. The library is loaded here, so that it costs nothing to others.
 *
 * Its own sockets wait for the acknowledgement of one small packet before they send the next, which
 * makes a far database up to 1.6 times as slow; ours do not.
 */
export async function openPostgres(
  url: string,
  maxConnections: number,
): Promise<PostgresPool> {
  const [{ default: postgres }, net] = await Promise.all([
    import("postgres"),
    import("node:net"),
  ]);

  type Socket = InstanceType<typeof net.Socket>;

  function open(target: { host: string; port: number } | { path: string }): Socket {
    const socket = net.connect({ ...target, noDelay: true });
    // npm:postgres would connect again at once, for ever, where nothing was said on a connection.
    socket.once("end", () => {
      if (socket.bytesRead > 0) return;
      const error = new Error("Cannot connect to the system database: the server hung up");
      socket.destroy(Object.assign(error, { code: "CONNECTION_CLOSED" }));
    });
    // Where npm:postgres takes the name from that a certificate is checked for.
    return Object.assign(socket, target);
  }

  function connects(socket: Socket, timeoutMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      const end = (isConnected: boolean) => {
        clearTimeout(timer);
        socket.off("error", fail);
        // A late error has no other listener.
        if (!isConnected) socket.on("error", () => {}).destroy();
        resolve(isConnected);
      };
      const fail = () => end(false);
      const timer = setTimeout(fail, timeoutMs);
      socket.once("error", fail);
      socket.once("connect", () => end(true));
    });
  }

  // A URL may name several hosts; the first one that answers serves. The last is not waited for: a
  // connection that is refused a socket is lost to the pool of npm:postgres, so it gets one that is
  // still connecting, and sees for itself how that ends.
  async function openSocket({ host, port, path, connect_timeout }: SocketOptions): Promise<Socket> {
    if (path) return open({ path });
    const targets = host.map((name, index) => ({ host: name, port: port[index] ?? port[0]! }));
    for (const target of targets.slice(0, -1)) {
      const socket = open(target);
      if (await connects(socket, connect_timeout * 1000)) return socket;
    }
    return open(targets.at(-1)!);
  }

  return postgres(url, {
    max: maxConnections,
    // It would ask the server for its array types on every new connection.
    fetch_types: false,
    // In seconds. Its own grows to 20 s, which is longer than we try again.
    backoff: (retries: number) => Math.min(0.05 * 2 ** retries, 1),
    onnotice: () => {},
    socket: openSocket,
    // deno-lint-ignore no-explicit-any -- its types lack `socket`.
  } as any) as unknown as PostgresPool;
}

/** Opens a pool of `npm:postgres` for callers that pass no driver. */

import type { SqlTagDriver } from "./driver.ts";

interface SocketOptions {
  readonly host: readonly string[];
  readonly port: readonly number[];
  readonly path?: string | false | null;
  readonly connect_timeout: number;
}

/** A pool of `npm:postgres`: the methods that are used here. */
export interface PostgresPool extends SqlTagDriver {
  end(options: { timeout: number }): Promise<void>;
}

/**
 * Opens a pool of `npm:postgres`. It is loaded on demand, so other programs do not pay for it.
 *
 * The pool gets sockets with `noDelay`. The driver's own sockets wait for the acknowledgement of a
 * small packet before they send the next one, which makes a distant database up to 1.6 times
 * slower.
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

  function openSocket(target: { host: string; port: number } | { path: string }): Socket {
    const socket = net.connect({ ...target, noDelay: true });
    // If the server closes a connection before it is ready, because it is full or starting,
    // npm:postgres may reconnect immediately, in an endless loop. It does not after an error.
    socket.once("end", () => {
      const error = new Error("Cannot use the system database: the server closed the connection");
      socket.destroy(Object.assign(error, { code: "CONNECTION_CLOSED" }));
    });
    // npm:postgres reads the host name from the socket when it verifies the server's certificate.
    return Object.assign(socket, target);
  }

  function waitForConnect(socket: Socket, timeoutMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      const settle = (isConnected: boolean) => {
        clearTimeout(timer);
        socket.off("error", fail);
        // Without a listener, a later error would be uncaught.
        if (!isConnected) socket.on("error", () => {}).destroy();
        resolve(isConnected);
      };
      const fail = () => settle(false);
      const timer = setTimeout(fail, timeoutMs);
      socket.once("error", fail);
      socket.once("connect", () => settle(true));
    });
  }

  // A URL may have several hosts; the first one that accepts a connection is used. The socket to
  // the last host is returned while it is still connecting, and npm:postgres handles its errors: if
  // this function rejected, the pool would lose a connection for good.
  async function openFirstSocket(
    { host, port, path, connect_timeout }: SocketOptions,
  ): Promise<Socket> {
    if (path) return openSocket({ path });
    const targets = host.map((name, index) => ({ host: name, port: port[index] ?? port[0]! }));
    for (const target of targets.slice(0, -1)) {
      const socket = openSocket(target);
      if (await waitForConnect(socket, connect_timeout * 1000)) return socket;
    }
    return openSocket(targets.at(-1)!);
  }

  return postgres(url, {
    max: maxConnections,
    // Otherwise every new connection first queries the array types.
    fetch_types: false,
    // In seconds. The default grows to 20 s, which is longer than statements are retried.
    backoff: (retries: number) => Math.min(0.05 * 2 ** retries, 1),
    onnotice: () => {},
    socket: openFirstSocket,
    // deno-lint-ignore no-explicit-any -- its types lack `socket`.
  } as any) as unknown as PostgresPool;
}

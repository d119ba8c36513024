/** Opens `npm:postgres` for those who bring no driver. */

import type { SqlTagDriver } from "./adapter.ts";

interface SocketOptions {
  readonly host: readonly string[];
  readonly port: readonly number[];
  readonly path?: string | false | null;
  readonly connect_timeout: number;
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
): Promise<SqlTagDriver & { end(): Promise<void> }> {
  const [{ default: postgres }, net] = await Promise.all([
    import("postgres"),
    import("node:net"),
  ]);

  function connectTo(target: { host: string; port: number } | { path: string }, timeoutMs: number) {
    return new Promise<InstanceType<typeof net.Socket>>((resolve, reject) => {
      const socket = net.connect({ ...target, noDelay: true });
      // Where npm:postgres takes the name from that a certificate is checked for.
      if ("host" in target) Object.assign(socket, target);
      const timer = setTimeout(() => {
        const error = new Error(
          "Cannot connect to the system database: the server does not answer",
        );
        socket.destroy(Object.assign(error, { code: "CONNECT_TIMEOUT" }));
      }, timeoutMs);
      const end = () => {
        clearTimeout(timer);
        socket.off("error", fail);
      };
      const fail = (error: Error) => {
        end();
        reject(error);
      };
      socket.once("error", fail);
      socket.once("connect", () => {
        end();
        resolve(socket);
      });
    });
  }

  // A URL may name several hosts; the first one that answers serves.
  async function openSocket({ host, port, path, connect_timeout }: SocketOptions) {
    const timeoutMs = connect_timeout * 1000;
    if (path) return await connectTo({ path }, timeoutMs);
    let fault: unknown;
    for (const [index, name] of host.entries()) {
      try {
        return await connectTo({ host: name, port: port[index] ?? port[0]! }, timeoutMs);
      } catch (error) {
        fault = error;
      }
    }
    throw fault;
  }

  return postgres(url, {
    max: maxConnections,
    // It would ask the server for its array types on every new connection.
    fetch_types: false,
    onnotice: () => {},
    socket: openSocket,
    // deno-lint-ignore no-explicit-any -- its types lack `socket`.
  } as any) as unknown as SqlTagDriver & { end(): Promise<void> };
}

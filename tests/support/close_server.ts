import { once } from "node:events";
import type net from "node:net";

/** Closes a server and its connections. `sockets` are those that have not closed yet. */
export async function closeServer(
  server: net.Server,
  sockets: Iterable<net.Socket>,
): Promise<void> {
  // Deno 2.5 never calls back once a connection was closed.
  server.close();
  const closed = Array.from(sockets, (socket) => once(socket.destroy(), "close"));
  await Promise.all(closed);
}

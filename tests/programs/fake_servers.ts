/** Servers that do as a test says, for any runtime. */
import { Buffer } from "node:buffer";
import net from "node:net";
import tls from "node:tls";

/** What a server with TLS shows. */
export interface Certificate {
  readonly cert: Buffer;
  readonly key: Buffer;
}

/** The option that sets the address of a TLS server of Deno 2.5, and means nothing elsewhere. */
export const loopback = { host: "127.0.0.1" };

/** Has a server while `use` runs, and treats connections to it in this way. */
export async function serve<Socket extends net.Socket>(
  listener: net.Server,
  event: "connection" | "secureConnection",
  treat: (socket: Socket) => void,
  use: (host: string) => Promise<void>,
): Promise<void> {
  const sockets = new Set<net.Socket>();
  listener.on(event, (socket: Socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    treat(socket);
  });
  // A TLS server of Deno 2.5 takes its address from its options, and a callback in the second place.
  const address = listener.listen.length === 2 ? [] : ["127.0.0.1"] as const;
  await new Promise<void>((resolve) => listener.listen(0, ...address as ["127.0.0.1"], resolve));
  try {
    await use(`127.0.0.1:${(listener.address() as net.AddressInfo).port}`);
  } finally {
    for (const socket of sockets) socket.destroy();
    listener.close();
  }
}

/** Has a server that treats connections in this way. */
export function withServer(
  treat: (socket: net.Socket) => void,
  use: (host: string) => Promise<void>,
): Promise<void> {
  return serve(net.createServer(), "connection", treat, use);
}

/** Has a server that agrees to TLS, and then treats connections in this way. */
export function withTLSServer(
  certificate: Certificate,
  treat: (socket: tls.TLSSocket) => void,
  use: (host: string) => Promise<void>,
): Promise<void> {
  const listener = tls.createServer({ ...certificate, ...loopback });
  return serve(listener, "secureConnection", treat, (secure) => {
    const relay = (socket: net.Socket) =>
      socket.once("data", () => {
        socket.write("S");
        const target = net.connect(Number(secure.split(":")[1]), "127.0.0.1");
        target.on("error", () => {});
        socket.on("close", () => target.destroy());
        socket.pipe(target).pipe(socket);
      });
    return withServer(relay, use);
  });
}

/** The message that asks for authentication of a kind. */
export function authentication(kind: number, data = ""): Buffer {
  const message = Buffer.alloc(9 + data.length);
  message.write("R");
  message.writeInt32BE(8 + data.length, 1);
  message.writeInt32BE(kind, 5);
  message.write(data, 9, "latin1");
  return message;
}

import { once } from "node:events";
import net from "node:net";

/** A proxy between a client and a Postgres server, which simulates network faults. */
export interface TcpProxy extends AsyncDisposable {
  /** The URL of the database through the proxy. */
  readonly url: string;
  /** The number of complete responses of the server. */
  readonly answers: number;
  /**
   * Closes the connection that sends `text`, after the server has processed it and before any of
   * the response arrives, and after `onLost`. It does so once; `isLost` says whether it has happened.
   */
  loseAnswerTo(text: string, onLost?: () => Promise<void>): { readonly isLost: boolean };
  /** Closes all connections. New ones are accepted. */
  cut(): void;
  /** Closes all connections, and refuses new ones until restore(). */
  refuse(): Promise<void>;
  /** Forwards nothing in either direction until restore(). */
  hang(): void;
  restore(): Promise<void>;
}

interface Loss {
  readonly text: string;
  readonly onLost: () => Promise<void>;
  isLost: boolean;
}

/** The end of every response of Postgres: ReadyForQuery, outside a transaction or in one. */
// deno-lint-ignore no-control-regex -- the bytes of the protocol
const readyForQuery = /Z\0\0\0\x05[IT]/;

/** Options of a proxy. */
export interface TcpProxyOptions {
  /**
   * Delays the data that is sent to the client. It must keep the order.
   *
   * @default {undefined} no delay
   */
  delay?: (callback: () => void) => void;
}

/** Starts a proxy for the server of `databaseUrl`, on a free local port. */
export async function startTcpProxy(
  databaseUrl: string,
  { delay = (callback) => callback() }: TcpProxyOptions = {},
): Promise<TcpProxy> {
  const target = new URL(databaseUrl);
  const sockets = new Set<net.Socket>();
  const losses: Loss[] = [];
  let isHanging = false;
  let answers = 0;

  function relay(client: net.Socket): void {
    const server = net.connect({ host: target.hostname, port: Number(target.port || 5432) });
    let losing: Loss | undefined;
    for (const [from, to] of [[client, server], [server, client]] as const) {
      sockets.add(from);
      from.setNoDelay(true);
      from.on("error", () => {});
      from.on("close", () => {
        sockets.delete(from);
        // A timer for one that is closed already might outlive the test.
        if (to === client && !to.destroyed) delay(() => to.destroy());
        else to.destroy();
      });
      if (isHanging) from.pause();
    }
    client.on("data", (part: Uint8Array) => {
      const text = toText(part);
      losing ??= losses.find((loss) => !loss.isLost && text.includes(loss.text));
      server.write(part);
    });
    server.on("data", (part: Uint8Array) => {
      const isAnswered = readyForQuery.test(toText(part));
      if (isAnswered) answers++;
      if (!losing) return delay(() => client.write(part));
      if (!isAnswered) return;
      losing.isLost = true;
      losing.onLost().finally(() => client.destroy());
    });
  }

  const listener = net.createServer(relay);
  await listen(listener, 0);
  const { port } = listener.address() as net.AddressInfo;
  const url = new URL(databaseUrl);
  url.hostname = "127.0.0.1";
  url.port = String(port);

  function cut(): void {
    sockets.forEach((socket) => socket.destroy());
  }

  async function refuse(): Promise<void> {
    // Deno 2.5 does not call back where a socket was destroyed before.
    listener.close();
    const closed = Array.from(sockets, (socket) => once(socket, "close"));
    cut();
    await Promise.all(closed);
  }

  return {
    url: url.href,
    get answers() {
      return answers;
    },
    loseAnswerTo(text, onLost = () => Promise.resolve()) {
      const loss = { text, isLost: false, onLost };
      losses.push(loss);
      return loss;
    },
    cut,
    refuse,
    hang() {
      isHanging = true;
      sockets.forEach((socket) => socket.pause());
    },
    async restore() {
      isHanging = false;
      sockets.forEach((socket) => socket.resume());
      if (!listener.listening) await listen(listener, port);
    },
    [Symbol.asyncDispose]: refuse,
  };
}

function listen(listener: net.Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    listener.once("error", reject);
    listener.listen(port, "127.0.0.1", () => resolve());
  });
}

/** Decodes bytes to one character each. */
function toText(bytes: Uint8Array): string {
  return new TextDecoder("latin1").decode(bytes);
}

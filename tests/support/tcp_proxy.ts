import net from "node:net";

/** A network between a client and a Postgres server, with the faults of a network. */
export interface TcpProxy extends AsyncDisposable {
  /** The URL of the database by way of the proxy. */
  readonly url: string;
  /** How many times the server has finished with what it was asked. */
  readonly answers: number;
  /**
   * Cuts the connection that carries `text` to the server, once the server is done with it and
   * before any of its answer arrives. Only the first time; `isLost` tells whether it has been.
   */
  loseAnswerTo(text: string): { readonly isLost: boolean };
  /** Cuts the connection that carries `text` to the server, before any of it is passed on. */
  loseRequest(text: string): { readonly isLost: boolean };
  /**
   * Cuts the connection that carries `text` to the server, in the middle of the answer: after so
   * many of its messages, and two bytes of the next one.
   */
  cutAnswerTo(text: string, messages: number): { readonly isLost: boolean };
  /**
   * Passes nothing on any more, in either direction, on the connection that carries `text` to the
   * server, and tells neither end, not even with `restore()`.
   */
  swallow(text: string): { readonly isLost: boolean };
  /** How many connections it has taken. */
  readonly connections: number;
  /** Cuts all connections; new ones are taken. */
  cut(): void;
  /**
   * Closes new connections until `restore()`: one with a reset, the next without a word, the next
   * when the client has said something.
   */
  closeNew(): void;
  /** Leads new connections to another server. */
  leadTo(databaseUrl: string): void;
  /** Cuts all connections, and refuses new ones until restore(). */
  refuse(): Promise<void>;
  /** Passes nothing on any more, in either direction, until restore(). */
  hang(): void;
  restore(): Promise<void>;
}

interface Loss {
  readonly text: string;
  readonly kind: "request" | "answer" | "all";
  /** How many messages of the answer pass, if some are to pass. */
  readonly messages?: number;
  isLost: boolean;
}

/** The end of every answer of Postgres: ReadyForQuery, outside of a transaction or in one. */
// deno-lint-ignore no-control-regex -- the bytes of the protocol
const readyForQuery = /Z\0\0\0\x05[IT]/;

/** What becomes of all that passes a proxy. */
export interface TcpProxyOptions {
  /**
   * Puts off what goes back to the client, keeping its order.
   *
   * @default {undefined} all goes at once
   */
  delay?: (act: () => void) => void;
}

/** Starts a proxy of the server that `databaseUrl` names, on a port of its own. */
export async function startTcpProxy(
  databaseUrl: string,
  { delay = (act) => act() }: TcpProxyOptions = {},
): Promise<TcpProxy> {
  let target = new URL(databaseUrl);
  const sockets = new Set<net.Socket>();
  const losses: Loss[] = [];
  const swallowed: net.Socket[] = [];
  let isHanging = false;
  let answers = 0;
  let connections = 0;
  let closesNew = false;

  function addLoss(text: string, kind: Loss["kind"], messages?: number): Loss {
    const loss: Loss = { text, kind, ...(messages !== undefined && { messages }), isLost: false };
    losses.push(loss);
    return loss;
  }

  function closeNew(client: net.Socket): void {
    sockets.add(client);
    client.on("error", () => {});
    client.on("close", () => sockets.delete(client));
    client.resume();
    if (connections % 3 === 0) client.resetAndDestroy();
    else if (connections % 3 === 1) client.end();
    else client.once("data", () => client.end());
  }

  function relay(client: net.Socket): void {
    connections++;
    if (closesNew) return closeNew(client);
    const server = net.connect({ host: target.hostname, port: Number(target.port || 5432) });
    let losing: Loss | undefined;
    for (const [from, to] of [[client, server], [server, client]] as const) {
      sockets.add(from);
      from.setNoDelay(true);
      from.on("error", () => {});
      from.on("close", () => {
        sockets.delete(from);
        if (to === client) delay(() => to.destroy());
        else to.destroy();
      });
      if (isHanging) from.pause();
    }
    client.on("data", (part: Uint8Array) => {
      const text = toText(part);
      losing ??= losses.find((loss) => !loss.isLost && text.includes(loss.text));
      if (losing?.kind === "request") {
        losing.isLost = true;
        client.destroy();
      } else if (losing?.kind === "all") {
        losing.isLost = true;
        sockets.delete(client);
        sockets.delete(server);
        client.pause();
        server.pause();
        swallowed.push(client, server);
      } else {
        server.write(part);
      }
    });
    server.on("data", (part: Uint8Array) => {
      const isAnswered = readyForQuery.test(toText(part));
      if (isAnswered) answers++;
      if (!losing) return delay(() => client.write(part));
      if (!isAnswered) return;
      losing.isLost = true;
      if (losing.messages === undefined) client.destroy();
      else client.end(part.subarray(0, lengthOf(part, losing.messages) + 2));
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
    const closed = new Promise((resolve) => listener.close(resolve));
    cut();
    await closed;
  }

  return {
    url: url.href,
    get answers() {
      return answers;
    },
    get connections() {
      return connections;
    },
    loseAnswerTo: (text) => addLoss(text, "answer"),
    loseRequest: (text) => addLoss(text, "request"),
    cutAnswerTo: (text, messages) => addLoss(text, "answer", messages),
    swallow: (text) => addLoss(text, "all"),
    cut,
    closeNew() {
      closesNew = true;
    },
    leadTo(databaseUrl) {
      target = new URL(databaseUrl);
    },
    refuse,
    hang() {
      isHanging = true;
      sockets.forEach((socket) => socket.pause());
    },
    async restore() {
      isHanging = false;
      closesNew = false;
      sockets.forEach((socket) => socket.resume());
      if (!listener.listening) await listen(listener, port);
    },
    async [Symbol.asyncDispose]() {
      swallowed.forEach((socket) => socket.destroy());
      await refuse();
    },
  };
}

/** How many bytes the first messages of an answer have. */
function lengthOf(answer: Uint8Array, messages: number): number {
  const view = new DataView(answer.buffer, answer.byteOffset, answer.byteLength);
  let length = 0;
  for (let count = 0; count < messages && length < answer.length; count++) {
    length += 1 + view.getInt32(length + 1);
  }
  return length;
}

function listen(listener: net.Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    listener.once("error", reject);
    listener.listen(port, "127.0.0.1", () => resolve());
  });
}

/** One character a byte. */
function toText(bytes: Uint8Array): string {
  return new TextDecoder("latin1").decode(bytes);
}

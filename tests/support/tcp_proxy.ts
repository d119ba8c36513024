import { Buffer } from "node:buffer";
import net from "node:net";
import { closeServer } from "./close_server.ts";

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
  /** Closes the connection that sends `text`, and forwards nothing of it to the server. */
  loseRequest(text: string): { readonly isLost: boolean };
  /**
   * Closes the connection that sends `text` in the middle of the response: after `messages` of its
   * messages, and two bytes of the next one.
   */
  cutAnswerTo(text: string, messages: number): { readonly isLost: boolean };
  /**
   * Makes the connection that sends `text` half open: nothing is forwarded in either direction, and
   * neither end is told. `restore()` does not change that.
   */
  swallow(text: string): { readonly isLost: boolean };
  /** The number of connections that were accepted. */
  readonly connections: number;
  /** Closes all connections. New ones are accepted. */
  cut(): void;
  /**
   * Closes new connections until `restore()`, in turn with a reset, without a reset, and after the
   * first data of the client.
   */
  closeNew(): void;
  /** Makes new connections half open, until `restore()`: they get no answer, also after that. */
  swallowNew(): void;
  /**
   * Holds what the server sends on new connections once it has accepted a session, until the server closes
   * the connection, and then sends it in one piece. It does so until `restore()`, and returns how many
   * connections it has done so for.
   */
  holdNew(): () => number;
  /** Connects new connections to another server. */
  leadTo(databaseUrl: string): void;
  /** Closes all connections, and refuses new ones until restore(). */
  refuse(): Promise<void>;
  /** Forwards nothing in either direction until restore(). */
  hang(): void;
  restore(): Promise<void>;
}

interface Loss {
  readonly text: string;
  readonly kind: "request" | "answer" | "all";
  /** How many messages of the answer pass, if some are to pass. */
  readonly messages?: number;
  readonly onLost: () => Promise<void>;
  isLost: boolean;
}

/** The end of every response of Postgres: ReadyForQuery, outside a transaction or in one. */
// deno-lint-ignore no-control-regex -- the bytes of the protocol
const readyForQuery = /Z\0\0\0\x05[IT]/;

/** The first byte of AuthenticationOk. */
const authentication = 0x52;

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
  let target = new URL(databaseUrl);
  const sockets = new Set<net.Socket>();
  const losses: Loss[] = [];
  const swallowed: net.Socket[] = [];
  let isHanging = false;
  let answers = 0;
  let connections = 0;
  let closesNew = false;
  let swallowsNew = false;
  let holdsNew = false;
  let held = 0;
  const delayed = new Set<Promise<void>>();

  function later(act: () => void): void {
    const { promise, resolve } = Promise.withResolvers<void>();
    delayed.add(promise);
    delay(() => {
      act();
      delayed.delete(promise);
      resolve();
    });
  }

  function addLoss(
    text: string,
    kind: Loss["kind"],
    messages?: number,
    onLost: () => Promise<void> = () => Promise.resolve(),
  ): Loss {
    const loss: Loss = {
      text,
      kind,
      ...(messages !== undefined && { messages }),
      onLost,
      isLost: false,
    };
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
    if (swallowsNew) {
      client.on("error", () => {});
      swallowed.push(client);
      return;
    }
    const server = net.connect({ host: target.hostname, port: Number(target.port || 5432) });
    const isHeld = holdsNew;
    const heldParts: Uint8Array[] = [];
    let losing: Loss | undefined;
    let answer = new Uint8Array();
    for (const [from, to] of [[client, server], [server, client]] as const) {
      sockets.add(from);
      from.setNoDelay(true);
      from.on("error", () => {});
      from.on("close", () => {
        sockets.delete(from);
        if (to === client && heldParts.length > 0) {
          held++;
          return client.end(Buffer.concat(heldParts));
        }
        if (to === client) later(() => to.destroy());
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
      // A session begins with AuthenticationOk.
      if (isHeld && (part[0] === authentication || heldParts.length > 0)) {
        return heldParts.push(part);
      }
      const isAnswered = readyForQuery.test(toText(part));
      if (isAnswered) answers++;
      if (!losing) return later(() => client.write(part));
      // It may arrive in several parts.
      answer = Buffer.concat([answer, part]);
      if (!isAnswered) return;
      losing.isLost = true;
      losing.onLost().finally(() => {
        if (losing?.messages === undefined) return client.destroy();
        client.end(answer.subarray(0, lengthOf(answer, losing.messages) + 2));
      });
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

  return {
    url: url.href,
    get answers() {
      return answers;
    },
    get connections() {
      return connections;
    },
    loseAnswerTo: (text, onLost) => addLoss(text, "answer", undefined, onLost),
    loseRequest: (text) => addLoss(text, "request"),
    cutAnswerTo: (text, messages) => addLoss(text, "answer", messages),
    swallow: (text) => addLoss(text, "all"),
    cut,
    closeNew() {
      closesNew = true;
    },
    swallowNew() {
      swallowsNew = true;
    },
    holdNew() {
      holdsNew = true;
      return () => held;
    },
    leadTo(databaseUrl) {
      target = new URL(databaseUrl);
    },
    refuse: () => closeServer(listener, sockets),
    hang() {
      isHanging = true;
      sockets.forEach((socket) => socket.pause());
    },
    async restore() {
      isHanging = false;
      closesNew = false;
      swallowsNew = false;
      holdsNew = false;
      sockets.forEach((socket) => socket.resume());
      if (!listener.listening) await listen(listener, port);
    },
    async [Symbol.asyncDispose]() {
      swallowed.forEach((socket) => socket.destroy());
      await closeServer(listener, sockets);
      await Promise.all(delayed);
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

/** Decodes bytes to one character each. */
function toText(bytes: Uint8Array): string {
  return new TextDecoder("latin1").decode(bytes);
}

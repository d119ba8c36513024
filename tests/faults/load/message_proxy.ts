/** A proxy that knows the messages of the Postgres protocol, and spoils one of them. */
import net from "node:net";
import { setImmediate } from "node:timers";
import { closeServer } from "../../support/close_server.ts";
import type { Random } from "./random.ts";

/**
 * What happens in the middle of a message: the connection is cut, nothing of it passes any more, or
 * all that follows passes byte by byte.
 */
export type Harm = "cut" | "stall" | "drip";

export interface MessageProxy extends AsyncDisposable {
  readonly url: string;
  /** Harms the connection of the message after the next `skip` ones, of either direction. */
  harm(harm: Harm, skip: number, random: Random): void;
  /** Ends the harm: closes what stalls. Returns whether the message has come. */
  heal(): boolean;
}

/** The first bytes of a client give its length, and no type. */
const untypedHeader = 4;
const typedHeader = 5;
// SSLRequest and GSSENCRequest are answered with one byte.
const encryptionRequests = [80877103, 80877104];

// When the server gives up a connection that stalls, as it does when its keepalives get no answer.
const serverTimeoutMs = 2000;

type Connection = readonly [client: net.Socket, server: net.Socket];

/** Cuts the data of one direction of a connection into messages. */
class MessageSplitter {
  #rest = new Uint8Array();
  #isUntyped: boolean;
  /** Whether the next message is the answer to a request for encryption. */
  isOneByte = false;

  constructor(isFromClient: boolean) {
    this.#isUntyped = isFromClient;
  }

  split(part: Uint8Array): { message: Uint8Array; requestsEncryption: boolean }[] {
    const bytes = new Uint8Array(this.#rest.length + part.length);
    bytes.set(this.#rest);
    bytes.set(part, this.#rest.length);
    const view = new DataView(bytes.buffer);
    const messages = [];
    let start = 0;
    while (true) {
      const header = this.#isUntyped ? untypedHeader : typedHeader;
      let length = 1;
      let requestsEncryption = false;
      if (!this.isOneByte) {
        if (start + header > bytes.length) break;
        length = view.getInt32(start + header - 4) + header - 4;
      }
      if (start + length > bytes.length) break;
      if (this.#isUntyped) {
        requestsEncryption = encryptionRequests.includes(view.getInt32(start + 4));
        this.#isUntyped = requestsEncryption;
      }
      this.isOneByte = false;
      messages.push({ message: bytes.slice(start, start + length), requestsEncryption });
      start += length;
    }
    this.#rest = bytes.slice(start);
    return messages;
  }
}

/** Starts a proxy for the server of `databaseUrl`, on a free local port. */
export async function startMessageProxy(databaseUrl: string): Promise<MessageProxy> {
  const target = new URL(databaseUrl);
  const sockets = new Set<net.Socket>();
  const stalled = new Map<net.Socket, ReturnType<typeof setTimeout>>();
  const dripping = new Set<net.Socket>();
  let next: { harm: Harm; skip: number; random: Random } | undefined;

  function stall([client, server]: Connection): void {
    // Until then it may hold locks of the statement that stalls, which the next attempt waits for.
    const timer = setTimeout(() => server.destroy(), serverTimeoutMs);
    stalled.set(client, timer).set(server, timer);
  }

  /** Forwards a message, unless the connection is harmed. */
  async function forward(message: Uint8Array, to: net.Socket, both: Connection): Promise<void> {
    if (both.some((socket) => stalled.has(socket))) return;
    if (next && next.skip-- === 0) {
      const { harm, random } = next;
      next = undefined;
      const passed = random.below(message.length);
      if (harm === "drip") both.forEach((socket) => dripping.add(socket));
      else to.write(message.subarray(0, passed));
      if (harm === "stall") stall(both);
      if (harm === "cut") both.forEach((socket) => socket.end());
      if (harm !== "drip") return;
    }
    if (!dripping.has(to)) return void to.write(message);
    for (const byte of message) {
      to.write(Uint8Array.of(byte));
      if (dripping.has(to)) await new Promise((resolve) => setImmediate(resolve));
    }
  }

  const listener = net.createServer((client) => {
    const server = net.connect({ host: target.hostname, port: Number(target.port) });
    const both: Connection = [client, server];
    const splitters = new Map(both.map((from) => [from, new MessageSplitter(from === client)]));
    for (const [from, to] of [[client, server], [server, client]] as const) {
      let forwarding = Promise.resolve();
      sockets.add(from);
      from.setNoDelay(true);
      from.on("error", () => {});
      from.on("close", () => {
        sockets.delete(from);
        dripping.delete(from);
        // The client is not told of a connection that stalls.
        if (!stalled.has(from) || from === client) forwarding.then(() => to.destroy());
      });
      from.on("data", (part: Uint8Array) => {
        for (const { message, requestsEncryption } of splitters.get(from)!.split(part)) {
          if (requestsEncryption) splitters.get(to)!.isOneByte = true;
          forwarding = forwarding.then(() => forward(message, to, both));
        }
      });
    }
  });
  await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));
  const { port } = listener.address() as net.AddressInfo;
  const url = new URL(databaseUrl);
  url.port = String(port);

  return {
    url: url.href,
    harm(harm, skip, random) {
      next = { harm, skip, random };
    },
    heal() {
      const hasCome = next === undefined;
      next = undefined;
      for (const [socket, timer] of stalled) {
        clearTimeout(timer);
        socket.destroy();
      }
      stalled.clear();
      dripping.clear();
      return hasCome;
    },
    async [Symbol.asyncDispose]() {
      await closeServer(listener, sockets);
    },
  };
}

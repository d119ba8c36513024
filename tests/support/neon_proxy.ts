/**
 * Stands in for Neon's proxy, before a Postgres server: statements over HTTP, and the bytes of the
 * protocol in the messages of a WebSocket. What `npm:@neondatabase/serverless` sends says how.
 */
import http from "node:http";
import net from "node:net";
import pg from "pg";
import { closeServer } from "./close_server.ts";

/** How the proxy fails a request. */
export type HttpFault =
  /** The connection ends before the statement is run. */
  | "lost request"
  /** The connection ends after the statement has committed. */
  | "lost answer"
  /** The connection ends in the middle of the answer. */
  | "cut answer"
  /** The proxy loses its connection to the database after the statement has committed. */
  | "lost database"
  /** There is no answer, also after the statement has committed. */
  | "hang"
  /** The status of the answer; the statement is not run. */
  | 429
  | 500
  | 502
  | 503
  | 504;

export interface InjectedFault {
  /** Whether there was such a request. */
  readonly isInjected: boolean;
  /** Resolves when its connection is closed. */
  readonly closed: Promise<void>;
}

export interface NeonProxy extends AsyncDisposable {
  /** The URL of the database through the proxy. */
  readonly url: string;
  /** Applies a fault to the next request whose body contains `text`. */
  fail(text: string, fault: HttpFault): InjectedFault;
  /** The bodies of all requests. */
  readonly requests: readonly string[];
  /** The number of WebSockets that were opened. */
  readonly webSockets: number;
  /** Closes all connections. */
  cut(): void;
  /** Closes all connections, and new ones until `accept()`. */
  refuse(): void;
  accept(): void;
  /** The number of connections that were refused. */
  readonly refused: number;
}

const hostname = "127.0.0.1";

interface Statement {
  readonly query: string;
  readonly params?: unknown[];
}

interface Fault extends InjectedFault {
  readonly text: string;
  readonly kind: HttpFault;
  isInjected: boolean;
  readonly close: () => void;
}

type Payload = Statement | { readonly queries: readonly Statement[] };

// As Neon's answer names them.
const errorFields = [
  ...["code", "detail", "hint", "position", "internalPosition", "internalQuery", "severity"],
  ...["where", "table", "column", "schema", "dataType", "constraint", "file", "line", "routine"],
] as const;

/** The body of an answer to a statement that has failed, if the server has refused it. */
function toErrorBody(error: unknown): string {
  const fields = error as Record<string, unknown>;
  const body = Object.fromEntries(errorFields.map((name) => [name, fields[name] ?? null]));
  return JSON.stringify({ ...body, message: fields.message });
}

/** The same if the connection to the server was lost: there is no code. */
const lostDatabase = JSON.stringify({ message: "connection closed", code: "" });

async function runStatement(client: pg.ClientBase, { query, params = [] }: Statement) {
  const config = {
    text: query,
    values: params,
    rowMode: "array",
    types: { getTypeParser: () => String },
    // One statement, also without parameters.
    queryMode: "extended",
  };
  const { command, rowCount, rows, fields } = await client.query(config as pg.QueryArrayConfig);
  return { command, rowCount, rows, fields, rowAsArray: true };
}

async function runPayload(
  client: pg.ClientBase,
  payload: Payload,
  headers: http.IncomingHttpHeaders,
): Promise<object> {
  if (!("queries" in payload)) return await runStatement(client, payload);
  const isReadOnly = headers["neon-batch-read-only"] === "true";
  await client.query(isReadOnly ? "begin read only" : "begin");
  try {
    const results = [];
    for (const statement of payload.queries) results.push(await runStatement(client, statement));
    await client.query("commit");
    return { results };
  } catch (error) {
    await client.query("rollback").catch(() => {});
    throw error;
  }
}

function ignore(): void {}

async function readBody(request: http.IncomingMessage): Promise<string> {
  const parts: Uint8Array[] = [];
  for await (const part of request) parts.push(part);
  return await new Blob(parts as BlobPart[]).text();
}

/** Starts a proxy before the server of `databaseUrl`, on free ports of this machine. */
export async function startNeonProxy(databaseUrl: string): Promise<NeonProxy> {
  const target = new URL(databaseUrl);
  const requests: string[] = [];
  const faults: Fault[] = [];
  const pools = new Map<string, pg.Pool>();
  const connections = new Set<net.Socket>();
  let webSockets = 0;
  let refused = 0;
  let isRefusing = false;

  /** The pool for the user and the database of a request. */
  function poolOf(connectionString: string): pg.Pool {
    const url = new URL(connectionString);
    url.host = target.host;
    let pool = pools.get(url.href);
    if (!pool) {
      pools.set(url.href, pool = new pg.Pool({ connectionString: url.href, max: 20 }));
      pool.on("error", () => {});
    }
    return pool;
  }

  async function answer(
    request: http.IncomingMessage,
    response: http.ServerResponse,
  ): Promise<void> {
    const body = await readBody(request);
    requests.push(body);
    const found = faults.find(({ text, isInjected }) => !isInjected && body.includes(text));
    if (found) found.isInjected = true;
    const fault = found?.kind;
    if (typeof fault === "number") {
      return void response.writeHead(fault).end(JSON.stringify({ message: "unavailable" }));
    }
    // In Deno 2.5 the socket of a request cannot be destroyed, and each request needs an answer.
    const connection = [...connections].find((socket) =>
      socket.localPort === request.socket.remotePort
    );
    if (found) {
      connection?.on("close", () => {
        found.close();
        response.end();
      });
    }
    if (fault === "lost request") return void connection?.destroy();
    let status = 200;
    let text: string;
    try {
      const pool = poolOf(request.headers["neon-connection-string"] as string);
      const client = await pool.connect();
      // Without a listener, an error of the connection would end the process.
      client.on("error", ignore);
      let isUsable = false;
      try {
        text = JSON.stringify(await runPayload(client, JSON.parse(body), request.headers));
        isUsable = true;
      } finally {
        client.off("error", ignore);
        client.release(!isUsable);
      }
    } catch (error) {
      status = 400;
      text = error instanceof pg.DatabaseError ? toErrorBody(error) : lostDatabase;
    }
    if (fault === "hang") return;
    if (fault === "lost answer") return void connection?.destroy();
    if (fault === "lost database") {
      status = 400;
      text = lostDatabase;
    }
    const bytes = new TextEncoder().encode(text);
    response.writeHead(status, {
      "Content-Type": "application/json",
      "Content-Length": bytes.length,
    });
    if (fault !== "cut answer") return void response.end(bytes);
    connection?.once("data", () => connection.destroy());
    response.write(bytes.subarray(0, bytes.length / 2));
  }

  /** Carries the bytes between a WebSocket and a connection to the server. */
  function relay(socket: WebSocket): void {
    socket.binaryType = "arraybuffer";
    const server = net.connect({ host: target.hostname, port: Number(target.port || 5432) });
    socket.onmessage = ({ data }) => server.write(new Uint8Array(data));
    socket.onclose = () => server.destroy();
    socket.onerror = () => {};
    server.on("data", (part: Uint8Array<ArrayBuffer>) => {
      if (socket.readyState === WebSocket.OPEN) socket.send(part);
    });
    server.on("error", () => {});
    server.on("close", () => socket.close());
  }

  const httpServer = http.createServer((request, response) => void answer(request, response));
  const httpPort = await listen(httpServer);
  const webSocketServer = Deno.serve({ hostname, port: 0, onListen() {} }, (request) => {
    const { socket, response } = Deno.upgradeWebSocket(request);
    relay(socket);
    return response;
  });

  /** Passes a connection on to the server of its kind, so that both kinds arrive at one port. */
  function forward(client: net.Socket): void {
    connections.add(client);
    client.on("error", () => {});
    client.on("close", () => connections.delete(client));
    if (isRefusing) {
      refused++;
      return void client.destroy();
    }
    client.once("data", (head: Uint8Array) => {
      const isWebSocket = /^upgrade: websocket/im.test(new TextDecoder().decode(head));
      if (isWebSocket) webSockets++;
      const port = isWebSocket ? webSocketServer.addr.port : httpPort;
      const server = net.connect({ host: hostname, port });
      connections.add(server);
      server.on("error", () => {});
      server.on("close", () => {
        connections.delete(server);
        client.destroySoon();
      });
      client.on("close", () => server.destroy());
      server.write(head);
      client.pipe(server);
      server.pipe(client);
    });
  }

  const front = net.createServer(forward);
  const url = new URL(databaseUrl);
  url.host = `${hostname}:${await listen(front)}`;

  function cut(): void {
    connections.forEach((connection) => connection.destroy());
  }

  return {
    url: url.href,
    requests,
    get webSockets() {
      return webSockets;
    },
    fail(text, kind) {
      const { promise: closed, resolve: close } = Promise.withResolvers<void>();
      const fault = { text, kind, isInjected: false, closed, close };
      faults.push(fault);
      return fault;
    },
    cut,
    refuse() {
      isRefusing = true;
      cut();
    },
    accept() {
      isRefusing = false;
    },
    get refused() {
      return refused;
    },
    async [Symbol.asyncDispose]() {
      await closeServer(front, connections);
      await webSocketServer.shutdown();
      await new Promise((resolve) => httpServer.close(resolve));
      await Promise.all([...pools.values()].map((pool) => pool.end()));
    },
  };
}

function listen(server: net.Server): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, hostname, () => resolve((server.address() as net.AddressInfo).port));
  });
}

/** Connects to a database through `npm:pg` for those who bring no driver. */

import { sessionState } from "../../sql/drivers/mod.ts";
import {
  type ConnectionPool,
  createConnectionPool,
  type OpenConnection,
  type PgClient,
} from "./connection_pool.ts";
import type { ConnectionSettings, Host } from "./connection_settings.ts";
import {
  createSocket,
  type Encryption,
  FatalConnectionError,
  hasCertificate,
  negotiateTLS,
  type Socket,
  TLSError,
  whenConnected,
} from "./open_socket.ts";
import { sqlStateOf } from "./sql_state.ts";

/** A client that is not connected yet. */
interface UnconnectedPgClient extends PgClient {
  connect(): Promise<unknown>;
  readonly connection: {
    on(event: string, listener: (message: { mechanisms?: readonly string[] }) => void): unknown;
  };
}

type PgClientClass = new (config: object) => UnconnectedPgClient;

const channelBindingMechanism = "SCRAM-SHA-256-PLUS";
const cannotConnectNow = "57P03";
const invalidAuthorization = "28000";

/** The ways to connect to a host, in order: libpq tries the second if the first fails. */
function waysTo(host: Host, { sslMode }: ConnectionSettings): readonly Encryption[] {
  // libpq never uses TLS on a Unix-domain socket.
  if (host.address.startsWith("/") || sslMode === "disable") return ["none"];
  if (sslMode === "allow") return ["none", "required"];
  return sslMode === "prefer" ? ["preferred", "none"] : ["required"];
}

/** Whether the other way may do where one has failed. */
function isOtherWayWorthwhile(encryption: Encryption, error: unknown): boolean {
  const state = sqlStateOf(error);
  if (encryption === "none") return state !== undefined;
  // libpq goes on without TLS after any error of the server. A wrong password would then be sent in
  // the clear, so here it must be that the server does not take this user with TLS.
  return error instanceof TLSError || state === invalidAuthorization;
}

/**
 * What ends a session before it starts may be the certificate: Cloudflare, and Deno before 2.8, find
 * that out only then.
 */
function toTLSError(error: Error): Error {
  if (error instanceof FatalConnectionError || sqlStateOf(error)) return error;
  return new TLSError(`Cannot connect to the system database over TLS: ${error.message}`, {
    cause: error,
  });
}

/** What npm:pg takes for a socket that it has to connect. */
function asUnconnected(socket: Socket): Socket {
  return Object.assign(socket, {
    connect() {
      queueMicrotask(() => socket.emit(socket.destroyed ? "close" : "connect"));
      return socket;
    },
  });
}

function orderHosts({ hosts, isRandomOrder }: ConnectionSettings): readonly Host[] {
  if (!isRandomOrder) return hosts;
  return hosts.map((host) => ({ host, rank: Math.random() })).toSorted((a, b) => a.rank - b.rank)
    .map(({ host }) => host);
}

async function findUserName(): Promise<string> {
  try {
    return (await import("node:os")).userInfo().username;
  } catch (cause) {
    throw new TypeError("Cannot connect to the system database: the URL names no user", { cause });
  }
}

/** Refuses a session that the settings do not ask for. */
async function checkSession(
  client: PgClient,
  attributes: ConnectionSettings["targetSessionAttributes"],
): Promise<void> {
  if (attributes === "any") return;
  const { rows: [state] } = await client.query(sessionState.sql) as {
    rows: [{ is_standby: boolean; is_read_only: boolean }];
  };
  const isFit = {
    "read-write": !state.is_read_only,
    "read-only": state.is_read_only,
    primary: !state.is_standby,
    standby: state.is_standby,
    "prefer-standby": state.is_standby,
  }[attributes];
  if (isFit) return;
  // A retry may find that another server has taken over.
  const error = new Error(
    `Cannot connect to the system database: the server is not ${attributes}, as ` +
      "target_session_attrs demands",
  );
  throw Object.assign(error, { code: "ECONNABORTED" });
}

async function failAfter(timeoutSeconds: number, work: Promise<void>): Promise<void> {
  if (timeoutSeconds === 0) return await work;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const error = new Error("Cannot connect to the system database: the server does not answer");
      reject(Object.assign(error, { code: "ETIMEDOUT" }));
    }, timeoutSeconds * 1000);
  });
  try {
    await Promise.race([work, timeout]);
  } finally {
    clearTimeout(timer);
  }
}

/** Makes a client on a socket. If the settings ask for it, the server has to bind the channel. */
function createPgClient(
  Client: PgClientClass,
  socket: Socket,
  host: Host,
  settings: ConnectionSettings & { readonly user: string },
): { client: UnconnectedPgClient; checkBinding(): void } {
  const { user, password, channelBinding } = settings;
  const canBind = channelBinding !== "disable" && hasCertificate(socket);
  let offersBinding = false;
  let isBound = false;

  function requireBinding(hasBinding: boolean): void {
    if (hasBinding || channelBinding !== "require") return;
    throw new FatalConnectionError(
      "Cannot connect to the system database: channel_binding=require needs TLS and a server that " +
        `authenticates by ${channelBindingMechanism}`,
    );
  }

  const client = new Client({
    user,
    database: settings.database ?? user,
    // Asked for only when the server asks for it: nothing is sent to a server that cannot bind.
    password() {
      requireBinding(offersBinding);
      if (password) return password;
      throw new FatalConnectionError(
        "Cannot connect to the system database: the server asks for a password, and the URL has none",
      );
    },
    application_name: settings.applicationName,
    options: settings.options,
    enableChannelBinding: canBind,
    stream: asUnconnected(socket),
    // npm:pg would read the environment for these.
    host: host.address,
    port: host.port,
    ssl: false,
    sslnegotiation: "postgres",
    client_encoding: "UTF8",
    connectionTimeoutMillis: 0,
  });
  client.connection.on("authenticationSASL", ({ mechanisms }) => {
    offersBinding = canBind && mechanisms!.includes(channelBindingMechanism);
  });
  client.connection.on("authenticationSASLFinal", () => isBound = offersBinding);
  return { client, checkBinding: () => requireBinding(isBound) };
}

/**
 * A pool of connections of npm:pg. All of it is loaded on demand: those who bring a driver save
 * kilobytes.
 *
 * npm:pg only speaks the protocol. Sockets, TLS, the order of servers and the pool are ours, because
 * libpq's rules need them: a connection is tried over and over, with TLS and without, and npm:pg takes
 * one attempt for all.
 */
export async function openPg(
  given: ConnectionSettings,
  maxConnections: number,
): Promise<ConnectionPool> {
  // Takes 20 ms, in which the first socket can connect.
  const driver = import("pg") as unknown as Promise<{ default: { Client: PgClientClass } }>;
  // Whoever waits for it is told.
  driver.catch(() => {});
  const settings = { ...given, user: given.user ?? await findUserName() };

  async function connectOnce(
    host: Host,
    encryption: Encryption,
    attributes: ConnectionSettings["targetSessionAttributes"],
    closing: AbortSignal,
  ): Promise<OpenConnection> {
    closing.throwIfAborted();
    const raw = createSocket(host, settings);
    let socket = raw;
    let client: PgClient;
    const ended = new AbortController();
    function destroy(): void {
      ended.abort();
      socket.destroy();
      raw.destroy();
    }
    async function start(): Promise<void> {
      await whenConnected(raw);
      socket = await negotiateTLS(raw, host, encryption, settings);
      const { default: { Client } } = await driver;
      const { client: created, checkBinding } = createPgClient(
        Client,
        socket,
        host,
        settings,
      );
      client = created;
      for (const event of ["error", "end"]) client.on(event, () => ended.abort());
      await created.connect().catch((error) => {
        throw encryption === "preferred" && socket !== raw ? toTLSError(error) : error;
      });
      checkBinding();
      await checkSession(client, attributes);
    }
    closing.addEventListener("abort", destroy);
    try {
      await failAfter(settings.connectTimeoutSeconds, start());
      closing.throwIfAborted();
      return { client: client!, ended: ended.signal, destroy };
    } catch (error) {
      destroy();
      throw error;
    } finally {
      closing.removeEventListener("abort", destroy);
    }
  }

  async function connectTo(
    host: Host,
    attributes: ConnectionSettings["targetSessionAttributes"],
    closing: AbortSignal,
  ): Promise<OpenConnection> {
    const [first, second] = waysTo(host, settings);
    try {
      return await connectOnce(host, first!, attributes, closing);
    } catch (error) {
      if (!second || !isOtherWayWorthwhile(first!, error)) throw error;
      return await connectOnce(host, second, attributes, closing).catch((other) => {
        throw sqlStateOf(other) ? other : error;
      });
    }
  }

  async function connect(closing: AbortSignal): Promise<OpenConnection> {
    const { targetSessionAttributes } = settings;
    const hosts = orderHosts(settings).map((host) => ({
      host,
      attributes: targetSessionAttributes,
    }));
    const candidates = targetSessionAttributes === "prefer-standby"
      ? [...hosts, ...hosts.map(({ host }) => ({ host, attributes: "any" as const }))]
      : hosts;
    const errors: Error[] = [];
    for (const { host, attributes } of candidates) {
      try {
        return await connectTo(host, attributes, closing);
      } catch (error) {
        const state = sqlStateOf(error);
        if (error instanceof FatalConnectionError || (state && state !== cannotConnectNow)) {
          throw error;
        }
        closing.throwIfAborted();
        errors.push(error as Error);
      }
    }
    if (errors.length === 1) throw errors[0];
    const reasons = errors.map(({ message }, index) => message || `attempt ${index + 1} failed`);
    throw Object.assign(
      new AggregateError(
        errors,
        `Cannot connect to the system database: no server will do: ${reasons.join("; ")}`,
      ),
      { code: (errors.at(-1) as { code?: string }).code },
    );
  }

  return createConnectionPool(connect, maxConnections);
}

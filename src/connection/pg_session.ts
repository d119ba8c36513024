/** Opens a session of `npm:pg` with one server, in one way. */

import { sessionState } from "../../sql/connection/mod.ts";
import { bindChannel } from "./channel_binding.ts";
import { FatalConnectionError, TLSError } from "./connection_error.ts";
import type { OpenConnection, PgClient } from "./connection_pool.ts";
import type { ConnectionSettings, Host, SessionAttributes } from "./connection_settings.ts";
import { codeOf, isLostPgConnection } from "../drivers/error_codes.ts";
import { readPassword } from "./password_file.ts";
import { type PgConnection, refuseInvalidMessages, requireProtocol } from "./protocol_guards.ts";
import { parseColumns, toRows } from "../database/rows.ts";
import { asTexts } from "../drivers/pg_executor.ts";
import { readTLSOptions } from "./tls_options.ts";

/** A client that is not connected yet. */
interface UnconnectedPgClient extends PgClient {
  connect(): Promise<unknown>;
  enableChannelBinding: boolean;
  readonly connection: PgConnection;
  readonly connectionParameters: object;
}

/** The class `Client` of npm:pg. */
export type PgClientClass = new (config: object) => UnconnectedPgClient;

/** The settings, with the user that they imply. */
export interface SessionSettings extends ConnectionSettings {
  readonly user: string;
}

/** A server, and what the session with it must be like. */
export interface SessionTarget {
  readonly host: Host;
  readonly isEncrypted: boolean;
  readonly attributes: SessionAttributes;
}

/** Refuses a session that the settings do not ask for. */
async function checkAttributes(client: PgClient, attributes: SessionAttributes): Promise<void> {
  if (attributes === "any") return;
  const { rows } = await client.query({ text: sessionState.sql, ...asTexts });
  const state = toRows(parseColumns(sessionState.columns), rows)[0]!;
  const isFit = {
    "read-write": !state.is_read_only,
    "read-only": state.is_read_only,
    primary: !state.is_standby,
    standby: state.is_standby,
    "prefer-standby": state.is_standby,
  }[attributes];
  if (isFit) return;
  const error = new Error(
    `Cannot connect to the system database: the server is not ${attributes}, as ` +
      "target_session_attrs demands",
  );
  // A retry may find that another server has taken over.
  throw Object.assign(error, { code: "ECONNABORTED" });
}

function toTLSError(cause: Error): TLSError {
  const message = `Cannot connect to the system database over TLS: ${cause.message}`;
  // Node adds the certificate to the error, which would be printed with it, byte by byte.
  delete (cause as { cert?: unknown }).cert;
  // A server that hangs up is worth a retry.
  const code = codeOf(cause) || (isLostPgConnection(cause) ? "ECONNRESET" : undefined);
  return Object.assign(new TLSError(message, { cause }), code && { code });
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

async function getPassword(
  { name, address, port }: Host,
  database: string,
  { user, password, passwordFile }: SessionSettings,
): Promise<string> {
  const key = { host: name || address, port, database, user };
  const found = password ?? await readPassword(passwordFile, key);
  if (found) return found;
  throw new FatalConnectionError(
    "Cannot connect to the system database: the server asks for a password, and neither the URL " +
      "nor the password file has one",
  );
}

/** Makes a client that is not connected. */
async function createPgClient(
  Client: PgClientClass,
  { host, isEncrypted }: SessionTarget,
  settings: SessionSettings,
): Promise<{ client: UnconnectedPgClient; checkSession(): void }> {
  const database = settings.database ?? settings.user;
  const isDirectTLS = isEncrypted && settings.isDirectTLS;
  const client = new Client({
    user: settings.user,
    database,
    // Called only when the server asks for a password.
    password() {
      checkOffer();
      return getPassword(host, database, settings);
    },
    application_name: settings.applicationName,
    ssl: isEncrypted && await readTLSOptions(host, settings),
    keepAlive: settings.keepalives,
    keepAliveInitialDelayMillis: settings.keepalivesIdleSeconds * 1000,
    // npm:pg would read the environment for these.
    host: host.address,
    port: host.port,
    sslnegotiation: isDirectTLS ? "direct" : "postgres",
    client_encoding: "UTF8",
    connectionTimeoutMillis: 0,
  });
  // For these, npm:pg would read the environment even if they are given as empty.
  Object.assign(client.connectionParameters, { options: settings.options, replication: undefined });
  refuseInvalidMessages(client.connection);
  if (isDirectTLS) requireProtocol(client.connection);
  const { checkOffer, checkSession } = bindChannel(client, settings.channelBinding);
  return { client, checkSession };
}

/** Connects a client. What fails between the socket's connection and the session's start is TLS. */
async function connect(client: UnconnectedPgClient, isEncrypted: boolean): Promise<void> {
  let isConnected = false;
  let startsTLS = false;
  // A certificate may be refused only when the session starts, by Cloudflare for one.
  let isStarted = false;
  client.connection.once("connect", () => isConnected = true);
  client.connection.once("sslconnect", () => startsTLS = true);
  client.connection.once("message", () => isStarted = true);
  try {
    await client.connect();
  } catch (error) {
    const isTLS = isEncrypted && isConnected && !isStarted &&
      !(error instanceof FatalConnectionError);
    throw isTLS && (startsTLS || !isLostPgConnection(error)) ? toTLSError(error as Error) : error;
  }
}

/** Opens a session, or destroys its connection. */
export async function openSession(
  Client: PgClientClass,
  target: SessionTarget,
  settings: SessionSettings,
  closing: AbortSignal,
): Promise<OpenConnection> {
  const { port } = target.host;
  if (port < 1 || port > 65535) {
    throw new RangeError("Cannot connect to the system database: invalid port number");
  }
  const { client, checkSession } = await createPgClient(Client, target, settings);
  closing.throwIfAborted();
  const socket = client.connection.stream;
  const ended = new AbortController();
  function destroy(): void {
    ended.abort();
    client.connection.stream.destroy();
    socket.destroy();
  }
  async function start(): Promise<void> {
    await connect(client, target.isEncrypted);
    checkSession();
    await checkAttributes(client, target.attributes);
  }
  for (const event of ["error", "end"]) client.on(event, () => ended.abort());
  closing.addEventListener("abort", destroy);
  try {
    await failAfter(settings.connectTimeoutSeconds, start());
    closing.throwIfAborted();
    return { client, ended: ended.signal, destroy };
  } catch (error) {
    destroy();
    throw error;
  } finally {
    closing.removeEventListener("abort", destroy);
  }
}

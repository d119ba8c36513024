/** Opens a session of `npm:pg` with one server, in one way. */

import { sessionState } from "../../sql/drivers/mod.ts";
import { FatalConnectionError, TLSError } from "./connection_error.ts";
import type { OpenConnection, PgClient } from "./connection_pool.ts";
import type { ConnectionSettings, Host, SessionAttributes } from "./connection_settings.ts";
import { codeOf, isLostSocket } from "./lost_connection.ts";
import { readPassword } from "./password_file.ts";
import { readTLSOptions } from "./tls_options.ts";

interface Stream {
  destroy(): void;
  getPeerCertificate?(): { raw?: unknown };
}

/** A client that is not connected yet. */
interface UnconnectedPgClient extends PgClient {
  connect(): Promise<unknown>;
  enableChannelBinding: boolean;
  readonly connection: {
    /** The socket; once TLS has started, that on top of it. */
    readonly stream: Stream;
    once(event: string, listener: (message: { mechanisms?: readonly string[] }) => void): unknown;
  };
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

const channelBindingMechanism = "SCRAM-SHA-256-PLUS";
const noTLSMessage = "The server does not support SSL connections";
const otherAnswerMessage = "There was an error establishing an SSL connection";

/** Whether the runtime shows the server's certificate, which channel binding needs. */
function showsCertificate(stream: Stream): boolean {
  try {
    // Deno 2.4 shows only a part of it, and Cloudflare none.
    return stream.getPeerCertificate?.().raw !== undefined;
  } catch {
    return false;
  }
}

/** Refuses a session that the settings do not ask for. */
async function checkAttributes(client: PgClient, attributes: SessionAttributes): Promise<void> {
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
  const error = new Error(
    `Cannot connect to the system database: the server is not ${attributes}, as ` +
      "target_session_attrs demands",
  );
  // A retry may find that another server has taken over.
  throw Object.assign(error, { code: "ECONNABORTED" });
}

/** The error of an attempt to start TLS. */
function toTLSError(cause: unknown, sslMode: string): TLSError {
  const { message } = cause as Error;
  if (message === noTLSMessage) {
    return new TLSError(
      `Cannot connect to the system database: sslmode=${sslMode} needs TLS, which the server ` +
        "does not have",
    );
  }
  const reason = message === otherAnswerMessage ? "unexpected answer of the server" : message;
  // Node adds the certificate to the error, which would be printed with it, byte by byte.
  delete (cause as { cert?: unknown }).cert;
  const error = new TLSError(`Cannot connect to the system database over TLS: ${reason}`, {
    cause,
  });
  // A server that hangs up is worth a retry.
  const isLost = isLostSocket(cause) || message.startsWith("Connection terminated");
  const code = codeOf(cause) || (isLost ? "ECONNRESET" : undefined);
  return code ? Object.assign(error, { code }) : error;
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

/** Makes a client, and a check of its connected session. */
async function createClient(
  Client: PgClientClass,
  { host, isEncrypted }: SessionTarget,
  settings: SessionSettings,
): Promise<{ client: UnconnectedPgClient; connect(): Promise<void> }> {
  const { user, channelBinding, sslMode } = settings;
  const database = settings.database ?? user;
  let startsTLS = false;
  let isStarted = false;
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
    database,
    // Called only when the server asks for it: nothing is sent to a server that cannot bind.
    async password() {
      requireBinding(offersBinding);
      const key = { host: host.name || host.address, port: host.port, database, user };
      const password = settings.password ?? await readPassword(settings.passwordFile, key);
      if (password) return password;
      throw new FatalConnectionError(
        "Cannot connect to the system database: the server asks for a password, and neither the " +
          "URL nor the password file has one",
      );
    },
    application_name: settings.applicationName,
    options: settings.options,
    ssl: isEncrypted && await readTLSOptions(host, settings),
    keepAlive: settings.keepalives,
    keepAliveInitialDelayMillis: settings.keepalivesIdleSeconds * 1000,
    // npm:pg would read the environment for these.
    host: host.address,
    port: host.port,
    sslnegotiation: isEncrypted && settings.isDirectTLS ? "direct" : "postgres",
    client_encoding: "UTF8",
    connectionTimeoutMillis: 0,
  });
  const { connection } = client;
  connection.once("sslconnect", () => startsTLS = true);
  connection.once("message", () => isStarted = true);
  connection.once("authenticationSASL", ({ mechanisms }) => {
    client.enableChannelBinding = channelBinding !== "disable" &&
      showsCertificate(connection.stream);
    offersBinding = client.enableChannelBinding && mechanisms!.includes(channelBindingMechanism);
  });
  connection.once("authenticationSASLFinal", () => isBound = offersBinding);

  return {
    client,
    async connect() {
      try {
        await client.connect();
      } catch (error) {
        const { message } = error as Error;
        const isRefused = message === noTLSMessage || message === otherAnswerMessage;
        // A certificate may be refused only when the session starts, by Cloudflare for one.
        if (isRefused || (startsTLS && !isStarted)) throw toTLSError(error, sslMode);
        throw error;
      }
      requireBinding(isBound);
    },
  };
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
  const { client, connect } = await createClient(Client, target, settings);
  closing.throwIfAborted();
  const socket = client.connection.stream;
  const ended = new AbortController();
  function destroy(): void {
    ended.abort();
    client.connection.stream.destroy();
    socket.destroy();
  }
  for (const event of ["error", "end"]) client.on(event, () => ended.abort());
  closing.addEventListener("abort", destroy);
  try {
    await failAfter(
      settings.connectTimeoutSeconds,
      connect().then(() => checkAttributes(client, target.attributes)),
    );
    closing.throwIfAborted();
    return { client, ended: ended.signal, destroy };
  } catch (error) {
    destroy();
    throw error;
  } finally {
    closing.removeEventListener("abort", destroy);
  }
}

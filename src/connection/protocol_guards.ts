/** Ends connections of npm:pg on which a server breaks the protocol. */

import { FatalConnectionError, TLSError } from "./connection_error.ts";

/** The socket of a client, with TLS or without. */
export interface Stream {
  destroy(error?: Error): void;
  getPeerCertificate?(): { raw?: unknown };
  /** The protocol that the server has confirmed. */
  readonly alpnProtocol?: unknown;
  once(event: "secureConnect", listener: () => void): unknown;
  listeners(event: "data"): unknown[];
  on(event: "data", listener: (data: unknown) => void): unknown;
  off(event: "data", listener: (data: unknown) => void): unknown;
}

/** The connection of a client that is not connected yet. */
export interface PgConnection {
  /** The socket; once TLS has started, that on top of it. */
  readonly stream: Stream;
  // deno-lint-ignore no-explicit-any -- depends on the event
  on(event: string, listener: (message: any) => void): unknown;
  // deno-lint-ignore no-explicit-any -- depends on the event
  once(event: string, listener: (message: any) => void): unknown;
  emit(event: "error", error: Error): unknown;
  /** Reads messages from a socket. */
  attachListeners(stream: Stream): void;
}

/**
 * Refuses to authenticate again. npm:pg would answer, although the server was judged by what it asked
 * for first.
 */
function refuseSecondAuthentication(connection: PgConnection): void {
  let isAsked = false;
  for (const kind of ["CleartextPassword", "MD5Password", "SASL"]) {
    // An error keeps the listener of npm:pg, which is added later, from being called.
    connection.on(`authentication${kind}`, () => {
      if (isAsked) {
        throw new FatalConnectionError(
          "Cannot connect to the system database: the server asks for authentication twice",
        );
      }
      isAsked = true;
    });
  }
}

function toFatalError(cause: unknown): FatalConnectionError {
  if (cause instanceof FatalConnectionError) return cause;
  const message = `Cannot read a message of the server: ${(cause as Error).message}`;
  return new FatalConnectionError(message, { cause });
}

/**
 * Destroys a connection on a second request for authentication, and on a message that npm:pg cannot
 * read, such as a request for Kerberos. npm:pg throws where nobody can catch it.
 */
export function refuseInvalidMessages(connection: PgConnection): void {
  refuseSecondAuthentication(connection);
  const attachListeners = connection.attachListeners.bind(connection);
  connection.attachListeners = (stream) => {
    attachListeners(stream);
    const read = stream.listeners("data").at(-1) as (data: unknown) => void;
    function tryToRead(data: unknown): void {
      try {
        read(data);
      } catch (error) {
        stream.off("data", tryToRead);
        // The socket of Cloudflare does not tell why it is destroyed.
        connection.emit("error", toFatalError(error));
        stream.destroy();
      }
    }
    stream.off("data", read);
    stream.on("data", tryToRead);
  };
}

/**
 * Destroys a connection that starts with TLS, if the server does not confirm the protocol. It may be a
 * server of another one, to which somebody redirects the connection.
 */
export function requireProtocol(connection: PgConnection): void {
  connection.once("sslconnect", () => {
    const { stream } = connection;
    stream.once("secureConnect", () => {
      if (stream.alpnProtocol === "postgresql") return;
      stream.destroy(
        new TLSError(
          "Cannot connect to the system database over TLS: the server does not confirm the protocol " +
            "postgresql, which sslnegotiation=direct needs",
        ),
      );
    });
  });
}

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
  /** Reads messages from a socket. */
  attachListeners(stream: Stream): void;
}

/**
 * Destroys a connection that is asked for authentication again. npm:pg would answer, although the
 * server was judged by what it asked for first.
 */
export function refuseSecondAuthentication(connection: PgConnection): void {
  let isAsked = false;
  for (const kind of ["CleartextPassword", "MD5Password", "SASL"]) {
    // It runs before the listener of npm:pg, which is added later and sends nothing if it is destroyed.
    connection.on(`authentication${kind}`, () => {
      if (isAsked) {
        connection.stream.destroy(
          new FatalConnectionError(
            "Cannot connect to the system database: the server asks for authentication twice",
          ),
        );
      }
      isAsked = true;
    });
  }
}

/**
 * Destroys a connection on a message that npm:pg cannot read, such as a request for Kerberos. npm:pg
 * throws where nobody can catch it.
 */
export function catchInvalidMessages(connection: PgConnection): void {
  const attachListeners = connection.attachListeners.bind(connection);
  connection.attachListeners = (stream) => {
    attachListeners(stream);
    const read = stream.listeners("data").at(-1) as (data: unknown) => void;
    stream.off("data", read);
    stream.on("data", (data) => {
      try {
        read(data);
      } catch (cause) {
        const message = `Cannot read a message of the server: ${(cause as Error).message}`;
        stream.destroy(new FatalConnectionError(message, { cause }));
      }
    });
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

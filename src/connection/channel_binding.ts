/** Binds the authentication of a session to its TLS channel. */

import { FatalConnectionError } from "./connection_error.ts";
import type { ChannelBinding } from "./connection_settings.ts";
import type { PgConnection, Stream } from "./protocol_guards.ts";

/** A client of npm:pg that is not connected yet. */
interface BindingClient {
  enableChannelBinding: boolean;
  readonly connection: PgConnection;
}

/** Refuse a session that is not bound though `channel_binding` requires it. */
export interface BindingChecks {
  /** Checks what the server offers, before it is sent anything secret. */
  checkOffer(): void;
  /** Checks the session once it is connected. */
  checkSession(): void;
}

const mechanism = "SCRAM-SHA-256-PLUS";

/** Whether the runtime shows the server's certificate, which channel binding needs. */
function showsCertificate(stream: Stream): boolean {
  try {
    // Deno 2.4 shows only a part of it, and Cloudflare none.
    return stream.getPeerCertificate?.().raw !== undefined;
  } catch {
    return false;
  }
}

/** Has a client bind its channel if the setting, the server and the runtime allow that. */
export function bindChannel(client: BindingClient, setting: ChannelBinding): BindingChecks {
  const { connection } = client;
  let isOffered = false;
  let isBound = false;
  connection.once("authenticationSASL", ({ mechanisms }) => {
    client.enableChannelBinding = setting !== "disable" && showsCertificate(connection.stream);
    isOffered = client.enableChannelBinding && mechanisms.includes(mechanism);
  });
  connection.once("authenticationSASLFinal", () => isBound = isOffered);

  function check(isMet: boolean): void {
    if (isMet || setting !== "require") return;
    throw new FatalConnectionError(
      "Cannot connect to the system database: channel_binding=require needs TLS and a server that " +
        `authenticates by ${mechanism}`,
    );
  }

  return { checkOffer: () => check(isOffered), checkSession: () => check(isBound) };
}

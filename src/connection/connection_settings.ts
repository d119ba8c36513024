/** How to connect to a database, in the terms of libpq. */

export const sslModes = [
  "disable",
  "allow",
  "prefer",
  "require",
  "verify-ca",
  "verify-full",
] as const;
export type SSLMode = typeof sslModes[number];

export const sessionAttributes = [
  "any",
  "read-write",
  "read-only",
  "primary",
  "standby",
  "prefer-standby",
] as const;
export type SessionAttributes = typeof sessionAttributes[number];

/** Whether authentication is bound to the TLS channel, so that nobody can relay it. */
export type ChannelBinding = "disable" | "prefer" | "require";

/** Debian's libpq takes it for a URL without a host. */
export const defaultSocketDirectory = "/var/run/postgresql";

/** A server to try. */
export interface Host {
  /** The name that the server's certificate must be for; empty if only an address is known. */
  readonly name: string;
  /** A name to resolve, an IP address, or the directory of a Unix-domain socket. */
  readonly address: string;
  readonly port: number;
}

/** Whether and how a connection is encrypted. */
export interface TLSSettings {
  readonly sslMode: SSLMode;
  /** Whether TLS starts at once, without asking the server. */
  readonly isDirectTLS: boolean;
  /** The file of the certificate authorities, or `system` for those of the runtime. */
  readonly sslRootCert: string | undefined;
  readonly sslCert: string | undefined;
  readonly sslKey: string | undefined;
  readonly sslPassword: string | undefined;
  readonly minTLSVersion: string;
  readonly maxTLSVersion: string | undefined;
  readonly channelBinding: ChannelBinding;
}

/** The settings of a connection: those of the URL, and else those of the environment. */
export interface ConnectionSettings extends TLSSettings {
  /** The servers to try, in order. */
  readonly hosts: readonly Host[];
  /** Undefined if it is named after the user. */
  readonly database: string | undefined;
  /** Undefined if it is the user of the operating system. */
  readonly user: string | undefined;
  readonly password: string | undefined;
  /** Where to look for a password that is not given. Undefined if it is `~/.pgpass`. */
  readonly passwordFile: string | undefined;
  readonly applicationName: string;
  /** Command-line options for the server. */
  readonly options: string | undefined;
  readonly targetSessionAttributes: SessionAttributes;
  /** Whether to try the servers in random order. */
  readonly isRandomOrder: boolean;
  /** The time for one attempt to connect to one server; 0 disables the limit. */
  readonly connectTimeoutSeconds: number;
  readonly keepalives: boolean;
  readonly keepalivesIdleSeconds: number;
  /** False if the URL says that there is a pooler in transaction mode. */
  readonly prepare: boolean;
  /** The number of connections that the URL allows. */
  readonly maxConnections: number | undefined;
}

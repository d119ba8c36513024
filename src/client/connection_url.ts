/** Reads a connection URL as libpq does. */

import {
  type ConnectionSettings,
  defaultSocketDirectory,
  type Host,
  sessionAttributes,
  type SSLMode,
  sslModes,
} from "../drivers/connection_settings.ts";

/** The parameters that are supported, with the environment variables that they default to. */
const environmentVariables: Readonly<Record<string, string>> = {
  host: "PGHOST",
  hostaddr: "PGHOSTADDR",
  port: "PGPORT",
  dbname: "PGDATABASE",
  user: "PGUSER",
  password: "PGPASSWORD",
  passfile: "PGPASSFILE",
  application_name: "PGAPPNAME",
  fallback_application_name: "",
  options: "PGOPTIONS",
  client_encoding: "PGCLIENTENCODING",
  target_session_attrs: "PGTARGETSESSIONATTRS",
  load_balance_hosts: "PGLOADBALANCEHOSTS",
  connect_timeout: "PGCONNECT_TIMEOUT",
  keepalives: "",
  keepalives_idle: "",
  // As in libpq, these have no effect where the system cannot set them, which no runtime can.
  keepalives_interval: "",
  keepalives_count: "",
  tcp_user_timeout: "",
  sslmode: "PGSSLMODE",
  sslnegotiation: "PGSSLNEGOTIATION",
  sslrootcert: "PGSSLROOTCERT",
  sslcert: "PGSSLCERT",
  sslkey: "PGSSLKEY",
  sslpassword: "",
  sslsni: "PGSSLSNI",
  // libpq ignores it as well.
  sslcompression: "",
  ssl_min_protocol_version: "PGSSLMINPROTOCOLVERSION",
  ssl_max_protocol_version: "PGSSLMAXPROTOCOLVERSION",
  channel_binding: "PGCHANNELBINDING",
  gssencmode: "PGGSSENCMODE",
  // It asks npm:pg for the meaning that libpq gives to sslmode.
  uselibpqcompat: "",
  // These are Prisma's.
  pgbouncer: "",
  connection_limit: "",
};

/** What would change the server or its verification, and is not supported. */
const unsupportedVariables = [
  "PGSERVICE",
  "PGREQUIREAUTH",
  "PGREQUIREPEER",
  "PGREQUIRESSL",
  "PGSSLCERTMODE",
  "PGSSLCRL",
  "PGSSLCRLDIR",
];

const tlsVersions = ["TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"] as const;
const weakModes: readonly SSLMode[] = ["disable", "allow", "prefer"];

// Where there is no such socket, the server may still be local.
const defaultAddresses = [defaultSocketDirectory, "localhost"];
const defaultPort = "5432";

/** Where a URL comes from: `the given URL`, or the name of an environment variable. */
export interface URLSource {
  readonly url: string;
  readonly source: string;
}

// Neither the URL nor any value stands in a message: where a password is not encoded, a part of it
// passes for a port or a parameter.
function refuse(source: string, reason: string): never {
  throw new TypeError(`Cannot connect to the system database: ${source} ${reason}`);
}

function splitHosts(authority: string, source: string): { host: string; port: string } {
  const hosts: string[] = [];
  const ports: string[] = [];
  for (const part of authority.split(",")) {
    const match = /^(?:\[([^\]]+)\]|([^:[]*))(?::(.*))?$/s.exec(part);
    if (!match) refuse(source, "has an invalid host");
    hosts.push(match[1] ?? match[2]!);
    ports.push(match[3] ?? "");
  }
  return { host: hosts.join(), port: ports.join() };
}

/** The parameters of a URL by the names of libpq. */
function parseParameters({ url, source }: URLSource): Map<string, string> {
  const match =
    /^postgres(?:ql)?:\/\/(?:([^:@/]*)(?::([^@/]*))?@)?([^/?]*)(?:\/([^?]*))?(?:\?(.*))?$/s
      .exec(url);
  if (!match) refuse(source, "is not a Postgres URL");
  const [, user, password, authority, dbname, query] = match;
  const parameters = new Map<string, string>();

  function decode(text: string): string {
    try {
      const decoded = decodeURIComponent(text);
      if (!decoded.includes("\0")) return decoded;
    } catch {
      // It is refused below.
    }
    refuse(source, "is not percent-encoded as it should be: write % as %25");
  }

  const parts = { user, password, ...splitHosts(authority!, source), dbname };
  for (const [name, value] of Object.entries(parts)) if (value) parameters.set(name, decode(value));
  if (!query) return parameters;
  for (const pair of query.replace(/&$/, "").split("&")) {
    const [name, value, ...rest] = pair.split("=").map(decode) as [string, string?, ...string[]];
    // The end of a password, if that contains a slash.
    const label = query.includes("@") ? "a parameter" : `the parameter "${name}"`;
    if (value === undefined || rest.length > 0) {
      refuse(source, `has ${label} that is not name=value: write & as %26 and = as %3D`);
    }
    // As JDBC writes it.
    if (name === "ssl" && value === "true") parameters.set("sslmode", "require");
    else if (Object.hasOwn(environmentVariables, name)) parameters.set(name, value);
    else refuse(source, `has ${label}, which is not supported`);
  }
  return parameters;
}

/**
 * The settings of a connection URL. What the URL does not say, an environment variable of libpq may.
 *
 * The URL is read as libpq reads it, not as the class `URL` does: it may name several hosts, a
 * parameter overrides what stands before it, and only percent-encoding counts. A parameter that libpq
 * does not know, or that has no meaning here, is refused by its name.
 */
export function parseConnectionURL(
  from: URLSource,
  readEnvironment: (name: string) => string | undefined,
): ConnectionSettings {
  const { source } = from;
  for (const variable of unsupportedVariables) {
    if (readEnvironment(variable)) refuse(variable, "is set, which is not supported");
  }
  const parameters = parseParameters(from);
  for (const [name, variable] of Object.entries(environmentVariables)) {
    const value = !parameters.has(name) && variable ? readEnvironment(variable) : undefined;
    if (value) parameters.set(name, value);
  }
  const has = (name: string) => Boolean(parameters.get(name));

  function readChoice<const Choice extends string>(
    name: string,
    choices: readonly Choice[],
    byDefault: NoInfer<Choice>,
  ): Choice {
    const value = parameters.get(name) ?? byDefault;
    if (choices.includes(value as Choice)) return value as Choice;
    refuse(source, `has an invalid ${name}: expected ${choices.join(", ")}`);
  }

  function toInteger(name: string, text: string): number {
    if (/^\s*[-+]?\d+\s*$/.test(text)) return Number(text);
    refuse(source, `has an invalid ${name}: expected an integer`);
  }

  function readInteger(name: string, byDefault: number): number {
    const value = parameters.get(name);
    return value === undefined ? byDefault : toInteger(name, value);
  }

  function readHosts(): Host[] {
    const listOf = (name: string) => parameters.get(name)?.split(",") ?? [];
    const [names, addresses, ports] = [listOf("host"), listOf("hostaddr"), listOf("port")];
    const count = Math.max(names.length, addresses.length, 1);
    if (addresses.length > 0 && names.length > 0 && addresses.length !== names.length) {
      refuse(source, "has not as many hostaddr as host");
    }
    if (ports.length > 1 && ports.length !== count) refuse(source, "has not as many port as host");
    if (addresses.some((address) => address && !/^[\d.]+$|:/.test(address))) {
      refuse(source, "has an invalid hostaddr: expected an IP address");
    }
    return Array.from({ length: count }, (_, index) => {
      const name = names[index] ?? "";
      const address = addresses[index] || name;
      const port = toInteger("port", (ports.length > 1 ? ports[index] : ports[0]) || defaultPort);
      if (address) return [{ name, address, port }];
      return defaultAddresses.map((address) => ({ name: address, address, port }));
    }).flat();
  }

  const sslRootCert = parameters.get("sslrootcert") || undefined;
  const isSystemTrusted = sslRootCert === "system";
  const sslMode = readChoice("sslmode", sslModes, isSystemTrusted ? "verify-full" : "prefer");
  const isDirectTLS = readChoice("sslnegotiation", ["postgres", "direct"], "postgres") === "direct";
  if (isSystemTrusted && sslMode !== "verify-full") {
    refuse(source, "has sslrootcert=system, which needs sslmode=verify-full");
  }
  if (isDirectTLS && weakModes.includes(sslMode)) {
    refuse(source, "has sslnegotiation=direct, which needs sslmode=require or more");
  }
  // Anybody can get a certificate of a public authority.
  if (sslMode === "verify-ca" && !sslRootCert) {
    refuse(source, "has sslmode=verify-ca, which needs sslrootcert");
  }
  const hosts = readHosts();
  if (sslMode === "verify-full" && hosts.some(({ name }) => !name)) {
    refuse(source, "has sslmode=verify-full, which needs the name of the host");
  }
  if (has("sslcert") !== has("sslkey")) {
    refuse(source, "has one of sslcert and sslkey without the other");
  }
  readChoice("gssencmode", ["disable", "prefer"], "prefer");
  readChoice("sslsni", ["1"], "1");
  readChoice("uselibpqcompat", ["true"], "true");
  if (!/^(auto|utf-?8|unicode)$/i.test(parameters.get("client_encoding") ?? "auto")) {
    refuse(source, "has an invalid client_encoding: expected UTF8");
  }
  for (const name of ["keepalives_interval", "keepalives_count", "tcp_user_timeout"]) {
    readInteger(name, 0);
  }

  return {
    hosts,
    database: parameters.get("dbname") || undefined,
    user: parameters.get("user") || undefined,
    password: parameters.get("password") || undefined,
    passwordFile: parameters.get("passfile") || undefined,
    applicationName: parameters.get("application_name") ||
      parameters.get("fallback_application_name") || "dbos-community-client",
    options: parameters.get("options") || undefined,
    targetSessionAttributes: readChoice("target_session_attrs", sessionAttributes, "any"),
    isRandomOrder: readChoice("load_balance_hosts", ["disable", "random"], "disable") === "random",
    connectTimeoutSeconds: Math.max(readInteger("connect_timeout", 30), 0),
    keepalives: readInteger("keepalives", 1) !== 0,
    keepalivesIdleSeconds: Math.max(readInteger("keepalives_idle", 60), 0),
    sslMode,
    isDirectTLS,
    sslRootCert,
    sslCert: parameters.get("sslcert") || undefined,
    sslKey: parameters.get("sslkey") || undefined,
    sslPassword: parameters.get("sslpassword"),
    minTLSVersion: readChoice("ssl_min_protocol_version", tlsVersions, "TLSv1.2"),
    maxTLSVersion: has("ssl_max_protocol_version")
      ? readChoice("ssl_max_protocol_version", tlsVersions, "TLSv1.3")
      : undefined,
    channelBinding: readChoice("channel_binding", ["disable", "prefer", "require"], "prefer"),
    prepare: readChoice("pgbouncer", ["true", "false"], "false") === "false",
    maxConnections: has("connection_limit") ? readInteger("connection_limit", 0) : undefined,
  };
}

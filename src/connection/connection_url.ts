/** Reads a connection URL as libpq does. */

import {
  type ConnectionSettings,
  defaultSocketDirectory,
  type Host,
  sessionAttributes,
  type SSLMode,
  sslModes,
  type TLSSettings,
} from "./connection_settings.ts";
import {
  type Parameter,
  type ReadEnvironment,
  readParameters,
  refuse,
  type URLSource,
} from "./url_parameters.ts";

const tlsVersions = ["TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"] as const;
const weakModes: readonly SSLMode[] = ["disable", "allow", "prefer"];

// Where there is no such socket, the server may still be local.
const defaultAddresses = [defaultSocketDirectory, "localhost"];
const defaultPort = "5432";

/** The longest time of a timer. */
const maxTimeoutSeconds = 2_147_483;

/** Reads parameters, and refuses values that are not valid. */
interface Reader {
  readonly source: string;
  /** Undefined if the parameter is missing or empty. */
  text(name: string): string | undefined;
  list(name: string): string[];
  /** The integer that a value of the parameter stands for. */
  toInteger(name: string, value: string): number;
  integer(name: string, byDefault: number): number;
  choice<const Choice extends string>(
    name: string,
    choices: readonly Choice[],
    byDefault: NoInfer<Choice>,
  ): Choice;
}

function clamp(value: number, max: number): number {
  return Math.min(Math.max(value, 0), max);
}

function createReader(parameters: ReadonlyMap<string, Parameter>, source: string): Reader {
  const text = (name: string) => parameters.get(name)?.value || undefined;
  function refuseValue(name: string, expected: string): never {
    const variable = parameters.get(name)?.variable;
    if (variable) refuse(variable, `is invalid: expected ${expected}`);
    refuse(source, `has an invalid ${name}: expected ${expected}`);
  }
  function toInteger(name: string, value: string): number {
    if (/^\s*[-+]?\d+\s*$/.test(value)) return Number(value);
    refuseValue(name, "an integer");
  }
  return {
    source,
    text,
    list: (name) => text(name)?.split(",") ?? [],
    toInteger,
    integer(name, byDefault) {
      const value = parameters.get(name)?.value;
      return value === undefined ? byDefault : toInteger(name, value);
    },
    choice(name, choices, byDefault) {
      const value = parameters.get(name)?.value ?? byDefault;
      const choice = choices.find((each) => each === value);
      return choice ?? refuseValue(name, choices.join(", "));
    },
  };
}

function readHosts({ list, toInteger, source }: Reader): Host[] {
  const [names, addresses, ports] = [list("host"), list("hostaddr"), list("port")];
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
    const text = (ports.length > 1 ? ports[index] : ports[0]) || defaultPort;
    const port = toInteger("port", text);
    if (address) return [{ name, address, port }];
    return defaultAddresses.map((address) => ({ name: address, address, port }));
  }).flat();
}

function readTLSSettings({ text, choice }: Reader): TLSSettings {
  const sslRootCert = text("sslrootcert");
  return {
    sslMode: choice("sslmode", sslModes, sslRootCert === "system" ? "verify-full" : "prefer"),
    isDirectTLS: choice("sslnegotiation", ["postgres", "direct"], "postgres") === "direct",
    sslRootCert,
    sslCert: text("sslcert"),
    sslKey: text("sslkey"),
    sslPassword: text("sslpassword"),
    minTLSVersion: choice("ssl_min_protocol_version", tlsVersions, "TLSv1.2"),
    maxTLSVersion: text("ssl_max_protocol_version") &&
      choice("ssl_max_protocol_version", tlsVersions, "TLSv1.3"),
    channelBinding: choice("channel_binding", ["disable", "prefer", "require"], "prefer"),
  };
}

/** Refuses settings of TLS that contradict each other, or do not verify what they seem to. */
function checkTLSSettings(settings: TLSSettings, hosts: readonly Host[], source: string): void {
  const { sslMode, sslRootCert, isDirectTLS, sslCert, sslKey } = settings;
  // The versions are in the order of their names.
  if (settings.maxTLSVersion && settings.minTLSVersion > settings.maxTLSVersion) {
    refuse(
      source,
      "has no TLS version: ssl_min_protocol_version is above ssl_max_protocol_version",
    );
  }
  if (sslRootCert === "system" && sslMode !== "verify-full") {
    refuse(source, "has sslrootcert=system, which needs sslmode=verify-full");
  }
  if (isDirectTLS && weakModes.includes(sslMode)) {
    refuse(source, "has sslnegotiation=direct, which needs sslmode=require or more");
  }
  // Anybody can get a certificate of a public authority.
  if (sslMode === "verify-ca" && !sslRootCert) {
    refuse(source, "has sslmode=verify-ca, which needs sslrootcert");
  }
  if (sslMode === "verify-full" && hosts.some(({ name }) => !name)) {
    refuse(source, "has sslmode=verify-full, which needs the name of the host");
  }
  if (Boolean(sslCert) !== Boolean(sslKey)) {
    refuse(source, "has one of sslcert and sslkey without the other");
  }
}

/** Refuses values that are not supported, of parameters that are otherwise ignored. */
function checkOtherParameters({ source, text, choice, integer }: Reader): void {
  choice("gssencmode", ["disable", "prefer"], "prefer");
  choice("sslsni", ["1"], "1");
  choice("uselibpqcompat", ["true"], "true");
  if (!/^(auto|utf-?8|unicode)$/i.test(text("client_encoding") ?? "auto")) {
    refuse(source, "has an invalid client_encoding: expected UTF8");
  }
  for (const name of ["keepalives_interval", "keepalives_count", "tcp_user_timeout"]) {
    integer(name, 0);
  }
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
  readEnvironment: ReadEnvironment,
): ConnectionSettings {
  const { source } = from;
  const reader = createReader(readParameters(from, readEnvironment), source);
  const { text, choice, integer } = reader;
  const hosts = readHosts(reader);
  const tlsSettings = readTLSSettings(reader);
  checkTLSSettings(tlsSettings, hosts, source);
  checkOtherParameters(reader);
  return {
    hosts,
    database: text("dbname"),
    user: text("user"),
    password: text("password"),
    passwordFile: text("passfile"),
    applicationName: text("application_name") ?? text("fallback_application_name") ??
      "dbos-community-client",
    options: text("options"),
    targetSessionAttributes: choice("target_session_attrs", sessionAttributes, "any"),
    isRandomOrder: choice("load_balance_hosts", ["disable", "random"], "disable") === "random",
    connectTimeoutSeconds: clamp(integer("connect_timeout", 30), maxTimeoutSeconds),
    keepalives: integer("keepalives", 1) !== 0,
    keepalivesIdleSeconds: clamp(integer("keepalives_idle", 60), maxTimeoutSeconds),
    ...tlsSettings,
    prepare: choice("pgbouncer", ["true", "false"], "false") === "false",
    maxConnections: text("connection_limit") ? integer("connection_limit", 0) : undefined,
  };
}

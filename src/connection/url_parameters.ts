/** Reads the parameters of a connection URL, and the environment variables that they default to. */

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

/** Where a URL comes from: `the given URL`, or the name of an environment variable. */
export interface URLSource {
  readonly url: string;
  readonly source: string;
}

/** The value of a parameter, and the environment variable that it is from, if any. */
export interface Parameter {
  readonly value: string;
  readonly variable?: string;
}

/** Reads an environment variable; undefined if it is not set, or may not be read. */
export type ReadEnvironment = (name: string) => string | undefined;

/**
 * Refuses a URL. Neither the URL nor any value stands in the message: where a password is not encoded,
 * a part of it passes for a port or a parameter.
 */
export function refuse(source: string, reason: string): never {
  throw new TypeError(`Cannot connect to the system database: ${source} ${reason}`);
}

function decode(text: string, source: string): string {
  try {
    const decoded = decodeURIComponent(text);
    if (!decoded.includes("\0")) return decoded;
  } catch {
    // It is refused below.
  }
  refuse(source, "is not percent-encoded as it should be: write % as %25");
}

function splitHosts(authority: string, source: string): { host: string; port: string } {
  const hosts: string[] = [];
  const ports: string[] = [];
  for (const part of authority.split(",")) {
    const match = /^(?:\[([^\]]+)\]|([^:[@]*))(?::(.*))?$/s.exec(part);
    if (!match) refuse(source, "has an invalid host");
    hosts.push(match[1] ?? match[2]!);
    ports.push(match[3] ?? "");
  }
  return { host: hosts.join(), port: ports.join() };
}

/** The parameters after the question mark. */
function parseQuery(query: string, source: string): [name: string, value: string][] {
  return query.replace(/&$/, "").split("&").map((pair) => {
    const [name, value, ...rest] = pair.split("=").map((text) => decode(text, source));
    // It may be the end of a password that contains a slash or an ampersand.
    const label = /@|password=/.test(query) ? "a parameter" : `the parameter "${name}"`;
    if (value === undefined || rest.length > 0) {
      refuse(source, `has ${label} that is not name=value: write & as %26 and = as %3D`);
    }
    // As JDBC writes it.
    if (name === "ssl" && value === "true") return ["sslmode", "require"];
    if (Object.hasOwn(environmentVariables, name!)) return [name!, value];
    refuse(source, `has ${label}, which is not supported`);
  });
}

function parseURL({ url, source }: URLSource): Map<string, string> {
  const match =
    /^postgres(?:ql)?:\/\/(?:([^:@/]*)(?::([^@/]*))?@)?([^/?]*)(?:\/([^?]*))?(?:\?(.*))?$/s
      .exec(url);
  if (!match) refuse(source, "is not a Postgres URL");
  const [, user, password, authority, dbname, query] = match;
  const parts = { user, password, ...splitHosts(authority!, source), dbname };
  const parameters = new Map<string, string>();
  for (const [name, value] of Object.entries(parts)) {
    if (value) parameters.set(name, decode(value, source));
  }
  if (query) { for (const [name, value] of parseQuery(query, source)) parameters.set(name, value); }
  return parameters;
}

/** The parameters of a URL by the names of libpq, and those that the environment has for it. */
export function readParameters(
  from: URLSource,
  readEnvironment: ReadEnvironment,
): ReadonlyMap<string, Parameter> {
  for (const variable of unsupportedVariables) {
    if (readEnvironment(variable)) refuse(variable, "is set, which is not supported");
  }
  const parameters = new Map<string, Parameter>();
  for (const [name, value] of parseURL(from)) parameters.set(name, { value });
  for (const [name, variable] of Object.entries(environmentVariables)) {
    const value = !parameters.has(name) && variable ? readEnvironment(variable) : undefined;
    if (value) parameters.set(name, { value, variable: variable! });
  }
  return parameters;
}

/** What a URL means to connect(), beside what it means to psql on the same server. */
import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { connect } from "../mod.ts";
import { systemDatabaseOf } from "../src/client/client.ts";
import { parseConnectionURL } from "../src/client/connection_url.ts";
import {
  type CertificateAuthority,
  createCertificateAuthority,
  type IssuedCertificate,
  unavailable,
} from "./support/certificates.ts";
import { execute } from "./support/database.ts";
import { populate } from "./support/populate.ts";
import { type PostgresServer, startPostgresServer } from "./support/postgres_server.ts";
import { psqlVersion, runInPsql } from "./support/psql.ts";

/** What is expected of a URL. */
interface Expected {
  /** `database user TLS`, or `plain`, if it connects; else what the error of connect() matches. */
  readonly outcome: string | RegExp;
  /** Where psql does something else: what, and why connect() does not. */
  readonly psql?: { readonly outcome: string | "refused"; readonly because: string };
  /** The first version of psql that knows the parameters. */
  readonly since?: number;
  /** The last version of psql that takes it. */
  readonly until?: number;
}

type Cases =
  readonly (readonly [url: string, outcome: string | RegExp, rest?: Partial<Expected>])[];

const password = "p@ss/w:rd?%#& ü";
const encodedPassword = encodeURIComponent(password);
const databases = ["shop", "the shop", "größe", "50% off", "alice", "neondb", "verceldb"];

/** Who may connect how. */
const authentication = `
local all all trust
hostnossl all tls_only all reject
hostssl all tls_only all trust
hostssl all plain_only all reject
hostnossl all plain_only all trust
hostssl all carol all cert
host all bob all scram-sha-256
host all eve all password
host all mallory all reject
host all all all trust
`;
const users = ["alice", "bob", "eve", "carol", "tls_only", "plain_only", "mallory", "reader"];

/** Makes databases with the tables of DBOS. */
async function createDatabases({ url }: PostgresServer, names: readonly string[]): Promise<void> {
  await execute(url, "create database migrated");
  await populate(changeDatabase(url, "migrated"), 0);
  for (const name of names) await execute(url, `create database "${name}" template migrated`);
}

async function createUsers({ url }: PostgresServer): Promise<void> {
  for (const user of users) {
    await execute(url, `create role ${user} superuser login password '${password}'`);
  }
  await execute(url, "alter role reader set default_transaction_read_only = on");
}

function changeDatabase(url: string, name: string): string {
  return new URL(`/${name}`, url).href;
}

interface Servers extends AsyncDisposable {
  /** Replaces `<port>`, `<plain port>`, `<standby port>`, `<ca>` and such in a URL. */
  fill(url: string): string;
  /** Has the server show another certificate. */
  useCertificate(certificate: IssuedCertificate): Promise<void>;
  readonly authority: CertificateAuthority;
}

async function startServers(): Promise<Servers> {
  const resources = new AsyncDisposableStack();
  const authority = resources.use(await createCertificateAuthority());
  const other = resources.use(await createCertificateAuthority());
  const own = await authority.issue("own", "localhost", "DNS:localhost,IP:127.0.0.1,IP:::1");
  const client = await authority.issue("client", "carol");
  let folder = "";
  const secure = await startPostgresServer(async (data) => {
    folder = data;
    await Deno.copyFile(authority.file, `${data}/root.crt`);
    await copyCertificate(own, data);
    await Deno.writeTextFile(`${data}/pg_hba.conf`, authentication);
    return {
      listen_addresses: "127.0.0.1,::1",
      unix_socket_directories: data,
      ssl: "on",
      ssl_ca_file: "root.crt",
    };
  });
  resources.defer(() => secure.stop());
  const plain = await startPostgresServer();
  resources.defer(() => plain.stop());
  const standby = await startPostgresServer(async (data) => {
    await Deno.writeTextFile(`${data}/standby.signal`, "");
    return {};
  });
  resources.defer(() => standby.stop());
  await createDatabases(secure, databases);
  await createDatabases(plain, ["shop"]);
  for (const server of [secure, plain]) await createUsers(server);
  const portOf = ({ url }: PostgresServer) => new URL(url).port;
  const values: Record<string, string> = {
    port: portOf(secure),
    "plain port": portOf(plain),
    "standby port": portOf(standby),
    directory: encodeURIComponent(folder),
    ca: encodeURIComponent(authority.file),
    "other ca": encodeURIComponent(other.file),
    cert: encodeURIComponent(client.certificate),
    key: encodeURIComponent(client.key),
    password: encodedPassword,
  };

  async function useCertificate(certificate: IssuedCertificate): Promise<void> {
    await copyCertificate(certificate, folder);
    // Read by those that connect from now on: the server has to reload it first.
    const before = await readFingerprint(secure.url);
    await execute(secure.url, "select pg_reload_conf()");
    while (await readFingerprint(secure.url) === before) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  return {
    authority,
    useCertificate,
    fill: (url) => url.replace(/<([^>]+)>/g, (_, name: string) => values[name]!),
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

/** Overwrites what is there, so that its owner stays. */
async function copyCertificate({ certificate, key }: IssuedCertificate, data: string) {
  await Deno.writeTextFile(`${data}/server.crt`, await Deno.readTextFile(certificate));
  await Deno.writeTextFile(`${data}/server.key`, await Deno.readTextFile(key), { mode: 0o600 });
}

/** Which certificate a server shows. */
async function readFingerprint(url: string): Promise<string> {
  const { hostname, port } = new URL(url);
  const { stdout } = await new Deno.Command("openssl", {
    args: ["s_client", "-starttls", "postgres", "-connect", `${hostname}:${port}`],
    stdin: "null",
    stderr: "null",
  }).output();
  return /BEGIN CERTIFICATE-----([^-]*)/.exec(new TextDecoder().decode(stdout))?.[1] ?? "";
}

const statement = `select current_database(), current_user,
  case when ssl then 'TLS' else 'plain' end as encryption
from pg_stat_ssl where pid = pg_backend_pid()`;

/** What connect() makes of a URL: where it is connected, or its error. */
async function outcomeOf(url: string): Promise<string | Error> {
  try {
    await using client = await connect(url, { retryTimeoutSeconds: 0 });
    const executor = await systemDatabaseOf(client).adapter.load();
    const [row] = await executor.query({ name: "where", text: statement, values: [] });
    return Object.values(row!).join(" ");
  } catch (error) {
    return error as Error;
  }
}

async function checkCase(
  url: string,
  { outcome, psql, since = 0, until = Infinity }: Expected,
): Promise<void> {
  const found = await outcomeOf(url);
  if (typeof outcome === "string") assertEquals(found, outcome);
  else {
    assert(found instanceof Error, `expected an error, not ${found}`);
    assertMatch(found.message, outcome);
    assert(!found.message.includes(password) && !found.message.includes(url));
  }
  if (psqlVersion === undefined || psqlVersion < since || psqlVersion > until) return;
  const expected = psql?.outcome ?? (typeof outcome === "string" ? outcome : "refused");
  assertEquals(await runInPsql(url, statement) ?? "refused", expected, "what psql does");
}

async function checkCases(test: Deno.TestContext, { fill }: Servers, cases: Cases): Promise<void> {
  for (const [url, outcome, rest] of cases) {
    await test.step(url, () => checkCase(fill(url), { outcome, ...rest }));
  }
}

const at = "postgres://alice@127.0.0.1:<port>/shop";

const forms: Cases = [
  // The parts of the URL.
  [at, "shop alice TLS"],
  ["postgresql://alice@localhost:<port>/shop", "shop alice TLS"],
  ["postgres://alice@127.0.0.1:<port>", "alice alice TLS"],
  ["postgres://alice@127.0.0.1:<port>/", "alice alice TLS"],
  ["postgres://alice@127.0.0.1:<port>?dbname=shop", "shop alice TLS"],
  ["postgres://al%69ce@127.0.0.1:<port>/the%20shop", "the shop alice TLS"],
  ["postgres://alice@127.0.0.1:<port>/the shop", "the shop alice TLS", { until: 16 }],
  ["postgres://alice@127.0.0.1:<port>/größe", "größe alice TLS"],
  ["postgres://alice@127.0.0.1:<port>/gr%C3%B6%C3%9Fe", "größe alice TLS"],
  ["postgres://alice@127.0.0.1:<port>/50%25%20off", "50% off alice TLS"],
  ["postgres://alice@127.0.0.1:<port>/50% off", /not percent-encoded/],
  ["postgres://alice@127.0.0.1:<port>/shop%00", /not percent-encoded/],
  ["postgres://alice@127.0.0.1:<port>/shop%ff", /not percent-encoded/],
  ["postgres://alice@127.0.0.1:<port>/shop#top", /"shop#top" does not exist/],
  ["postgres://bob:<password>@127.0.0.1:<port>/shop", "shop bob TLS"],
  ["postgres://eve:<password>@127.0.0.1:<port>/shop", "shop eve TLS"],
  ["postgres://bob:wrong@127.0.0.1:<port>/shop", /authentication failed/],
  ["postgres://bob@127.0.0.1:<port>/shop", /asks for a password/],
  ["postgres://bob:@127.0.0.1:<port>/shop", /asks for a password/],
  ["postgres://bob:100%@127.0.0.1:<port>/shop", /not percent-encoded/],
  [
    "postgres://bob:p@ss@127.0.0.1:<port>/shop",
    /getaddrinfo|no server will do|ENOTFOUND|EAI_AGAIN/,
  ],
  ["postgres://bob:a/b@127.0.0.1:<port>/shop", /invalid port/],
  ["postgres://mallory@127.0.0.1:<port>/shop", /pg_hba.conf rejects/],
  ["mysql://alice@127.0.0.1:<port>/shop", /is not a Postgres URL/],
  [" postgres://alice@127.0.0.1:<port>/shop", /is not a Postgres URL/],
  // Hosts and ports.
  ["postgres://alice@[::1]:<port>/shop", "shop alice TLS"],
  ["postgres://alice@[127.0.0.1]:<port>/shop", "shop alice TLS"],
  ["postgres://alice@[::1:<port>/shop", /invalid host/],
  ["postgres://alice@[]:<port>/shop", /invalid host/],
  ["postgres://alice@[::1]x:<port>/shop", /invalid host/],
  ["postgres:///shop?host=127.0.0.1&port=<port>&user=alice", "shop alice TLS"],
  [
    "postgres://mallory@nowhere.invalid:1/x?host=127.0.0.1&port=<port>&user=alice&dbname=shop",
    "shop alice TLS",
  ],
  ["postgres://alice@nowhere.invalid:<port>/shop?hostaddr=127.0.0.1", "shop alice TLS"],
  ["postgres://alice@/shop?hostaddr=127.0.0.1&port=<port>", "shop alice TLS"],
  ["postgres://alice@/shop?hostaddr=localhost&port=<port>", /invalid hostaddr/],
  ["postgres://alice@/shop?host=a,b&hostaddr=127.0.0.1&port=<port>", /hostaddr/],
  ["postgres://bob:<password>@/shop?host=127.0.0.1&port=<port>", "shop bob TLS"],
  ["postgres:///shop?host=127.0.0.1&port=<port>&user=bob&password=<password>", "shop bob TLS"],
  ["postgres://alice@127.0.0.1: <port> /shop", "shop alice TLS"],
  ["postgres://alice@127.0.0.1:0<port>/shop", "shop alice TLS"],
  ["postgres://alice@127.0.0.1:x/shop", /invalid port/],
  ["postgres://alice@127.0.0.1:99999/shop", /invalid port/],
  ["postgres://alice@127.0.0.1:1/shop", /ECONNREFUSED/],
  // Sockets of a directory, on which libpq never uses TLS.
  ["postgres://alice@<directory>:<port>/shop", "shop alice plain"],
  ["postgres:///shop?host=<directory>&port=<port>&user=alice", "shop alice plain"],
  [
    "postgres://alice@localhost/shop?host=<directory>&port=<port>&sslmode=require",
    "shop alice plain",
  ],
  ["postgres://alice@/shop?host=/nonexistent&port=<port>", /ENOENT/],
  // Several hosts.
  ["postgres://alice@127.0.0.1:1,127.0.0.1:<port>/shop", "shop alice TLS"],
  ["postgres://alice@127.0.0.1:99999,127.0.0.1:<port>/shop", "shop alice TLS"],
  ["postgres://alice@nowhere.invalid,localhost:<port>/shop?connect_timeout=5", "shop alice TLS"],
  ["postgres://alice@255.255.255.255,localhost:<port>/shop", "shop alice TLS"],
  ["postgres://alice@[::1]:1,[::1]:<port>/shop", "shop alice TLS"],
  ["postgres://alice@%2Fnonexistent,127.0.0.1/shop?port=<port>", "shop alice TLS"],
  ["postgres://alice@127.0.0.1,localhost/shop?port=<port>", "shop alice TLS"],
  ["postgres://alice@127.0.0.1,localhost/shop?port=1,<port>", "shop alice TLS"],
  ["postgres://alice@127.0.0.1,localhost/shop?port=1,2,<port>", /as many port/],
  ["postgres://alice@127.0.0.1:1,127.0.0.1:2/shop", /no server will do/],
  ["postgres://alice@127.0.0.1:<plain port>,127.0.0.1:<port>/shop", "shop alice plain"],
  ["postgres://mallory@127.0.0.1:<port>,127.0.0.1:<plain port>/shop", /pg_hba.conf rejects/],
  ["postgres://alice@127.0.0.1:<port>,127.0.0.1:x/shop", /invalid port/, {
    psql: { outcome: "shop alice TLS", because: "it reads the second port only if it needs it" },
  }],
  [
    "postgres://alice@127.0.0.1:1,localhost:<port>/shop?load_balance_hosts=random",
    "shop alice TLS",
    { since: 16 },
  ],
  // Session attributes.
  [`${at}?target_session_attrs=any`, "shop alice TLS"],
  [`${at}?target_session_attrs=read-write`, "shop alice TLS"],
  [`${at}?target_session_attrs=read-only`, /the server is not read-only/],
  [`${at}?target_session_attrs=primary`, "shop alice TLS"],
  [`${at}?target_session_attrs=standby`, /the server is not standby/],
  [`${at}?target_session_attrs=prefer-standby`, "shop alice TLS"],
  [`${at}?target_session_attrs=master`, /invalid target_session_attrs: expected any/],
  ["postgres://reader@127.0.0.1:<port>/shop?target_session_attrs=read-only", "shop reader TLS"],
  [
    "postgres://reader@127.0.0.1:<port>/shop?target_session_attrs=read-write",
    /the server is not read-write/,
  ],
  ["postgres://reader@127.0.0.1:<port>/shop?target_session_attrs=primary", "shop reader TLS"],
  // The tables of DBOS are not on the standby: to be connected to it is to find none.
  [
    "postgres://postgres@127.0.0.1:<port>,127.0.0.1:<standby port>/postgres?target_session_attrs=standby",
    /Cannot find the DBOS system tables/,
    {
      psql: { outcome: "postgres postgres plain", because: "it does not look for tables" },
    },
  ],
  [
    "postgres://postgres@127.0.0.1:<port>,127.0.0.1:<standby port>/postgres?target_session_attrs=prefer-standby",
    /Cannot find the DBOS system tables/,
    {
      psql: { outcome: "postgres postgres plain", because: "it does not look for tables" },
    },
  ],
  // Other parameters.
  [
    `${at}?application_name=x&fallback_application_name=y&options=-c%20geqo%3Doff&connect_timeout=10`,
    "shop alice TLS",
  ],
  [
    `${at}?keepalives=1&keepalives_idle=30&keepalives_interval=10&keepalives_count=3&tcp_user_timeout=9`,
    "shop alice TLS",
  ],
  [`${at}?keepalives=0&client_encoding=UTF8&sslcompression=0&gssencmode=disable`, "shop alice TLS"],
  [`${at}?client_encoding=LATIN1`, /invalid client_encoding/, {
    psql: { outcome: "shop alice TLS", because: "npm:pg has UTF-8 only" },
  }],
  [`${at}?options=-c+geqo%3Doff`, /unrecognized configuration parameter/],
  [`${at}?connect_timeout=soon`, /invalid connect_timeout/],
  [`${at}?keepalives=yes`, /invalid keepalives/],
  [`${at}?`, "shop alice TLS"],
  [`${at}?sslmode=disable&`, "shop alice plain"],
  [`${at}?sslmode=require&sslmode=disable`, "shop alice plain"],
  [`${at}?sslmode`, /the parameter "sslmode" that is not name=value/],
  [`${at}?sslmode=a=b`, /the parameter "sslmode" that is not name=value/],
  [`${at}?&sslmode=disable`, /not name=value/],
  [`${at}?SSLMODE=disable`, /the parameter "SSLMODE", which is not supported/],
  [`${at}?statement_timeout=1`, /the parameter "statement_timeout", which is not supported/],
  [`${at}?gssencmode=require`, /invalid gssencmode/],
  // libpq's that are not supported.
  [`${at}?require_auth=none`, /the parameter "require_auth", which is not supported/, {
    psql: { outcome: "shop alice TLS", because: "npm:pg cannot choose" },
    since: 16,
  }],
  [`${at}?passfile=/nonexistent`, /the parameter "passfile", which is not supported/, {
    psql: { outcome: "shop alice TLS", because: "the password is not needed" },
  }],
  [`${at}?service=shop`, /the parameter "service", which is not supported/],
  [`${at}?sslcrl=/nonexistent`, /the parameter "sslcrl", which is not supported/, {
    psql: { outcome: "shop alice TLS", because: "it ignores a file that is not there" },
  }],
  [`${at}?requirepeer=root`, /the parameter "requirepeer", which is not supported/, {
    psql: { outcome: "shop alice TLS", because: "it is for Unix-domain sockets only" },
  }],
  // Prisma's, of which psql knows none.
  [`${at}?pgbouncer=true&connection_limit=1`, "shop alice TLS", {
    psql: { outcome: "refused", because: "these are Prisma's" },
  }],
  [`${at}?schema=public`, /the parameter "schema", which is not supported/],
  [`${at}?pool_timeout=10`, /the parameter "pool_timeout", which is not supported/],
  // npm:pg's own.
  [`${at}?uselibpqcompat=true&sslmode=require`, "shop alice TLS", {
    psql: { outcome: "refused", because: "it is npm:pg's" },
  }],
  [`${at}?sslmode=no-verify`, /invalid sslmode: expected disable, allow/],
];

const encryption: Cases = [
  [`${at}?sslmode=disable`, "shop alice plain"],
  [`${at}?sslmode=allow`, "shop alice plain"],
  [`${at}?sslmode=prefer`, "shop alice TLS"],
  [`${at}?sslmode=require`, "shop alice TLS"],
  [`${at}?ssl=true`, "shop alice TLS"],
  [`${at}?ssl=false`, /the parameter "ssl", which is not supported/],
  [`${at}?ssl=1`, /the parameter "ssl", which is not supported/],
  [`${at}?sslmode=`, /invalid sslmode/],
  // A user that needs TLS, and one that must not have it.
  ["postgres://tls_only@127.0.0.1:<port>/shop", "shop tls_only TLS"],
  ["postgres://tls_only@127.0.0.1:<port>/shop?sslmode=allow", "shop tls_only TLS"],
  ["postgres://tls_only@127.0.0.1:<port>/shop?sslmode=disable", /pg_hba.conf rejects/],
  ["postgres://plain_only@127.0.0.1:<port>/shop", "shop plain_only plain"],
  ["postgres://plain_only@127.0.0.1:<port>/shop?sslmode=allow", "shop plain_only plain"],
  ["postgres://plain_only@127.0.0.1:<port>/shop?sslmode=require", /pg_hba.conf rejects/],
  // A server without TLS.
  ["postgres://alice@127.0.0.1:<plain port>/shop", "shop alice plain"],
  ["postgres://alice@127.0.0.1:<plain port>/shop?sslmode=allow", "shop alice plain"],
  ["postgres://alice@127.0.0.1:<plain port>/shop?sslmode=require", /sslmode=require needs TLS/],
  [
    "postgres://alice@127.0.0.1:<plain port>/shop?sslmode=verify-full&sslrootcert=<ca>",
    /sslmode=verify-full needs TLS/,
  ],
  // Verification.
  [`${at}?sslmode=verify-ca&sslrootcert=<ca>`, "shop alice TLS"],
  [`${at}?sslmode=verify-full&sslrootcert=<ca>`, "shop alice TLS"],
  ["postgres://alice@localhost:<port>/shop?sslmode=verify-full&sslrootcert=<ca>", "shop alice TLS"],
  ["postgres://alice@[::1]:<port>/shop?sslmode=verify-full&sslrootcert=<ca>", "shop alice TLS"],
  [
    "postgres://alice@db.example:<port>/shop?hostaddr=127.0.0.1&sslmode=verify-full&sslrootcert=<ca>",
    /over TLS: .*db.example/,
  ],
  [
    "postgres://alice@db.example:<port>/shop?hostaddr=127.0.0.1&sslmode=verify-ca&sslrootcert=<ca>",
    "shop alice TLS",
  ],
  [
    "postgres://alice@/shop?hostaddr=127.0.0.1&port=<port>&sslmode=verify-full&sslrootcert=<ca>",
    /over TLS/,
  ],
  [`${at}?sslmode=require&sslrootcert=<ca>`, "shop alice TLS"],
  [`${at}?sslmode=require&sslrootcert=<other ca>`, /over TLS/],
  [`${at}?sslmode=verify-ca&sslrootcert=<other ca>`, /over TLS/],
  [`${at}?sslmode=verify-full&sslrootcert=<other ca>`, /over TLS/],
  [`${at}?sslmode=prefer&sslrootcert=<other ca>`, "shop alice plain"],
  [`${at}?sslmode=verify-full`, /over TLS/],
  [`${at}?sslmode=verify-ca`, /needs sslrootcert/],
  [`${at}?sslrootcert=system`, /over TLS/, { since: 16 }],
  [`${at}?sslrootcert=system&sslmode=require`, /needs sslmode=verify-full/, { since: 16 }],
  [`${at}?sslmode=verify-full&sslrootcert=/nonexistent`, /cannot read the file of sslrootcert/],
  [`${at}?sslmode=require&sslrootcert=/nonexistent`, /cannot read the file of sslrootcert/, {
    psql: { outcome: "shop alice TLS", because: "it then verifies nothing" },
  }],
  // Versions of TLS.
  [`${at}?sslmode=require&ssl_min_protocol_version=TLSv1.3`, "shop alice TLS"],
  [`${at}?sslmode=require&ssl_max_protocol_version=TLSv1.2`, "shop alice TLS"],
  [`${at}?sslmode=require&ssl_min_protocol_version=SSLv3`, /invalid ssl_min_protocol_version/],
  [`${at}?sslmode=require&sslsni=0`, "shop alice TLS"],
  [`${at}?sslmode=require&sslnegotiation=direct`, "shop alice TLS", { since: 17 }],
  [`${at}?sslmode=prefer&sslnegotiation=direct`, /needs sslmode=require/, { since: 17 }],
  // Certificates of clients.
  [
    "postgres://carol@127.0.0.1:<port>/shop?sslmode=require&sslcert=<cert>&sslkey=<key>",
    "shop carol TLS",
  ],
  [
    "postgres://carol@127.0.0.1:<port>/shop?sslmode=verify-full&sslrootcert=<ca>&sslcert=<cert>&sslkey=<key>",
    "shop carol TLS",
  ],
  ["postgres://carol@127.0.0.1:<port>/shop?sslmode=require", /valid client certificate/],
  [
    "postgres://carol@127.0.0.1:<port>/shop?sslmode=require&sslcert=<cert>",
    /one of sslcert and sslkey/,
  ],
  [
    "postgres://carol@127.0.0.1:<port>/shop?sslmode=require&sslcert=/nonexistent&sslkey=<key>",
    /cannot read the file of sslcert/,
  ],
  // Channel binding.
  ["postgres://bob:<password>@127.0.0.1:<port>/shop?channel_binding=require", "shop bob TLS"],
  ["postgres://bob:<password>@127.0.0.1:<port>/shop?channel_binding=prefer", "shop bob TLS"],
  ["postgres://bob:<password>@127.0.0.1:<port>/shop?channel_binding=disable", "shop bob TLS"],
  [
    "postgres://bob:<password>@127.0.0.1:<port>/shop?channel_binding=require&sslmode=disable",
    /channel_binding=require needs TLS/,
  ],
  ["postgres://bob:<password>@127.0.0.1:<port>/shop?sslmode=disable", "shop bob plain"],
  [
    "postgres://eve:<password>@127.0.0.1:<port>/shop?channel_binding=require",
    /channel_binding=require needs TLS/,
  ],
  [`${at}?channel_binding=require`, /channel_binding=require needs TLS/],
  [`${at}?channel_binding=always`, /invalid channel_binding/],
];

/** What hosted providers hand out; hostaddr leads it to the test server, which has such a name. */
const providers: Cases = [
  // Neon, pooled and not.
  [
    "postgresql://bob:<password>@ep-cool-rain-a1b2c3-pooler.eu-central-1.aws.neon.tech/neondb?sslmode=require&channel_binding=require",
    "neondb bob TLS",
  ],
  [
    "postgresql://bob:<password>@ep-cool-rain-a1b2c3.eu-central-1.aws.neon.tech/neondb?sslmode=verify-full&sslrootcert=<ca>",
    "neondb bob TLS",
  ],
  [
    "postgresql://bob:<password>@ep-cool-rain-a1b2c3.eu-central-1.aws.neon.tech/neondb?sslmode=require&options=-c%20application_name%3Dneon",
    "neondb bob TLS",
  ],
  // Supabase: direct, by its poolers, and for Prisma.
  ["postgresql://bob:<password>@db.abcdefgh.supabase.co/shop", "shop bob TLS"],
  [
    "postgres://bob:<password>@aws-0-eu-central-1.pooler.supabase.com/shop?sslmode=require",
    "shop bob TLS",
  ],
  [
    "postgres://bob:<password>@aws-0-eu-central-1.pooler.supabase.com/shop?pgbouncer=true",
    "shop bob TLS",
    {
      psql: { outcome: "refused", because: "pgbouncer is Prisma's" },
    },
  ],
  [
    "postgres://bob:<password>@aws-0-eu-central-1.pooler.supabase.com/shop?sslmode=require&supa=base-pooler.x",
    /the parameter "supa", which is not supported/,
  ],
  // Vercel.
  [
    "postgres://bob:<password>@ep-cool-rain-a1b2c3-pooler.us-east-1.postgres.vercel-storage.com/verceldb?sslmode=require",
    "verceldb bob TLS",
  ],
  [
    "postgres://bob:<password>@ep-cool-rain-a1b2c3-pooler.us-east-1.postgres.vercel-storage.com/verceldb?pgbouncer=true&connect_timeout=15&sslmode=require",
    "verceldb bob TLS",
    {
      psql: { outcome: "refused", because: "pgbouncer is Prisma's" },
    },
  ],
  // Amazon RDS.
  [
    "postgresql://bob:<password>@shop.c9akciq32.eu-central-1.rds.amazonaws.com/shop?sslmode=verify-full&sslrootcert=<ca>",
    "shop bob TLS",
  ],
  [
    "postgresql://bob:<password>@shop.c9akciq32.us-east-1.rds.amazonaws.com/shop?sslmode=verify-full&sslrootcert=<ca>",
    /over TLS/,
  ],
  // Heroku.
  ["postgres://bob:<password>@ec2-54-1-2-3.compute-1.amazonaws.com/shop", "shop bob TLS"],
  [
    "postgres://bob:<password>@ec2-54-1-2-3.compute-1.amazonaws.com/shop?sslmode=require",
    "shop bob TLS",
  ],
  // Azure.
  [
    "postgres://bob:<password>@shop.postgres.database.azure.com/shop?sslmode=require",
    "shop bob TLS",
  ],
  [
    "postgres://bob:<password>@shop.postgres.database.azure.com/shop?sslmode=verify-full&sslrootcert=<ca>",
    "shop bob TLS",
  ],
  // Deno Deploy, which has Prisma's Postgres.
  ["postgres://bob:<password>@db.prisma.io/shop?sslmode=require", "shop bob TLS"],
  ["postgresql://alice@db.prisma.io/?sslmode=require", "alice alice TLS"],
];

function atTestServer(url: string): string {
  return `${url}${url.includes("?") ? "&" : "?"}hostaddr=127.0.0.1&port=<port>`;
}

const providerNames = [
  "*.eu-central-1.aws.neon.tech",
  "*.pooler.supabase.com",
  "*.supabase.co",
  "*.eu-central-1.rds.amazonaws.com",
  "*.c9akciq32.eu-central-1.rds.amazonaws.com",
  "*.postgres.database.azure.com",
  "*.prisma.io",
];

/** What servers show as certificates, and whom libpq takes them for. */
const certificates: readonly (readonly [
  commonName: string,
  alternativeNames: string,
  cases: Cases,
])[] = [
  ["db.example", "DNS:db.example", [
    ["postgres://alice@localhost:<port>/shop?sslmode=verify-full&sslrootcert=<ca>", /over TLS/],
    [`${at}?sslmode=verify-full&sslrootcert=<ca>`, /over TLS/],
    [`${at}?sslmode=verify-ca&sslrootcert=<ca>`, "shop alice TLS"],
    [
      "postgres://alice@db.example:<port>/shop?hostaddr=127.0.0.1&sslmode=verify-full&sslrootcert=<ca>",
      "shop alice TLS",
    ],
    [
      "postgres://alice@DB.example:<port>/shop?hostaddr=127.0.0.1&sslmode=verify-full&sslrootcert=<ca>",
      "shop alice TLS",
    ],
  ]],
  ["localhost", "", [
    [
      "postgres://alice@localhost:<port>/shop?sslmode=verify-full&sslrootcert=<ca>",
      "shop alice TLS",
    ],
    [`${at}?sslmode=verify-full&sslrootcert=<ca>`, /over TLS/],
  ]],
  ["127.0.0.1", "", [[`${at}?sslmode=verify-full&sslrootcert=<ca>`, "shop alice TLS"]]],
  ["127.0.0.1", "DNS:localhost", [
    [`${at}?sslmode=verify-full&sslrootcert=<ca>`, "shop alice TLS"],
    [
      "postgres://alice@localhost:<port>/shop?sslmode=verify-full&sslrootcert=<ca>",
      "shop alice TLS",
    ],
  ]],
  ["127.0.0.1", "IP:127.0.0.2", [[`${at}?sslmode=verify-full&sslrootcert=<ca>`, /over TLS/]]],
  ["somebody", "DNS:127.0.0.1", [[`${at}?sslmode=verify-full&sslrootcert=<ca>`, "shop alice TLS"]]],
  ["somebody", "DNS:*.corp.example", [
    [
      "postgres://alice@db.corp.example:<port>/shop?hostaddr=127.0.0.1&sslmode=verify-full&sslrootcert=<ca>",
      "shop alice TLS",
    ],
    [
      "postgres://alice@a.db.corp.example:<port>/shop?hostaddr=127.0.0.1&sslmode=verify-full&sslrootcert=<ca>",
      /over TLS/,
    ],
  ]],
];

Deno.test({
  name: `a URL means what it means to psql${
    unavailable ? ` (skipped: ${unavailable})` : psqlVersion ? "" : " (psql is not installed)"
  }`,
  ignore: unavailable !== undefined,
  async fn(test) {
    await using servers = await startServers();
    await test.step("forms", (test) => checkCases(test, servers, forms));
    await test.step("encryption", (test) => checkCases(test, servers, encryption));
    for (const [index, [commonName, names, cases]] of certificates.entries()) {
      const certificate = await servers.authority.issue(`server${index}`, commonName, names);
      await servers.useCertificate(certificate);
      await test.step(
        `a certificate for ${commonName} and ${names || "no other name"}`,
        (test) => checkCases(test, servers, cases),
      );
    }
    const names = providerNames.map((name) => `DNS:${name}`).join();
    await servers.useCertificate(await servers.authority.issue("provider", "provider", names));
    await test.step(
      "what providers hand out",
      (test) =>
        checkCases(test, servers, providers.map(([url, ...rest]) => [atTestServer(url), ...rest])),
    );
  },
});

function parse(url: string, environment: Record<string, string> = {}) {
  return parseConnectionURL({ url, source: "the given URL" }, (name) => environment[name]);
}

Deno.test("what a URL leaves out, the variables of libpq may say", () => {
  const environment = {
    PGHOST: "db.example",
    PGPORT: "6432",
    PGDATABASE: "shop",
    PGUSER: "alice",
    PGPASSWORD: "secret",
    PGSSLMODE: "require",
    PGAPPNAME: "",
  };
  const settings = parse("postgres://", environment);
  assertEquals(settings.hosts, [{ name: "db.example", address: "db.example", port: 6432 }]);
  assertEquals(
    [settings.database, settings.user, settings.password, settings.sslMode],
    ["shop", "alice", "secret", "require"],
  );
  assertEquals(settings.applicationName, "dbos-community-client");
  const given = parse("postgres://bob:word@localhost:5433/store?sslmode=disable", environment);
  assertEquals(given.hosts, [{ name: "localhost", address: "localhost", port: 5433 }]);
  assertEquals(
    [given.database, given.user, given.password, given.sslMode],
    ["store", "bob", "word", "disable"],
  );
});

Deno.test("a URL without a host means the socket of Debian, and then localhost", () => {
  assertEquals(parse("postgres:///shop").hosts, [
    { name: "/var/run/postgresql", address: "/var/run/postgresql", port: 5432 },
    { name: "localhost", address: "localhost", port: 5432 },
  ]);
});

Deno.test("nothing of a password is in an error, wherever a missing encoding puts it", () => {
  const secrets = ["s3cret", "wor/s3cret", "wor?s3cret", "wor#s3cret", "wor@s3cret", "wor%s3cret"];
  secrets.push("wor/d?s3cret=x", "wor/d?x=s3cret", "wor/d?s3cret", "[s3cret", "wor,d/?s3cret&x");
  for (const secret of secrets) {
    for (const rest of ["@localhost:x/shop", "@localhost/shop?x=y", "@localhost/shop?sslmode=x"]) {
      const error = assertThrows(() => parse(`postgres://alice:${secret}${rest}`), TypeError);
      assert(!error.message.includes("s3cret"), error.message);
    }
  }
});

/** The parts and parameters of URLs. */
import { at, type Cases } from "./cases.ts";

export const forms: Cases = [
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
  ["postgres://bob:p@ss@127.0.0.1:<port>/shop", /invalid host/],
  ["postgres://bob:a/b@127.0.0.1:<port>/shop", /invalid port/],
  ["postgres://mallory@127.0.0.1:<port>/shop", /pg_hba.conf rejects/],
  ["mysql://alice@127.0.0.1:<port>/shop", /is not a Postgres URL/],
  [" postgres://alice@127.0.0.1:<port>/shop", /is not a Postgres URL/],
  // Files of passwords.
  [`${at}?passfile=/nonexistent`, "shop alice TLS"],
  ["postgres://bob@127.0.0.1:<port>/shop?passfile=<passwords>", "shop bob TLS"],
  ["postgres://bob@localhost:<port>/shop?passfile=<passwords>", /authentication failed/],
  ["postgres://bob@nowhere:<port>/shop?hostaddr=127.0.0.1&passfile=<passwords>", /password/],
  ["postgres://bob:<password>@localhost:<port>/shop?passfile=<passwords>", "shop bob TLS"],
  ["postgres://bob@127.0.0.1:<port>/shop?passfile=/nonexistent", /asks for a password/],
  [
    "postgres://bob@127.0.0.1:<port>/shop?passfile=<open passwords>",
    /others may read the password file/,
  ],
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
  ["postgres://alice@127.0.0.1,localhost/shop?port=<port>&hostaddr=", "shop alice TLS"],
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
  [`${at}?connect_timeout=2000000000`, "shop alice TLS"],
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

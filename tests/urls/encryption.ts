/** TLS, the verification of servers, certificates of clients, and channel binding. */
import { at, type Cases, type Expected } from "./cases.ts";

export const encryption: Cases = [
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
  ["postgres://alice@127.0.0.1:<plain port>/shop?sslmode=require", /over TLS: .*not support SSL/],
  [
    "postgres://alice@127.0.0.1:<plain port>/shop?sslmode=verify-full&sslrootcert=<ca>",
    /over TLS: .*not support SSL/,
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
    /needs the name of the host/,
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
  [`${at}?ssl_min_protocol_version=TLSv1.3&ssl_max_protocol_version=TLSv1.2`, /is above/],
  [`${at}?ssl_max_protocol_version=TLSv1.1`, /ssl_min_protocol_version is above/],
  [`${at}?sslmode=require&sslsni=1`, "shop alice TLS"],
  [`${at}?sslmode=require&sslsni=0`, /invalid sslsni: expected 1/, {
    psql: { outcome: "shop alice TLS", because: "npm:pg always tells the server its name" },
  }],
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

// Deno before 2.7 finds the host in subjectAltName only, and an IP address only as one.
const otherwiseNamed: readonly [string | RegExp, Partial<Expected>] = [
  /^2\.[0-6]\./.test(Deno.version.deno) ? /over TLS/ : "shop alice TLS",
  { psql: { outcome: "shop alice TLS", because: "it takes other names in any case" } },
];

const partOfLabel =
  "postgres://alice@db.corp.example:<port>/shop?hostaddr=127.0.0.1&sslmode=verify-full&sslrootcert=<ca>";

/** What servers show as certificates, and whom libpq takes them for. */
export const certificates: readonly (readonly [
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
      ...otherwiseNamed,
    ],
    [`${at}?sslmode=verify-full&sslrootcert=<ca>`, /over TLS/],
  ]],
  ["127.0.0.1", "", [[`${at}?sslmode=verify-full&sslrootcert=<ca>`, ...otherwiseNamed]]],
  ["127.0.0.1", "DNS:localhost", [
    [`${at}?sslmode=verify-full&sslrootcert=<ca>`, ...otherwiseNamed],
    [
      "postgres://alice@localhost:<port>/shop?sslmode=verify-full&sslrootcert=<ca>",
      "shop alice TLS",
    ],
  ]],
  ["127.0.0.1", "IP:127.0.0.2", [[`${at}?sslmode=verify-full&sslrootcert=<ca>`, /over TLS/]]],
  ["somebody", "DNS:127.0.0.1", [[
    `${at}?sslmode=verify-full&sslrootcert=<ca>`,
    ...otherwiseNamed,
  ]]],
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
  // One name that reads as several, if it is not quoted.
  ["somebody", "@names\n[names]\nDNS.1 = x\\, DNS:localhost\\, IP Address:127.0.0.1\\, y", [
    ["postgres://alice@localhost:<port>/shop?sslmode=verify-full&sslrootcert=<ca>", /over TLS/],
    [`${at}?sslmode=verify-full&sslrootcert=<ca>`, /over TLS/],
  ]],
  // A part of a label must not be a wildcard.
  ["somebody", "DNS:d*.corp.example", [[partOfLabel, /over TLS/]]],
  ["d*.corp.example", "", [[partOfLabel, /over TLS/]]],
];

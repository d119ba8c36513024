import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { parseConnectionURL } from "../src/connection/connection_url.ts";

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
    PGPASSFILE: "/run/passwords",
    PGSSLMODE: "require",
    PGAPPNAME: "",
  };
  const settings = parse("postgres://", environment);
  assertEquals(settings.hosts, [{ name: "db.example", address: "db.example", port: 6432 }]);
  assertEquals(
    [settings.database, settings.user, settings.password, settings.sslMode],
    ["shop", "alice", "secret", "require"],
  );
  assertEquals(
    [settings.passwordFile, settings.applicationName],
    ["/run/passwords", "dbos-community-client"],
  );
  const given = parse("postgres://bob:word@localhost:5433/store?sslmode=disable", environment);
  assertEquals(given.hosts, [{ name: "localhost", address: "localhost", port: 5433 }]);
  assertEquals(
    [given.database, given.user, given.password, given.sslMode],
    ["store", "bob", "word", "disable"],
  );
});

Deno.test("a variable of libpq that is not supported is refused, not ignored", () => {
  for (const name of ["PGSERVICE", "PGREQUIREAUTH", "PGSSLCRL"]) {
    assertThrows(
      () => parse("postgres://localhost/shop", { [name]: "x" }),
      TypeError,
      `Cannot connect to the system database: ${name} is set, which is not supported`,
    );
  }
});

Deno.test("a variable of libpq that is not valid is named", () => {
  for (
    const [name, value] of [["PGSSLMODE", "bad"], ["PGCONNECT_TIMEOUT", "soon"], ["PGPORT", "x"]]
  ) {
    const error = assertThrows(() => parse("postgres://localhost", { [name!]: value! }), TypeError);
    assertMatch(error.message, new RegExp(`^Cannot connect to the system database: ${name} is `));
  }
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
  secrets.push("wor@s3cret@x", "wor@s3cret,x", "wor@x,s3cret");
  for (const secret of secrets) {
    for (const rest of ["@localhost:x/shop", "@localhost/shop?x=y", "@localhost/shop?sslmode=x"]) {
      const error = assertThrows(() => parse(`postgres://alice:${secret}${rest}`), TypeError);
      assert(!error.message.includes("s3cret"), error.message);
    }
  }
  for (const name of ["password", "sslpassword"]) {
    const url = `postgres://alice@localhost/shop?${name}=wor&s3cret`;
    for (const rest of ["", "=", "=x", "&x=y"]) {
      const error = assertThrows(() => parse(url + rest), TypeError);
      assert(!error.message.includes("s3cret"), error.message);
    }
  }
});

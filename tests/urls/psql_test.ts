/** What URLs mean to connect(), beside what they mean to psql on the same servers. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { connect } from "../../mod.ts";
import { systemDatabaseOf } from "../../src/client/client.ts";
import { unavailable } from "../support/certificates.ts";
import { psqlVersion, runInPsql } from "../support/psql.ts";
import type { Cases, Expected } from "./cases.ts";
import { certificates, encryption } from "./encryption.ts";
import { forms } from "./forms.ts";
import { providerNames, providers } from "./providers.ts";
import { password, type Servers, startServers } from "./servers.ts";

const statement = `select current_database(), current_user,
  case when ssl then 'TLS' else 'plain' end as encryption
from pg_stat_ssl where pid = pg_backend_pid()`;

/** What connect() makes of a URL: where it is connected, or its error. */
async function outcomeOf(url: string): Promise<string | Error> {
  try {
    await using client = await connect(url, { retryTimeoutSeconds: 0 });
    const executor = await systemDatabaseOf(client).adapter.load();
    const query = { name: "where", text: statement, values: [] };
    const [row] = await executor.query(query, { isNeeded: () => true });
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

/** Leads a URL to the test server, which shows a certificate for its host. */
function atTestServer(url: string): string {
  return `${url}${url.includes("?") ? "&" : "?"}hostaddr=127.0.0.1&port=<port>`;
}

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
    await test.step("what providers hand out", async (test) => {
      for (const [form, url, outcome, rest] of providers) {
        await test.step(
          form,
          () => checkCase(servers.fill(atTestServer(url)), { outcome, ...rest }),
        );
      }
    });
  },
});

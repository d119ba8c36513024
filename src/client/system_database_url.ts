/** Finds the URL of the system database to connect to. */

async function readEnvironment(name: string): Promise<string | undefined> {
  // Deno, Node and Bun all have it; imported here so that reading the library needs no permission.
  const { default: process } = await import("node:process");
  return process.env[name];
}

interface DatabaseURL {
  /** The URL up to the path; it may name several hosts. */
  readonly server: string;
  readonly database: string;
  readonly query: string;
}

// The URL itself stays out of the messages: it may hold a password.
function parse(url: string, source: string): DatabaseURL {
  const match = /^(postgres(?:ql)?:\/\/[^/?#]*)(?:\/([^?#]*))?(.*)$/.exec(url);
  // URL.parse() knows one host only.
  if (!match || !URL.parse(match[1]!.replace(/,[^@]*$/, ""))) {
    throw new TypeError(`Cannot connect to the system database: ${source} is not a Postgres URL`);
  }
  return { server: match[1]!, database: match[2] ?? "", query: match[3]! };
}

function withDatabase({ server, query }: DatabaseURL, database: string): string {
  return `${server}/${encodeURIComponent(database)}${query}`;
}

/**
 * The URL given, or else that of the environment, with the name of the system database in it.
 *
 * DBOS names the system database of an application after the application's own database, with
 * `_dbos_sys` after it, unless it is told otherwise.
 */
export async function findSystemDatabaseURL(
  given: string | undefined,
  systemDatabase: string | undefined,
): Promise<string> {
  const systemURL = given || await readEnvironment("DBOS_SYSTEM_DATABASE_URL");
  if (systemURL) {
    const url = parse(systemURL, given ? "the given URL" : "DBOS_SYSTEM_DATABASE_URL");
    return systemDatabase ? withDatabase(url, systemDatabase) : systemURL;
  }
  const applicationURL = await readEnvironment("DBOS_DATABASE_URL");
  if (applicationURL) {
    const url = parse(applicationURL, "DBOS_DATABASE_URL");
    const application = decodeURIComponent(url.database);
    if (!application && !systemDatabase) {
      throw new TypeError(
        "Cannot connect to the system database: DBOS_DATABASE_URL names no database",
      );
    }
    return withDatabase(url, systemDatabase ?? `${application}_dbos_sys`);
  }
  throw new TypeError(
    "Cannot connect to the system database: pass its URL, or set DBOS_SYSTEM_DATABASE_URL or " +
      "DBOS_DATABASE_URL",
  );
}

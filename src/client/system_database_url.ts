/** Finds the URL of the system database to connect to. */

async function readEnvironment(name: string): Promise<string | undefined> {
  // Deno, Node and Bun all have it. Imported on demand, so that importing the library needs no
  // permission.
  const { default: process } = await import("node:process");
  return process.env[name];
}

interface DatabaseURL {
  /** The URL up to the path; it may name several hosts. */
  readonly server: string;
  readonly database: string;
  readonly query: string;
}

// Messages must not contain the URL, which may have a password.
function parse(url: string, source: string): DatabaseURL {
  const match = /^(postgres(?:ql)?:\/\/[^/?#]*)(?:\/([^?#]*))?(.*)$/.exec(url);
  // URL.parse() supports only one host.
  if (!match || !URL.parse(match[1]!.replace(/,[^@]*$/, ""))) {
    throw new TypeError(`Cannot connect to the system database: ${source} is not a Postgres URL`);
  }
  return { server: match[1]!, database: match[2] ?? "", query: match[3]! };
}

function withDatabase({ server, query }: DatabaseURL, database: string): string {
  return `${server}/${encodeURIComponent(database)}${query}`;
}

/**
 * The given URL, or else the URL from the environment, with the name of the system database in it.
 *
 * By default, DBOS names the system database after the database of the application, with the suffix
 * `_dbos_sys`.
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
        "Cannot connect to the system database: DBOS_DATABASE_URL has no database name",
      );
    }
    return withDatabase(url, systemDatabase ?? `${application}_dbos_sys`);
  }
  throw new TypeError(
    "Cannot connect to the system database: missing URL. Pass one, or set " +
      "DBOS_SYSTEM_DATABASE_URL or DBOS_DATABASE_URL",
  );
}

/** Finds the system database to connect to. */

import type { ConnectionSettings } from "./connection_settings.ts";
import { parseConnectionURL } from "./connection_url.ts";

/**
 * The settings of the URL given, or else of the environment's, with the name of the system database.
 *
 * By default, DBOS names the system database after the database of the application, with the suffix
 * `_dbos_sys`.
 */
export async function findSystemDatabase(
  given: string | undefined,
  systemDatabase: string | undefined,
): Promise<ConnectionSettings> {
  // Deno, Node and Bun all have it; the import has Node open stdin as well, which takes 10 ms. It is here
  // so that reading the library needs no permission.
  const process = globalThis.process ?? (await import("node:process")).default;

  // Deno may forbid it. The URL has to do then.
  function readIfPermitted(name: string): string | undefined {
    try {
      return process.env[name];
    } catch {
      return undefined;
    }
  }

  function parse(url: string, source: string): ConnectionSettings {
    return parseConnectionURL({ url, source }, readIfPermitted);
  }

  const systemURL = given || process.env.DBOS_SYSTEM_DATABASE_URL;
  if (systemURL) {
    const settings = parse(systemURL, given ? "the given URL" : "DBOS_SYSTEM_DATABASE_URL");
    return systemDatabase ? { ...settings, database: systemDatabase } : settings;
  }
  const applicationURL = process.env.DBOS_DATABASE_URL;
  if (applicationURL) {
    const settings = parse(applicationURL, "DBOS_DATABASE_URL");
    if (!settings.database && !systemDatabase) {
      throw new TypeError(
        "Cannot connect to the system database: DBOS_DATABASE_URL has no database name",
      );
    }
    return { ...settings, database: systemDatabase ?? `${settings.database}_dbos_sys` };
  }
  throw new TypeError(
    "Cannot connect to the system database: missing URL. Pass one, or set " +
      "DBOS_SYSTEM_DATABASE_URL or DBOS_DATABASE_URL",
  );
}

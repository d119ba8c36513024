/**
 * Connects with a URL, through `npm:pg`. This module is for programs that import `core`, which has
 * nothing that a bundle for a browser or an edge platform could not contain.
 *
 * @example
 * ```ts
 * import { connect } from "@dbos-community/client/connect";
 * import { enqueue } from "@dbos-community/client/core";
 *
 * await using client = await connect();
 * const handle = await enqueue(client, { workflowName: "processTask", queueName: "tasks" }, 7);
 * console.log(await handle.getResult());
 * ```
 *
 * @module
 */

import { closeTimeoutSeconds, createClosableClient } from "./client.ts";
import { abortable } from "./src/promises.ts";
import {
  callDescription,
  type CallOptions,
  type Client,
  clientDescription,
  type ClientOptions,
} from "./src/client/client.ts";
import {
  asInteger,
  asText,
  describeOptions,
  type OptionsDescription,
  readOptions,
} from "./src/options.ts";
import { checkInteger, refuseType } from "./src/validate.ts";

export type { CallOptions, Client, ClientOptions };

/** The options of {@linkcode connect}. */
export interface ConnectOptions extends ClientOptions, CallOptions {
  /**
   * The name of the system database, if it is not the one that the URL names or implies.
   *
   * @default {undefined}
   */
  systemDatabase?: string;
  /**
   * The maximum number of connections. Each is opened when it is first needed, and has one statement
   * in flight.
   *
   * Concurrent writes share statements. Reads such as `getStatus()` do not: at most this many are
   * answered in a round trip to the database, so more connections help where it is far away.
   *
   * @default {10}, or the `connection_limit` of the URL
   */
  maxConnections?: number;
}

const connectDescription: OptionsDescription<ConnectOptions> = describeOptions<ConnectOptions>({
  ...clientDescription.checks,
  ...callDescription.checks,
  systemDatabase: asText,
  maxConnections: asInteger(1),
});

function checkConnectUrl(url: unknown): void {
  if (url === undefined || typeof url === "string") return;
  refuseType(
    "the URL of connect()",
    url,
    "a string. Pass a driver to createClient() or, as the client, to any other function, and options " +
      "as the second argument of connect()",
  );
}

/**
 * Connects to a system database through `npm:pg`.
 *
 * Without `url` it reads the environment variable `DBOS_SYSTEM_DATABASE_URL` or, if that is not set,
 * `DBOS_DATABASE_URL`. The latter names the database of an application; its system database has the
 * same name followed by `_dbos_sys`. The client never creates or migrates anything.
 *
 * A URL means what it means to `psql`, with several hosts, `sslmode` and the like. What it leaves out is
 * taken from the environment variables of libpq, such as `PGPASSWORD`, and from the password file. A
 * parameter that is not supported is refused by its name. `sslmode=verify-full` without `sslrootcert`
 * trusts the authorities of the runtime, and an attempt to connect to a host ends after 30 s unless
 * `connect_timeout` says otherwise; docs/deploying.md lists all differences. Of Prisma's parameters,
 * `pgbouncer=true` sets `prepare` to false, and `connection_limit` sets `maxConnections`.
 *
 * @example
 * ```ts
 * import { connect, retrieveWorkflow } from "@dbos-community/client";
 *
 * await using client = await connect("postgres://localhost/shop_dbos_sys");
 * console.log(await retrieveWorkflow(client, "order-7").getStatus());
 * ```
 *
 * @param url The URL of the system database.
 * @param options The options that differ from the defaults.
 * @returns The client; close it with `await using` or `close()`.
 * @throws {TypeError} If there is no URL, it is not a Postgres URL, or a parameter of it is not
 * supported.
 * @throws {SystemSchemaNotFoundError} If the database has no DBOS system tables in the schema.
 */
export async function connect(url?: string, options: ConnectOptions = {}): Promise<Client> {
  checkConnectUrl(url);
  const { systemDatabase, maxConnections, prepare, listen = true, signal, ...others } = readOptions(
    "connect()",
    connectDescription,
    options,
  );
  signal?.throwIfAborted();
  // Only connect() needs them: 5 KB gzipped, and the driver.
  const [{ findSystemDatabase }, { openPg }] = await Promise.all([
    import("./src/connection/system_database_url.ts"),
    import("./src/connection/open_pg.ts"),
  ]);
  const settings = await findSystemDatabase(url, systemDatabase);
  const max = maxConnections ?? settings.maxConnections ?? 10;
  checkInteger("connection_limit of the URL", max, 1);
  const pool = await openPg(settings, max);
  const { client, database } = createClosableClient(
    pool,
    { ...others, prepare: prepare ?? settings.prepare, listen },
    () => pool.end(closeTimeoutSeconds),
  );
  try {
    await abortable(signal, database.checkSchema);
  } catch (error) {
    const closed = client.close();
    // An aborted call does not wait for the server.
    if (signal?.aborted) closed.catch(() => {});
    else await closed;
    throw error;
  }
  return client;
}

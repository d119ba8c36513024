/** Makes clients: of a driver, or of a URL. */

import { abortable } from "./src/abort_signal.ts";
import {
  callDescription,
  type CallOptions,
  type Client,
  clientDescription,
  type ClientOptions,
  isClient,
  openSystemDatabase,
  registerClient,
} from "./src/client/client.ts";
import type { SystemDatabase } from "./src/database/system_database.ts";
import type { CustomDriver, Driver } from "./src/drivers/driver.ts";
import { whenStopped } from "./src/polling/notifications.ts";
import {
  asInteger,
  asText,
  describeOptions,
  type OptionsDescription,
  readOptions,
} from "./src/options.ts";
import { checkInteger, refuseType } from "./src/validate.ts";

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

// A server that does not answer never closes its end of a connection.
const closeTimeoutSeconds = 2;

/** Waits until a promise settles, but not longer than the timeout: the network may hang. */
async function settlesWithin(timeoutSeconds: number, promise: Promise<void>): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const timeout = new Promise<void>((resolve) =>
    timer = setTimeout(resolve, timeoutSeconds * 1000)
  );
  await Promise.race([promise, timeout]);
  clearTimeout(timer);
}

function createClosableClient(
  driver: Driver,
  options: ClientOptions,
  closeDriver: () => Promise<void>,
): { client: Client; database: SystemDatabase } {
  const closing = new AbortController();
  const database = openSystemDatabase(driver, options, closing.signal);
  let closed: Promise<void> | undefined;
  async function closeOnce(): Promise<void> {
    closing.abort(new Error("Cannot wait any longer: the client was closed"));
    await settlesWithin(closeTimeoutSeconds, whenStopped(database));
    await closeDriver();
  }
  const close = () => closed ??= closeOnce();
  const client = { close, [Symbol.asyncDispose]: close };
  registerClient(client, database);
  return { client, database };
}

// First, so that it gives the parameters of a query() that is written in the call their types.
/** Makes a client of a driver of your own, with options. */
export function createClient(driver: CustomDriver, options?: ClientOptions): Client;
/**
 * Makes a client of a driver, with options. A driver can also be passed as the client as it is.
 *
 * @example
 * ```ts
 * import pg from "pg";
 * import { createClient, enqueue } from "@dbos-community/client";
 *
 * const pool = new pg.Pool({ connectionString: process.env.DBOS_SYSTEM_DATABASE_URL });
 * pool.on("error", console.error);
 * const client = createClient(pool, { applicationName: "billing", prepare: false });
 * await enqueue(client, { workflowName: "processTask", queueName: "tasks" }, { id: 7 });
 * await pool.end();
 * ```
 *
 * @param driver A pool, connection or transaction of `npm:pg`, `npm:postgres`, `jsr:@db/postgres`,
 * `npm:@electric-sql/pglite` or `Bun.sql`, a database or transaction of an ORM, or a driver of your own.
 * @param options The options that differ from the defaults.
 * @returns The client. The caller still closes the driver.
 * @throws {TypeError} If `driver` is none of these, or an option has the wrong type.
 * @throws {RangeError} If an option is out of range.
 */
export function createClient(driver: Driver, options?: ClientOptions): Client;
export function createClient(driver: Driver, options: ClientOptions = {}): Client {
  if (isClient(driver)) {
    throw new TypeError(
      "Cannot use a client as the driver of createClient(): pass it to other functions as it is, or " +
        "make another client of its driver",
    );
  }
  const read = readOptions("createClient()", clientDescription, options);
  return createClosableClient(driver, read, () => Promise.resolve()).client;
}

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

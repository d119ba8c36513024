/** What every function of the library takes: a client, or a Postgres driver. */

import type { Driver } from "./src/drivers/adapter.ts";
import { adaptDriver } from "./src/drivers/mod.ts";
import { openPostgres } from "./src/drivers/open_postgres.ts";
import { type SerializationType, serializationTypes } from "./src/serialization/mod.ts";
import { createSystemDatabase, type SystemDatabase } from "./src/database/system_database.ts";
import { findSystemDatabaseURL } from "./src/database/system_database_url.ts";
import { checkChoice, checkInteger, checkNumber, checkOptionalText } from "./src/validate.ts";

/** The settings of a client. */
export interface ClientOptions {
  /**
   * The schema of DBOS's system tables.
   *
   * @default {"dbos"}
   */
  schema?: string;
  /**
   * The application on whose behalf workflows are enqueued: only its workers run them.
   *
   * @default {undefined} workers of any application that shares the system database run them
   */
  applicationName?: string;
  /**
   * The format in which arguments and messages are written.
   *
   * @default {"portable"}
   */
  serializationType?: SerializationType;
  /**
   * The longest time between two looks for a result or an event, in milliseconds.
   *
   * @default {1000}
   */
  pollingIntervalMs?: number;
  /**
   * How long a statement is tried again after transient faults, such as a server that restarts, in
   * seconds; 0 never tries again. In an open transaction nothing is tried again.
   *
   * @default {10}
   */
  retryTimeoutSeconds?: number;
  /**
   * How long the server works on a list or count of workflows before it cancels it, in milliseconds;
   * 0 lets it work on. In an open transaction its own `statement_timeout` holds instead.
   *
   * @default {30000}
   */
  observabilityQueryTimeoutMs?: number;
  /**
   * Listen for the notifications that DBOS sends of events and streams, on one more connection, from
   * the first wait for one of them on. They only make a wait shorter, so nothing is lost where none
   * arrive, as behind a pooler in transaction mode. Close such a client when it is done.
   *
   * @default {false}, but true for {@linkcode connect}
   */
  listen?: boolean;
  /**
   * Use named prepared statements where the driver has them. Set it to false behind a pooler in
   * transaction mode.
   *
   * @default {true}
   */
  prepare?: boolean;
}

/** The settings of {@linkcode connect}. */
export interface ConnectOptions extends ClientOptions {
  /**
   * The name of the system database, in place of the one that the URL names or implies.
   *
   * @default {undefined}
   */
  systemDatabase?: string;
  /**
   * How many connections are opened at most, each when it is first needed.
   *
   * @default {10}
   */
  maxConnections?: number;
}

/** A client of one system database, made by {@linkcode createClient} or {@linkcode connect}. */
export interface Client extends AsyncDisposable {
  /**
   * Ends all waits of the client, and the connections that {@linkcode connect} opened. A driver
   * that was passed to {@linkcode createClient} stays open.
   */
  close(): Promise<void>;
}

// npm:postgres would wait for ever on a connection that the server has ended.
const closeTimeoutSeconds = 2;

const systemDatabases = new WeakMap<object, SystemDatabase>();

function toSystemDatabase(
  driver: Driver,
  options: ClientOptions,
  closed: AbortSignal,
): SystemDatabase {
  const {
    schema = "dbos",
    applicationName,
    serializationType = "portable",
    pollingIntervalMs = 1000,
    retryTimeoutSeconds = 10,
    observabilityQueryTimeoutMs = 30_000,
    listen = false,
    prepare = true,
  } = options;
  checkOptionalText("schema", schema);
  checkOptionalText("applicationName", applicationName);
  checkChoice("serializationType", serializationType, serializationTypes);
  checkInteger("pollingIntervalMs", pollingIntervalMs, 1, 2 ** 31 - 1);
  checkNumber("retryTimeoutSeconds", retryTimeoutSeconds, 0);
  checkInteger("observabilityQueryTimeoutMs", observabilityQueryTimeoutMs, 0, 2 ** 31 - 1);
  return createSystemDatabase(
    adaptDriver(driver, { prepare }),
    {
      schema,
      applicationName,
      serializationType,
      pollingIntervalMs,
      retryTimeoutSeconds,
      observabilityQueryTimeoutMs,
      listen,
    },
    closed,
  );
}

/** The system database behind what a caller passes; the same one each time. */
export function systemDatabaseOf(client: Client | Driver): SystemDatabase {
  let database = systemDatabases.get(client);
  if (!database) {
    database = toSystemDatabase(client as Driver, {}, new AbortController().signal);
    systemDatabases.set(client, database);
  }
  return database;
}

/** Waits for a promise, but not for ever: the network may hang. */
async function settlesWithin(seconds: number, promise: Promise<void>): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const isOver = new Promise<void>((resolve) => timer = setTimeout(resolve, seconds * 1000));
  await Promise.race([promise, isOver]);
  clearTimeout(timer);
}

function createClosableClient(
  driver: Driver,
  options: ClientOptions,
  closeDriver: () => Promise<void>,
): Client {
  const closing = new AbortController();
  const database = toSystemDatabase(driver, options, closing.signal);
  let closed: Promise<void> | undefined;
  async function closeOnce(): Promise<void> {
    closing.abort(new Error("Cannot wait any longer: the client was closed"));
    await settlesWithin(closeTimeoutSeconds, database.whenStopped());
    await closeDriver();
  }
  const close = () => closed ??= closeOnce();
  const client = { close, [Symbol.asyncDispose]: close };
  systemDatabases.set(client, database);
  return client;
}

/**
 * Makes a client of a driver, for when the defaults do not fit; otherwise pass the driver itself.
 *
 * @example
 * ```ts
 * import pg from "pg";
 * import { createClient, enqueue } from "@dbos-community/client";
 *
 * const pool = new pg.Pool({ connectionString: process.env.DBOS_SYSTEM_DATABASE_URL });
 * const client = createClient(pool, { applicationName: "billing", prepare: false });
 * await enqueue(client, { workflowName: "processTask", queueName: "tasks" }, { id: 7 });
 * await pool.end();
 * ```
 *
 * @param driver A pool, connection or transaction of `npm:pg`, `npm:postgres`, `jsr:@db/postgres`,
 * `npm:@electric-sql/pglite` or `Bun.sql`.
 * @param options What differs from the defaults.
 * @returns The client. The driver stays yours to close.
 * @throws {TypeError} If `driver` is none of those, or an option is of the wrong type.
 * @throws {RangeError} If an option is out of its range.
 */
export function createClient(driver: Driver, options: ClientOptions = {}): Client {
  return createClosableClient(driver, options, () => Promise.resolve());
}

/**
 * Connects to a system database through `npm:postgres`, for those who have only a URL.
 *
 * Without `url` it reads the environment variable `DBOS_SYSTEM_DATABASE_URL`, and then
 * `DBOS_DATABASE_URL`: that names an application's own database, whose system database has the same
 * name with `_dbos_sys` after it. Nothing is ever created or migrated.
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
 * @param options What differs from the defaults.
 * @returns The client; close it with `await using` or `close()`.
 * @throws {TypeError} If there is no URL, or it is not one of Postgres.
 * @throws {SystemSchemaNotFoundError} If the database has no DBOS system tables in the schema.
 */
export async function connect(url?: string, options: ConnectOptions = {}): Promise<Client> {
  const { systemDatabase, maxConnections = 10, ...clientOptions } = options;
  checkOptionalText("systemDatabase", systemDatabase);
  checkInteger("maxConnections", maxConnections, 1);
  const sql = await openPostgres(await findSystemDatabaseURL(url, systemDatabase), maxConnections);
  const client = createClosableClient(
    sql,
    { listen: true, ...clientOptions },
    () => sql.end({ timeout: closeTimeoutSeconds }),
  );
  try {
    await systemDatabaseOf(client).checkSchema();
  } catch (error) {
    await client.close();
    throw error;
  }
  return client;
}

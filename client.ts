/** Makes clients of drivers. */

import {
  type Client,
  clientDescription,
  type ClientOptions,
  isClient,
  openSystemDatabase,
  registerClient,
} from "./src/client/client.ts";
import type { SystemDatabase } from "./src/database/system_database.ts";
import type { CustomDriver, Driver } from "./src/drivers/driver.ts";
import { readOptions } from "./src/options.ts";
import { whenStopped } from "./src/polling/notifications.ts";

// A server that does not answer never closes its end of a connection.
export const closeTimeoutSeconds = 2;

/** Waits until a promise settles, but not longer than the timeout: the network may hang. */
async function settlesWithin(timeoutSeconds: number, promise: Promise<void>): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const timeout = new Promise<void>((resolve) =>
    timer = setTimeout(resolve, timeoutSeconds * 1000)
  );
  await Promise.race([promise, timeout]);
  clearTimeout(timer);
}

/** Makes a client that closes its driver as well. */
export function createClosableClient(
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
 * `npm:@electric-sql/pglite`, `npm:@neondatabase/serverless`, `npm:@vercel/postgres` or `Bun.sql`, a
 * database or transaction of an ORM, or a driver of your own.
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

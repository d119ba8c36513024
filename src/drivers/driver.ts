/** The drivers that can be passed as a client, as far as the library looks at them. */

// They are recognised by their shape, so that no driver is imported. `any`, because each declares
// overloads of its own.

/**
 * `Pool`, `Client` or `PoolClient` of `npm:pg` or `npm:@neondatabase/serverless`, or what
 * `npm:@vercel/postgres` exports and creates.
 */
export interface PgDriver {
  /** Runs a statement. */
  // deno-lint-ignore no-explicit-any
  query(...args: any[]): any;
  /** Connects. */
  // deno-lint-ignore no-explicit-any
  connect(...args: any[]): any;
}

/** A database of `npm:@electric-sql/pglite`, or a transaction of one. */
export interface PGliteDriver {
  /** Runs a statement. */
  // deno-lint-ignore no-explicit-any
  query(...args: any[]): any;
  /** Runs statements without parameters. */
  // deno-lint-ignore no-explicit-any
  exec(...args: any[]): any;
}

/** `sql` of `npm:postgres` or `Bun.sql`, a transaction of one, or a reserved connection. */
export interface SqlTagDriver {
  /** Runs a statement that is given as text. */
  // deno-lint-ignore no-explicit-any
  unsafe(...args: any[]): any;
}

/** `Client`, `PoolClient` or `Transaction` of `jsr:@db/postgres`. */
export interface DenoPostgresDriver {
  /** Runs a statement. */
  // deno-lint-ignore no-explicit-any
  queryObject(...args: any[]): any;
}

/** `Pool` of `jsr:@db/postgres`. */
export interface DenoPostgresPoolDriver {
  /** How many connections it has. */
  readonly size: number;
  /** How many of them are idle. */
  readonly available: number;
  /** Connects. */
  // deno-lint-ignore no-explicit-any
  connect(): any;
}

/** What `neon()` of `npm:@neondatabase/serverless` returns. */
export interface NeonHttpDriver {
  /** Runs statements as one transaction. */
  // deno-lint-ignore no-explicit-any
  transaction(...args: any[]): any;
}

/** A database or transaction of Drizzle, over a driver that the library knows. */
export interface DrizzleDriver {
  /** Runs a statement. */
  // deno-lint-ignore no-explicit-any
  execute(...args: any[]): any;
  /** Begins a query. */
  // deno-lint-ignore no-explicit-any
  select(...args: any[]): any;
}

/** A `Kysely` or a `Transaction` of it. */
export interface KyselyDriver {
  /** Whether it is a transaction. */
  readonly isTransaction: boolean;
  /** Runs a statement. */
  // deno-lint-ignore no-explicit-any
  executeQuery(...args: any[]): any;
}

/** A `Knex` or a `Knex.Transaction`. */
export interface KnexDriver {
  /** Runs a statement. */
  // deno-lint-ignore no-explicit-any
  raw: any;
  /** What knows the database. */
  // deno-lint-ignore no-explicit-any
  client: any;
}

/** `DataSource`, `EntityManager`, `QueryRunner` or `Repository` of TypeORM. */
export interface TypeORMDriver {
  /** Runs a statement. */
  // deno-lint-ignore no-explicit-any
  query(...args: any[]): any;
  /** What it works with. */
  // deno-lint-ignore no-explicit-any
  readonly manager?: any;
}

/** A `Sequelize`. */
export interface SequelizeDriver {
  /** Runs a statement. */
  // deno-lint-ignore no-explicit-any
  query(...args: any[]): any;
  /** Tests the connection. */
  // deno-lint-ignore no-explicit-any
  authenticate(...args: any[]): any;
}

/** A `Transaction` of Sequelize. */
export interface SequelizeTransactionDriver {
  /** Commits the transaction. */
  // deno-lint-ignore no-explicit-any
  commit(...args: any[]): any;
  /** Rolls the transaction back. */
  // deno-lint-ignore no-explicit-any
  rollback(...args: any[]): any;
}

/** An `EntityManager` of MikroORM. */
export interface MikroORMDriver {
  /** Whether it has a transaction open. */
  isInTransaction(): boolean;
  /** What it runs statements with. */
  // deno-lint-ignore no-explicit-any
  getKysely(...args: any[]): any;
}

/** A `PrismaClient`, or the client of an interactive transaction. */
export interface PrismaDriver {
  /** Runs a statement. */
  // deno-lint-ignore no-explicit-any
  $queryRawUnsafe(...args: any[]): any;
}

/** Is called with what a server notifies of. */
export interface NotificationListener {
  /** A notification has arrived on a channel. */
  onNotify(channel: string, payload: string): void;
  /** The driver listens again after a lost connection, and may have missed notifications. */
  onReconnect(): void;
  /** The driver has stopped listening. */
  onEnd(): void;
}

/**
 * A driver of your own: any object with this `query()`. Its other members are optional; each says
 * what happens without it.
 *
 * @example
 * ```ts
 * import pg from "pg";
 * import { createClient, listQueues } from "@dbos-community/client";
 *
 * const pool = new pg.Pool({ connectionString: process.env.DBOS_SYSTEM_DATABASE_URL });
 * pool.on("error", console.error);
 * const client = createClient({
 *   query: async (text, values) => (await pool.query(text, [...values])).rows,
 *   transactionStatus: () => "none",
 *   maxConnections: 10,
 * });
 * console.log(await listQueues(client));
 * await pool.end();
 * ```
 */
export interface CustomDriver {
  /**
   * Runs one statement and returns its rows. Calls may overlap.
   *
   * An error of the server must have its SQLSTATE as `code`, as those of `npm:pg` have. Nothing else of
   * it is needed.
   *
   * @param text SQL with the parameters `$1`, `$2` …, each of which is cast to its type.
   * @param values The values of the parameters.
   * @returns The rows: arrays of values in the order of the select list, or objects with properties in
   * that order. A value may be a text as the server sends it, or the boolean or number that it means.
   */
  query(
    text: string,
    values: readonly (string | number | boolean | null)[],
  ): Promise<readonly object[]>;
  /**
   * How many statements can be in flight at once.
   *
   * @default {1}
   */
  readonly maxConnections?: number;
  /**
   * Whether a transaction of the caller is open on the connection that the next statement will use:
   * `"none"`, as on a pool, `"open"` or `"unknown"`. In an open transaction nothing waits. Only outside
   * of one, statements are retried, and lists and counts have a limit on the server.
   *
   * @default {undefined} `"unknown"`
   */
  transactionStatus?(): "none" | "open" | "unknown";
  /**
   * Sends a text of several statements in one message of the simple query protocol, which is one
   * transaction, and returns the rows of the last one. The statements have no parameters.
   *
   * @default {undefined} lists and counts are limited to `observabilityQueryTimeoutMs` by the client
   * alone: their queries are not cancelled on the server
   */
  queryInOneMessage?(text: string): Promise<readonly object[]>;
  /**
   * Listens to channels on a connection of its own, until the function that it returns is called. If
   * `signal` is aborted before that, it rejects. In either case it leaves nothing behind.
   *
   * @default {undefined} the client polls, also with the option `listen`
   */
  listen?(
    channels: readonly string[],
    listener: NotificationListener,
    signal: AbortSignal,
  ): Promise<() => Promise<unknown>>;
  /**
   * Whether an error without an SQLSTATE means that the connection was lost or refused, so that the
   * statement may be sent again.
   *
   * @default {undefined} the errors of sockets, in Deno, Node and Bun
   */
  isLostConnection?(error: unknown): boolean;
}

/**
 * A Postgres driver, a pool of it, one of its connections or an open transaction.
 *
 * With a transaction, what the library writes commits or rolls back with the caller's own writes.
 */
export type Driver =
  | PgDriver
  | PGliteDriver
  | SqlTagDriver
  | DenoPostgresDriver
  | DenoPostgresPoolDriver
  | NeonHttpDriver
  | DrizzleDriver
  | KyselyDriver
  | KnexDriver
  | TypeORMDriver
  | SequelizeDriver
  | SequelizeTransactionDriver
  | MikroORMDriver
  | PrismaDriver
  | CustomDriver;

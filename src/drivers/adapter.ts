import type { Query } from "../database/query.ts";

/** A row as the driver gives it: by column name. */
export type Row = Record<string, unknown>;

/** Whether a transaction of the caller is open; `"unknown"` where the driver does not tell. */
export type TransactionStatus = "none" | "open" | "unknown";

/** A Postgres driver as the library uses it: what is known of it before anything is sent. */
export interface Adapter {
  readonly driver: object;
  /** How many statements can be under way at once. */
  readonly connections: number;
  /** Whether a transaction is open on the connection that the next statement will use. */
  transactionStatus(): TransactionStatus;
  /** Whether a statement after a lost connection reaches a new one. */
  readonly canReconnect: boolean;
  /** Loads what sends statements to it, once. */
  load(): Promise<Executor>;
}

/** Sends statements to a driver; there is one for each family. */
export interface Executor {
  query(query: Query): Promise<Row[]>;
  /** Runs queries as one message, which is one transaction; gives the rows of the last. */
  queryInOneMessage(queries: readonly Query[]): Promise<Row[]>;
}

/** What a user may decide about the way an adapter talks to the server. */
export interface AdapterOptions {
  /** Use named prepared statements where the driver has them. */
  readonly prepare: boolean;
}

// The drivers as far as this library looks at them. They are recognised by shape, so that none is
// imported; `any` because each declares overloads of its own.

/** `Pool`, `Client` or `PoolClient` of `npm:pg`. */
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
  | DenoPostgresPoolDriver;

/** The drivers that can be passed as a client, as far as the library looks at them. */

// They are recognised by their shape, so that no driver is imported. `any`, because each declares
// overloads of its own.

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

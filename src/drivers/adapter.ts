/** What the library knows of a driver, and how it sends statements through it. */

import type { NotificationListener } from "./driver.ts";

/** A value that every driver binds in the same way. */
export type Value = string | number | boolean | null;

/** A statement, ready to be sent. */
export interface Query {
  /** Names the text for a prepared statement: equal names have equal texts. Empty if it is rare. */
  readonly name: string;
  /** SQL with `$1`, `$2` … in the order of `values`. */
  readonly text: string;
  readonly values: readonly Value[];
}

/**
 * A row as the driver returns it: an array of values in the order of the select list or, from drivers
 * that do not return arrays, an object with properties in that order.
 */
export type DriverRow = object;

/** Whether a transaction of the caller is open; `"unknown"` if the driver does not tell. */
export type TransactionStatus = "none" | "open" | "unknown";

/** A driver, before anything is sent through it. */
export interface Adapter {
  /** How many statements can be in flight at once. */
  readonly maxConnections: number;
  /** Whether a statement that follows a lost connection gets a new one. */
  readonly canReconnect: boolean;
  /** Whether a transaction is open on the connection that the next statement will use. */
  transactionStatus(): TransactionStatus;
  /** Loads the code that sends statements, once. */
  load(): Promise<Executor>;
}

/** One attempt to run a statement. */
export interface Attempt {
  /** Whether somebody still waits for the answer. */
  isNeeded(): boolean;
  /**
   * Set by an executor: stops using the connection, if the driver allows that. It is called when there
   * was no answer in time.
   */
  discardConnection?: () => void;
}

/** Keeps a statement from being sent that nobody needs any more, after it waited for a connection. */
export function throwIfUnneeded(attempt: Attempt): void {
  if (!attempt.isNeeded()) throw new Error("Cannot send the statement: it was given up");
}

/**
 * Sends statements through a driver. The driver may be set to parse values, so the executor has it
 * return the text of each value, where that is possible.
 */
export interface Executor {
  query(query: Query, attempt: Attempt): Promise<readonly DriverRow[]>;
  /**
   * Sends queries in one message, which is one transaction; returns the rows of the last one. Undefined
   * if the driver sends only one statement at a time.
   */
  readonly queryInOneMessage?: (
    queries: readonly Query[],
    attempt: Attempt,
  ) => Promise<readonly DriverRow[]>;
  /** Whether queries before the last one may return rows, so that a SELECT can set the timeout. */
  readonly separatesRows?: boolean;
  /** Whether an error that has no SQLSTATE means that the connection was lost or refused. */
  isLostConnection(error: unknown): boolean;
  /** Listens to channels; undefined if the driver cannot. */
  readonly listen?: Listen;
}

/**
 * Listens to channels until the function that it returns is called. When `signal` is aborted before
 * that, it rejects as soon as the driver allows that. In either case it leaves nothing behind.
 */
export type Listen = (
  channels: readonly string[],
  listener: NotificationListener,
  signal: AbortSignal,
) => Promise<() => Promise<unknown>>;

/** What a driver is: a pool connects anew by itself, and is never inside a transaction. */
export type DriverKind = "pool" | "connection" | "transaction";

/** How an executor talks to the server. */
export interface ExecutorOptions {
  readonly kind: DriverKind;
  /** Use named prepared statements where the driver has them. */
  readonly prepare: boolean;
}

/** Makes the executor of a driver. */
export type CreateExecutor = (driver: object, options: ExecutorOptions) => Executor;

/** A family of drivers: the pools, connections and transactions of one package. */
export interface DriverFamily {
  /** Whether a driver belongs to the family. It looks at the shape, so that no driver is imported. */
  matches(driver: object): boolean;
  kindOf(driver: object): DriverKind;
  /** How many connections a pool opens at most. */
  poolSizeOf(driver: object): number;
  /**
   * Whether a transaction is open, where the kind of a driver does not tell. Without it that is unknown
   * of a connection, and there is none on a pool.
   */
  readonly statusOf?: (driver: object) => TransactionStatus | undefined;
  /** Loads the executor, on demand where few programs need it: they are 0.7 KB each. */
  loadExecutor(): CreateExecutor | Promise<CreateExecutor>;
}

/** How many connections npm:pg, npm:postgres and Bun.sql open if they are not told. */
export const defaultPoolSize = 10;

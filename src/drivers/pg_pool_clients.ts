/** The clients of a pool of npm:pg, each for one statement at a time. */

import { toError } from "./error_codes.ts";
import type { ListeningClient } from "./pg_listen.ts";

/** A client of a pool. */
export interface PgPoolClient {
  /** Returns the client to the pool, or has the pool remove it. */
  release(isToBeRemoved: boolean): void;
  on(event: "error", listener: (this: object) => void): void;
  off(event: "error", listener: (this: object) => void): void;
}

/** A pool of npm:pg. */
export interface PgPool<Client extends PgPoolClient> {
  connect(callback: (error: Error | undefined, client: Client) => void): void;
  readonly options: { readonly connectionTimeoutMillis?: number; readonly maxUses?: number };
  /** Whether it is being closed. */
  readonly ending?: boolean;
  /** How many callers wait for a client. */
  readonly waitingCount?: number;
  listenerCount?(event: "acquire" | "release"): number;
  Client: new (options: object) => ListeningClient;
}

/** Gives out clients. */
export interface PoolClients<Client extends PgPoolClient> {
  /** Returns a promise only if no client is at hand. */
  take(): Client | Promise<Client>;
  putBack(client: Client, isToBeRemoved: boolean): void;
}

// Those of npm:postgres and Bun.sql are as long.
const connectionTimeoutMs = 30_000;
const poolsWithTimeout = new WeakSet<object>();

/**
 * Has the clients of a pool fail if the server does not answer while they connect, unless its owner
 * has set a timeout. Otherwise each such client would keep its place in the pool forever.
 */
function limitConnecting(pool: PgPool<PgPoolClient>): void {
  if (pool.options.connectionTimeoutMillis || poolsWithTimeout.has(pool)) return;
  poolsWithTimeout.add(pool);
  const Client = pool.Client;
  pool.Client = class extends Client {
    constructor(options: object) {
      // A password is not enumerable.
      const copy = Object.defineProperties({}, Object.getOwnPropertyDescriptors(options));
      super(Object.assign(copy, { connectionTimeoutMillis: connectionTimeoutMs }));
    }
  };
}

const failed = new WeakSet<object>();

function noteFailure(this: object): void {
  failed.add(this);
}

/**
 * Takes a client from the pool, with a listener for its errors: an error without a listener would end
 * the process, and one may follow the last message of connecting at once, before a promise has settled.
 */
function connect<Client extends PgPoolClient>(pool: PgPool<Client>): Promise<Client> {
  return new Promise((resolve, reject) => {
    pool.connect((error, client) => {
      if (error) return reject(toError(error));
      client.on("error", noteFailure);
      resolve(client);
    });
  });
}

/** Whether a method is not only that of the base class: the program or a subclass has one of its own. */
function isOverridden(object: object, method: string): boolean {
  let definitions = 0;
  for (let holder: object | null = object; holder; holder = Object.getPrototypeOf(holder)) {
    if (Object.hasOwn(holder, method)) definitions++;
  }
  return definitions > 1;
}

// The pool closes connections that are too old when they are released.
const maxStatementsPerRelease = 100;

// Not the global one, which tests replace: the clients of a pool would never be released.
const { process } = globalThis as {
  process?: {
    getBuiltinModule?(name: "node:timers"): { setImmediate(callback: () => void): unknown };
  };
};
const setImmediate = process?.getBuiltinModule?.("node:timers")?.setImmediate;

/**
 * The clients of a pool. To take one from the pool and to release it takes a tenth of the time of a short
 * call. So the last client that was put back is kept until the event loop has run, for a statement
 * that follows at once.
 *
 * None is kept if somebody waits for one, or if the program may notice: it limits the uses of a
 * connection, or sets up each client that it takes from the pool, as for a tenant.
 */
export function createPoolClients<Client extends PgPoolClient>(
  pool: PgPool<Client>,
): PoolClients<Client> {
  const hasOwnConnect = isOverridden(pool, "connect");
  let kept: Client | undefined;
  let isReleaseScheduled = false;
  // Since the pool has given them out.
  const statements = new WeakMap<Client, number>();
  limitConnecting(pool);

  function isWatched(): boolean {
    const { maxUses = Infinity } = pool.options;
    return hasOwnConnect || maxUses < Infinity || pool.listenerCount?.("acquire") !== 0 ||
      pool.listenerCount("release") !== 0;
  }

  function canKeep(client: Client): boolean {
    const count = (statements.get(client) ?? 0) + 1;
    statements.set(client, count);
    return !kept && !pool.waitingCount && !failed.has(client) &&
      count < maxStatementsPerRelease && !isWatched();
  }

  function release(client: Client, isToBeRemoved: boolean): void {
    statements.delete(client);
    // One that is removed may still fail.
    if (!isToBeRemoved) client.off("error", noteFailure);
    client.release(isToBeRemoved);
  }

  function takeKept(): Client | undefined {
    const client = kept;
    kept = undefined;
    return client;
  }

  function releaseKept(): void {
    const client = takeKept();
    if (client) release(client, failed.has(client));
  }

  return {
    take() {
      if (pool.ending || pool.waitingCount || (kept && failed.has(kept))) releaseKept();
      return takeKept() ?? connect(pool);
    },
    putBack(client, isToBeRemoved) {
      if (isToBeRemoved || !setImmediate || !canKeep(client)) {
        return release(client, isToBeRemoved);
      }
      kept = client;
      if (isReleaseScheduled) return;
      isReleaseScheduled = true;
      setImmediate(() => {
        isReleaseScheduled = false;
        releaseKept();
      });
    },
  };
}

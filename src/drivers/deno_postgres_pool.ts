/** Uses a pool of `jsr:@db/postgres`, which does not recover from lost connections by itself. */

import { type Attempt, throwIfUnneeded } from "./adapter.ts";
import { losesConnection } from "./error_codes.ts";

/** A client of a pool. */
export interface PoolClient {
  readonly connected: boolean;
  connect(): Promise<void>;
  end(): Promise<void>;
  release(): void;
}

/** A pool. */
export interface ClientPool<Client extends PoolClient> {
  /** How many clients it has, connected or not; 0 until it has made them. */
  readonly size: number;
  /** How many of them are not in use. */
  readonly available: number;
  /** Counts those of them that are connected. */
  initialized(): Promise<number>;
  connect(): Promise<Client>;
  end(): Promise<void>;
}

/** Uses a client of the pool. */
export type UseClient<Client> = <Result>(
  use: (client: Client) => Promise<Result>,
  attempt: Attempt,
) => Promise<Result>;

// deno-lint-ignore no-explicit-any -- each pool has a type of clients
const users = new WeakMap<object, UseClient<any>>();

/** Uses clients of a pool. All callers share what is known of the pool. */
export function usePool<Client extends PoolClient>(pool: ClientPool<Client>): UseClient<Client> {
  let user = users.get(pool);
  if (!user) users.set(pool, user = createPoolUser(pool));
  return user;
}

/** The clients that a pool has made, until it is ended and makes others. */
interface Clients {
  /** Stands for those that have not come back to the pool, and may never do so. */
  readonly missing: Set<object>;
  /** How many were released without a connection. */
  unconnected: number;
  /** Have the calls that wait for one ask the pool again. */
  readonly restarts: Set<() => void>;
  isEnded: boolean;
}

// Errors of clients that are in their pool again.
const errorsOfReleased = new WeakSet<object>();

/**
 * Releases a client that is to be connected again. The pool would keep a broken one that still calls
 * itself connected (denodrivers/postgres#436), and would lose one that it fails to connect.
 */
function releaseUnconnected(client: PoolClient, clients: Clients): void {
  const own: { connect?: unknown; connected?: unknown } = client;
  async function connect(): Promise<void> {
    delete own.connect;
    clients.unconnected--;
    // A pool that is ended connects its clients before it closes them.
    if (clients.isEnded) return;
    try {
      await client.connect();
    } catch (error) {
      if (!clients.isEnded) releaseUnconnected(client, clients);
      errorsOfReleased.add(error as Error);
      throw error;
    }
    delete own.connected;
  }
  Object.defineProperties(client, {
    connected: { value: false, configurable: true },
    connect: { value: connect, configurable: true },
  });
  clients.unconnected++;
  client.release();
}

function createClients(): Clients {
  return { missing: new Set(), restarts: new Set(), unconnected: 0, isEnded: false };
}

/**
 * Keeps the pool at its size. Clients that were lost return to it, to be connected again. The pool
 * still loses a client whose first connection fails, and one whose connection is never answered. So,
 * as soon as no client is in use, it is ended, after which it makes new ones. The pool gets another
 * method `connect()`, because calls that bypass this library may lose clients, too, and must not ask
 * for one while the pool is ended.
 */
function createPoolUser<Client extends PoolClient>(pool: ClientPool<Client>): UseClient<Client> {
  const connect = pool.connect.bind(pool);
  let clients: Clients = createClients();
  let renewal: Promise<void> | undefined;
  // How many calls are about to take a client that is free.
  let takers = 0;

  function needsRenewal(): boolean {
    if (pool.size === 0) return true;
    const { missing } = clients;
    return missing.size > 0 && pool.available + missing.size >= pool.size;
  }

  function restartCalls({ restarts }: Clients): void {
    for (const restart of restarts) restart();
  }

  /** Counts a client as missing. If none is left, calls that wait for one have the pool renewed. */
  function lose(client: object, from: Clients): void {
    from.missing.add(client);
    if (from === clients && needsRenewal()) restartCalls(from);
  }

  /** Ends the pool, and returns a function that ends the renewal; until then, the others wait. */
  async function renew(): Promise<() => void> {
    let settle = () => {};
    const begun = renewal = new Promise<void>((resolve) => settle = resolve);
    // It would connect those that never were, and perhaps wait for that forever.
    if (await pool.initialized() + clients.unconnected === pool.available) {
      const ended = clients;
      ended.isEnded = true;
      clients = createClients();
      // It closes one client after the other, and fails at each that is broken.
      while (pool.size > 0) await pool.end().catch(() => {});
      restartCalls(ended);
    }
    return () => {
      if (renewal === begun) renewal = undefined;
      settle();
    };
  }

  async function borrow(attempt: Attempt): Promise<{ client: Client; from: Clients }> {
    while (renewal) await renewal;
    throwIfUnneeded(attempt);
    const endRenewal = needsRenewal() ? await renew() : undefined;
    const from = clients;
    const loan = {};
    const isTaker = endRenewal !== undefined || pool.available > takers;
    attempt.discardConnection = () => {
      // A call that waits for a client of somebody else has lost none.
      if (isTaker) lose(loan, from);
      endRenewal?.();
    };
    let isRestarted = false;
    let restart = () => {};
    const restarted = new Promise<void>((resolve) => {
      restart = () => {
        isRestarted = true;
        resolve();
      };
    });
    from.restarts.add(restart);
    try {
      takers++;
      const connecting = connect();
      // The pool gives out a free client in the microtask before that.
      queueMicrotask(() => takers--);
      connecting.then((client) => {
        // It is too late for a pool that was ended, or for this call.
        if (from.isEnded) return client.end();
        if (isRestarted) client.release();
      }).catch(() => {});
      // Until it has made its clients, the pool makes them for each call that asks for one.
      if (endRenewal) setTimeout(() => pool.size > 0 && endRenewal());
      const client = await Promise.race([connecting, restarted]);
      if (client) {
        from.missing.delete(loan);
        return { client, from };
      }
    } catch (error) {
      if (errorsOfReleased.has(error as Error)) from.missing.delete(loan);
      else lose(loan, from);
      throw error;
    } finally {
      from.restarts.delete(restart);
      endRenewal?.();
    }
    return await borrow(attempt);
  }

  pool.connect = async () => (await borrow({ isNeeded: () => true })).client;

  return async (use, attempt) => {
    const { client, from } = await borrow(attempt);
    let ending: Promise<void> | undefined;
    const end = () => ending = client.end().catch(() => {});
    attempt.discardConnection = () => {
      // What is under way on the client fails.
      end();
      lose(client, from);
    };

    function giveBack(): void {
      if (from.isEnded) client.end().catch(() => {});
      else if (!ending) client.release();
      else {
        ending.then(() => {
          from.missing.delete(client);
          if (!from.isEnded) releaseUnconnected(client, from);
          // If its owner has ended the pool, it takes nothing back.
        }).catch(() => {});
      }
    }

    if (!attempt.isNeeded()) giveBack();
    throwIfUnneeded(attempt);
    try {
      return await use(client);
    } catch (error) {
      if (!ending && losesConnection(error)) end();
      throw error;
    } finally {
      giveBack();
    }
  };
}

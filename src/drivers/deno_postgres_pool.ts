/** Uses a pool of `jsr:@db/postgres`, which does not recover from lost connections by itself. */

import { type Attempt, throwIfUnneeded } from "./attempt.ts";
import { losesConnection } from "./lost_connection.ts";

/** A client of a pool. */
export interface PoolClient {
  end(): Promise<void>;
  release(): void;
}

/** A pool. */
export interface ClientPool<Client extends PoolClient> {
  /** How many clients it has, connected or not. */
  readonly size: number;
  /** How many of them are not in use. */
  readonly available: number;
  connect(): Promise<Client>;
  end(): Promise<void>;
}

/** Uses a client of the pool. */
export type UseClient<Client> = <Result>(
  use: (client: Client) => Promise<Result>,
  attempt: Attempt,
) => Promise<Result>;

/**
 * Clients that were lost stay out of the pool: a broken one may call itself connected, and the pool
 * would give it out again (denodrivers/postgres#436). The pool itself drops a client that it cannot
 * connect. So the pool loses clients, and gets new ones when it is ended and used again. That is done
 * as soon as no client is in use.
 */
export function createPoolUser<Client extends PoolClient>(
  pool: ClientPool<Client>,
): UseClient<Client> {
  let inUse = 0;
  let lost = 0;
  let onIdle = () => {};
  let renewing: Promise<void> | undefined;

  /** Whether a client may be in use by somebody else. */
  function isShared(): boolean {
    return pool.available + inUse + lost < pool.size;
  }

  async function renew(): Promise<void> {
    if (inUse > 0) await new Promise<void>((resolve) => onIdle = resolve);
    if (isShared()) return;
    lost = 0;
    // It closes one client after the other, and fails at each that is broken.
    while (pool.size > 0) await pool.end().catch(() => {});
  }

  function discard(client: PoolClient): void {
    // Closes its socket, if that is not broken.
    client.end().catch(() => {});
  }

  return async (use, attempt) => {
    while (renewing || (lost > 0 && !isShared())) {
      await (renewing ??= renew().finally(() => renewing = undefined));
    }
    throwIfUnneeded(attempt);
    inUse++;
    let client: Client | undefined;
    let isOver = false;
    function finish(isLost: boolean): void {
      if (isOver) return;
      isOver = true;
      if (isLost) lost++;
      if (client) isLost ? discard(client) : client.release();
      if (--inUse === 0) onIdle();
    }
    attempt.discardConnection = () => finish(true);
    try {
      client = await pool.connect();
      if (isOver) discard(client);
      throwIfUnneeded(attempt);
      const result = await use(client);
      finish(false);
      return result;
    } catch (error) {
      finish(!client || losesConnection(error));
      throw error;
    }
  };
}

/** A pool of connections, each opened when it is first needed. */

/** A connection of npm:pg, as far as it is used here. */
export interface PgClient {
  // deno-lint-ignore no-explicit-any -- depends on what is sent
  query(query: unknown): Promise<any>;
  end(): Promise<unknown>;
  on(event: string, listener: (...args: unknown[]) => void): unknown;
}

/** An open connection, and how to end it without waiting for the server. */
export interface OpenConnection {
  readonly client: PgClient;
  /** Is aborted when the connection is lost, or closed in any way. */
  readonly ended: AbortSignal;
  destroy(): void;
}

/** A connection that is in use. */
export interface PooledClient extends PgClient {
  /** Returns the connection to the pool, or destroys it. */
  release(isToBeDestroyed: boolean): void;
}

/** A pool of connections of npm:pg. It resembles npm:pg's own, so that it passes for a driver. */
export interface ConnectionPool {
  readonly options: { readonly max: number };
  /** The number of connections that are open or being opened. */
  readonly totalCount: number;
  query(query: unknown): Promise<unknown>;
  /** Waits for a connection, and takes it out of the pool until it is released. */
  connect(): Promise<PooledClient>;
  /** Does what {@linkcode connect} does, at once if a connection is idle. */
  take(): PooledClient | Promise<PooledClient>;
  /** Opens one more connection, which the caller may end and end() does end. */
  openClient(): Promise<PgClient>;
  /** Closes all connections, but waits no longer than the timeout for statements in flight. */
  end(timeoutSeconds: number): Promise<void>;
}

/** A connection of the pool. */
interface PooledConnection extends OpenConnection {
  readonly client: PooledClient;
  /** When it was last released, by performance.now(). */
  releasedAt: number;
}

interface Waiting {
  resolve(client: PooledClient): void;
  reject(error: unknown): void;
}

const idleTimeoutMs = 30_000;
const closeTimeoutMs = 2_000;

/** Makes a pool of at most `max` connections. */
export function createConnectionPool(
  open: (closing: AbortSignal) => Promise<OpenConnection>,
  max: number,
): ConnectionPool {
  // In the order of their release.
  const idle: PooledConnection[] = [];
  let idleTimer: ReturnType<typeof setTimeout> | undefined;
  const waiting: Waiting[] = [];
  /** All connections, those outside of the pool included. */
  const connections = new Set<OpenConnection>();
  const closing = new AbortController();
  let totalCount = 0;
  let onClose = () => {};

  async function openOne(onEnd: (connection: OpenConnection) => void): Promise<OpenConnection> {
    closing.signal.throwIfAborted();
    const connection = await open(closing.signal).catch((error) => {
      closing.signal.throwIfAborted();
      throw error;
    });
    if (closing.signal.aborted) {
      connection.destroy();
      throw closing.signal.reason;
    }
    connections.add(connection);
    const end = () => {
      connections.delete(connection);
      // After an error of the protocol it would stay open.
      connection.destroy();
      onEnd(connection);
      onClose();
    };
    connection.ended.addEventListener("abort", end);
    // It may have been lost before anybody listened.
    if (connection.ended.aborted) end();
    return connection;
  }

  /** Closes a connection, even if its server does not answer. */
  function close({ client, ended, destroy }: OpenConnection): void {
    const timer = setTimeout(destroy, closeTimeoutMs);
    ended.addEventListener("abort", () => clearTimeout(timer));
    client.end().catch(() => {});
  }

  /** Closes the connections that have been idle for too long, and comes back for the others. */
  function closeIdle(): void {
    const releasedBefore = performance.now() - idleTimeoutMs;
    while (idle[0] && idle[0].releasedAt <= releasedBefore) close(idle.shift()!);
    idleTimer = idle[0] && setTimeout(closeIdle, idle[0].releasedAt - releasedBefore);
  }

  function stopIdleTimer(): void {
    clearTimeout(idleTimer);
    idleTimer = undefined;
  }

  /** Removes a connection that has ended. */
  function forget(connection: OpenConnection): void {
    const index = idle.indexOf(connection as PooledConnection);
    if (index >= 0) idle.splice(index, 1);
    if (connections.size === 0) stopIdleTimer();
    giveUpPlace();
  }

  async function openPooled(): Promise<PooledClient> {
    totalCount++;
    try {
      const opened = await openOne(forget);
      const client = Object.assign(opened.client, {
        release(isToBeDestroyed: boolean) {
          if (isToBeDestroyed) opened.destroy();
          else release(connection);
        },
      });
      const connection = Object.assign(opened, { client, releasedAt: 0 });
      return client;
    } catch (error) {
      giveUpPlace();
      throw error;
    }
  }

  /** A connection was closed: the first waiting caller opens another. */
  function giveUpPlace(): void {
    totalCount--;
    const next = waiting.shift();
    if (next) openPooled().then(next.resolve, next.reject);
  }

  function release(connection: PooledConnection): void {
    if (connection.ended.aborted) return;
    const next = waiting.shift();
    if (next) return next.resolve(connection.client);
    if (closing.signal.aborted) return close(connection);
    connection.releasedAt = performance.now();
    idle.push(connection);
    // One timer for all: it would take as long to start one for each statement as to send it.
    idleTimer ??= setTimeout(closeIdle, idleTimeoutMs);
  }

  function take(): PooledClient | Promise<PooledClient> {
    closing.signal.throwIfAborted();
    const connection = idle.pop();
    if (connection) return connection.client;
    if (totalCount < max) return openPooled();
    return new Promise((resolve, reject) => waiting.push({ resolve, reject }));
  }

  return {
    options: { max },
    get totalCount() {
      return totalCount;
    },
    async query(query) {
      const client = await take();
      try {
        return await client.query(query);
      } finally {
        client.release(false);
      }
    },
    connect: async () => await take(),
    take,
    async openClient() {
      return (await openOne(() => {})).client;
    },
    async end(timeoutSeconds) {
      const error = new Error("Cannot send a statement: the client was closed");
      closing.abort(error);
      for (const { reject } of waiting.splice(0)) reject(error);
      stopIdleTimer();
      for (const connection of idle.splice(0)) close(connection);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, timeoutSeconds * 1000);
        onClose = () => {
          if (connections.size > 0) return;
          clearTimeout(timer);
          resolve();
        };
        onClose();
      });
      for (const { destroy } of connections) destroy();
    },
  };
}

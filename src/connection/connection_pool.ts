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
  /** Opens one more connection, which the caller may end and end() does end. */
  openClient(): Promise<PgClient>;
  /** Closes all connections, but waits no longer than the timeout for statements in flight. */
  end(timeoutSeconds: number): Promise<void>;
}

interface Waiting {
  resolve(connection: OpenConnection): void;
  reject(error: unknown): void;
}

const idleTimeoutMs = 30_000;
const closeTimeoutMs = 2_000;

/** Makes a pool of at most `max` connections. */
export function createConnectionPool(
  open: (closing: AbortSignal) => Promise<OpenConnection>,
  max: number,
): ConnectionPool {
  const idle: { connection: OpenConnection; timer: ReturnType<typeof setTimeout> }[] = [];
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

  function takeIdle(): OpenConnection | undefined {
    const last = idle.pop();
    clearTimeout(last?.timer);
    return last?.connection;
  }

  async function openPooled(): Promise<OpenConnection> {
    totalCount++;
    try {
      return await openOne((connection) => {
        const index = idle.findIndex((each) => each.connection === connection);
        if (index >= 0) clearTimeout(idle.splice(index, 1)[0]!.timer);
        giveUpPlace();
      });
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

  function acquire(): OpenConnection | Promise<OpenConnection> {
    closing.signal.throwIfAborted();
    const connection = takeIdle();
    if (connection) return connection;
    if (totalCount < max) return openPooled();
    return new Promise((resolve, reject) => waiting.push({ resolve, reject }));
  }

  function release(connection: OpenConnection): void {
    if (connection.ended.aborted) return;
    const next = waiting.shift();
    if (next) return next.resolve(connection);
    if (closing.signal.aborted) return close(connection);
    const timer = setTimeout(() => {
      idle.splice(idle.findIndex((each) => each.connection === connection), 1);
      close(connection);
    }, idleTimeoutMs);
    idle.push({ connection, timer });
  }

  async function connect(): Promise<PooledClient> {
    const connection = await acquire();
    return Object.assign(connection.client, {
      release(isToBeDestroyed: boolean) {
        if (isToBeDestroyed) connection.destroy();
        else release(connection);
      },
    });
  }

  return {
    options: { max },
    get totalCount() {
      return totalCount;
    },
    async query(query) {
      const client = await connect();
      try {
        return await client.query(query);
      } finally {
        client.release(false);
      }
    },
    connect,
    async openClient() {
      return (await openOne(() => {})).client;
    },
    async end(timeoutSeconds) {
      const error = new Error("Cannot send a statement: the client was closed");
      closing.abort(error);
      for (const { reject } of waiting.splice(0)) reject(error);
      for (let connection; (connection = takeIdle());) close(connection);
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

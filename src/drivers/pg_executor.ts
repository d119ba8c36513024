import { createSerialQueue, onDemand } from "../promises.ts";
import {
  type Attempt,
  type DriverRow,
  type Executor,
  type ExecutorOptions,
  type Query,
  throwIfUnneeded,
  type Value,
} from "./adapter.ts";
import { isLostPgConnection, losesConnection, toError } from "./error_codes.ts";
import type { ListeningClient } from "./pg_listen.ts";
import { type PgClient, takesTextQuery, TextQuery } from "./pg_text_query.ts";
import { joinQueries } from "./quoting.ts";

// Few programs listen. This is 0.4 KB gzipped.
const loadListen = onDemand(() => import("./pg_listen.ts"));

function keepText(text: string): string {
  return text;
}

/** Options of a query, which returns texts, whatever the program sets with `types` or `setTypeParser()`. */
export const asTexts: {
  readonly rowMode: "array";
  readonly types: { getTypeParser(): (text: string) => string };
} = {
  rowMode: "array",
  types: { getTypeParser: () => keepText },
};

type PgConfig = typeof asTexts & {
  readonly name?: string;
  readonly text: string;
  readonly values?: readonly Value[];
};

type PgResults = { readonly rows: DriverRow[] } | { readonly rows: DriverRow[] }[];

interface Pg extends PgClient {
  query(query: PgConfig): Promise<PgResults>;
  query(
    query: PgConfig,
    callback: (error: Error | null, results: PgResults) => void,
  ): void;
  query(
    query: TextQuery,
    callback: (error: Error | null, rows: readonly DriverRow[]) => void,
  ): void;
}

interface PgPoolClient extends Pg {
  /** Returns the client to the pool, or has the pool remove it. */
  release(isToBeRemoved: boolean): void;
  on(event: "error", listener: () => void): void;
  off(event: "error", listener: () => void): void;
}

interface PgPool {
  connect(callback: (error: Error | undefined, client: PgPoolClient) => void): void;
  readonly options: { readonly connectionTimeoutMillis?: number };
  Client: new (options: object) => ListeningClient;
}

/** The pool of `connect()`, which keeps a listener for the errors of its clients. */
interface ConnectPool {
  take(): PgPoolClient | Promise<PgPoolClient>;
  openClient(): Promise<ListeningClient>;
}

// Those of npm:postgres and Bun.sql are as long.
const connectionTimeoutMs = 30_000;
const poolsWithTimeout = new WeakSet<object>();

/**
 * Has the clients of a pool fail if the server does not answer while they connect, unless its owner
 * has set a timeout. Otherwise each such client would keep its place in the pool forever.
 */
function limitConnecting(pool: PgPool): void {
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

function ignoreError(): void {}

/**
 * Takes a client from the pool, with a listener for its errors: an error without a listener would end
 * the process, and one may follow the last message of connecting at once, before a promise has settled.
 */
function acquire(pool: PgPool | ConnectPool): PgPoolClient | Promise<PgPoolClient> {
  if ("take" in pool) return pool.take();
  return new Promise((resolve, reject) => {
    pool.connect((error, client) => {
      if (error) return reject(toError(error));
      client.on("error", ignoreError);
      resolve(client);
    });
  });
}

function release(client: PgPoolClient, isToBeRemoved: boolean): void {
  client.off("error", ignoreError);
  client.release(isToBeRemoved);
}

/** What a client takes that takes no {@linkcode TextQuery}. */
function toConfig(queries: readonly Query[]): PgConfig {
  const [first, ...others] = queries as [Query, ...Query[]];
  if (others.length > 0) return { text: joinQueries(queries), ...asTexts };
  const { name, text, values } = first;
  return { name, text, values, ...asTexts };
}

/** The rows of the last query. */
function rowsOf(results: PgResults): DriverRow[] {
  return [results].flat().at(-1)!.rows;
}

/** Passes a callback: with a promise of npm:pg, all objects of a query stay until a full collection. */
function queryClient(client: Pg, queries: readonly Query[]): Promise<readonly DriverRow[]> {
  return new Promise((resolve, reject) => {
    function settle(error: Error | null, rows: readonly DriverRow[]): void {
      if (error) reject(toError(error));
      else resolve(rows);
    }
    if (takesTextQuery(client)) client.query(new TextQuery(queries), settle);
    else {
      client.query(
        toConfig(queries),
        (error, results) => settle(error, error ? [] : rowsOf(results)),
      );
    }
  });
}

/**
 * Queries a client of the pool, and has the pool remove it if it is lost or does not answer in time.
 * The callbacks of the pool and of the client only settle promises: if they went on themselves, all
 * objects of a query would stay until a full collection.
 */
async function queryPool(
  pool: PgPool | ConnectPool,
  queries: readonly Query[],
  attempt: Attempt,
): Promise<readonly DriverRow[]> {
  const acquiring = acquire(pool);
  const client = acquiring instanceof Promise ? await acquiring : acquiring;
  if (!attempt.isNeeded()) release(client, false);
  throwIfUnneeded(attempt);
  let isDiscarded = false;
  attempt.discardConnection = () => {
    isDiscarded = true;
    client.release(true);
    // A client that pipelines would wait for its answers first.
    client.connection?.stream.destroy();
  };
  let isLost = false;
  try {
    return await queryClient(client, queries);
  } catch (error) {
    isLost = losesConnection(error);
    // The stack leads to the socket otherwise, and not to the call.
    Error.captureStackTrace?.(error as Error);
    throw error;
  } finally {
    if (isDiscarded) client.off("error", ignoreError);
    else release(client, isLost);
  }
}

/**
 * The executor of `npm:pg`. Of a single client nothing can be discarded: what is sent after a statement
 * that hangs waits for it.
 */
export function createPgExecutor(driver: object, { kind, prepare }: ExecutorOptions): Executor {
  const runSerially = createSerialQueue();
  // What only resembles a pool may have no clients to give out.
  const pool = kind === "pool" && ("Client" in driver || "openClient" in driver)
    ? driver as unknown as PgPool | ConnectPool
    : undefined;
  if (pool && "Client" in pool) limitConnecting(pool);

  async function queryDriver(
    queries: readonly Query[],
    attempt: Attempt,
  ): Promise<readonly DriverRow[]> {
    const pg = driver as Pg;
    if (kind === "pool" || pg.pipeline) return rowsOf(await pg.query(toConfig(queries)));
    // A single client runs one statement at a time, and pg 9 will no longer queue the others.
    return await runSerially(async () => {
      throwIfUnneeded(attempt);
      if (takesTextQuery(pg)) return await queryClient(pg, queries);
      try {
        return rowsOf(await pg.query(toConfig(queries)));
      } catch (error) {
        throw toError(error);
      }
    });
  }

  function send(queries: readonly Query[], attempt: Attempt): Promise<readonly DriverRow[]> {
    return pool ? queryPool(pool, queries, attempt) : queryDriver(queries, attempt);
  }

  return {
    query: (query, attempt) => send([prepare ? query : { ...query, name: "" }], attempt),
    // Not prepared, so that the server plans them for their values.
    queryInOneMessage: (queries, attempt) =>
      send(queries.map((query) => ({ ...query, name: "" })), attempt),
    isLostConnection: isLostPgConnection,
    ...(pool && {
      listen: async (channels, listener, signal) =>
        await (await loadListen()).listen(pool, channels, listener, signal),
    }),
  };
}

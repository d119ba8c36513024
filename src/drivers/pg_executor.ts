import { createSerialQueue, onDemand } from "../promises.ts";
import {
  type Attempt,
  type DriverRow,
  type Executor,
  type ExecutorOptions,
  type Query,
  throwIfUnneeded,
} from "./adapter.ts";
import { isLostPgConnection, losesConnection, sqlStateOf, toError } from "./error_codes.ts";
import type { ListeningClient, ListeningPool } from "./pg_listen.ts";
import {
  createPoolClients,
  type PgPool,
  type PgPoolClient,
  type PoolClients,
} from "./pg_pool_clients.ts";
import {
  type PgCallback,
  type PgClient,
  type PgConfig,
  type PgResult,
  takesTextQuery,
  TextQuery,
} from "./pg_text_query.ts";
import { inlineValues } from "./quoting.ts";
import { nameRepeatedText } from "./repeated_texts.ts";

// Few programs listen. This is 0.4 KB gzipped.
const loadListen = onDemand(() => import("./pg_listen.ts"));

function keepText(text: string): string {
  return text;
}

/** Has a query return texts, whatever the program sets with `types` or `setTypeParser()`. */
export const asTexts: Pick<PgConfig, "rowMode" | "types"> = {
  rowMode: "array",
  types: { getTypeParser: () => keepText },
};

interface Pg extends PgClient {
  query(query: PgConfig): Promise<PgResult | PgResult[]>;
  query(query: PgConfig, callback: PgCallback): void;
  query(query: TextQuery): void;
}

interface PooledPg extends Pg, PgPoolClient {}

/** The pool of `connect()`, which keeps a listener for the errors of its clients. */
interface ConnectPool {
  take(): PooledPg | Promise<PooledPg>;
  openClient(): Promise<ListeningClient>;
}

/** The clients of a driver that is a pool. What only resembles one may have none to give out. */
function poolClientsOf(driver: object): PoolClients<PooledPg> | undefined {
  if ("openClient" in driver) {
    const { take } = driver as ConnectPool;
    return { take, putBack: (client, isToBeRemoved) => client.release(isToBeRemoved) };
  }
  return "Client" in driver ? createPoolClients(driver as PgPool<PooledPg>) : undefined;
}

/** The rows of the last statement. */
function rowsOf(results: PgResult | PgResult[]): DriverRow[] {
  return (Array.isArray(results) ? results.at(-1)! : results).rows;
}

/** Passes a callback: with a promise of npm:pg, all objects of a query stay until a full collection. */
function queryClient(client: Pg, config: PgConfig): Promise<readonly DriverRow[]> {
  return new Promise((resolve, reject) => {
    function settle(error: unknown, results: PgResult | PgResult[]): void {
      if (error) reject(toError(error));
      else resolve(rowsOf(results));
    }
    if (takesTextQuery(client)) client.query(new TextQuery(config, settle));
    else client.query(config, settle);
  });
}

// The session is another one or was reset, or the type of a column has changed.
const staleStatementStates = new Set(["26000", "0A000"]);

/** Queries a client of a pool: once more if it is known by now that it must prepare statements anew. */
async function queryPoolClient(client: Pg, config: PgConfig): Promise<readonly DriverRow[]> {
  try {
    return await queryClient(client, config);
  } catch (error) {
    const isPrepared = config.statements?.some(({ name }) => name !== "");
    if (!isPrepared || !staleStatementStates.has(sqlStateOf(error) ?? "")) throw error;
    return await queryClient(client, config);
  }
}

/**
 * Queries a client of a pool, and has the pool remove it if it is lost or does not answer in time. The
 * callbacks of the pool and of the client only settle promises: if they went on themselves, all objects
 * of a query would stay until a full collection.
 */
async function queryPool(
  clients: PoolClients<PooledPg>,
  config: PgConfig,
  attempt: Attempt,
): Promise<readonly DriverRow[]> {
  const taking = clients.take();
  const client = taking instanceof Promise ? await taking : taking;
  if (!attempt.isNeeded()) clients.putBack(client, false);
  throwIfUnneeded(attempt);
  let isDiscarded = false;
  attempt.discardConnection = () => {
    isDiscarded = true;
    clients.putBack(client, true);
    // A client that pipelines would wait for its answers first.
    client.connection?.stream.destroy();
  };
  let isLost = false;
  try {
    return await queryPoolClient(client, config);
  } catch (error) {
    isLost = losesConnection(error);
    // The stack leads to the socket otherwise, and not to the call.
    Error.captureStackTrace?.(error as Error);
    throw error;
  } finally {
    if (!isDiscarded) clients.putBack(client, isLost);
  }
}

/**
 * The executor of `npm:pg`. Of a single client nothing can be discarded: what is sent after a statement
 * that hangs waits for it.
 */
export function createPgExecutor(driver: object, { kind, prepare }: ExecutorOptions): Executor {
  const runSerially = createSerialQueue();
  const clients = kind === "pool" ? poolClientsOf(driver) : undefined;

  async function queryConnection(
    config: PgConfig,
    attempt: Attempt,
  ): Promise<readonly DriverRow[]> {
    const pg = driver as Pg;
    if (kind === "pool" || pg.pipeline) return rowsOf(await pg.query(config));
    // A single client runs one statement at a time, and pg 9 will no longer queue the others.
    return await runSerially(async () => {
      throwIfUnneeded(attempt);
      if (takesTextQuery(pg)) return await queryClient(pg, config);
      // What only resembles a client may take no callback.
      try {
        return rowsOf(await pg.query(config));
      } catch (error) {
        throw toError(error);
      }
    });
  }

  function send(config: PgConfig, attempt: Attempt): Promise<readonly DriverRow[]> {
    return clients ? queryPool(clients, config, attempt) : queryConnection(config, attempt);
  }

  /**
   * A config of several statements. Clients of a pool prepare those that come again: a single client may
   * be in a transaction of the program by the time that a prepared statement turns out to be stale.
   * Values are part of the texts, so that the server plans for them: with parameters it would settle for
   * a plan that is right for most values.
   */
  function toConfig(queries: readonly Query[]): PgConfig {
    const statements = queries.map((query) => {
      const text = inlineValues(query);
      return { name: prepare && clients ? nameRepeatedText(text) : "", text, values: [] };
    });
    return { text: statements.map(({ text }) => text).join(";\n"), statements, ...asTexts };
  }

  return {
    query: ({ name, text, values }, attempt) =>
      send({ name: prepare ? name : "", text, values, ...asTexts }, attempt),
    queryInOneMessage: (queries, attempt) => send(toConfig(queries), attempt),
    separatesRows: true,
    isLostConnection: isLostPgConnection,
    ...(clients && {
      async listen(channels, listener, signal) {
        const { listen } = await loadListen();
        return await listen(driver as ListeningPool, channels, listener, signal);
      },
    }),
  };
}

import pg from "pg";
import { type Client, type ClientOptions, createClient } from "../../mod.ts";
import { createTestDatabase } from "./database.ts";
import { startWorker } from "./start_worker.ts";

/** A statement as it is sent to npm:pg. */
export interface Statement {
  name: string;
  text: string;
  values: unknown[];
}

/** A database of an application, and a client whose statements are recorded. */
export interface StatementRecorder extends AsyncDisposable {
  client: Client;
  /** The driver of the client. */
  driver: Parameters<typeof createClient>[0];
  /** A pool of the same database. Its own statements are not recorded. */
  pool: pg.Pool;
}

export interface RecorderOptions extends ClientOptions {
  /**
   * Whether a worker runs. If false, one is only started to create the tables.
   *
   * @default {true}
   */
  hasWorker?: boolean;
}

/** A real pool, which can listen. */
function openRecordedPool(url: string, record: (statement: Statement) => void): pg.Pool {
  class RecordedClient extends pg.Client {
    query(...args: [Statement | string, ...unknown[]]): unknown {
      if (typeof args[0] === "object") record(args[0]);
      return super.query(...args);
    }
  }
  const pool = new pg.Pool({ connectionString: url, Client: RecordedClient } as pg.PoolConfig);
  pool.on("error", () => {});
  return pool;
}

/** Calls `record` before each statement. */
export async function openStatementRecorder(
  record: (statement: Statement) => void,
  { hasWorker = true, ...options }: RecorderOptions,
): Promise<StatementRecorder> {
  const resources = new AsyncDisposableStack();
  const { url } = resources.use(await createTestDatabase());
  const worker = await startWorker({ systemDatabaseUrl: url });
  if (hasWorker) resources.use(worker);
  else await worker[Symbol.asyncDispose]();
  const pool = new pg.Pool({ connectionString: url, max: 4 });
  pool.on("error", () => {});
  if (options.listen) {
    const driver = openRecordedPool(url, record);
    resources.defer(() => driver.end());
    return {
      client: resources.use(createClient(driver, options)),
      driver,
      pool,
      [Symbol.asyncDispose]: () => resources.disposeAsync(),
    };
  }
  const inFlight = new Set<Promise<unknown>>();
  resources.defer(async () => {
    // A pool that ends never answers a statement that still waits for a connection.
    await Promise.allSettled(inFlight);
    await pool.end();
  });
  const driver = {
    totalCount: 0,
    options: { max: 4 },
    connect: () => pool.connect(),
    query(statement: Statement) {
      record(statement);
      const result = pool.query(statement);
      inFlight.add(result);
      const forget = () => inFlight.delete(result);
      result.then(forget, forget);
      return result;
    },
  };
  return {
    client: resources.use(createClient(driver, options)),
    driver,
    pool,
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

import type { Adapter, Row } from "./adapter.ts";
import { inlineValues, joinQueries } from "./literals.ts";

interface Queryable {
  queryObject(text: string): Promise<{ rows: Row[] }>;
}

interface PoolClient extends Queryable {
  release(): void;
}

interface Pool {
  readonly size: number;
  connect(): Promise<PoolClient>;
}

/** Whether this is a `Client`, `PoolClient`, `Transaction` or `Pool` of `jsr:@db/postgres`. */
export function isDenoPostgres(driver: object): boolean {
  return "queryObject" in driver || isPool(driver);
}

function isPool(driver: object): boolean {
  return "connect" in driver && "available" in driver && "size" in driver;
}

function isTransaction(driver: object): boolean {
  return "savepoint" in driver;
}

/**
 * Adapts `jsr:@db/postgres`. It writes a query with parameters as five small packets, of which the
 * kernel delays the second until the first is acknowledged (some 40 ms); a text without parameters
 * is one packet.
 */
export function adaptDenoPostgres(driver: object): Adapter {
  if (isPool(driver)) return adaptPool(driver as Pool);
  const queryable = driver as Queryable;
  // A client does not tell whether its user has sent a `begin` through it.
  const status = isTransaction(driver) ? "open" : "unknown";
  return {
    connections: 1,
    reconnects: false,
    transactionStatus: () => status,
    query: async (query) => (await queryable.queryObject(inlineValues(query))).rows,
    queryTogether: async (queries) => (await queryable.queryObject(joinQueries(queries))).rows,
  };
}

function adaptPool(pool: Pool): Adapter {
  async function run(text: string): Promise<Row[]> {
    const client = await pool.connect();
    try {
      return (await client.queryObject(text)).rows;
    } finally {
      client.release();
    }
  }
  return {
    connections: pool.size,
    reconnects: true,
    transactionStatus: () => "none",
    query: (query) => run(inlineValues(query)),
    queryTogether: (queries) => run(joinQueries(queries)),
  };
}

import type { Adapter, AdapterOptions, Row } from "./adapter.ts";
import { joinQueries } from "./literals.ts";

interface PgQuery {
  name?: string;
  text: string;
  values: readonly unknown[];
}

interface PgResult {
  rows: Row[];
}

interface Pg {
  query(query: PgQuery): Promise<PgResult>;
  query(text: string): Promise<PgResult | PgResult[]>;
  connect(): unknown;
  /** Only a pool has these. */
  readonly totalCount?: number;
  readonly options?: { readonly max?: number };
  /** Only a client has these; the last since pg 8.17. */
  readonly connection?: unknown;
  readonly pipeline?: boolean;
  getTransactionStatus?(): "I" | "T" | "E" | null;
}

function isPool(driver: Pg): boolean {
  return typeof driver.totalCount === "number";
}

/** Whether this is a `Pool`, `Client` or `PoolClient` of `npm:pg`. */
export function isPg(driver: object): boolean {
  return "query" in driver && "connect" in driver &&
    (isPool(driver as Pg) || "connection" in driver || "processID" in driver);
}

function transactionStatusOf(client: Pg): "none" | "open" | "unknown" {
  const status = client.getTransactionStatus?.();
  if (!status) return "unknown";
  return status === "I" ? "none" : "open";
}

/** Adapts `npm:pg`. */
export function adaptPg(driver: object, { prepare }: AdapterOptions): Adapter {
  const pg = driver as Pg;
  const pool = isPool(pg);
  return {
    connections: pool ? pg.options?.max ?? 10 : 1,
    reconnects: pool,
    transactionStatus: () => pool ? "none" : transactionStatusOf(pg),
    async query({ name, text, values }) {
      const { rows } = await pg.query(prepare ? { name, text, values } : { text, values });
      return rows;
    },
    async queryTogether(queries) {
      const results = [await pg.query(joinQueries(queries))].flat();
      return results.at(-1)!.rows;
    },
  };
}

import type { Value } from "../query.ts";
import type { Adapter, Row } from "./adapter.ts";
import { joinQueries } from "./literals.ts";

interface PGlite {
  query(text: string, values: readonly Value[]): Promise<{ rows: Row[] }>;
  exec(text: string): Promise<{ rows: Row[] }[]>;
}

/** Whether this is a database of `npm:@electric-sql/pglite`, or a transaction of one. */
export function isPGlite(driver: object): boolean {
  return "query" in driver && "exec" in driver && ("waitReady" in driver || "rollback" in driver);
}

/** Adapts `npm:@electric-sql/pglite`. It has one session, and keeps no statements prepared. */
export function adaptPGlite(driver: object): Adapter {
  const pglite = driver as PGlite;
  const status = "waitReady" in driver ? "none" : "open";
  return {
    connections: 1,
    reconnects: false,
    transactionStatus: () => status,
    query: async ({ text, values }) => (await pglite.query(text, values)).rows,
    queryTogether: async (queries) => (await pglite.exec(joinQueries(queries))).at(-1)!.rows,
  };
}

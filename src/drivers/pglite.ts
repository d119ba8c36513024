import type { Value } from "../database/query.ts";
import type { Executor, Row } from "./adapter.ts";
import { joinQueries } from "./literals.ts";

interface PGlite {
  query(text: string, values: readonly Value[]): Promise<{ rows: Row[] }>;
  exec(text: string): Promise<{ rows: Row[] }[]>;
}

/** Sends to `npm:@electric-sql/pglite`, which keeps no statements prepared. */
export function createPGliteExecutor(driver: object): Executor {
  const pglite = driver as PGlite;
  return {
    query: async ({ text, values }) => (await pglite.query(text, values)).rows,
    queryInOneMessage: async (queries) => (await pglite.exec(joinQueries(queries))).at(-1)!.rows,
  };
}

import type { Value } from "../database/query.ts";
import type { Adapter, Listener, Row } from "./adapter.ts";
import { joinQueries } from "./literals.ts";

interface PGlite {
  query(text: string, values: readonly Value[]): Promise<{ rows: Row[] }>;
  exec(text: string): Promise<{ rows: Row[] }[]>;
  listen(channel: string, heard: (payload: string) => void): Promise<() => Promise<void>>;
}

/** Whether this is a database of `npm:@electric-sql/pglite`, or a transaction of one. */
export function isPGlite(driver: object): boolean {
  return "query" in driver && "exec" in driver && ("waitReady" in driver || "rollback" in driver);
}

async function listen(pglite: PGlite, channels: readonly string[], { heard }: Listener) {
  const stops = await Promise.all(
    channels.map((channel) => pglite.listen(channel, (payload) => heard(channel, payload))),
  );
  return () => Promise.all(stops.map((stop) => stop()));
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
    ...(status === "none" && { listen: (...args) => listen(pglite, ...args) }),
  };
}

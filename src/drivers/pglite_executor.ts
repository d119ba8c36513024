import type { Executor, ExecutorOptions, Listen, Row, Value } from "./adapter.ts";
import { joinQueries } from "./quoting.ts";

interface PGlite {
  query(text: string, values: readonly Value[]): Promise<{ rows: Row[] }>;
  exec(text: string): Promise<{ rows: Row[] }[]>;
  listen(channel: string, onNotify: (payload: string) => void): Promise<() => Promise<void>>;
}

function createListen(pglite: PGlite): Listen {
  return async (channels, { onNotify }) => {
    const stops = await Promise.all(
      channels.map((channel) => pglite.listen(channel, (payload) => onNotify(channel, payload))),
    );
    return () => Promise.all(stops.map((stop) => stop()));
  };
}

/** The executor of `npm:@electric-sql/pglite`, which keeps no statements prepared. */
export function createPGliteExecutor(driver: object, { kind }: ExecutorOptions): Executor {
  const pglite = driver as PGlite;
  return {
    query: async ({ text, values }) => (await pglite.query(text, values)).rows,
    queryInOneMessage: async (queries) => (await pglite.exec(joinQueries(queries))).at(-1)!.rows,
    // It runs in this process.
    isLostConnection: () => false,
    ...(kind === "pool" && "listen" in driver && { listen: createListen(pglite) }),
  };
}

import type { DriverRow, Executor, ExecutorOptions, Listen, Value } from "./adapter.ts";
import { joinQueries } from "./quoting.ts";

interface PGlite {
  query(
    text: string,
    values: readonly Value[],
    options: typeof asTexts,
  ): Promise<{ rows: DriverRow[] }>;
  exec(text: string, options: typeof asTexts): Promise<{ rows: DriverRow[] }[]>;
  listen(channel: string, onNotify: (payload: string) => void): Promise<() => Promise<void>>;
}

function keepText(text: string): string {
  return text;
}

// What a program sets as `parsers` does not apply to the library's queries, which return booleans (16),
// integers (23) and texts (25).
const asTexts = {
  rowMode: "array",
  parsers: { 16: keepText, 23: keepText, 25: keepText },
} as const;

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
    query: async ({ text, values }) => (await pglite.query(text, values, asTexts)).rows,
    queryInOneMessage: async (queries) =>
      (await pglite.exec(joinQueries(queries), asTexts)).at(-1)!.rows,
    // It runs in this process.
    isLostConnection: () => false,
    ...(kind === "pool" && "listen" in driver && { listen: createListen(pglite) }),
  };
}

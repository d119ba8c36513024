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
// bigints (20), integers (23) and texts (25).
const asTexts = {
  rowMode: "array",
  parsers: { 16: keepText, 20: keepText, 23: keepText, 25: keepText },
} as const;

const maxBusyMs = 20;
let yieldedAt = 0;

/**
 * Lets timers run from time to time. PGlite answers in microtasks alone, so a program that awaits one call
 * after the other, as to poll a status, would keep all timers from firing: those of waits, of a test
 * worker, and of the time limit of a test.
 */
async function letTimersRun(): Promise<void> {
  if (performance.now() - yieldedAt < maxBusyMs) return;
  await new Promise((resolve) => setTimeout(resolve));
  yieldedAt = performance.now();
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
    async query({ text, values }) {
      const { rows } = await pglite.query(text, values, asTexts);
      await letTimersRun();
      return rows;
    },
    async queryInOneMessage(queries) {
      const results = await pglite.exec(joinQueries(queries), asTexts);
      await letTimersRun();
      return results.at(-1)!.rows;
    },
    // It runs in this process.
    isLostConnection: () => false,
    ...(kind === "pool" && "listen" in driver && { listen: createListen(pglite) }),
  };
}

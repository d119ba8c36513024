import { createSerialQueue } from "../database/serial_queue.ts";
import type { AdapterOptions, Executor, Row } from "./adapter.ts";

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
  /** Only a client has this. */
  readonly pipeline?: boolean;
}

/** Sends to `npm:pg`. */
export function createPgExecutor(driver: object, { prepare }: AdapterOptions): Executor {
  const pg = driver as Pg;
  const isPool = "totalCount" in driver;
  const runSerially = createSerialQueue();
  // A lone client runs one statement at a time, and pg 9 will no longer queue the others.
  const send = <Result>(run: () => Promise<Result>) =>
    isPool || pg.pipeline ? run() : runSerially(run);
  return {
    async query({ name, text, values }) {
      const query = prepare ? { name, text, values } : { text, values };
      return (await send(() => pg.query(query))).rows;
    },
    async queryInOneMessage(queries) {
      // Few programs read lists.
      const { joinQueries } = await import("./literals.ts");
      const results = [await send(() => pg.query(joinQueries(queries)))].flat();
      return results.at(-1)!.rows;
    },
  };
}

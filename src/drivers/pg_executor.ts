import { createSerialQueue } from "../serial_queue.ts";
import type { Executor, ExecutorOptions, Listen, Row } from "./adapter.ts";
import { isLostSocket } from "./lost_connection.ts";
import { joinQueries, quoteIdentifier } from "./quoting.ts";

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
  /** Only a client has it. */
  readonly pipeline?: boolean;
}

interface PgClient {
  connect(): Promise<unknown>;
  query(text: string): Promise<unknown>;
  end(): Promise<unknown>;
  on(event: "error" | "end", listener: () => void): void;
  on(
    event: "notification",
    listener: (notification: { channel: string; payload?: string }) => void,
  ): void;
}

/** A pool has the class and the settings for one more client. */
interface PgPool {
  readonly options: unknown;
  readonly Client: new (options: unknown) => PgClient;
}

const lostConnectionMessage = /^(Connection terminated|timeout exceeded when trying to connect)/;

function createListen(pool: PgPool): Listen {
  return async (channels, listener) => {
    const client = new pool.Client(pool.options);
    // Without a listener for it, an error would end the process.
    client.on("error", listener.onEnd);
    client.on("end", listener.onEnd);
    client.on("notification", ({ channel, payload = "" }) => listener.onNotify(channel, payload));
    try {
      await client.connect();
      await client.query(channels.map((channel) => `listen ${quoteIdentifier(channel)}`).join(";"));
    } catch (error) {
      client.end().catch(() => {});
      throw error;
    }
    return () => client.end();
  };
}

/** The executor of `npm:pg`. */
export function createPgExecutor(driver: object, { kind, prepare }: ExecutorOptions): Executor {
  const pg = driver as Pg;
  const isPool = kind === "pool";
  const runSerially = createSerialQueue();
  // A single client runs one statement at a time, and pg 9 will no longer queue the others.
  const send = <Result>(run: () => Promise<Result>) =>
    isPool || pg.pipeline ? run() : runSerially(run);
  return {
    async query({ name, text, values }) {
      const query = prepare ? { name, text, values } : { text, values };
      return (await send(() => pg.query(query))).rows;
    },
    async queryInOneMessage(queries) {
      const results = [await send(() => pg.query(joinQueries(queries)))].flat();
      return results.at(-1)!.rows;
    },
    isLostConnection: (error) =>
      isLostSocket(error) || (error instanceof Error && lostConnectionMessage.test(error.message)),
    ...(isPool && "Client" in driver && { listen: createListen(driver as unknown as PgPool) }),
  };
}

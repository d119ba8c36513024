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

/** A pool of `npm:pg` has the class and the settings for one more client. */
interface PgPool {
  readonly options: unknown;
  readonly Client: new (options: unknown) => PgClient;
}

/** The pool of `connect()` opens one itself. */
interface OpeningPool {
  openClient(): Promise<PgClient>;
}

const lostConnectionMessage =
  /^(Connection terminated|Client has encountered a connection error|timeout exceeded when trying to connect)/;

async function openClient(pool: PgPool | OpeningPool): Promise<PgClient> {
  if ("openClient" in pool) return await pool.openClient();
  const client = new pool.Client(pool.options);
  // Without a listener for it, an error would end the process.
  client.on("error", () => {});
  await client.connect();
  return client;
}

function createListen(pool: PgPool | OpeningPool): Listen {
  return async (channels, listener) => {
    const client = await openClient(pool);
    client.on("error", listener.onEnd);
    client.on("end", listener.onEnd);
    client.on("notification", ({ channel, payload = "" }) => listener.onNotify(channel, payload));
    try {
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
    ...(isPool && ("Client" in driver || "openClient" in driver) && {
      listen: createListen(driver as PgPool | OpeningPool),
    }),
  };
}

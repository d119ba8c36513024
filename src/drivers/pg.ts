import { createTurns } from "../database/in_turn.ts";
import { quoteIdentifier } from "../database/query.ts";
import type { Adapter, AdapterOptions, Listener, Row } from "./adapter.ts";
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

/** A client of its own; a pool has the class and the settings to make one. */
interface PgListeningClient extends Pg {
  connect(): Promise<unknown>;
  end(): Promise<unknown>;
  on(event: "error" | "end", listener: () => void): void;
  on(
    event: "notification",
    listener: (notification: { channel: string; payload?: string }) => void,
  ): void;
}

interface PgPool extends Pg {
  readonly Client: new (options: unknown) => PgListeningClient;
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

async function listen(pool: PgPool, channels: readonly string[], listener: Listener) {
  const client = new pool.Client(pool.options);
  // Without a listener for it, an error would end the process.
  client.on("error", listener.ended);
  client.on("end", listener.ended);
  client.on("notification", ({ channel, payload = "" }) => listener.heard(channel, payload));
  try {
    await client.connect();
    await client.query(channels.map((channel) => `listen ${quoteIdentifier(channel)}`).join(";"));
  } catch (error) {
    client.end().catch(() => {});
    throw error;
  }
  return () => client.end();
}

/** Adapts `npm:pg`. */
export function adaptPg(driver: object, { prepare }: AdapterOptions): Adapter {
  const pg = driver as Pg;
  const pool = isPool(pg);
  const inTurn = createTurns();
  // A lone client runs one statement at a time, and pg 9 will no longer queue the others.
  const send = <Result>(run: () => Promise<Result>) => pool || pg.pipeline ? run() : inTurn(run);
  return {
    connections: pool ? pg.options?.max ?? 10 : 1,
    reconnects: pool,
    transactionStatus: () => pool ? "none" : transactionStatusOf(pg),
    async query({ name, text, values }) {
      const query = prepare ? { name, text, values } : { text, values };
      return (await send(() => pg.query(query))).rows;
    },
    async queryTogether(queries) {
      const results = [await send(() => pg.query(joinQueries(queries)))].flat();
      return results.at(-1)!.rows;
    },
    ...(pool && { listen: (...args) => listen(pg as PgPool, ...args) }),
  };
}

import type { Value } from "../database/query.ts";
import type { Adapter, AdapterOptions, Listener, Row } from "./adapter.ts";
import { inlineValues, joinQueries } from "./literals.ts";

/** What `npm:postgres` and `Bun.sql` have in common. */
interface SqlTag {
  unsafe(text: string, values: readonly Value[], options: { prepare: boolean }): Promise<Row[]>;
  unsafe(text: string): Promise<Row[] | Row[][]>;
  listen(
    channel: string,
    heard: (payload: string) => void,
    resumed: () => void,
  ): Promise<{ unlisten(): Promise<void> }>;
  readonly options?: {
    readonly max?: number;
    readonly prepare?: boolean;
    readonly adapter?: string;
  };
}

/**
 * Whether this is `sql` of `npm:postgres` or `Bun.sql`, a transaction of one, or a reserved
 * connection.
 */
export function isSqlTag(driver: object): boolean {
  return typeof driver === "function" && "unsafe" in driver &&
    ((driver as unknown as SqlTag).options?.adapter ?? "postgres") === "postgres";
}

function transactionStatusOf(driver: object): "none" | "open" | "unknown" {
  if ("savepoint" in driver) return "open";
  return "release" in driver ? "unknown" : "none";
}

// `npm:postgres` can be told to give column names in camelCase, PascalCase or kebab-case; the columns
// of sql/ are in snake_case.
function restoreColumnNames(row: Row): Row {
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => [
      name.replace(/(?<=.)[A-Z]/g, "_$&").replaceAll("-", "_").toLowerCase(),
      value,
    ]),
  );
}

function restoreRows(rows: Row[]): Row[] {
  const isRenamed = rows.length > 0 && Object.keys(rows[0]!).some((name) => /[A-Z-]/.test(name));
  return isRenamed ? rows.map(restoreColumnNames) : rows;
}

async function listen(sql: SqlTag, channels: readonly string[], { heard, resumed }: Listener) {
  const subscriptions = await Promise.all(
    channels.map((channel) => sql.listen(channel, (payload) => heard(channel, payload), resumed)),
  );
  return () => Promise.all(subscriptions.map(({ unlisten }) => unlisten()));
}

/** Adapts `npm:postgres` and `Bun.sql`, which send what is asked of them at once in a pipeline. */
export function adaptSqlTag(driver: object, options: AdapterOptions): Adapter {
  const sql = driver as unknown as SqlTag;
  const prepare = options.prepare && sql.options?.prepare !== false;
  const status = transactionStatusOf(driver);
  return {
    connections: status === "none" ? sql.options?.max ?? 10 : 1,
    reconnects: status === "none",
    transactionStatus: () => status,
    async query(query) {
      // Without a prepared statement npm:postgres asks for the parameters' types first, which costs
      // a round trip of its own.
      return restoreRows(
        prepare
          ? await sql.unsafe(query.text, query.values, { prepare })
          : await sql.unsafe(inlineValues(query)) as Row[],
      );
    },
    async queryTogether(queries) {
      const results = await sql.unsafe(joinQueries(queries)) as Row[][];
      return restoreRows(results.at(-1)!);
    },
    ...(status === "none" && { listen: (...args) => listen(sql, ...args) }),
  };
}

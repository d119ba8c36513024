import type { CustomDriver } from "./driver.ts";
import { isLostPgConnection } from "./error_codes.ts";
import { checkPostgres } from "./postgres_only.ts";

interface CompiledQuery {
  readonly sql: string;
  readonly parameters: readonly unknown[];
  readonly query: { kind: "RawNode"; sqlFragments: readonly string[]; parameters: readonly [] };
  readonly queryId: { readonly queryId: string };
}

/** A `Kysely` or a `Transaction` of it. */
export interface Kysely {
  withoutPlugins(): Kysely;
  executeQuery(query: CompiledQuery): Promise<{ rows: object[] }>;
  getExecutor(): { readonly adapter?: object };
}

/** Sends statements through a `Kysely` or a `Transaction` of it. */
export function toKyselyDriver(kysely: Kysely): CustomDriver {
  const dialect = kysely.getExecutor().adapter?.constructor.name ?? "";
  checkPostgres("a Kysely", dialect, !/mysql|mssql|sqlite/i.test(dialect));
  // Plugins may rename columns and parse values.
  const plain = kysely.withoutPlugins();
  return {
    async query(sql, parameters) {
      const query = { kind: "RawNode", sqlFragments: [sql], parameters: [] } as const;
      const queryId = { queryId: crypto.randomUUID() };
      return (await plain.executeQuery({ sql, parameters, query, queryId })).rows;
    },
    isLostConnection: isLostPgConnection,
  };
}

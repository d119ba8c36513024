import type { Value } from "../database/query.ts";
import type { AdapterOptions, Executor, Row } from "./adapter.ts";
import { inlineValues, joinQueries } from "./literals.ts";

/** What `npm:postgres` and `Bun.sql` have in common. */
interface SqlTag {
  unsafe(text: string, values: readonly Value[], options: { prepare: boolean }): Promise<Row[]>;
  unsafe(text: string): Promise<Row[] | Row[][]>;
  readonly options?: { readonly prepare?: boolean };
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

/**
 * Sends to `npm:postgres` and `Bun.sql`, which send what is asked of them at once in a pipeline.
 *
 * Before npm:postgres runs a statement with parameters, it asks the server for their types, which costs
 * a round trip: each time, or if the statement is to be prepared, the first time on a connection. So a
 * statement is prepared when it comes for the second time, and until then has no parameters.
 */
export function createSqlTagExecutor(driver: object, options: AdapterOptions): Executor {
  const sql = driver as unknown as SqlTag;
  const prepare = options.prepare && sql.options?.prepare !== false;
  // The connection of a transaction has a past, in which they may have been prepared.
  const isPool = !("savepoint" in driver || "release" in driver);
  const seen = new Set<string>();

  function isToBePrepared(name: string): boolean {
    const isFirst = isPool && !seen.has(name);
    seen.add(name);
    return prepare && !isFirst;
  }

  return {
    async query(query) {
      return restoreRows(
        isToBePrepared(query.name)
          ? await sql.unsafe(query.text, query.values, { prepare: true })
          : await sql.unsafe(inlineValues(query)) as Row[],
      );
    },
    async queryInOneMessage(queries) {
      const results = await sql.unsafe(joinQueries(queries)) as Row[][];
      return restoreRows(results.at(-1)!);
    },
  };
}

/** Finds the adapter for a driver by its shape. */

import type { Adapter, AdapterOptions } from "./adapter.ts";
import { adaptDenoPostgres, isDenoPostgres } from "./deno_postgres.ts";
import { adaptPg, isPg } from "./pg.ts";
import { adaptPGlite, isPGlite } from "./pglite.ts";
import { adaptSqlTag, isSqlTag } from "./sql_tag.ts";

const families = [
  { matches: isPGlite, adapt: adaptPGlite },
  { matches: isDenoPostgres, adapt: adaptDenoPostgres },
  { matches: isSqlTag, adapt: adaptSqlTag },
  { matches: isPg, adapt: adaptPg },
];

function describe(value: unknown): string {
  if (value === null || (typeof value !== "object" && typeof value !== "function")) {
    return value === null ? "null" : typeof value;
  }
  return `an object of class ${value.constructor?.name ?? "unknown"}`;
}

/** The adapter for `driver`, or a TypeError that says what would have been one. */
export function adaptDriver(driver: unknown, options: AdapterOptions): Adapter {
  if ((typeof driver === "object" && driver !== null) || typeof driver === "function") {
    const family = families.find(({ matches }) => matches(driver));
    if (family) return family.adapt(driver, options);
  }
  throw new TypeError(
    `Cannot use ${describe(driver)} as a client: expected what createClient() or connect() ` +
      "returns, or a pool, connection or transaction of npm:pg, npm:postgres, jsr:@db/postgres, " +
      "npm:@electric-sql/pglite or Bun.sql",
  );
}

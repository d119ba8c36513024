/** Recognises drivers, and tells what is known of one before anything is sent through it. */

import type { Adapter, DriverFamily, Executor } from "./adapter.ts";
import { custom } from "./custom.ts";
import { denoPostgres } from "./deno_postgres.ts";
import { pg } from "./pg.ts";
import { pglite } from "./pglite.ts";
import { sqlTag } from "./sql_tag.ts";

const families: readonly DriverFamily[] = [pglite, denoPostgres, sqlTag, pg, custom];

function describe(value: unknown): string {
  if (value === null || (typeof value !== "object" && typeof value !== "function")) {
    return value === null ? "null" : typeof value;
  }
  return `an object of class ${value.constructor?.name ?? "unknown"}`;
}

function findFamily(driver: unknown): DriverFamily | undefined {
  const isObject = (typeof driver === "object" && driver !== null) || typeof driver === "function";
  return isObject ? families.find(({ matches }) => matches(driver)) : undefined;
}

function adviceFor(value: unknown): string {
  if (value instanceof Promise) return "; await it first";
  if (typeof value !== "string") return "";
  return /^postgres(ql)?:/.test(value) ? "; pass the URL to connect()" : "";
}

/** The adapter of `driver`, or a TypeError that says what would have been a driver. */
export function adaptDriver(driver: unknown, options: { prepare: boolean }): Adapter {
  const family = findFamily(driver);
  if (!family) {
    throw new TypeError(
      `Cannot use ${describe(driver)} as a client: expected what createClient() or connect() ` +
        "returns, a pool, connection or transaction of npm:pg, npm:postgres, jsr:@db/postgres, " +
        "npm:@electric-sql/pglite or Bun.sql, or a driver of your own with query(text, values)" +
        adviceFor(driver),
    );
  }
  const recognised = driver as object;
  const kind = family.kindOf(recognised);
  let executor: Promise<Executor> | undefined;
  return {
    maxConnections: kind === "pool" ? family.poolSizeOf(recognised) : 1,
    canReconnect: kind === "pool",
    transactionStatus() {
      if (kind === "transaction") return "open";
      return family.statusOf?.(recognised) ?? (kind === "pool" ? "none" : "unknown");
    },
    load: () =>
      executor ??= family.loadExecutor().then((create) => create(recognised, { ...options, kind })),
  };
}

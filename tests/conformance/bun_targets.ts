import type { SqlTagDriver } from "../../mod.ts";
import { createTarget, type Fixture, type OpenTarget } from "./driver_targets.ts";
import type { TestTarget } from "./target.ts";

interface BunSql extends SqlTagDriver {
  begin(body: (transaction: SqlTagDriver) => Promise<void>): Promise<void>;
  close(): Promise<void>;
}

declare const Bun: { SQL: new (url: string, options: object) => BunSql };

async function openBunSql(fixture: Fixture, options: object = {}): Promise<TestTarget> {
  const sql = new Bun.SQL(fixture.url, options);
  return await createTarget(fixture, {
    driver: sql,
    transaction: (body) => sql.begin((transaction) => body(transaction)),
    close: () => sql.close(),
  });
}

/** The targets of Bun's built-in driver. */
export const bunTargets: Record<string, OpenTarget> = {
  "Bun.sql": (fixture) => openBunSql(fixture),
  "Bun.sql with BigInts": (fixture) => openBunSql(fixture, { bigint: true }),
  "Bun.sql without prepared statements": (fixture) =>
    openBunSql({ ...fixture, options: { prepare: false } }),
};

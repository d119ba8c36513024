import { neon, neonConfig, Pool } from "@neondatabase/serverless";
import pg from "pg";
import type { Driver } from "../../mod.ts";
import { useNeonProxy } from "../support/use_neon_proxy.ts";
import { createTarget, type OpenTarget, runTransaction } from "./driver_targets.ts";

useNeonProxy(neonConfig);

interface PoolOfPg {
  connect(): Promise<Driver & { query(statement: string): Promise<unknown>; release(): void }>;
}

async function runInPool(
  pool: PoolOfPg,
  body: (transaction: Driver) => Promise<void>,
): Promise<void> {
  const client = await pool.connect();
  try {
    await runTransaction((statement) => client.query(statement), () => body(client));
  } finally {
    client.release();
  }
}

/** The targets of Neon's driver, through what stands in for its proxy. */
export const neonTargets: Record<string, OpenTarget> = {
  // It has no transactions that the client could be part of: those are of npm:pg.
  async "npm:@neondatabase/serverless neon()"(fixture) {
    const pool = new pg.Pool({ connectionString: fixture.url });
    return await createTarget(fixture, {
      driver: neon(fixture.proxyUrl!),
      transaction: (body) => runInPool(pool, body),
      close: () => pool.end(),
    });
  },

  async "npm:@neondatabase/serverless Pool"(fixture) {
    const pool = new Pool({ connectionString: fixture.proxyUrl! });
    pool.on("error", () => {});
    return await createTarget(fixture, {
      driver: pool,
      transaction: (body) => runInPool(pool, body),
      close: () => pool.end(),
    });
  },
};

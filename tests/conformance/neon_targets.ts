import { neon, neonConfig, Pool } from "@neondatabase/serverless";
import pg from "pg";
import type { Driver } from "../../mod.ts";
import { useNeonProxy } from "../support/neon_proxy.ts";
import { createTarget, type Fixture, runTransaction } from "./driver_targets.ts";
import type { TestTarget } from "./target.ts";

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

/** The targets of Neon's driver, with the URL of the database through its proxy. */
export const neonTargets: Record<string, (fixture: Fixture, proxyUrl: string) => TestTarget> = {
  "neon() of npm:@neondatabase/serverless, with transactions of npm:pg"(fixture, proxyUrl) {
    const pool = new pg.Pool({ connectionString: fixture.url });
    return createTarget(fixture, {
      driver: neon(proxyUrl),
      transaction: (body) => runInPool(pool, body),
      close: () => pool.end(),
    });
  },

  "npm:@neondatabase/serverless Pool"(fixture, proxyUrl) {
    const pool = new Pool({ connectionString: proxyUrl });
    pool.on("error", () => {});
    return createTarget(fixture, {
      driver: pool,
      transaction: (body) => runInPool(pool, body),
      close: () => pool.end(),
    });
  },
};

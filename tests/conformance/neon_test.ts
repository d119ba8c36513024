import { neon, neonConfig, Pool } from "@neondatabase/serverless";
import pg from "pg";
import { startNeonProxy, useNeonProxy } from "../support/neon_proxy.ts";
import { createTarget, type Fixture, type OpenTarget, runTransaction } from "./driver_targets.ts";
import type { TestTarget } from "./target.ts";
import { testServerConformance } from "./test_conformance.ts";

useNeonProxy(neonConfig);

/** Opens a target through a proxy of its own. */
function throughProxy(open: (fixture: Fixture, url: string) => TestTarget): OpenTarget {
  return async (fixture) => {
    const resources = new AsyncDisposableStack();
    const proxy = resources.use(await startNeonProxy(fixture.url));
    const target = resources.use(open(fixture, proxy.url));
    return { ...target, [Symbol.asyncDispose]: () => resources.disposeAsync() };
  };
}

testServerConformance(
  "neon() of npm:@neondatabase/serverless, and transactions of npm:pg",
  throughProxy((fixture, url) => {
    const pool = new pg.Pool({ connectionString: fixture.url });
    return createTarget(fixture, {
      driver: neon(url),
      async transaction(body) {
        const client = await pool.connect();
        try {
          await runTransaction((statement) => client.query(statement), () => body(client));
        } finally {
          client.release();
        }
      },
      close: () => pool.end(),
    });
  }),
);

testServerConformance(
  "npm:@neondatabase/serverless Pool",
  throughProxy((fixture, url) => {
    const pool = new Pool({ connectionString: url });
    pool.on("error", () => {});
    return createTarget(fixture, {
      driver: pool,
      async transaction(body) {
        const client = await pool.connect();
        try {
          await runTransaction((statement) => client.query(statement), () => body(client));
        } finally {
          client.release();
        }
      },
      close: () => pool.end(),
    });
  }),
);

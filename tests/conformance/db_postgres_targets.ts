import { Client, Pool } from "../support/db_postgres.ts";
import { createTarget, type Fixture, type OpenTarget, runTransaction } from "./driver_targets.ts";
import type { TestTarget } from "./target.ts";

/** How the client decodes values. */
type Controls = NonNullable<Exclude<ConstructorParameters<typeof Client>[0], string>>["controls"];

async function openClient(fixture: Fixture, controls?: Controls): Promise<TestTarget> {
  const { hostname, port, username, password, pathname } = new URL(fixture.url);
  const client = new Client({
    hostname,
    port,
    user: username,
    password,
    database: pathname.slice(1),
    tls: { enabled: false },
    ...(controls && { controls }),
  });
  await client.connect();
  return createTarget(fixture, {
    driver: client,
    async transaction(body) {
      const transaction = client.createTransaction(crypto.randomUUID());
      await transaction.begin();
      try {
        await body(transaction);
      } catch (error) {
        await transaction.rollback();
        throw error;
      }
      await transaction.commit();
    },
    close: () => client.end(),
  });
}

async function openPool(fixture: Fixture): Promise<TestTarget> {
  const pool = new Pool(fixture.url, 4, true);
  return await createTarget(fixture, {
    driver: pool,
    async transaction(body) {
      const client = await pool.connect();
      try {
        await runTransaction((statement) => client.queryObject(statement), () => body(client));
      } finally {
        client.release();
      }
    },
    close: () => pool.end(),
  });
}

/** The targets of the driver for Deno. */
export const dbPostgresTargets: Record<string, OpenTarget> = {
  "jsr:@db/postgres Client": (fixture) => openClient(fixture),
  "jsr:@db/postgres Client with all values as text": (fixture) =>
    openClient(fixture, { decodeStrategy: "string" }),
  "jsr:@db/postgres Client with BigInts, 0 and 1": (fixture) =>
    openClient(fixture, {
      decoders: { int4: BigInt, int8: BigInt, bool: (text) => text === "t" ? 1 : 0 },
    }),
  "jsr:@db/postgres Pool": openPool,
};

import { Client, Pool, skipReason } from "../support/db_postgres.ts";
import { createTarget, type Fixture, runTransaction } from "./driver_targets.ts";
import { testServerConformance } from "./test_conformance.ts";

async function openClient(fixture: Fixture) {
  const client = new Client(fixture.url);
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

async function openPool(fixture: Fixture) {
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

testServerConformance("jsr:@db/postgres Client", openClient, { skipReason });
testServerConformance("jsr:@db/postgres Pool", openPool, { skipReason });

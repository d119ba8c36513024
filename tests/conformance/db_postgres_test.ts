import { Client, Pool, skipReason } from "../support/db_postgres.ts";
import { createLane, type Place, runTransaction } from "./driver_lanes.ts";
import { testServerConformance } from "./test_conformance.ts";

async function openClient(place: Place) {
  const client = new Client(place.url);
  await client.connect();
  return createLane(place, {
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

async function openPool(place: Place) {
  const pool = new Pool(place.url, 4, true);
  return await createLane(place, {
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

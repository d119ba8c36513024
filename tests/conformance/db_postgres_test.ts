import { Client, Pool, skipReason } from "../support/db_postgres.ts";
import { createTarget, type Fixture, runTransaction } from "./driver_targets.ts";
import { testServerConformance } from "./test_conformance.ts";

/** How the client decodes values. */
type Controls = NonNullable<Exclude<ConstructorParameters<typeof Client>[0], string>>["controls"];

async function openClient(fixture: Fixture, controls?: Controls) {
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

testServerConformance("jsr:@db/postgres Client", (fixture) => openClient(fixture), { skipReason });
testServerConformance(
  "jsr:@db/postgres Client with all values as text",
  (fixture) => openClient(fixture, { decodeStrategy: "string" }),
  { skipReason },
);
testServerConformance(
  "jsr:@db/postgres Client with BigInts, 0 and 1",
  (fixture) =>
    openClient(fixture, {
      decoders: { int4: BigInt, int8: BigInt, bool: (text) => text === "t" ? 1 : 0 },
    }),
  { skipReason },
);
testServerConformance("jsr:@db/postgres Pool", openPool, { skipReason });

/** Statements that are prepared under one name would write to each other's tables. */
import { assertEquals, assertNotEquals } from "@std/assert";
import pg from "pg";
import type { Driver } from "../mod.ts";
import { createQueryBuilder } from "../src/database/query.ts";
import { adaptDriver } from "../src/drivers/mod.ts";
import { createTestDatabase } from "./support/database.ts";
import * as denoPostgres from "./support/db_postgres.ts";

const statement = {
  name: "insert_job",
  hash: "",
  sql: "insert into :schema.jobs values (:job::text)",
};
const attempt = { isNeeded: () => true };

function hash32(text: string): number {
  let value = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) {
    value = Math.imul(value ^ text.charCodeAt(index), 0x01000193);
  }
  return value >>> 0;
}

/** Two schemas for which the texts of the statement have the same hash of 32 bits. */
function findCollision(): [string, string] {
  const schemaOf = new Map<number, string>();
  for (let number = 0;; number++) {
    const schema = `schema_${number}`;
    const hash = hash32(`insert into "${schema}".jobs values ($1::text)`);
    const other = schemaOf.get(hash);
    if (other) return [other, schema];
    schemaOf.set(hash, schema);
  }
}

const schemas = findCollision();

function build(schema: string) {
  return createQueryBuilder(schema, new Set())(statement, { job: schema });
}

/** Inserts into either schema, several times on one connection, so that statements are prepared. */
async function insertIntoBoth(driver: Driver): Promise<void> {
  const executor = await adaptDriver(driver, { prepare: true }).load();
  for (let round = 0; round < 3; round++) {
    for (const schema of schemas) await executor.query(build(schema), attempt);
  }
}

async function withSchemas(body: (url: string) => Promise<void>): Promise<void> {
  await using database = await createTestDatabase();
  const connection = new pg.Client({ connectionString: database.url });
  await connection.connect();
  try {
    for (const schema of schemas) {
      await connection.query(`create schema ${schema}; create table ${schema}.jobs (schema text)`);
    }
    await body(database.url);
    for (const schema of schemas) {
      const { rows } = await connection.query(`select schema from ${schema}.jobs`);
      assertEquals(rows, Array(3).fill({ schema }));
    }
  } finally {
    await connection.end();
  }
}

Deno.test("statements have different names although hashes of 32 bits of their texts are equal", () => {
  assertNotEquals(build(schemas[0]).name, build(schemas[1]).name);
});

Deno.test("npm:pg writes into two such schemas on one connection", async () => {
  await withSchemas(async (url) => {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    await insertIntoBoth(client).finally(() => client.end());
  });
});

Deno.test("the name for a schema that is not plain can be written in SQL", async () => {
  await using database = await createTestDatabase();
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  try {
    // Of the shape of jsr:@db/postgres, which needs that, and which tests have only with JSR.
    const driver = {
      queryArray: (text: string) => client.query({ text, rowMode: "array" }),
      queryObject: (text: string) => client.query(text),
    };
    const executor = await adaptDriver(driver as unknown as Driver, { prepare: true }).load();
    const query = createQueryBuilder('My "Jobs', new Set())(
      { ...statement, sql: "select :job::text" },
      { job: "sum" },
    );
    for (let round = 0; round < 3; round++) {
      assertEquals(await executor.query(query, attempt), [["sum"]]);
    }
    const { rows } = await client.query("select name from pg_prepared_statements");
    assertEquals(rows, [{ name: query.name }]);
  } finally {
    await client.end();
  }
});

Deno.test({
  name: "jsr:@db/postgres writes into two such schemas on one connection",
  ignore: denoPostgres.skipReason !== undefined,
  async fn() {
    await withSchemas(async (url) => {
      const client = new denoPostgres.Client(url);
      await client.connect();
      await insertIntoBoth(client).finally(() => client.end());
    });
  },
});

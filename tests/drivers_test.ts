import { PGlite } from "@electric-sql/pglite";
import { neon, neonConfig, Pool } from "@neondatabase/serverless";
import { assert, assertEquals, assertInstanceOf, assertRejects, assertThrows } from "@std/assert";
import knex from "knex";
import { DatabaseSync } from "node:sqlite";
import pg from "pg";
import postgres from "postgres";
import type { Driver } from "../mod.ts";
import { createClient, enqueue } from "../mod.ts";
import { parseColumns, toRows } from "../src/database/rows.ts";
import { runEventLoop } from "../src/event_loop.ts";
import { inlineValues } from "../src/drivers/quoting.ts";
import { adaptDriver } from "../src/drivers/mod.ts";
import { createTestDatabase } from "./support/database.ts";
import * as denoPostgres from "./support/db_postgres.ts";
import { startNeonProxy } from "./support/neon_proxy.ts";
import { useNeonProxy } from "./support/use_neon_proxy.ts";

interface Expected {
  status: "none" | "open" | "unknown";
  connections?: number;
}

const attempt = { isNeeded: () => true };

/** Checks the properties of a driver's adapter, and that it runs statements. */
async function checkDriver(
  driver: Driver,
  { status, connections = 1 }: Expected,
): Promise<void> {
  const adapter = adaptDriver(driver, { prepare: true });
  assertEquals(adapter.transactionStatus(), status);
  assertEquals(adapter.maxConnections, connections);
  for (const prepare of [true, false]) {
    const executor = await adaptDriver(driver, { prepare }).load();
    const query = {
      name: "dbos_test",
      text: "select $2::int as the_number, $1::text as the_text, $3::text as nothing",
      values: ["a'b\\", 7, null],
    };
    const columns = parseColumns("the_number int, the_text text, nothing text");
    const rows = toRows(columns, await executor.query(query, attempt));
    assertEquals(rows, [{ the_number: 7, the_text: "a'b\\", nothing: null }]);
  }
}

function statusOf(driver: Driver): string {
  return adaptDriver(driver, { prepare: true }).transactionStatus();
}

Deno.test("npm:pg is recognised, with its transaction status", async () => {
  await using database = await createTestDatabase();
  const pool = new pg.Pool({ connectionString: database.url, max: 4 });
  const client = new pg.Client({ connectionString: database.url });
  const adapter = adaptDriver(client, { prepare: true });
  assertEquals(adapter.transactionStatus(), "unknown");
  await client.connect();
  const poolClient = await pool.connect();
  try {
    await checkDriver(pool, { status: "none", connections: 4 });
    for (const connection of [client, poolClient]) {
      await checkDriver(connection, { status: "none" });
      await connection.query("begin");
      await checkDriver(connection, { status: "open" });
      await connection.query("select 1 / 0").catch(() => {});
      assertEquals(statusOf(connection), "open");
      await connection.query("rollback");
      await checkDriver(connection, { status: "none" });
    }
    // An existing adapter follows the changes of the status.
    await client.query("begin");
    assertEquals(adapter.transactionStatus(), "open");
    await client.query("commit");
    assertEquals(adapter.transactionStatus(), "none");
  } finally {
    poolClient.release();
    await pool.end();
    await client.end();
  }
});

Deno.test("npm:postgres and its transactions are recognised", async () => {
  await using database = await createTestDatabase();
  const sql = postgres(database.url, { max: 4 });
  try {
    await checkDriver(sql, { status: "none", connections: 4 });
    await sql.begin(async (transaction) => {
      await checkDriver(transaction, { status: "open" });
      await transaction.savepoint((savepoint) => checkDriver(savepoint, { status: "open" }));
    });
    const reserved = await sql.reserve();
    await checkDriver(reserved, { status: "unknown" });
    reserved.release();
    await checkDriver(sql, { status: "none", connections: 4 });
  } finally {
    await sql.end();
  }
});

Deno.test("npm:postgres prepares a statement when it is sent for the second time", async () => {
  await using database = await createTestDatabase();
  const sql = postgres(database.url);
  const hasParameters: boolean[] = [];
  const recorder = Object.assign(() => {}, {
    unsafe(...args: [string, never[]?, { prepare: boolean }?]) {
      hasParameters.push(args.length > 1);
      return sql.unsafe(...args);
    },
  });
  try {
    const executor = await adaptDriver(recorder, { prepare: true }).load();
    for (const number of [7, 8, 9]) {
      const query = { name: "dbos_test", text: "select $1::int as number", values: [number] };
      const rows = toRows(parseColumns("number int"), await executor.query(query, attempt));
      assertEquals(rows, [{ number }]);
    }
    assertEquals(hasParameters, [false, true, true]);
  } finally {
    await sql.end();
  }
});

Deno.test("npm:@electric-sql/pglite and its transactions are recognised", async () => {
  await using database = await PGlite.create();
  await checkDriver(database, { status: "none" });
  await database.transaction((transaction) => checkDriver(transaction, { status: "open" }));
  await checkDriver(database, { status: "none" });
});

Deno.test({
  name: "jsr:@db/postgres and its transactions are recognised",
  ignore: denoPostgres.skipReason !== undefined,
  async fn() {
    await using database = await createTestDatabase();
    const client = new denoPostgres.Client(database.url);
    await client.connect();
    const pool = new denoPostgres.Pool(database.url, 4, true);
    // A new pool does not know its size before the next tick; then the default is assumed.
    await checkDriver(pool, { status: "none", connections: 10 });
    const poolClient = await pool.connect();
    try {
      await checkDriver(client, { status: "unknown" });
      await checkDriver(poolClient, { status: "unknown" });
      await checkDriver(pool, { status: "none", connections: 4 });
      const transaction = client.createTransaction("test");
      await transaction.begin();
      await checkDriver(transaction, { status: "open" });
      await transaction.commit();
    } finally {
      poolClient.release();
      await pool.end();
      await client.end();
    }
  },
});

Deno.test("npm:@neondatabase/serverless is recognised", async () => {
  await using database = await createTestDatabase();
  await using proxy = await startNeonProxy(database.url);
  useNeonProxy(neonConfig);
  await checkDriver(neon(proxy.url), { status: "none", connections: 10 });
  const pool = new Pool({ connectionString: proxy.url, max: 4 });
  pool.on("error", () => {});
  await checkDriver(pool, { status: "none", connections: 4 });
  const client = await pool.connect();
  // The server tells with the answer to the first statement.
  await checkDriver(client, { status: "unknown" });
  await checkDriver(client, { status: "none" });
  await client.query("begin");
  await checkDriver(client, { status: "open" });
  await client.query("select 1 / 0").catch(() => {});
  assertEquals(statusOf(client), "open");
  await client.query("rollback");
  await checkDriver(client, { status: "none" });
  client.release();
  await pool.end();
});

const whatItMakes = "; pass an instance of it, or what it returns";
const whatIsMadeWithIt = "; it looks like a module: pass a pool or connection that is made with it";

Deno.test("an invalid driver is rejected with a message that says what is expected", async () => {
  for (
    const [driver, description, advice] of [
      [null, "null", ""],
      [undefined, "undefined", ""],
      [7, "number", ""],
      ["postgres://user:secret@host/database", "string", "; pass the URL to connect()"],
      [{}, "an object of class Object", ""],
      [Object.create(null), "an object of class unknown", ""],
      [new Map(), "an object of class Map", ""],
      [Promise.resolve({}), "an object of class Promise", "; await it first"],
      [() => {}, "an object of class Function", whatItMakes],
      [pg, "an object of class PG", whatIsMadeWithIt],
      [pg.Pool, "an object of class Function", whatItMakes],
      [postgres, "an object of class Function", whatItMakes],
      [knex, "an object of class Function", whatItMakes],
      [
        new DatabaseSync(":memory:"),
        "an object of class DatabaseSync",
        "; it looks like SQLite, but DBOS has its tables in Postgres",
      ],
      [{ em: {} }, "an object of class Object", "; it looks like MikroORM: pass its em"],
      [
        { connectionString: "postgres://user:secret@host/database", connect() {} },
        "an object of class Object",
        "; it looks like Hyperdrive: pass a pool or connection with this connectionString",
      ],
      [
        { connectionString: "postgres://user:secret@host/database" },
        "an object of class Object",
        "; it looks like the settings of a driver: pass a pool or connection with this connectionString",
      ],
      [
        { from() {}, rpc() {} },
        "an object of class Object",
        "; it looks like the client of Supabase: pass a pool or connection to its database",
      ],
      [neon, "an object of class Function", whatItMakes],
      [{ query: "select" }, "an object of class Object", ""],
    ] as const
  ) {
    const error = assertThrows(
      () => createClient(driver as unknown as Driver),
      TypeError,
      `Cannot use ${description} as a client: expected what createClient() or connect() returns, ` +
        "a pool, connection or transaction of npm:pg, npm:postgres, jsr:@db/postgres, " +
        "npm:@electric-sql/pglite, npm:@neondatabase/serverless, npm:@vercel/postgres or Bun.sql, " +
        "a database or transaction of Drizzle, Kysely, Knex, TypeORM, Sequelize, MikroORM or Prisma, " +
        `or a driver of your own with query(text, values)${advice}`,
    );
    assert(error.message.endsWith(`values)${advice}`));
    assert(!error.message.includes("secret"));
    const rejection = await enqueue(driver as unknown as Driver, {
      workflowName: "echo",
      queueName: "tasks",
    }).catch((error) => error);
    assertInstanceOf(rejection, TypeError);
    assertEquals(rejection.message, error.message);
  }
});

Deno.test("inlineValues() quotes any text correctly, under all server settings", async () => {
  const texts = [
    "",
    "'",
    "\\",
    "\\'",
    "''",
    "\\\\",
    "'); drop table victim; --",
    "\\'); drop table victim; --",
    "$1 $2 $$ $a$ $& $' $`",
    "/* -- */ ; \b\t\n\r\f\x01\x7f",
    "\\u0041 \\x41 \\101 \\n",
    "äöü ß 漢字 😀 \u{10ffff} \ufeff \u2028 e\u0301",
    "?::text :name @name %s {}",
    "x".repeat(2 ** 20),
    "'\\😀".repeat(2 ** 16),
  ];
  const query = inlineValues({
    name: "literals",
    text: `select ${texts.map((_, index) => `$${index + 1}::text as t${index}`).join()},
      $${texts.length + 1}::int as number, $${texts.length + 2}::boolean as flag,
      $${texts.length + 3}::text as nothing`,
    values: [...texts, -7, true, null],
  });
  await using database = await createTestDatabase();
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  try {
    await client.query("create table victim ()");
    for (const conforming of ["on", "off"]) {
      for (const quote of ["on", "off", "safe_encoding"]) {
        await client.query(
          `set standard_conforming_strings = ${conforming}; set backslash_quote = ${quote}`,
        );
        // npm:pg sends a query that is a string with the simple query protocol.
        const { rows: [row] } = await client.query(query);
        assertEquals(texts.map((_, index) => row[`t${index}`]), texts);
        assertEquals([row.number, row.flag, row.nothing], [-7, true, null]);
      }
    }
    await client.query("select from victim");
  } finally {
    await client.end();
  }
});

Deno.test("inlineValues() throws on a number that is not finite", () => {
  for (const value of [NaN, Infinity, -Infinity]) {
    assertThrows(
      () => inlineValues({ name: "number", text: "select $1", values: [value] }),
      RangeError,
    );
  }
});

Deno.test("a statement of npm:pg that is given up before it is sent keeps its connection", async () => {
  await using database = await createTestDatabase();
  const pool = new pg.Pool({ connectionString: database.url, max: 1 });
  try {
    const connection = await pool.connect();
    const executor = await adaptDriver(pool, { prepare: true }).load();
    let isNeeded = true;
    const query = { name: "dbos_test", text: "select", values: [] };
    const rows = executor.query(query, { isNeeded: () => isNeeded });
    isNeeded = false;
    connection.release();
    await assertRejects(() => rows, Error, "given up");
    await runEventLoop();
    assertEquals([pool.totalCount, pool.idleCount], [1, 1]);
  } finally {
    await pool.end();
  }
});

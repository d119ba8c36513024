/** Texts beyond ASCII, and long ones, in databases of any encoding and over every driver. */
import { assertEquals } from "@std/assert";
import pg from "pg";
import postgres from "postgres";
import { type Driver, enqueue, getStatus, listWorkflows, send } from "../mod.ts";
import { parseColumns, toRows } from "../src/database/rows.ts";
import { adaptDriver } from "../src/drivers/mod.ts";
import { createTestDatabase } from "./support/database.ts";
import * as denoPostgres from "./support/db_postgres.ts";
import { migrate } from "./support/migrate.ts";

interface OpenDriver {
  driver: Driver;
  close(): Promise<unknown>;
}

const drivers: Record<string, (url: string) => Promise<OpenDriver>> = {
  // deno-lint-ignore require-await
  async "npm:pg"(url) {
    const pool = new pg.Pool({ connectionString: url });
    return { driver: pool, close: () => pool.end() };
  },
  // deno-lint-ignore require-await
  async "npm:postgres"(url) {
    const sql = postgres(url);
    return { driver: sql, close: () => sql.end() };
  },
  async "jsr:@db/postgres"(url) {
    const client = new denoPostgres.Client(url);
    await client.connect();
    return { driver: client, close: () => client.end() };
  },
};

function testDrivers(
  name: string,
  run: (open: (url: string) => Promise<OpenDriver>) => Promise<void>,
) {
  for (const [driver, open] of Object.entries(drivers)) {
    const isMissing = driver.startsWith("jsr") && denoPostgres.skipReason !== undefined;
    Deno.test({ name: `${driver}: ${name}`, ignore: isMissing, fn: () => run(open) });
  }
}

const text = "naïve 日本語 😀 ' \\ \" \u0080 \u0001 \ufeff";

for (const encoding of ["SQL_ASCII", "UTF8"]) {
  testDrivers(`texts beyond ASCII pass through a database in ${encoding}`, async (open) => {
    const options = `encoding '${encoding}' locale 'C' template template0`;
    await using database = await createTestDatabase(undefined, options);
    const connection = new pg.Client({ connectionString: database.url });
    await connection.connect();
    await migrate(connection).finally(() => connection.end());
    const { driver, close } = await open(database.url);
    try {
      // From the second time on, statements are prepared.
      for (let round = 0; round < 3; round++) {
        const workflowID = `${text}${round}`;
        const options = { workflowName: text, queueName: "idle", workflowID };
        await enqueue(driver, options, text);
        await send(driver, workflowID, text, { topic: text });
        assertEquals((await getStatus(driver, workflowID))?.input, [text]);
        const [listed] = await listWorkflows(driver, { workflowName: text, sortDesc: true });
        assertEquals(listed?.workflowName, text);
      }
    } finally {
      await close();
    }
  });
}

testDrivers("a text of which the escapes would be longer than a string can be", async (open) => {
  await using database = await createTestDatabase();
  const { driver, close } = await open(database.url);
  try {
    const executor = await adaptDriver(driver, { prepare: true }).load();
    const query = {
      name: "dbos_test",
      text: "select octet_length($1::text) as length",
      values: ["\\".repeat(95_000_000)],
    };
    for (let round = 0; round < 2; round++) {
      const rows = await executor.query(query, { isNeeded: () => true });
      assertEquals(toRows(parseColumns("length int"), rows), [{ length: 95_000_000 }]);
    }
  } finally {
    await close();
  }
});

import { assertEquals, assertRejects } from "@std/assert";
import pg from "pg";
import type { Value } from "../src/drivers/adapter.ts";
import { adaptDriver } from "../src/drivers/mod.ts";
import { createTestDatabase } from "./support/database.ts";

interface PgClient {
  readonly connection: { bind(message: object): void };
  query(query: object): unknown;
}

interface OpenStatement extends PgClient {
  /** Runs the statement, which is prepared. */
  run(...values: Value[]): Promise<readonly object[]>;
}

/** Opens a client of npm:pg for one statement. */
async function openStatement(
  text: string,
  resources: AsyncDisposableStack,
  options: { binary?: boolean } = {},
): Promise<OpenStatement> {
  const database = resources.use(await createTestDatabase());
  const client = new pg.Client({ connectionString: database.url, ...options });
  await client.connect();
  resources.defer(() => client.end());
  const executor = await adaptDriver(client, { prepare: true }).load();
  return Object.assign(client as unknown as PgClient, {
    run: (...values: Value[]) =>
      executor.query({ name: "dbos_test", text, values }, { isNeeded: () => true }),
  });
}

Deno.test("a client of npm:pg that asks for binary values returns texts too", async () => {
  await using resources = new AsyncDisposableStack();
  const text = "select $1::int, $2::boolean, now() > $3";
  const { run } = await openStatement(text, resources, { binary: true });
  assertEquals(await run(7, false, "2020-01-01"), [["7", "f", "t"]]);
});

Deno.test("a statement of npm:pg that fails stays prepared", async () => {
  await using resources = new AsyncDisposableStack();
  const { run } = await openStatement("select 6 / $1::int", resources);
  await assertRejects(() => run(0), Error, "division by zero");
  assertEquals(await run(2), [["3"]]);
  assertEquals(await run(3), [["2"]]);
});

Deno.test("a client of npm:pg goes on after values that it cannot send", async () => {
  await using resources = new AsyncDisposableStack();
  const { run, connection } = await openStatement("select $1::int", resources);
  const { bind } = connection;
  function refuse(): never {
    // As it does if there is not enough memory for them.
    throw new RangeError("Array buffer allocation failed");
  }
  for (const value of [1, 2]) {
    connection.bind = refuse;
    await assertRejects(() => run(value), RangeError, "allocation failed");
    connection.bind = bind;
    assertEquals(await run(value), [[String(value)]]);
  }
});

// What instrumentations of npm:pg may pass to the client.
const wrappers: Record<string, (query: object) => object> = {
  copy: (query) => ({ ...query }),
  proxy: (query) => new Proxy(query, {}),
  "derived object": (query) => Object.create(query),
};

for (const [name, wrap] of Object.entries(wrappers)) {
  Deno.test(`a client of npm:pg that gets a ${name} of a query returns texts too`, async () => {
    await using resources = new AsyncDisposableStack();
    const client = await openStatement("select 6 / $1::int", resources);
    const query = client.query.bind(client);
    client.query = async (given) => {
      await query(wrap(given));
    };
    assertEquals(await client.run(2), [["3"]]);
    await assertRejects(() => client.run(0), Error, "division by zero");
    assertEquals(await client.run(3), [["2"]]);
  });
}

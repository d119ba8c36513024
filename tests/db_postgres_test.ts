import { assertEquals } from "@std/assert";
import { createClient, enqueue, listWorkflows } from "../mod.ts";
import { createTestDatabase } from "./support/database.ts";
import { Client, skipReason } from "./support/db_postgres.ts";
import { populate } from "./support/populate.ts";

const job = { workflowName: "echo", queueName: "idle" };

/** Opens a connection to a system database without workflows. */
async function openConnection() {
  const resources = new AsyncDisposableStack();
  const { url } = resources.use(await createTestDatabase());
  await populate(url, 0);
  const connection = new Client(url);
  await connection.connect();
  resources.defer(() => connection.end());
  return {
    connection,
    async countPrepared(): Promise<number> {
      const { rows } = await connection.queryObject<{ count: number }>(
        "select count(*)::int as count from pg_prepared_statements",
      );
      return rows[0]!.count;
    },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

function testConnection(
  name: string,
  fn: (fixture: Awaited<ReturnType<typeof openConnection>>) => Promise<void>,
): void {
  Deno.test({
    name: `@db/postgres: ${name}`,
    ignore: skipReason !== undefined,
    async fn() {
      await using fixture = await openConnection();
      await fn(fixture);
    },
  });
}

testConnection("a statement is prepared when it is sent for the second time", async (fixture) => {
  const { connection, countPrepared } = fixture;
  await enqueue(connection, job);
  assertEquals(await countPrepared(), 0);
  for (let call = 0; call < 3; call++) await enqueue(connection, job, "it's", "\\", "ü😀", null);
  assertEquals(await countPrepared(), 1);
  const inputs = (await listWorkflows(connection)).map(({ input }) => input);
  assertEquals(inputs, [[], ...Array(3).fill(["it's", "\\", "ü😀", null])]);
});

testConnection("a statement is prepared again if the session has lost it", async (fixture) => {
  const { connection, countPrepared } = fixture;
  for (let call = 0; call < 3; call++) await enqueue(connection, job);
  await connection.queryObject("discard all");
  for (let call = 0; call < 3; call++) await enqueue(connection, job);
  assertEquals(await countPrepared(), 1);
  assertEquals((await listWorkflows(connection)).length, 6);
});

testConnection(
  "a statement runs if the session has already prepared one of its name",
  async (fixture) => {
    const { connection, countPrepared } = fixture;
    for (let call = 0; call < 2; call++) await enqueue(connection, job);
    const { rows: [prepared] } = await connection.queryObject<{ statement: string }>(
      "select statement from pg_prepared_statements",
    );
    await connection.queryObject("discard all");
    await enqueue(connection, job);
    await connection.queryObject(prepared!.statement);
    for (let call = 0; call < 2; call++) await enqueue(connection, job);
    assertEquals(await countPrepared(), 1);
    assertEquals((await listWorkflows(connection)).length, 5);
  },
);

testConnection(
  "no statement is prepared with prepare: false or in a transaction",
  async (fixture) => {
    const { connection, countPrepared } = fixture;
    const client = createClient(connection, { prepare: false });
    for (let call = 0; call < 3; call++) await enqueue(client, job);
    const transaction = connection.createTransaction("jobs");
    await transaction.begin();
    for (let call = 0; call < 3; call++) await enqueue(transaction, job);
    await transaction.commit();
    assertEquals(await countPrepared(), 0);
    assertEquals((await listWorkflows(client)).length, 6);
  },
);

/** Tests the functions that return all messages and all stream values of a workflow. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import pg from "pg";
import {
  createClient,
  enqueue,
  getAllNotifications,
  getAllStreamEntries,
  readStream,
  send,
  sendMany,
  UnsupportedFeatureError,
} from "../mod.ts";
import { createTestDatabase } from "./support/database.ts";
import { migrate } from "./support/migrate.ts";
import { startWorker } from "./support/start_worker.ts";

/** A database with the tables of a version of the schema. */
async function openDatabase(version?: number) {
  const resources = new AsyncDisposableStack();
  const { url } = resources.use(await createTestDatabase());
  const pool = new pg.Pool({ connectionString: url });
  resources.defer(() => pool.end());
  await migrate(pool, version);
  const answers: number[] = [];
  const driver = {
    query: async (text: string, values: unknown[]) => {
      const { rows } = await pool.query({ text, values, rowMode: "array" });
      answers.push(
        rows.flat().reduce((size: number, value: unknown) => size + String(value).length, 0),
      );
      return rows;
    },
  };
  return {
    pool,
    client: resources.use(createClient(driver)),
    /** The number of characters in each answer. */
    answers,
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

const waitOptions = { timeoutSeconds: 600 };

Deno.test("getAllNotifications() and getAllStreamEntries() return what a worker reads and writes", async () => {
  await using resources = new AsyncDisposableStack();
  const { url } = resources.use(await createTestDatabase());
  resources.use(await startWorker({ systemDatabaseUrl: url }));
  const pool = new pg.Pool({ connectionString: url });
  resources.defer(() => pool.end());
  const sentAfter = Date.now() - 1000;

  for (const serializationType of ["portable", "native"] as const) {
    const relay = { workflowName: "relay", queueName: "tasks", serializationType };
    const { workflowID, getResult } = await enqueue(pool, relay, "log");
    const first = { values: ["a", { b: [2, null] }] };
    const last = { end: "close" };
    await sendMany(
      pool,
      [first, last].map((message) => ({ destinationID: workflowID, topic: "relay", message })),
      { serializationType },
    );
    await getResult(waitOptions);
    await send(pool, workflowID, "too late", { serializationType });

    const messages = await getAllNotifications(pool, workflowID);
    assertEquals(messages.map(({ createdAtEpochMs: _, ...message }) => message), [
      { topic: "relay", message: first, consumed: true },
      { topic: "relay", message: last, consumed: true },
      { topic: null, message: "too late", consumed: false },
    ]);
    for (const { createdAtEpochMs } of messages) assert(createdAtEpochMs > sentAfter);
    assertEquals(await getAllStreamEntries(pool, workflowID), {
      log: {
        entries: [{ offset: 0, value: "a" }, { offset: 1, value: { b: [2, null] } }],
        isClosed: true,
      },
    });
  }
  assertEquals(await getAllNotifications(pool, "nobody"), []);
  assertEquals(await getAllStreamEntries(pool, "nobody"), {});
});

Deno.test("all messages are read, in answers of about a megabyte", async () => {
  await using database = await openDatabase();
  const { pool, client, answers } = database;
  const { workflowID } = await enqueue(pool, { workflowName: "echo", queueName: "idle" });
  // Messages of the same millisecond are told apart by their IDs.
  await pool.query(
    `insert into dbos.notifications
      (message_uuid, destination_uuid, topic, message, created_at_epoch_ms, serialization)
    select lpad(number::text, 5, '0'), $1, 'topic' || number % 3, number, number / 700, 'portable_json'
    from generate_series(0, 2499) as number`,
    [workflowID],
  );
  await getAllNotifications(client, "nobody");
  answers.length = 0;
  const numbers = await getAllNotifications(client, workflowID);
  assertEquals(numbers.map(({ message }) => message), [...Array(2500).keys()]);
  assertEquals(answers.length, 3);

  // The last page may be full.
  await pool.query("delete from dbos.notifications where message_uuid >= '02000'");
  answers.length = 0;
  assertEquals((await getAllNotifications(client, workflowID)).length, 2000);
  assertEquals(answers.length, 3);

  await pool.query(
    `update dbos.notifications set message = '"' || repeat('x', 300000) || '"'
    where created_at_epoch_ms < 1 and message_uuid < '00020'`,
  );
  answers.length = 0;
  const large = await getAllNotifications(client, workflowID);
  assertEquals(large.length, 2000);
  assertEquals(large.filter(({ message }) => String(message).length === 300_000).length, 20);
  assert(Math.max(...answers) < 1_400_000, `${answers}`);
});

Deno.test("all streams are read, in answers of about a megabyte", async () => {
  await using database = await openDatabase();
  const { pool, client, answers } = database;
  const { workflowID } = await enqueue(pool, { workflowName: "echo", queueName: "idle" });
  await pool.query(
    `insert into dbos.streams (workflow_uuid, key, value, "offset", serialization)
    select $1, key, case when number = 799 and key = 'b' then '"__DBOS_STREAM_CLOSED__"'
      when number < 5 then '"' || repeat('x', 300000) || '"' else number::text end,
      number, 'portable_json'
    from unnest(array['a', 'b', '__proto__']) as key, generate_series(0, 799) as number
    where key <> 'a' or number <> 3`,
    [workflowID],
  );
  await getAllStreamEntries(client, "nobody");
  answers.length = 0;
  const streams = await getAllStreamEntries(client, workflowID);
  assertEquals(Object.keys(streams).sort(), ["__proto__", "a", "b"]);
  const all = [...Array(800).keys()];
  const offsets = Object.entries(streams).map(([key, { entries, isClosed }]) => [
    key,
    { isClosed, offsets: entries.map(({ offset }) => offset) },
  ]);
  assertEquals(Object.fromEntries(offsets), {
    a: { isClosed: false, offsets: all.filter((offset) => offset !== 3) },
    b: { isClosed: true, offsets: all.slice(0, -1) },
    ["__proto__"]: { isClosed: false, offsets: all },
  });
  for (const { entries } of Object.values(streams)) {
    assertEquals(entries.at(-2)!.value as number > 700, true);
  }
  assert(Math.max(...answers) < 1_400_000, `${answers}`);
  assert(answers.length > 3);
  // They are the values that readStream() yields.
  const read = await Array.fromAsync(readStream(client, workflowID, "b", { snapshot: true }));
  assertEquals(streams.b!.entries.map(({ value }) => value), read);

  // The last value may fill an answer.
  await pool.query("delete from dbos.streams");
  await pool.query(
    `insert into dbos.streams (workflow_uuid, key, value, "offset", serialization)
    values ($1, 'a', '"' || repeat('x', 1000000) || '"', 0, 'portable_json')`,
    [workflowID],
  );
  answers.length = 0;
  const { a } = await getAllStreamEntries(client, workflowID);
  assertEquals(a!.entries.map(({ value }) => String(value).length), [1_000_000]);
  assertEquals(answers.length, 2);
});

Deno.test("the oldest schema has messages that were not received, and no formats", async () => {
  await using database = await openDatabase(24);
  const { pool } = database;
  await pool.query(
    "insert into dbos.workflow_status (workflow_uuid, status) values ('old', 'PENDING')",
  );
  await pool.query(
    `insert into dbos.notifications (destination_uuid, topic, message, created_at_epoch_ms)
    values ('old', '__null__topic__', '{"json":7,"__dbos_serializer":"superjson"}', 5)`,
  );
  await pool.query(
    `insert into dbos.streams (workflow_uuid, key, value, "offset") values ('old', 'log', '{"json":7,"__dbos_serializer":"superjson"}', 0)`,
  );
  assertEquals(await getAllNotifications(pool, "old"), [
    { topic: null, message: 7, createdAtEpochMs: 5, consumed: false },
  ]);
  assertEquals(await getAllStreamEntries(pool, "old"), {
    log: { entries: [{ offset: 0, value: 7 }], isClosed: false },
  });
  await pool.query("drop table dbos.streams");
  await assertRejects(
    () => getAllStreamEntries(createClient(pool), "old"),
    UnsupportedFeatureError,
  );
});

Deno.test("invalid arguments of getAllNotifications() and getAllStreamEntries() are rejected", async () => {
  const closed = new pg.Pool({ connectionString: "postgres://127.0.0.1:1/none" });
  await closed.end();
  for (const [name, read] of Object.entries({ getAllNotifications, getAllStreamEntries })) {
    await assertRejects(() => read(closed, ""), RangeError, `workflowID of ${name}()`);
    await assertRejects(() => read(closed, 7 as unknown as string), TypeError, "workflowID");
  }
});
